"""Calls that are sold anew whenever one has ended, on one path."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

from scipy.stats import norm

from hedge_env.config import EnvConfig
from hedge_env.config.sections.liabilities import RolledCallConfig
from tests.oracle.black_scholes import black_scholes


@dataclass
class RolledCall:
    """One unit that is long."""

    terms: RolledCallConfig
    config: EnvConfig
    strike: float | None = None
    cash: float = 0.0
    decision: int = -1
    discount: float = 0.0  # of the last call that began

    @property
    def life(self) -> int:
        """Decisions that a call lives."""
        hours = self.config.episode.decision_interval_hours
        return round(self.terms.roll_days * 24.0 / hours)

    def years(self, decisions: int) -> float:
        hours = decisions * self.config.episode.decision_interval_hours
        return hours / 24.0 / self.config.episode.days_per_year

    def arrive(self, decision: int, spot: float, sigma: float) -> dict[str, float]:
        """What it adds to the book; a call that has ended is paid and followed."""
        if decision != self.decision:
            self.decision = decision
            if decision == 1:
                self.cash += self.discount
            if decision % self.life == 0:
                self.roll(spot, sigma)
        if self.strike is None:
            return dict.fromkeys(("delta", "gamma", "vega"), 0.0) | self.worth(0.0)
        years = self.years(self.life - decision % self.life)
        sd = sigma * sqrt(years)
        price, slope, bend = black_scholes(True, spot, self.strike, sd)
        size = self.terms.quantity
        greeks = {"delta": -size * slope, "gamma": -size * bend}
        vega = size * bend * spot**2 * sigma * years
        return greeks | {"vega": vega} | self.worth(price)

    def worth(self, price: float) -> dict[str, float]:
        return {"book_value": self.terms.quantity * (price + self.cash)}

    def roll(self, spot: float, sigma: float) -> None:
        if self.strike is not None:
            self.cash += max(spot - self.strike, 0.0)
        if self.decision == self.config.episode.decisions:
            self.strike = None
            return
        sd = sigma * sqrt(self.years(self.life))
        self.strike = spot / exp(sd * norm.ppf(self.terms.delta) - sd**2 / 2.0)
        price = black_scholes(True, spot, self.strike, sd)[0]
        first = self.decision == 0
        self.discount = self.terms.discount * price
        self.cash -= price if first else price - self.discount
