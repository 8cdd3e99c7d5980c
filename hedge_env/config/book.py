"""The option liability and the bounds of its hedge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pydantic import Field

from hedge_env.config.model import Finite, Model, Positive
from hedge_env.config.option import ArrivalsConfig


class LegConfig(Model):
    """One European option of the book."""

    kind: Literal["call", "put"]
    quantity: Finite = -1.0  # per contract; negative is short
    moneyness: Positive = 1.0  # strike over initial spot
    maturity_days: Positive = 30.0


class BookConfig(Model):
    """The option liability."""

    contracts: Positive = 1.0  # units of underlying per unit of quantity
    legs: tuple[LegConfig, ...] = Field(default=(LegConfig(kind="call"),), min_length=1)
    arrivals: ArrivalsConfig | None = None  # None: no orders while it is hedged


class HoldingsConfig(Model):
    """Bounds of the holdings; None: the book's limiting deltas."""

    low: Finite | None = None
    high: Finite | None = None


def limiting_deltas(book: BookConfig) -> tuple[float, float]:
    """Extremes over spot, and over the legs that are left, of the payoff's hedge."""
    maturities = {leg.maturity_days for leg in book.legs}
    hedges: list[float] = []
    for maturity in maturities:
        hedges += _hedges([leg for leg in book.legs if leg.maturity_days >= maturity])
    return min(hedges), max(hedges)


def _hedges(legs: Sequence[LegConfig]) -> list[float]:
    """Hedge of the payoff of some legs in each interval between their strikes."""
    strikes = sorted({leg.moneyness for leg in legs})
    probes = [strikes[0] / 2.0]
    probes += [(a + b) / 2.0 for a, b in pairwise(strikes)]
    probes += [strikes[-1] * 2.0]
    hedges = []
    for spot in probes:
        hedge = 0.0
        for leg in legs:
            if leg.kind == "call" and spot > leg.moneyness:
                hedge -= leg.quantity
            if leg.kind == "put" and spot < leg.moneyness:
                hedge += leg.quantity
        hedges.append(hedge)
    return hedges
