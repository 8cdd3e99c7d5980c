r"""Which differences of a study are more than luck, all of its cells considered.

An interval says where one difference is. A study has one in every market, at every risk
aversion, and of a hundred that are nothing but luck five exclude zero. Holm's procedure
keeps the chance of even one false claim below 5 %: of m p-values, rising, the i-th is
multiplied by :math:`m - i + 1` and made no less than the one before,

.. math:: \tilde p_{(i)} = \max_{j \le i} \min\{1, (m - j + 1) \, p_{(j)}\},

and what is then below .05 is claimed. It asks nothing of how the differences depend on
each other.

A p-value is the level at which the interval of `results.seeds.half_width`, of paths and
seeds, would just touch zero: the two say the same of one difference.

Source: Holm (1979), "A simple sequentially rejective multiple test procedure",
Scandinavian Journal of Statistics 6(2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from hedge_env.training.results.policy_row import PolicyRow
from hedge_env.training.results.summary import Summary

__all__ = ["LEVEL", "Significance", "StudyCell", "holm", "p_value", "significances"]

LEVEL = 0.05  # chance of even one false claim
_LEAST = 1e-300  # below it a p-value says nothing more
_LEAST_LOG = math.log(_LEAST)


class StudyCell(NamedTuple):
    """Which difference: the policy's objective less that of the cell's best rule."""

    preset: str
    risk_aversion: float
    policy: str

    @classmethod
    def of(cls, summary: Summary, row: PolicyRow) -> Self:
        """Of a row of a summary."""
        return cls(summary.preset, row.risk_aversion, row.name)


class Significance(NamedTuple):
    """How far a difference is from luck.

    Attributes:
        p: Level at which its own interval would touch zero.
        p_holm: The same with all differences of its family considered.
    """

    p: float
    p_holm: float

    @property
    def survives(self) -> bool:
        """Whether it is claimed."""
        return self.p_holm < LEVEL


def significances(summaries: Sequence[Summary]) -> Mapping[StudyCell, Significance]:
    """Of every difference from the best rule of its cell.

    Rules are one family, trained agents another: what is claimed of agents is not paid
    for by how many rules were looked at. Optima, which are no rivals, are left out.

    Args:
        summaries: Of the markets of a study.
    """
    found: dict[StudyCell, Significance] = {}
    for kind in ("baseline", "agent"):
        values = {
            StudyCell.of(summary, row): p_value(row)
            for summary in summaries
            for row in summary.policies
            if row.kind == kind and not row.best_rule and row.gap is not None
        }
        adjusted = holm(list(values.values()))
        found |= {
            cell: Significance(p, p_holm)
            for (cell, p), p_holm in zip(values.items(), adjusted, strict=True)
        }
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given; see the module.

    Args:
        p_values: In [0, 1].
    """
    m = len(p_values)
    adjusted, least = [0.0] * m, 0.0
    for rank, number in enumerate(sorted(range(m), key=lambda n: p_values[n])):
        least = max(least, min(1.0, (m - rank) * p_values[number]))
        adjusted[number] = least
    return adjusted


def p_value(row: PolicyRow) -> float:
    """Level at which the interval of a difference would just touch zero.

    Args:
        row: Whose difference from the best rule is known; with several seeds their
            spread counts, with Student's t for so few.
    """
    assert row.gap is not None
    gap, error = abs(row.gap.bp), row.gap.se
    n = len(row.seeds or ())
    spread = row.seed_spread_bp or 0.0
    of_seeds = spread / math.sqrt(n) if n > 1 else 0.0
    if gap == 0.0:
        return 1.0
    if of_seeds == 0.0:
        return 2.0 * float(norm.sf(gap / error)) if error > 0.0 else _LEAST

    def beyond(log_p: float) -> float:
        half = 0.5 * math.exp(log_p)
        both = norm.isf(half) * error, student.isf(half, n - 1) * of_seeds
        return math.hypot(*both) - gap

    if beyond(_LEAST_LOG) < 0.0:
        return _LEAST
    return math.exp(float(brentq(beyond, _LEAST_LOG, 0.0)))
