"""Client orders and listed options of one path."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log, sqrt

from scipy.stats import poisson

from hedge_env.config import ArrivalsConfig, OptionConfig
from tests.oracle.black_scholes import black_scholes
from tests.oracle.desk import Desk
from tests.oracle.fixing import fixing, lost_days
from tests.oracle.market.surface import smile

ORDERS_BLOCK = 8


@dataclass(eq=False)
class Contract:
    """One option, struck at some decision."""

    terms: OptionConfig | ArrivalsConfig
    struck: int  # decision
    strike: float
    units: float
    premium: float = 0.0
    settled: float | None = None  # payoff, once it has ended


@dataclass
class OptionDesk(Desk):
    """A desk that also trades what is listed, and writes what clients order."""

    listed: list[Contract] = field(default_factory=list)
    orders: list[Contract] = field(default_factory=list)
    refreshed: int = -1

    def refresh(self) -> None:
        """List an option and take orders, once at each decision."""
        if self.refreshed == self.decision:
            return
        self.refreshed = self.decision
        option, arrivals = self.config.execution.option, self.config.book.arrivals
        decisions = self.config.episode.decisions
        if self.decision == decisions:
            return
        if option is not None and self.decision % (option.roll_every or decisions) == 0:
            self.listed.append(self.new(option, 0.0))
        if arrivals is not None and self.decision > 0:
            u = self.world.noise.uniforms(self.world.steps, ORDERS_BLOCK)
            mean = arrivals.rate_per_day
            mean *= self.config.episode.decision_interval_hours / 24.0
            bought = poisson.ppf(u[0], mean * arrivals.probability_buy)
            sold = poisson.ppf(u[1], mean * (1.0 - arrivals.probability_buy))
            order = self.new(arrivals, arrivals.quantity * float(sold - bought))
            order.premium = self.price(order)[0]
            self.orders.append(order)

    def new(self, terms: OptionConfig | ArrivalsConfig, units: float) -> Contract:
        spot = exp(self.world.log_spot)
        return Contract(terms, self.decision, terms.moneyness * spot, units)

    def price(self, contract: Contract) -> tuple[float, float, float, float]:
        """Value, delta, gamma and vega of one unit; the payoff once it has ended."""
        terms, spot = contract.terms, exp(self.world.log_spot)
        hours = self.config.episode.decision_interval_hours
        days = terms.maturity_days - (self.decision - contract.struck) * hours / 24.0
        if days < 1e-9:
            gain = fixing(self.world) - contract.strike
            if contract.settled is None:
                contract.settled = max(gain if terms.kind == "call" else -gain, 0.0)
            return contract.settled, 0.0, 0.0, 0.0
        days -= lost_days(self.world)
        years = days / self.config.episode.days_per_year
        k = log(contract.strike) - self.world.log_spot
        sd = smile(self.world, k, days) * sqrt(years)
        is_call = terms.kind == "call"
        value, delta, gamma = black_scholes(is_call, spot, contract.strike, sd)
        return value, delta, gamma, gamma * spot**2 * sqrt(years) * sd

    def mark(self) -> dict[str, float]:
        """Value of the clients' book; Greeks of it and of what is held."""
        self.refresh()
        marked = super().mark()
        for contract in (*self.orders, *self.listed):
            value, delta, gamma, vega = self.price(contract)
            marked["delta"] -= contract.units * delta
            marked["gamma"] -= contract.units * gamma
            marked["vega"] += contract.units * vega
            if contract in self.orders:
                marked["book_value"] += contract.units * (value - contract.premium)
        return marked

    def spread(self, contract: Contract, bought: float) -> float:
        """Cost of trading."""
        value, _, _, vega = self.price(contract)
        terms = self.config.execution.option
        unit = terms.half_spread_points / 100.0 * vega
        return abs(bought) * (unit + terms.half_spread_share * value)

    def decide_both(self, target: float, units: float) -> dict[str, float]:
        """Trade to holdings of the underlying and of the option listed now."""
        execution = self.config.execution
        now, limit = self.listed[-1], execution.option.limit
        bought = min(max(units, -limit), limit) - now.units
        cost = self.spread(now, bought)
        cost *= 1.0 if execution.charge_opening or self.decision > 0 else 0.0
        self.cash -= bought * self.price(now)[0] + cost
        now.units += bought
        before = [(contract, self.price(contract)[0]) for contract in self.listed]
        result = self.decide(target)
        for contract, value in before:
            after = self.price(contract)[0]
            result["hedge_pnl"] += contract.units * (after - value)
            ends = self.decision == self.config.episode.decisions
            if ends and contract.settled is None and execution.charge_liquidation:
                fee = self.spread(contract, contract.units)
                self.cash -= fee
                cost += fee
            if ends or contract.settled is not None:
                self.cash += contract.units * after
                contract.units = 0.0
        return result | {"option_spread": cost}
