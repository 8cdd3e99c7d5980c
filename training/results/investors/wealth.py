"""What a policy makes of wealth, where a market has nothing to hedge."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hedge_env.evaluation.wealth import follow_wealth, gap_risk
from hedge_env.training.results.measurement import Comparison

__all__ = ["WealthRow", "wealth_rows", "wealth_sentence"]

_FLOOR = 0.8  # of a rule that keeps none of its own
_Z_95 = 1.959963984540054


@dataclass(frozen=True)
class WealthRow:
    """Wealth of one policy, counted from 1.

    Attributes:
        name: Of the policy.
        mean: Mean wealth at the end [notional].
        floor: What it is held against [notional].
        below: Share of paths that ended below the floor [-].
        below_se: Its standard error [-].
        mean_gap: How far below, of those [notional].
        worst_gap: The farthest [notional].
        volatility: Of wealth, its median over paths [1/sqrt(year)].
        volatility_range: And what 90 % of the paths lie between [1/sqrt(year)].
    """

    name: str
    mean: float
    floor: float
    below: float
    below_se: float
    mean_gap: float
    worst_gap: float
    volatility: float
    volatility_range: tuple[float, float]

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "volatility_range": list(self.volatility_range)}


def wealth_rows(comparison: Comparison) -> list[WealthRow]:
    """Follow the wealth of each policy over the test paths of a comparison.

    Args:
        comparison: Of a market without options.
    """
    summary, rows = comparison.summary, []
    for policy in {policy.name: policy for policy in comparison.policies}.values():
        outcomes = follow_wealth(
            policy,
            comparison.config,
            n_episodes=summary.n_episodes,
            seed=summary.seed,
        )
        floor = float(getattr(policy, "floor", _FLOOR)) or _FLOOR
        gap = gap_risk(outcomes, floor)
        low, middle, high = np.quantile(outcomes.volatility, [0.05, 0.5, 0.95])
        row = WealthRow(
            name=policy.name,
            mean=float(outcomes.final.mean()),
            floor=floor,
            below=gap.probability,
            below_se=gap.probability_se,
            mean_gap=gap.mean_gap,
            worst_gap=gap.worst_gap,
            volatility=float(middle),
            volatility_range=(float(low), float(high)),
        )
        rows.append(row)
    return rows


def wealth_sentence(row: WealthRow) -> str:
    """The same in words.

    Args:
        row: Of one policy.
    """
    low, high = row.volatility_range
    return (
        f"Wealth of {row.name}, from 1: {row.mean:.3f} on average at the end, below "
        f"{row.floor:g} on {100 * row.below:.1f} ± {100 * _Z_95 * row.below_se:.1f} % "
        f"of the paths, there by {100 * row.mean_gap:.1f} % on average and "
        f"{100 * row.worst_gap:.0f} % at worst; its volatility "
        f"{100 * row.volatility:.0f} % ({100 * low:.0f} to {100 * high:.0f})."
    )
