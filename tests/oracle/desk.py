"""Book, trades and cash of one path."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import copysign, exp, floor, log, sqrt

from hedge_env.config import EnvConfig
from tests.oracle import margin
from tests.oracle.black_scholes import black_scholes
from tests.oracle.book.option_pool import OptionPool
from tests.oracle.book.perpetual import Perpetual
from tests.oracle.book.pool import VOLUME_BLOCK, Pool
from tests.oracle.book.rolled_call import RolledCall
from tests.oracle.book.streamed import Streamed
from tests.oracle.costs import COMPONENTS, cost_of_trade, costs, slice_shares
from tests.oracle.execution.front_runner import FrontRunner
from tests.oracle.execution.keeper import is_away
from tests.oracle.execution.mishaps import mishaps
from tests.oracle.fixing import fixing, lost_days
from tests.oracle.market.basis import hedge_price
from tests.oracle.market.surface import smile
from tests.oracle.market.volatility import volatility
from tests.oracle.venues import Order, send
from tests.oracle.world import World

Other = Pool | Streamed | Perpetual | RolledCall | OptionPool


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
    ordered: bool = False  # is a range to be moved at this decision?
    shares: tuple[float, ...] = ()  # how this decision's order goes to venues
    pushed: float = 0.0  # log move of the perpetual by the last order
    settled: dict[int, float] = field(default_factory=dict)
    others: dict[int, Other] = field(default_factory=dict)
    coins: tuple[int, float, float] | None = None  # decision, value then, gained
    adversary: FrontRunner = field(init=False)

    def __post_init__(self) -> None:
        self.adversary = FrontRunner(self.config)
        for number, leg in enumerate(self.config.book.legs):
            if leg.kind == "amm":
                self.others[number] = Pool(leg, self.config)
            elif leg.kind in ("everlasting", "power"):
                self.others[number] = Perpetual(leg, self.config)
            elif leg.kind == "rolled_call":
                self.others[number] = RolledCall(leg, self.config)
            elif leg.kind == "streamed":
                self.others[number] = Streamed(leg, self.config)
            elif leg.kind == "option_pool":
                before = self.config.book.legs[:number]
                pools = [one for one in before if one.kind == "option_pool"]
                first = sum(len(one.options) for one in pools)
                self.others[number] = OptionPool(leg, self.config, first)
        if self.config.execution.margin is not None:
            self.equity = self.config.execution.margin.collateral
        self.held = self.config.holdings.start
        self.cash = -self.held * hedge_price(self.world)

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
        value = delta = gamma = vega = paid = 0.0
        for number, leg in enumerate(self.config.book.legs):
            if number in self.others:
                marked = self.mark_other(self.others[number], spot)
                value, delta = value + marked["book_value"], delta + marked["delta"]
                gamma, vega = gamma + marked["gamma"], vega + marked["vega"]
                continue
            days = self.days_left(leg.maturity_days)
            if leg.kind == "forward":
                ended = days == 0.0
                price = self.settled.setdefault(number, spot) if ended else spot
                value += leg.quantity * (price - leg.moneyness)
                delta -= 0.0 if ended else leg.quantity
                continue
            if days == 0.0:
                gain = fixing(self.world) - leg.moneyness
                payoff = max(gain if leg.kind == "call" else -gain, 0.0)
                paid += leg.quantity * self.settled.setdefault(number, payoff)
                continue
            days -= lost_days(self.world)
            years = days / self.config.episode.days_per_year
            k = log(leg.moneyness) - self.world.log_spot
            sd = smile(self.world, k, days) * sqrt(years)
            price, slope, bend = black_scholes(
                leg.kind == "call", spot, leg.moneyness, sd
            )
            value += leg.quantity * price
            delta -= leg.quantity * slope
            gamma -= leg.quantity * bend
            vega += leg.quantity * bend * spot**2 * sqrt(years) * sd
        if self.config.book.margin == "coin":
            value, delta = self.in_coins(value, paid, delta, spot)
        else:
            value += paid
        return {"book_value": value, "delta": delta, "gamma": gamma, "vega": vega}

    def in_coins(
        self, value: float, paid: float, delta: float, spot: float
    ) -> tuple[float, float]:
        """What the coins of the book have gained, and its net delta."""
        now = value / spot + paid / fixing(self.world)
        decision, coins, gained = self.coins or (0, now, value)
        if decision != self.decision:
            gained += (now - coins) * spot
        self.coins = self.decision, now, gained
        return gained, delta + now

    def mark_other(self, position: Other, spot: float) -> dict[str, float]:
        """What a position adds, its fees, funding or premiums until now settled."""
        if isinstance(position, OptionPool):
            return position.arrive(self.world, self.decision)
        if isinstance(position, Perpetual | RolledCall):
            episode = self.config.episode
            days = episode.decisions * episode.decision_interval_hours / 24.0
            tenors = [other.tenor_days for other in self.config.book.legs]
            sigma = smile(self.world, 0.0, self.days_left(days + max(tenors)))
            return position.arrive(self.decision, spot, sigma)
        z = self.world.noise.normals(self.world.steps, VOLUME_BLOCK)[0]
        arrival = self.decision, spot, volatility(self.world), z
        if isinstance(position, Pool):
            position.arrive(*arrival, costs(self.world)["gas_price"])
        else:
            position.arrive(*arrival)
        return position.mark(spot)

    def charge(
        self,
        traded: float,
        price: float,
        now: dict[str, float],
        charged: bool,
        shares: tuple[float, ...],
    ) -> dict[str, float]:
        """Cost by component of a trade filled in slices, and its cash."""
        cost = dict.fromkeys(COMPONENTS, 0.0)
        if charged:
            cost = cost_of_trade(self.world, traded, price, now, shares)
        self.cash -= traded * price + sum(cost.values())
        return cost

    def order(self, target: float) -> tuple[float, bool]:
        """Holdings that an order leads to, and whether it was sent and failed."""
        low, high = self.config.holdings_bounds
        target = min(max(target, low), high)
        if self.config.execution.margin is not None:
            target = margin.affordable(self, target)
        target = self.in_lots(target)
        if self.halted or is_away(self.world, self.decision):
            return self.held, False
        failed = target != self.held and mishaps(self.world)[0]
        return (self.held if failed else target), failed

    def in_lots(self, target: float) -> float:
        """Holdings after an order in whole lots, of at least the least size."""
        execution, contracts = self.config.execution, self.config.book.contracts
        units = (target - self.held) * contracts
        if execution.lot > 0.0:
            lots = floor(abs(units) / execution.lot + 1e-9)
            units = copysign(lots * execution.lot, units)
            target = self.held + units / contracts
        return self.held if abs(units) < execution.least_order else target

    def is_dust(self, traded: float) -> bool:
        """Whether no order could be for so little."""
        units = abs(traded) * self.config.book.contracts
        return units < self.config.execution.least_order

    def moved(self) -> Pool | None:
        """The liquidity whose range the policy moves."""
        pools = [one for one in self.others.values() if isinstance(one, Pool)]
        asked = [one for one in pools if one.terms.is_moved_by_policy]
        return asked[0] if asked else None

    def order_move(self, ordered: bool) -> None:
        """Say whether that range is to be moved at this decision."""
        self.ordered = ordered

    def move_range(self) -> float:
        """Move the range if that was said, and tell what it costs."""
        pool = self.moved()
        if not self.ordered or pool is None:
            return 0.0
        return pool.order(costs(self.world)["gas_price"])

    def decide(self, target: float) -> dict[str, float]:
        """Trade to `target`, hold for one interval, liquidate after the last."""
        execution, world = self.config.execution, self.world
        marked, price, now = self.mark(), hedge_price(world), costs(world)
        moving = self.move_range()
        self.follow_crowd(marked["gamma"])
        charged = execution.charge_opening or self.decision > 0
        old = self.held
        self.held, failed = self.order(target)
        sent = self.route(self.held - old, price, now)
        if sent is not None:
            self.held = sent.filled(old, self.held, price)
        traded = self.held - old
        fill, early = self.pass_interval(traded + self.closed)
        self.closed = 0.0
        if sent is None:
            shares = slice_shares(execution)
            cost = self.charge(traded, fill, now, charged, shares)
        else:
            cost = self.pay_parts(sent, traded, fill, charged, fill / price)
        ahead = self.decision, old - marked["delta"], abs(traded) * fill
        cost |= {
            "failed_gas": now["gas_cost"] if failed and charged else 0.0,
            "front_run": self.adversary.takes(*ahead),
            "recentring": moving,
        }
        if execution.instrument == "perp":
            cost["funding"] = old * early + self.held * (world.accrued - early)
        self.cash -= cost["funding"] + cost["failed_gas"] + cost["front_run"]
        self.cash -= moving
        hedge = old * (fill - price) + self.held * (hedge_price(world) - fill)
        hedge += self.own_move(cost, fill)
        self.equity += hedge - sum(cost.values())
        self.decision += 1
        book = self.mark()["book_value"] - marked["book_value"]
        self.equity += book if margin.is_portfolio(self) else 0.0
        if self.decision == self.config.episode.decisions:
            self.close(cost, execution.charge_liquidation)
        elif execution.margin is not None:
            margin.answer(self, cost)
        return cost | {"hedge_pnl": hedge, "book_pnl": book, "traded": traded}

    def route(
        self, traded: float, price: float, now: dict[str, float], forced: bool = False
    ) -> Order | None:
        """The parts of an order at several venues; None where there is one."""
        if not self.config.execution.venues:
            return None
        tenors = [leg.tenor_days for leg in self.config.book.legs if leg.days is None]
        ends = [leg.days for leg in self.config.book.legs if leg.days is not None]
        days = self.config.episode.horizon_days
        left = self.days_left(max([*ends, *(days + tenor for tenor in tenors)]))
        sigma = 0.0 if forced else smile(self.world, 0.0, left)
        return send(self.world, traded * price, now, sigma, forced, self.shares)

    def pay_parts(
        self, sent: Order, traded: float, price: float, charged: bool, late: float
    ) -> dict[str, float]:
        """Cost by component of the parts that filled, and their cash."""
        cost = dict.fromkeys(COMPONENTS, 0.0)
        if charged:
            cost |= sent.cost(late)
        self.cash -= traded * price + sum(cost.values())
        return cost

    def pass_interval(self, bought: float) -> tuple[float, float]:
        """Move to the next decision; price of the fill and funding until then."""
        world, execution = self.world, self.config.execution
        notional = self.config.market.spot * self.config.book.contracts
        share = bought * hedge_price(world) * notional / execution.daily_volume
        opening, fill, early = world.log_spot, 0.0, 0.0
        shares = slice_shares(execution)
        world.accrued = 0.0
        for step in range(self.config.episode.market_steps + 1):
            slice_number = step - execution.latency_steps
            if 0 <= slice_number < len(shares):
                part = shares[slice_number]
                fill += part * hedge_price(world)
                early += part * world.accrued
                own = execution.permanent_impact * share
                self.push(part * min(max(own, -1.0), 1.0))
            if step < self.config.episode.market_steps:
                world.move()
        if execution.halt is not None:
            is_large = abs(world.log_spot - opening) > execution.halt.move
            left = max(self.halted - 1, 0)
            self.halted = execution.halt.decisions if is_large else left
        return fill, early

    def follow_crowd(self, gamma: float) -> None:
        """Let a crowd hedge as large a gamma as the book's."""
        crowd = self.config.market.crowd
        if crowd is not None:
            size = crowd.size * gamma * exp(self.world.log_spot) ** 2
            self.world.crowd = min(max(size, -crowd.cap), crowd.cap)

    def own_move(self, cost: dict[str, float], fill: float) -> float:
        """Loss by the move of the perpetual, which is a cost and not a profit."""
        cost["own_move"] = -self.held * fill * (exp(self.pushed) - 1.0)
        return cost["own_move"]

    def push(self, move: float) -> None:
        """Let an own order move spot, or the perpetual alone."""
        if self.config.execution.impact_on == "perpetual":
            self.world.basis += move
            self.pushed = move
            return
        self.world.log_spot += move
        if self.world.population is not None:
            self.world.population.press(move)

    def close(self, cost: dict[str, float], charged: bool, goal: float = 0.0) -> None:
        """Trade from what is held to `goal` at the present price, adding to `cost`."""
        price, now, traded = (
            hedge_price(self.world),
            costs(self.world),
            goal - self.held,
        )
        charged = charged and not self.is_dust(traded)
        sent = self.route(traded, price, now, forced=True)
        if sent is None:
            paid = self.charge(traded, price, now, charged, (1.0,))
        else:
            paid = self.pay_parts(sent, traded, price, charged, 1.0)
        for name, c in paid.items():
            cost[name] += c
        self.equity -= sum(paid.values())
        self.held = goal
