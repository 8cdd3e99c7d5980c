"""Everlasting options and power perpetuals, on one path."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from hedge_env.config import EnvConfig
from hedge_env.config.sections.liabilities import EverlastingConfig, PowerConfig
from tests.oracle.black_scholes import black_scholes

Marks = tuple[float, float, float, float]  # value, delta, gamma, vega


@dataclass
class Perpetual:
    """One unit of a contract that pays funding."""

    terms: EverlastingConfig | PowerConfig
    config: EnvConfig
    paid: float = 0.0
    owed: float = 0.0  # mark less payoff at the decision before
    decision: int = 0

    @property
    def period(self) -> float:
        return self.terms.funding_days / self.config.episode.days_per_year

    @property
    def interval(self) -> float:
        hours = self.config.episode.decision_interval_hours
        return hours / 24.0 / self.config.episode.days_per_year

    @property
    def is_due(self) -> bool:
        """Whether a payment is made at the present decision."""
        if self.terms.payments is None:
            return True
        return self.passed() < 1e-9

    def passed(self) -> float:
        """Time since the last payment, in intervals between payments."""
        if self.terms.payments is None:
            return 0.0
        share = self.decision * self.interval * self.terms.payments / self.period
        return share - int(share + 1e-9)

    def payoff(self, spot: float) -> float:
        if isinstance(self.terms, PowerConfig):
            return spot**self.terms.power
        gain = spot - self.terms.moneyness
        return max(gain if self.terms.option == "call" else -gain, 0.0)

    def mark(self, spot: float, sigma: float) -> Marks:
        if isinstance(self.terms, PowerConfig):
            return self.mark_power(spot, sigma)
        if self.terms.payments is not None:
            return self.mark_sum(spot, sigma)
        strike, k = self.terms.moneyness, log(spot / self.terms.moneyness)
        u = sqrt(1.0 + 8.0 / (sigma**2 * self.period))
        power = (1.0 - u) / 2.0 if spot >= strike else (1.0 + u) / 2.0
        extra = strike / u * exp(power * k)
        slope = 0.0 if spot < strike else 1.0
        slope -= 0.0 if self.terms.option == "call" else 1.0
        by_root = extra * (-1.0 / u - abs(k) / 2.0)
        return (
            self.payoff(spot) + extra,
            slope + power * extra / spot,
            power * (power - 1.0) * extra / spot**2,
            by_root * -8.0 / (sigma**3 * self.period * u),
        )

    def mark_sum(self, spot: float, sigma: float) -> Marks:
        """The sum over payments, until what is left of it is nothing."""
        n, strike = self.terms.payments, self.terms.moneyness
        total = [0.0, 0.0, 0.0, 0.0]
        for number in range(1, 40 * (n + 1)):
            weight = (n / (n + 1.0)) ** number / n
            time = (number - self.passed()) * self.period / n
            sd = sigma * sqrt(time)
            call = self.terms.option == "call"
            value, slope, bend = black_scholes(call, spot, strike, sd)
            vega = bend * spot**2 * sigma * time
            for i, each in enumerate((value, slope, bend, vega)):
                total[i] += weight * each
        return total[0], total[1], total[2], total[3]

    def mark_power(self, spot: float, sigma: float) -> Marks:
        p, n = self.terms.power, self.terms.payments
        g = p * (p - 1.0) / 2.0 * sigma**2
        if n is None:
            limited = self.period * g > 0.25
            ratio = 4.0 / 3.0 if limited else 1.0 / (1.0 - self.period * g)
            by_g = 0.0 if limited else self.period * ratio
        else:
            x, most = n / (n + 1.0) * exp(g * self.period / n), n / (n + 0.75)
            limited, x = x > most, min(x, most)
            since = self.passed() * self.period / n
            ratio = x / (n * (1.0 - x)) * exp(-g * since)
            by_g = (0.0 if limited else self.period / (n * (1.0 - x))) - since
        value = spot**p * ratio
        return (
            value,
            p * value / spot,
            p * (p - 1.0) * value / spot**2,
            value * by_g * p * (p - 1.0) * sigma,
        )

    def arrive(self, decision: int, spot: float, sigma: float) -> dict[str, float]:
        """Pay what is due, once, and what the position adds to the book."""
        arrives, self.decision = decision != self.decision, decision
        value, slope, bend, vega = self.mark(spot, sigma)
        owed = value - self.payoff(spot)
        if arrives and self.is_due and self.terms.payments is None:
            self.paid += 0.5 * (self.owed + owed) * self.interval / self.period
        elif arrives and self.is_due:
            self.paid += owed / (self.terms.payments + 1.0)
        self.owed = owed
        quantity = self.terms.quantity
        return {
            "book_value": quantity * (value - self.paid),
            "delta": -quantity * slope,
            "gamma": -quantity * bend,
            "vega": quantity * vega,
        }
