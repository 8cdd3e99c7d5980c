"""Slow, obvious oracle, second part: book, trades and cash of one path."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, cosh, exp, inf, log, pi, sin, sqrt, tanh

from scipy.stats import norm

from hedge_env.config import EnvConfig
from tests.reference import BP, World


def black_scholes(
    call: bool, spot: float, strike: float, sd: float
) -> tuple[float, float, float]:
    """Value, delta and gamma at zero rates; `sd` is volatility times root of time."""
    d1 = log(spot / strike) / sd + sd / 2.0
    value = spot * norm.cdf(d1) - strike * norm.cdf(d1 - sd)
    gamma = norm.pdf(d1) / (spot * sd)
    if call:
        return float(value), float(norm.cdf(d1)), float(gamma)
    return float(value - spot + strike), float(norm.cdf(d1) - 1.0), float(gamma)


@dataclass
class Desk:
    """Book, trades and cash of one path."""

    world: World
    held: float = 0.0
    cash: float = 0.0
    decision: int = 0
    settled: dict[int, float] = field(default_factory=dict)

    @property
    def config(self) -> EnvConfig:
        return self.world.config

    def days_left(self, maturity_days: float) -> float:
        hours = self.decision * self.config.episode.decision_interval_hours
        left = maturity_days - hours / 24.0
        return left if left > 1e-9 else 0.0

    def mark(self) -> dict[str, float]:
        """Value and Greeks of the book."""
        spot = exp(self.world.log_spot)
        value = delta = gamma = vega = 0.0
        for number, leg in enumerate(self.config.book.legs):
            days = self.days_left(leg.maturity_days)
            if days == 0.0:
                gain = spot - leg.moneyness
                payoff = max(gain if leg.kind == "call" else -gain, 0.0)
                value += leg.quantity * self.settled.setdefault(number, payoff)
                continue
            years = days / self.config.episode.days_per_year
            k = log(leg.moneyness) - self.world.log_spot
            sd = self.world.smile(k, days) * sqrt(years)
            price, slope, bend = black_scholes(
                leg.kind == "call", spot, leg.moneyness, sd
            )
            value += leg.quantity * price
            delta -= leg.quantity * slope
            gamma -= leg.quantity * bend
            vega += leg.quantity * bend * spot**2 * sqrt(years) * sd
        return {"book_value": value, "delta": delta, "gamma": gamma, "vega": vega}

    def costs(self) -> dict[str, float]:
        """What trading costs now."""
        config, execution = self.config, self.config.execution
        liquidity, volatility = config.market.liquidity, self.world.volatility
        worse = (volatility / liquidity.reference_volatility) ** liquidity.exponent
        worse *= self.world.in_stress("liquidity")
        notional = config.market.spot * config.book.contracts
        gas = config.market.gas
        price = 0.0 if gas is None else gas.median_gwei * exp(self.world.log_gas())
        eth = execution.gas_units * price * 1e-9
        daily = volatility / sqrt(config.episode.days_per_year)
        share = sqrt(notional / execution.daily_volume)
        depth = inf if execution.depth is None else execution.depth
        return {
            "gas_price": price,
            "gas_cost": eth * exp(self.world.log_spot) / config.book.contracts
            + execution.gas_cost_bp * BP * self.gas_over_mean(),
            "half_spread": execution.half_spread_bp * BP * worse,
            "impact_linear": notional / depth * worse,
            "impact_sqrt": execution.square_root_impact * daily * share * worse,
        }

    def gas_over_mean(self) -> float:
        """Gas price over its long-run mean, of a season and a chain alone."""
        gas = self.config.market.gas
        if gas is None or gas.fast_states is None:
            return 0.0
        n = gas.fast_states - 1
        mean = cosh(gas.fast.sd / sqrt(n)) ** n * exp(gas.season**2 / 4.0)
        return exp(self.world.log_gas()) / mean

    def rows(self) -> dict[str, float]:
        """Market rows, by the names of `fields`."""
        world, config = self.world, self.config
        longest = max(leg.maturity_days for leg in config.book.legs)
        strikes = [log(leg.moneyness) for leg in config.book.legs]
        left, costs = self.days_left(longest), self.costs()
        surface, smiles = config.market.surface, config.market.surface.model == "ssvi"
        skew = 0.0
        if smiles:
            rho = 0.95 * tanh(world.skew_factor / 0.95)
            eta = surface.curvature.mean * exp(world.factors["curvature"])
            skew = rho * min(eta, 1.4) / 2.0
        rows = {
            "spot": exp(world.log_spot),
            "log_moneyness": world.log_spot - sum(strikes) / len(strikes),
            "realised_volatility": sqrt(world.variance),
            "true_volatility": world.volatility,
            **({} if surface.model == "sabr" else {"skew": skew}),
            "fixed_cost": config.execution.fixed_cost_bp * BP + costs["gas_cost"],
            "proportional_cost": config.execution.fee_bp * BP + costs["half_spread"],
            "log_gas": world.log_gas(),
            "hour_sin": sin(2.0 * pi * world.hour / 24.0),
            "hour_cos": cos(2.0 * pi * world.hour / 24.0),
            "funding_rate": world.funding_rate(),
            "funding_accrued": world.accrued,
            "time_to_maturity": left / config.episode.days_per_year,
            "time_fraction": 1.0 - self.decision / config.episode.decisions,
            "step": float(self.decision),
        }
        if left > 0.0:
            rows["implied_volatility"] = world.smile(0.0, left)
        if surface.model == "sabr":
            rows |= self.sabr_skew(left)
        return rows | costs | self.mark()

    def sabr_skew(self, left: float) -> dict[str, float]:
        """Slope rho nu / (2 alpha) of the smile, per at-the-money deviation."""
        if left == 0.0:
            return {}
        model, world = self.config.market.volatility, self.world
        slope = 0.5 * model.correlation * model.volatility_of_volatility
        slope *= world.smile(0.0, left) / world.volatility
        return {"skew": slope * sqrt(left / self.config.episode.days_per_year)}

    def charge(self, traded: float, charged: bool) -> dict[str, float]:
        """Cost by component of a trade at present, and its cash."""
        value, costs = abs(traded) * exp(self.world.log_spot), self.costs()
        names = ("fee", "spread", "impact", "gas", "fixed")
        cost = dict.fromkeys(names, 0.0)
        if charged and value > 0.0:
            root = costs["impact_sqrt"] * value**1.5
            cost = {
                "fee": self.config.execution.fee_bp * BP * value,
                "spread": costs["half_spread"] * value,
                "impact": costs["impact_linear"] * value**2 + root,
                "gas": costs["gas_cost"],
                "fixed": self.config.execution.fixed_cost_bp * BP,
            }
        self.cash -= traded * exp(self.world.log_spot) + sum(cost.values())
        return cost

    def decide(self, target: float) -> dict[str, float]:
        """Trade to `target`, hold for one interval, liquidate after the last."""
        execution = self.config.execution
        low, high = self.config.holdings_bounds
        target = min(max(target, low), high)
        traded = target - self.held
        is_first = self.decision == 0
        cost = self.charge(traded, execution.charge_opening or not is_first)
        self.held = target
        spot, value = exp(self.world.log_spot), self.mark()["book_value"]
        self.world.accrued = 0.0
        for _ in range(self.config.episode.market_steps):
            self.world.move()
        self.decision += 1
        pays = self.held if execution.instrument == "perp" else 0.0
        cost["funding"] = pays * self.world.accrued
        self.cash -= cost["funding"]
        hedge = self.held * (exp(self.world.log_spot) - spot)
        book = self.mark()["book_value"] - value
        if self.decision == self.config.episode.decisions:
            for name, c in self.charge(
                -self.held, execution.charge_liquidation
            ).items():
                cost[name] += c
            self.held = 0.0
        return cost | {"hedge_pnl": hedge, "book_pnl": book, "traded": traded}
