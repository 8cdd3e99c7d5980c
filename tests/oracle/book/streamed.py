"""An option made of a pool's liquidity, on one path."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from hedge_env.config import EnvConfig
from hedge_env.config.sections.liabilities import AmmConfig, StreamedConfig
from tests.oracle.book.pool import Pool


@dataclass
class Streamed:
    """One position; what it borrows, its liquidity, and what that has earned."""

    terms: StreamedConfig
    config: EnvConfig

    def __post_init__(self) -> None:
        terms = self.terms
        self.low = terms.moneyness / terms.width
        self.high = terms.moneyness * terms.width
        liquidity = AmmConfig(
            kind="amm",
            low=self.low,
            high=self.high,
            fee_bp=terms.fee_bp,
            block_seconds=terms.block_seconds,
            noise_turnover=terms.noise_turnover,
            noise_sd=terms.noise_sd,
        )
        self.pool = Pool(liquidity, self.config)

    @property
    def units(self) -> float:
        """Of the pool's position that make one unit of the underlying below it."""
        whole = 1.0 / sqrt(self.low) - 1.0 / sqrt(self.high)
        return 1.0 / (whole * self.pool.liquidity)

    @property
    def premium(self) -> float:
        """What a long one has paid, or a short one received."""
        total, removed = 1.0, self.terms.removed
        left = total - removed
        more = removed / left
        if self.terms.quantity <= 0.0:
            more *= removed / total
        return (1.0 + self.terms.spread * more) * self.units * self.pool.fees

    def arrive(self, decision: int, price: float, volatility: float, z: float) -> None:
        self.pool.arrive(decision, price, volatility, z)

    def mark(self, price: float) -> dict[str, float]:
        call, size = self.terms.option == "call", self.units * self.pool.liquidity
        held, _ = self.pool.amounts(price)
        lent = price if call else self.terms.moneyness
        worth = lent - size * self.pool.worth(price) - self.premium
        inside = self.low <= price <= self.high
        bend = 0.5 * size * price**-1.5 if inside else 0.0
        quantity = self.terms.quantity
        return {
            "book_value": quantity * worth,
            "delta": -quantity * (float(call) - size * held),
            "gamma": -quantity * bend,
            "vega": 0.0,
        }
