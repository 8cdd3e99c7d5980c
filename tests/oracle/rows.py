"""What a policy may see of a desk and its market."""

from __future__ import annotations

from math import cos, exp, log, pi, sin, sqrt

from hedge_env.config.sections.liabilities import LiabilityConfig
from tests.oracle.costs import costs
from tests.oracle.desk import Desk
from tests.oracle.execution.keeper import is_away
from tests.oracle.execution.mishaps import mishaps
from tests.oracle.fees import base_fee, log_paid
from tests.oracle.margin import account, is_portfolio, worst_loss
from tests.oracle.market.basis import hedge_price, log_basis
from tests.oracle.market.forecasts import forecast_rows
from tests.oracle.market.funding import funding_rate
from tests.oracle.market.surface import skew, smile
from tests.oracle.market.volatility import volatility
from tests.oracle.state import BP


def rows(desk: Desk) -> dict[str, float]:
    """Market rows, by the names of `fields`."""
    world, config = desk.world, desk.config
    ends = [leg.days for leg in config.book.legs if leg.days is not None]
    horizon = config.episode.decisions * config.episode.decision_interval_hours / 24.0
    tenors = [leg.tenor_days for leg in config.book.legs if leg.days is None]
    longest = max([*ends, *(horizon + tenor for tenor in tenors)])
    strikes = [log(price) for leg in config.book.legs for price in prices_of(leg)]
    left, now = desk.days_left(longest), costs(world)
    values = {
        "spot": exp(world.log_spot),
        "log_moneyness": world.log_spot - sum(strikes) / len(strikes),
        "realised_volatility": sqrt(world.variance),
        "true_volatility": volatility(world),
        "fixed_cost": config.execution.transactions
        * (config.execution.fixed_cost_bp * BP)
        + now["gas_cost"]
        + now["keeper_cost"],
        "proportional_cost": config.execution.fee_bp * BP
        + now["half_spread"]
        + mean_sandwich(desk),
        "order_fails": float(mishaps(world)[0]),
        "halted": float(desk.halted > 0),
        "keeper_away": float(is_away(world, desk.decision)),
        "log_gas": log_paid(world),
        "hour_sin": sin(2.0 * pi * world.hour / 24.0),
        "hour_cos": cos(2.0 * pi * world.hour / 24.0),
        "funding_rate": funding_rate(world),
        "funding_accrued": world.accrued,
        "time_to_maturity": left / config.episode.days_per_year,
        "time_fraction": 1.0 - desk.decision / config.episode.decisions,
        "step": float(desk.decision),
    }
    if config.market.basis is not None:
        price = hedge_price(world)
        values |= {"basis": log_basis(world), "hedge_price": price}
    if config.market.fees is not None:
        values |= {"base_fee": base_fee(world), "blob_fee": world.blob_fee}
    if config.execution.margin is not None:
        values |= {"margin_equity": desk.equity, "margin_calls": desk.calls}
    if is_portfolio(desk):
        needed = config.execution.margin.maintenance * worst_loss(
            account(desk), desk.held
        )
        values["margin_use"] = needed / desk.equity
    if left > 0.0:
        values["implied_volatility"] = smile(world, 0.0, left)
    if left > 0.0 or config.market.surface.model != "sabr":
        values["skew"] = skew(world, left)
    values |= now | forecast_rows(world) | desk.mark()
    pool = desk.moved()
    return values if pool is None else values | pool.moving(now["gas_price"])


def prices_of(leg: LiabilityConfig) -> list[float]:
    """Prices that matter to a position: a strike, or the ends of a range."""
    if leg.kind in ("power", "rolled_call", "option_pool"):
        return [1.0]
    if leg.kind != "amm":
        return [leg.moneyness]
    return [price for price in (leg.low, leg.high) if price is not None] or [1.0]


def mean_sandwich(desk: Desk) -> float:
    sandwich = desk.config.execution.sandwich
    return 0.0 if sandwich is None else sandwich.probability * sandwich.loss_bp * BP
