r"""Terms of a distilled band, by forward selection and least squares.

In states that the policy visits, with centre and half-width c, h of a rule and C, H of
the policy's own band, what is fitted is

.. math:: m = (C - c) / h, \qquad w = \ln(H / h),

each by a constant and the terms that lower the squared error most, one after the other
(orthogonal matching pursuit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from hedge_env.base.field import FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.terms import (
    CONSTANT,
    FACTORS,
    MOST_FACTORS,
    Term,
    Weighted,
    term_value,
)
from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.config import EnvConfig
from hedge_env.desk.observables import observable_index
from hedge_env.evaluation.policy_band import PolicyBand

_CUT = 2.0  # size of what is fitted: one state far out is not to bend all others
_NARROWEST = 1e-6  # half-width of the rule, of the largest holdings
_STILL = 1e-9  # standard deviation of a term that does not move [-]
_NEW = 1e-6  # share of a term's variance that is not in those chosen before
_FEWEST = 50  # states that a formula may be fitted on

SIZES: Final = (0, 1, 2, 3, 4, 6, 8)  # terms of each sum, the constant aside


def candidates(rows: FloatArray, config: EnvConfig) -> dict[Term, FloatArray]:
    """Terms that move, and their values, shape (n,) each.

    Args:
        rows: Of states, shape (N_FIELDS, n).
        config: The hedging problem; what it hides is in no term.
    """
    observables = dict(zip(FIELDS, rows, strict=True))
    seen = observable_index(config)
    singles = [
        name
        for name, factor in FACTORS.items()
        if set(factor.inputs) <= {*seen, "risk_aversion"}
        and term_value((name,), observables).std() > _STILL
    ]
    terms: list[Term] = [(name,) for name in singles]
    terms += combinations_with_replacement(singles, MOST_FACTORS)
    values = {term: term_value(term, observables) for term in terms}
    return {term: x for term, x in values.items() if x.std() > _STILL}


def forward_selection(
    goal: FloatArray, terms: Mapping[Term, FloatArray], most: int
) -> list[tuple[Weighted, ...]]:
    """Sums of 0, 1, ... `most` terms beside a constant, each fitted by least squares.

    Args:
        goal: What is fitted, shape (n,).
        terms: Values of the candidates, shape (n,) each.
        most: Terms of the largest sum; fewer where no other says anything new.
    """
    names = list(terms)
    whole = np.array(list(terms.values())).reshape(len(names), goal.size)
    left = whole - whole.mean(axis=1, keepdims=True)
    variance = (left**2).sum(axis=1)
    residual = goal - goal.mean()
    chosen: list[int] = []
    sums = [_fitted(goal, names, whole, chosen)]
    while len(chosen) < min(most, len(names)):
        size = (left**2).sum(axis=1)
        new = size > _NEW * variance
        gains = np.where(new, (left @ residual) ** 2 / np.where(new, size, 1.0), 0.0)
        best = int(gains.argmax())
        if not gains[best] > 0.0:
            break
        chosen.append(best)
        direction = left[best] / np.sqrt(size[best])
        residual = residual - direction * (direction @ residual)
        left = left - np.outer(left @ direction, direction)
        sums.append(_fitted(goal, names, whole, chosen))
    return sums


def _fitted(
    goal: FloatArray, names: Sequence[Term], values: FloatArray, chosen: Sequence[int]
) -> tuple[Weighted, ...]:
    columns = np.column_stack([np.ones(goal.size), *(values[i] for i in chosen)])
    weights = np.linalg.lstsq(columns, goal, rcond=None)[0].tolist()
    terms = [CONSTANT, *(names[i] for i in chosen)]
    return tuple(zip(terms, weights, strict=True))


def fit_formulas(
    base: BandRule, band: PolicyBand, rows: FloatArray, config: EnvConfig
) -> list[DistilledBand]:
    """The rule with more and more terms that take it towards a policy's band.

    Args:
        base: The rule, with its parameters.
        band: That of the policy, in the same states.
        rows: The states, shape (N_FIELDS, n).
        config: The hedging problem.

    Returns:
        Bands with the numbers of terms in `SIZES`, as far as there are terms; the first
        is the rule itself, the second has constants alone.

    Raises:
        ValueError: If the rule and the policy have a band together in too few states.
    """
    own = base.band(dict(zip(FIELDS, rows, strict=True)))
    n = rows.shape[1]
    low, high = (np.broadcast_to(x, n) for x in (own.low, own.high))
    size = max(abs(bound) for bound in config.holdings_bounds)
    usable = band.known & np.isfinite(low) & np.isfinite(high)
    usable[usable] = (high - low)[usable] > 2.0 * _NARROWEST * size
    if usable.sum() < _FEWEST:
        raise ValueError(
            f"{base.name} and the policy have a band together in {usable.sum()} states"
        )
    half = 0.5 * (high - low)[usable]
    centre = 0.5 * (high + low)[usable]
    lower, upper = band.low[usable], band.high[usable]
    moved = np.clip((0.5 * (upper + lower) - centre) / half, -_CUT, _CUT)
    wider = np.clip(np.log(0.5 * (upper - lower) / half), -_CUT, _CUT)
    terms = candidates(rows[:, usable], config)
    sums = [forward_selection(goal, terms, SIZES[-1]) for goal in (moved, wider)]
    found = [DistilledBand(base)]
    for count in SIZES:
        if count < max(map(len, sums)):
            move, growth = (s[min(count, len(s) - 1)] for s in sums)
            found.append(DistilledBand(base, move, growth))
    return found
