"""What a matrix says: a cell for every policy and market."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Cell", "Matrix", "in_order"]


@dataclass(frozen=True)
class Cell:
    """A policy in a market; amounts in bp, `_se` fields are standard errors.

    Attributes:
        policy: Name of the policy.
        home: Market that it is from; None if that is not known.
        market: Where it was measured.
        risk_aversion: lambda [1/notional].
        is_home: Whether both are one.
        is_native: Whether it is the best policy from this market, which the others are
            compared with: the one that this market's validation paths pick.
        why_not: Why it cannot act there; None if it can. All below is then None.
        objective_bp: J, with the least spread that is known.
        avoidable_bp: J less its floor; None where nothing of it is known.
        excess_bp: J less that of the best policy from the market, on the same paths.
        excess_percent: The same over the avoidable J of that policy, or over its J
            where no floor is known [%].
    """

    policy: str
    home: str | None
    market: str
    risk_aversion: float
    is_home: bool
    is_native: bool = False
    why_not: str | None = None
    objective_bp: float | None = None
    objective_se: float | None = None
    avoidable_bp: float | None = None
    avoidable_se: float | None = None
    excess_bp: float | None = None
    excess_se: float | None = None
    excess_percent: float | None = None

    @property
    def label(self) -> str:
        """Name and home of the policy, as in tables."""
        return self.policy if self.home is None else f"{self.policy} [{self.home}]"


@dataclass(frozen=True)
class Matrix:
    """Policies in markets.

    Attributes:
        markets: Names, in the order of the columns.
        cells: Of all policies, markets and risk aversions.
        seed: Of all paths.
        episodes: Test paths by market.
        validation_episodes: Paths that rules are tuned and natives are picked on.
        replay: Files, dates and windows of markets of recorded days.
    """

    markets: tuple[str, ...]
    cells: tuple[Cell, ...]
    seed: int
    episodes: dict[str, int]
    validation_episodes: int
    replay: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def risk_aversions(self) -> tuple[float, ...]:
        """All risk aversions measured, rising."""
        return tuple(sorted({cell.risk_aversion for cell in self.cells}))

    def rows(self, risk_aversion: float) -> dict[str, list[Cell]]:
        """Cells of each policy in the order of the markets, by the policy's label."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.risk_aversion == risk_aversion:
                found.setdefault(cell.label, []).append(cell)
        return found

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "markets": [
                {
                    "name": name,
                    "episodes": self.episodes[name],
                    "replay": self.replay.get(name),
                }
                for name in self.markets
            ],
            "seed": self.seed,
            "validation_episodes": self.validation_episodes,
            "cells": [asdict(cell) for cell in self.cells],
        }


def in_order(cells: Sequence[Cell], markets: Sequence[str]) -> list[Cell]:
    """Cells by risk aversion, then as their policies came, then by market."""
    place = {market: number for number, market in enumerate(markets)}
    labels = list(dict.fromkeys(cell.label for cell in cells))
    return sorted(
        cells,
        key=lambda c: (c.risk_aversion, labels.index(c.label), place[c.market]),
    )
