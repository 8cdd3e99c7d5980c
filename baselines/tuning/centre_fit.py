r"""Where the centre of a rule should be, by a regression instead of a search.

A centre that is linear in its parameters, :math:`y = n + \sum_j p_j f_j`, leaves the
least risk where the increments :math:`y \, dS + dB` of the recorded market have the
least sum of squares: an ordinary regression of :math:`-(n \, dS + dB)` on
:math:`f_j \, dS`, over every decision of every path. What a trade costs plays no part.
Millions of increments fit a handful of numbers, so that they are not fitted to luck.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from hedge_env.base import field
from hedge_env.base.field import N_MARKET_FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.config import EnvConfig
from hedge_env.desk.observables import observable_index
from hedge_env.feeds.tape import MarketTape

_CHUNK = 1000  # paths at a time
_CERTAIN = 2.0  # standard errors
_LEAST_EIGENVALUE = 1e-10  # of the normalised moments; below, a term tells nothing


def least_variance_centre(
    rule: CentredRule,
    tape: MarketTape,
    config: EnvConfig,
    free: Collection[str] | None = None,
) -> FloatArray:
    """Values of the rule's `centre_parameters` that leave the least variance.

    Args:
        rule: What the centre is one of; its own values of what is fitted are not used.
        tape: Recorded paths of the problem.
        config: The hedging problem.
        free: Those to fit, in the order of `centre_parameters`, while the rule's own
            values of the others stay; None fits all.

    Returns:
        One value per fitted parameter, 0 where no increment tells anything of it; all
        0 if the market reacts to the hedger and nothing is recorded.
    """
    names = list(rule.centre_parameters)
    fitted = [n for n, name in enumerate(names) if free is None or name in free]
    stays = np.array([getattr(rule, name) for name in names])
    stays[fitted] = 0.0
    size = len(fitted)
    moments, products = np.zeros((size, size)), np.zeros(size)
    for left, moved in _increments(rule, tape, config):
        terms = moved[fitted].reshape(size, -1)
        rest = left + np.tensordot(stays, moved, axes=1)
        moments += terms @ terms.T
        products -= terms @ rest.ravel()
    return _solve(moments, products)


def certain_centre(
    rule: CentredRule, tape: MarketTape, config: EnvConfig
) -> FloatArray:
    """As `least_variance_centre`, but 0 unless it leaves less risk beyond doubt.

    Two standard errors of the difference over paths are asked for, so that no centre
    is fitted to luck.

    Args:
        rule: See `least_variance_centre`.
        tape: Recorded paths of the problem.
        config: The hedging problem.
    """
    centre = least_variance_centre(rule, tape, config)
    gains = [
        (left**2 - (left + np.tensordot(centre, moved, axes=1)) ** 2).sum(axis=0)
        for left, moved in _increments(rule, tape, config)
    ]
    gain: FloatArray = np.concatenate([np.zeros(1), *gains])[1:]
    if gain.size < 2:
        return np.zeros_like(centre)
    error = float(gain.std(ddof=1)) / gain.size**0.5
    certain = float(gain.mean()) > _CERTAIN * error
    return centre if certain else np.zeros_like(centre)


def _increments(
    rule: CentredRule, tape: MarketTape, config: EnvConfig
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Of some paths at a time: increments at the neutral holdings, and of each term.

    Shapes (decisions, n) and (terms, decisions, n); nothing where the market reacts to
    the hedger, so that nothing is recorded.
    """
    if tape.live is not None:
        return
    price = field.SPOT if config.market.basis is None else field.HEDGE_PRICE
    names = {
        n: row for n, row in observable_index(config).items() if row < N_MARKET_FIELDS
    }
    for low in range(0, tape.n_paths, _CHUNK):
        rows = tape.rows[:, :, low : low + _CHUNK]
        shape = rows.shape[0] - 1, rows.shape[2]
        now = {
            name: rows[:-1, row].ravel()
            for name, row in names.items()
            if row < rows.shape[1]
        }
        move = np.diff(rows[:, price], axis=0).ravel()
        left = np.diff(rows[:, field.BOOK_VALUE], axis=0).ravel()
        left += rule.neutral(now) * move
        moved = rule.centre_terms(now) * move
        yield left.reshape(shape), moved.reshape(-1, *shape)


def _solve(moments: FloatArray, products: FloatArray) -> FloatArray:
    """Least-squares solution; directions without any variance stay at 0."""
    scale = np.sqrt(np.diag(moments))
    scale = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(moments / np.outer(scale, scale))
    kept = values > _LEAST_EIGENVALUE
    inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    solution: FloatArray = (
        (vectors * inverse) @ (vectors.T @ (products / scale)) / scale
    )
    return solution
