"""The margin account of one path: its perpetual alone, or the whole portfolio.

The matrix is typed from the publication (docs.paradex.trade/risk/portfolio-margin), the
requirement is evaluated as it is defined, and holdings are found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt
from typing import TYPE_CHECKING, NamedTuple

from hedge_env.config import LegConfig, PortfolioMargin
from tests.oracle.black_scholes import black_scholes
from tests.oracle.fixing import lost_days
from tests.oracle.market.basis import hedge_price
from tests.oracle.market.surface import smile
from tests.oracle.state import BP

if TYPE_CHECKING:
    from tests.oracle.desk import Desk

# Spot and weight, volatility up; the first nine also with volatility down but for the
# outermost two.
PLAIN = (16, 12, 8, 4, 0, -4, -8, -12, -16)
EXTREME = {-66: 24, -33: 48, 50: 32, 100: 16, 200: 8, 300: 5.33, 400: 4, 500: 3.2}
CELLS = [(move / 100, 0.4, 1.0) for move in PLAIN]
CELLS += [(move / 100, -0.22, 1.0) for move in PLAIN[1:-1]]
CELLS += [(move / 100, 0.4, weight / 100) for move, weight in EXTREME.items()]


def is_portfolio(desk: Desk) -> bool:
    return isinstance(desk.config.execution.margin, PortfolioMargin)


class Account(NamedTuple):
    """The market of one moment, and what all but the perpetual would gain in it."""

    price: float
    spot: float
    gains: list[float]  # by cell
    deltas: list[float]  # by position


def account(desk: Desk) -> Account:
    spot = exp(desk.world.log_spot)
    legs = alive(desk)
    return Account(
        price=hedge_price(desk.world),
        spot=spot,
        gains=[
            sum(profit(desk, leg, spot, move, turn) for leg in legs)
            for move, turn, _ in CELLS
        ],
        deltas=[leg.quantity * value_of(desk, leg, spot)[1] for leg in legs],
    )


def worst_loss(now: Account, held: float) -> float:
    """What must be there to open the portfolio at some holdings."""
    losses = [
        -weight * (gain + held * now.price * move)
        for (move, _, weight), gain in zip(CELLS, now.gains, strict=True)
    ]
    deltas = [held, *now.deltas]
    net, gross = abs(sum(deltas)), sum(abs(d) for d in deltas)
    return max(*losses, now.spot * (0.02 * net + 0.01 * (gross - net) / 2.0))


def alive(desk: Desk) -> list[LegConfig]:
    return [leg for leg in desk.config.book.legs if desk.days_left(leg.days) > 0.0]


def value_of(
    desk: Desk, leg: LegConfig, spot: float, move: float = 0.0, turn: float = 0.0
) -> tuple[float, float]:
    """Value and delta of one unit after moves of spot and volatility."""
    days = desk.days_left(leg.days)
    k = log(leg.moneyness) - desk.world.log_spot
    scale = (30.0 / max(1.0, days)) ** (0.30 if days < 30.0 else 0.13)
    days -= lost_days(desk.world)
    sigma = smile(desk.world, k, days) * (1.0 + turn * scale)
    sd = sigma * sqrt(days / desk.config.episode.days_per_year)
    there = spot * (1.0 + move)
    return black_scholes(leg.kind == "call", there, leg.moneyness, sd)[:2]


def profit(desk: Desk, leg: LegConfig, spot: float, move: float, turn: float) -> float:
    there = value_of(desk, leg, spot, move, turn)[0]
    return leg.quantity * (there - value_of(desk, leg, spot)[0])


def affordable(desk: Desk, target: float) -> float:
    """Holdings on the way to a target that the account can carry."""
    margin = desk.config.execution.margin
    if is_portfolio(desk):
        now = account(desk)
        level = max(desk.equity, worst_loss(now, desk.held)) * (1.0 + 1e-15)
        share = last_true(
            lambda t: worst_loss(now, desk.held + t * (target - desk.held)) <= level
        )
        return desk.held + share * (target - desk.held) if share < 1.0 else target
    limit = max(desk.equity, 0.0) / (margin.initial * hedge_price(desk.world))
    limit = limit if margin.reopen or not desk.calls else 0.0
    if target * desk.held > 0.0:
        limit = max(limit, abs(desk.held))
    return min(max(target, -limit), limit)


def last_true(holds: Callable[[float], bool]) -> float:
    """Largest share in [0, 1] up to which a condition holds that ends once."""
    if holds(1.0):
        return 1.0
    low, high = 0.0, 1.0
    while low < (middle := 0.5 * (low + high)) < high:
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def answer(desk: Desk, cost: dict[str, float]) -> None:
    """Close what the equity no longer carries."""
    margin, held = desk.config.execution.margin, desk.held
    if not is_portfolio(desk):
        value = abs(held) * hedge_price(desk.world)
        if desk.equity < margin.maintenance * value:
            force(desk, cost, 0.0)
        return
    now = account(desk)
    if desk.equity >= margin.maintenance * worst_loss(now, held):
        return
    best = least(now, *desk.config.holdings_bounds)
    level = desk.equity / margin.maintenance
    if worst_loss(now, best) <= level:
        share = last_true(lambda t: worst_loss(now, best + t * (held - best)) <= level)
        force(desk, cost, best + share * (held - best))
        return
    force(desk, cost, 0.0, called=True)
    units = sum(abs(leg.quantity) for leg in alive(desk))
    penalise(desk, cost, margin.option_penalty_bp * BP * units * now.spot)
    if margin.insurance and desk.equity < 0.0:
        cost["insurance"] += desk.equity
        desk.cash -= desk.equity
    desk.equity = margin.collateral


def least(now: Account, low: float, high: float) -> float:
    """Holdings that need the least margin: the requirement is convex in them."""
    while high - low > 1e-14:
        third = (high - low) / 3.0
        if worst_loss(now, low + third) <= worst_loss(now, high - third):
            high -= third
        else:
            low += third
    return 0.5 * (low + high)


def force(
    desk: Desk, cost: dict[str, float], goal: float, called: bool = False
) -> None:
    """Trade to a goal by force."""
    traded = abs(desk.held - goal)
    is_dust = traded * desk.config.book.contracts < desk.config.execution.least_order
    value = 0.0 if is_dust else traded * hedge_price(desk.world)
    penalise(desk, cost, desk.config.execution.margin.penalty_bp * BP * value)
    desk.calls += called or traded != 0.0
    desk.closed = goal - desk.held
    desk.close(cost, True, goal)


def penalise(desk: Desk, cost: dict[str, float], penalty: float) -> None:
    cost["liquidation"] += penalty
    desk.cash -= penalty
    desk.equity -= penalty
