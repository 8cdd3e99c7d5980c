"""Liquidity in a pool, on one path: amounts held, loss to arbitrage, fees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt

from hedge_env.config import EnvConfig
from hedge_env.config.sections.liabilities.pools import AmmConfig, RecentreConfig

VOLUME_BLOCK = 18


@dataclass
class Pool:
    """One position, worth one unit of the underlying at the start."""

    terms: AmmConfig
    config: EnvConfig
    fees: float = 0.0
    decision: int = 0
    last: tuple[float, float] = (1.0, 0.0)  # price and volatility at it

    def __post_init__(self) -> None:
        self.low = 0.0 if self.terms.low is None else self.terms.low
        self.high = inf if self.terms.high is None else self.terms.high
        self.centre = 1.0
        self.liquidity = 1.0 / self.worth(1.0)

    def amounts(self, price: float) -> tuple[float, float]:
        """Underlying and quote currency of a liquidity of one."""
        inside = min(max(price, self.low), self.high)
        units = 1.0 / sqrt(inside) - 1.0 / sqrt(self.high)
        return units, sqrt(inside) - sqrt(self.low)

    def worth(self, price: float) -> float:
        underlying, cash = self.amounts(price)
        return underlying * price + cash

    def is_active(self, price: float) -> bool:
        return self.low <= price <= self.high

    def arrive(
        self, decision: int, price: float, volatility: float, z: float, gas: float = 0.0
    ) -> None:
        """Collect the fees of the interval that ends, and move the range, once."""
        if decision != self.decision:
            self.decision = decision
            self.fees += self.liquidity * self.income(price, z)
            terms = self.terms.recentre
            ruled = terms is not None and terms.by == "rule"
            if ruled and abs(self.place(price)) >= terms.at:
                self.recentre(terms, price, gas)
        self.last = price, volatility

    def place(self, price: float) -> float:
        """Way of the price from the centre to an end of the range, in logs."""
        gone = log(price / self.centre)
        end = self.low if gone < 0.0 else self.high
        return gone / abs(log(end / self.centre))

    def order(self, gas: float) -> float:
        """Move the range now, as a policy says, and tell what that costs."""
        price, before = self.last[0], self.fees
        if self.terms.recentre is not None and price != self.centre:
            self.recentre(self.terms.recentre, price, gas)
        paid, self.fees = before - self.fees, before
        return self.terms.quantity * paid

    def moving(self, gas: float) -> dict[str, float]:
        """Where the price stands, and what an order now would change."""
        price, moved = self.last[0], replace(self)
        moved.low, moved.high = self.low, self.high
        moved.centre, moved.liquidity = self.centre, self.liquidity
        paid = moved.order(gas)
        after, before = moved.mark(price), self.mark(price)
        return {
            "range_place": self.place(price),
            "recentring_delta": after["delta"] - before["delta"],
            "recentring_gamma": after["gamma"] - before["gamma"],
            "recentring_cost": paid,
        }

    def recentre(self, terms: RecentreConfig, price: float, gas: float) -> None:
        """Withdraw all and put it around the price."""
        held, worth = self.liquidity * self.amounts(price)[0], self.liquidity
        worth *= self.worth(price)
        ends = self.low / self.centre * price, self.high / self.centre * price
        self.low, self.high = ends
        self.centre = price
        self.liquidity = worth / self.worth(price)
        swapped = abs(self.liquidity * self.amounts(price)[0] - held) * price
        once = terms.gas_units * gas * 1e-9 * price / self.config.book.contracts
        once += terms.fixed_cost_bp * 1e-4
        self.fees -= terms.swap_bp * 1e-4 * swapped + once / self.terms.quantity

    def income(self, price: float, z: float) -> float:
        """Fees of a liquidity of one."""
        before, volatility = self.last
        underlying, _ = self.amounts(before)
        gained = underlying * (price - before)
        lost = max(gained - (self.worth(price) - self.worth(before)), 0.0)
        fee, sd = self.terms.fee_bp * 1e-4, self.terms.noise_sd
        year = self.config.episode.days_per_year
        block = self.terms.block_seconds / 86_400.0 / year
        gamma = log(1.0 / (1.0 - fee))
        found = volatility / (volatility + gamma * sqrt(2.0 / block))
        kept = found * exp(gamma / 2.0) / (1.0 - volatility**2 * block / 8.0)
        deep = [2.0 * sqrt(p) if self.is_active(p) else 0.0 for p in (before, price)]
        days = self.config.episode.decision_interval_hours / 24.0
        volume = self.terms.noise_turnover * days * exp(sd * z - sd**2 / 2.0)
        return (1.0 - kept) * lost + fee * volume * sum(deep) / 2.0

    def mark(self, price: float) -> dict[str, float]:
        """What the position adds to value and Greeks of the book."""
        size = self.terms.quantity * self.liquidity
        bend = 0.5 * price**-1.5 if self.is_active(price) else 0.0
        return {
            "book_value": size * self.worth(price) + self.terms.quantity * self.fees,
            "delta": -size * self.amounts(price)[0],
            "gamma": size * bend,
            "vega": 0.0,
        }
