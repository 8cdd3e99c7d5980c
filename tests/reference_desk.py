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


COMPONENTS = (
    "fee",
    "spread",
    "impact",
    "gas",
    "fixed",
    "funding",
    "option_spread",
    "failed_gas",
    "sandwich",
    "liquidation",
)


@dataclass
class Desk:
    """Book, trades and cash of one path."""

    world: World
    held: float = 0.0
    cash: float = 0.0
    decision: int = 0
    halted: int = 0  # decisions left
    equity: float = 0.0  # of the margin account
    calls: int = 0  # of margin
    closed: float = 0.0  # units bought by the last call
    settled: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.config.execution.margin is not None:
            self.equity = self.config.execution.margin.collateral

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
            "sandwich_rate": self.world.mishaps()[1],
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

    def mean_sandwich(self) -> float:
        sandwich = self.config.execution.sandwich
        return 0.0 if sandwich is None else sandwich.probability * sandwich.loss_bp * BP

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
            "proportional_cost": config.execution.fee_bp * BP
            + costs["half_spread"]
            + self.mean_sandwich(),
            "order_fails": float(world.mishaps()[0]),
            "halted": float(self.halted > 0),
            "log_gas": world.log_gas(),
            "hour_sin": sin(2.0 * pi * world.hour / 24.0),
            "hour_cos": cos(2.0 * pi * world.hour / 24.0),
            "funding_rate": world.funding_rate(),
            "funding_accrued": world.accrued,
            "time_to_maturity": left / config.episode.days_per_year,
            "time_fraction": 1.0 - self.decision / config.episode.decisions,
            "step": float(self.decision),
        }
        if config.market.basis is not None:
            rows |= {"basis": world.log_basis, "hedge_price": world.hedge_price}
        if config.execution.margin is not None:
            rows |= {"margin_equity": self.equity, "margin_calls": self.calls}
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

    def charge(
        self, traded: float, price: float, costs: dict[str, float], charged: bool
    ) -> dict[str, float]:
        """Cost by component of a trade, and its cash."""
        value = abs(traded) * price
        cost = dict.fromkeys(COMPONENTS, 0.0)
        if charged and value > 0.0:
            root = costs["impact_sqrt"] * value**1.5
            cost |= {
                "fee": self.config.execution.fee_bp * BP * value,
                "spread": costs["half_spread"] * value,
                "impact": costs["impact_linear"] * value**2 + root,
                "gas": costs["gas_cost"],
                "fixed": self.config.execution.fixed_cost_bp * BP,
                "sandwich": costs["sandwich_rate"] * value,
            }
        self.cash -= traded * price + sum(cost.values())
        return cost

    def order(self, target: float) -> tuple[float, bool]:
        """Holdings that an order leads to, and whether it was sent and failed."""
        margin = self.config.execution.margin
        low, high = self.config.holdings_bounds
        target = min(max(target, low), high)
        if margin is not None:
            limit = max(self.equity, 0.0) / (margin.initial * self.world.hedge_price)
            limit = limit if margin.reopen or not self.calls else 0.0
            if target * self.held > 0.0:
                limit = max(limit, abs(self.held))
            target = min(max(target, -limit), limit)
        if self.halted:
            return self.held, False
        failed = target != self.held and self.world.mishaps()[0]
        return (self.held if failed else target), failed

    def decide(self, target: float) -> dict[str, float]:
        """Trade to `target`, hold for one interval, liquidate after the last."""
        execution, world = self.config.execution, self.world
        marked, price, costs = self.mark(), world.hedge_price, self.costs()
        if self.config.market.crowd is not None:
            cap = self.config.market.crowd.cap
            dollar = marked["gamma"] * exp(world.log_spot) ** 2
            world.crowd = min(max(self.config.market.crowd.size * dollar, -cap), cap)
        charged = execution.charge_opening or self.decision > 0
        old = self.held
        self.held, failed = self.order(target)
        traded = self.held - old
        fill, early = self.pass_interval(traded + self.closed)
        self.closed = 0.0
        cost = self.charge(traded, fill, costs, charged)
        cost["failed_gas"] = costs["gas_cost"] if failed and charged else 0.0
        if execution.instrument == "perp":
            cost["funding"] = old * early + self.held * (world.accrued - early)
        self.cash -= cost["funding"] + cost["failed_gas"]
        hedge = old * (fill - price) + self.held * (world.hedge_price - fill)
        self.equity += hedge - sum(cost.values())
        self.decision += 1
        book = self.mark()["book_value"] - marked["book_value"]
        if self.decision == self.config.episode.decisions:
            self.close(cost, execution.charge_liquidation)
        elif self.is_called():
            self.answer_call(cost)
        return cost | {"hedge_pnl": hedge, "book_pnl": book, "traded": traded}

    def pass_interval(self, bought: float) -> tuple[float, float]:
        """Move to the next decision; price of the fill and funding until then."""
        world, execution = self.world, self.config.execution
        notional = self.config.market.spot * self.config.book.contracts
        share = bought * world.hedge_price * notional / execution.daily_volume
        opening, fill, early = world.log_spot, 0.0, 0.0
        world.accrued = 0.0
        for step in range(self.config.episode.market_steps + 1):
            if step == execution.latency_steps:
                fill, early = world.hedge_price, world.accrued
                world.log_spot += execution.permanent_impact * share
            if step < self.config.episode.market_steps:
                world.move()
        if execution.halt is not None:
            is_large = abs(world.log_spot - opening) > execution.halt.move
            left = max(self.halted - 1, 0)
            self.halted = execution.halt.decisions if is_large else left
        return fill, early

    def is_called(self) -> bool:
        """Whether equity no longer carries the position."""
        margin = self.config.execution.margin
        value = abs(self.held) * self.world.hedge_price
        return margin is not None and self.equity < margin.maintenance * value

    def answer_call(self, cost: dict[str, float]) -> None:
        """Close the position by force."""
        penalty = self.config.execution.margin.penalty_bp * BP
        penalty *= abs(self.held) * self.world.hedge_price
        cost["liquidation"] += penalty
        self.cash -= penalty
        self.equity -= penalty
        self.calls += self.held != 0.0
        self.closed = -self.held
        self.close(cost, True)

    def close(self, cost: dict[str, float], charged: bool) -> None:
        """Sell what is held at the present price, adding to `cost`."""
        paid = self.charge(-self.held, self.world.hedge_price, self.costs(), charged)
        for name, c in paid.items():
            cost[name] += c
        self.equity -= sum(paid.values())
        self.held = 0.0
