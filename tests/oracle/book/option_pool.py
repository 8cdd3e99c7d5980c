"""A pool that quotes options to clients, on one path."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log, sqrt

from scipy.stats import poisson

from hedge_env.config import EnvConfig
from hedge_env.config.sections.liabilities import OptionPoolConfig
from tests.oracle.black_scholes import black_scholes
from tests.oracle.fixing import fixing, lost_days
from tests.oracle.market.surface import smile
from tests.oracle.world import World

CLIENTS_BLOCK = 1000  # of the first option of all pools
Mark = tuple[float, float, float, float, float, float]


@dataclass
class Contract:
    """One option of one board."""

    number: int  # among the options of the pool
    is_call: bool
    strike: float
    struck: int  # decision
    units: float = 0.0
    quotes: tuple[float, float] = (0.0, 0.0)  # ask and bid, until the next decision
    settled: bool = False


@dataclass
class OptionPool:
    """All boards of one pool that is owned once."""

    terms: OptionPoolConfig
    config: EnvConfig
    first: int  # number of its first option, among those of all pools
    contracts: list[Contract] = field(default_factory=list)
    cash: float = 0.0
    earned: float = 0.0
    lost: float = 0.0
    decision: int = -1

    @property
    def interval(self) -> float:
        """Days."""
        return self.config.episode.decision_interval_hours / 24.0

    def arrive(self, world: World, decision: int) -> dict[str, float]:
        """Trade, once, with who has come, and what the pool adds to the book."""
        if decision != self.decision:
            self.decision = decision
            last = decision == self.config.episode.decisions
            if (
                decision % round(self.terms.board_days / self.interval) == 0
                and not last
            ):
                self.list_board(exp(world.log_spot))
            for number in range(len(self.terms.options)):
                self.trade(world, number, last)
        return self.mark(world)

    def list_board(self, spot: float) -> None:
        for number, option in enumerate(self.terms.options):
            strike = option.moneyness * spot
            is_call = option.kind == "call"
            self.contracts.append(Contract(number, is_call, strike, self.decision))

    def alive(self) -> list[Contract]:
        return [contract for contract in self.contracts if not contract.settled]

    def board(self, number: int, decision: int) -> Contract:
        """The one of an option that was quoted at a decision."""
        each = [one for one in self.contracts if one.number == number]
        return [one for one in each if one.struck <= decision][-1]

    def price(self, world: World, one: Contract) -> Mark:
        """Value, delta, gamma, vega, volatility and root of time left of one unit."""
        spot = exp(world.log_spot)
        days = self.terms.maturity_days - (self.decision - one.struck) * self.interval
        if days < 1e-9:
            gain = fixing(world) - one.strike
            return max(gain if one.is_call else -gain, 0.0), 0.0, 0.0, 0.0, 0.0, 0.0
        days -= lost_days(world)
        root = sqrt(days / self.config.episode.days_per_year)
        sigma = smile(world, log(one.strike) - world.log_spot, days)
        value, slope, bend = black_scholes(one.is_call, spot, one.strike, sigma * root)
        return value, slope, bend, bend * spot**2 * root**2 * sigma, sigma, root

    def use(self) -> tuple[float, float, float]:
        """Options sold, net, of the present board; sold, and bought, in all."""
        options = range(len(self.terms.options))
        board = [self.board(number, self.decision).units for number in options]
        held = [one.units for one in self.alive()]
        sold = sum(-units for units in held if units < 0.0)
        return -sum(board), sold, sum(units for units in held if units > 0.0)

    def asked(self, sigma: float, own: float, board: float, sold: float) -> float:
        more = self.terms.half_spread_points / 100.0
        more += self.terms.utilisation_points / 100.0 * sold / self.terms.capacity
        return self.limited(self.middle(sigma, own, board) + more, sigma)

    def bid(self, sigma: float, own: float, board: float) -> float:
        less = self.terms.half_spread_points / 100.0
        return self.limited(self.middle(sigma, own, board) - less, sigma)

    def middle(self, sigma: float, own: float, board: float) -> float:
        size = self.terms.standard_size
        base = sigma + self.terms.board_points / 100.0 * board / size
        return base * (1.0 + self.terms.skew_share * own / size)

    @staticmethod
    def limited(asked: float, sigma: float) -> float:
        return min(max(asked, 0.2 * sigma), 5.0 * sigma)

    def fill(self, one: Contract, orders: float, buys: bool) -> float:
        """Options of an order of clients that are traded."""
        _, sold, bought = self.use()
        held = one.units if buys else -one.units
        room = max(self.terms.capacity - (sold if buys else bought), 0.0)
        return min(orders * self.terms.order_size, max(held, 0.0) + room)

    def exchange(self, one: Contract, size: float, buys: bool, price: float) -> None:
        self.cash += size * price if buys else -size * price
        one.units += -size if buys else size

    def trade(self, world: World, number: int, last: bool) -> None:
        """Who knew the present, payoffs, and who knows nothing, of one option."""
        terms = self.terms
        u = world.noise.uniforms(world.steps, CLIENTS_BLOCK + self.first + number)
        rate = terms.orders_per_day * self.interval
        if self.decision > 0:
            one = self.board(number, self.decision - 1)
            value, (ask, bid) = self.price(world, one)[0], one.quotes
            if value > ask or value < bid:
                orders = poisson.ppf(u[2], rate * terms.informed_share)
                size = self.fill(one, orders, value > ask)
                self.exchange(one, size, value > ask, ask if value > ask else bid)
                self.lost += size * (value - ask if value > ask else bid - value)
        for one in [one for one in self.alive() if one.number == number]:
            age = (self.decision - one.struck) * self.interval
            if age > terms.maturity_days - 1e-9:
                self.cash += one.units * self.price(world, one)[0]
                one.units, one.settled = 0.0, True
        if not last:
            self.serve(world, self.board(number, self.decision), u, rate)

    def serve(self, world: World, one: Contract, u: list[float], rate: float) -> None:
        """Trade with those who know nothing, and quote."""
        value, _, _, _, sigma, root = self.price(world, one)
        rate *= 1.0 - self.terms.informed_share
        if self.decision > 0:
            board, sold, _ = self.use()
            dear = self.asked(sigma, -one.units, board, sold) / sigma - 1.0
            cheap = 1.0 - self.bid(sigma, -one.units, board) / sigma
            share = self.terms.probability_buy
            for buys, place, most, far in (
                (True, 0, rate * share, dear),
                (False, 1, rate * (1.0 - share), cheap),
            ):
                mean = most * min(exp(-self.terms.price_response * far), 10.0)
                orders = poisson.ppf(u[place], mean) if mean > 0.0 else 0.0
                size = self.fill(one, orders, buys)
                board, sold, _ = self.use()
                half, long = 0.5 * size if buys else -0.5 * size, max(one.units, 0.0)
                own, board = half - one.units, board + half
                quoted = (
                    self.asked(sigma, own, board, sold + max(half - long, 0.0))
                    if buys
                    else self.bid(sigma, own, board)
                )
                price = self.worth(world, one, quoted * root)
                self.exchange(one, size, buys, price)
                self.earned += size * (price - value if buys else value - price)
        board, sold, _ = self.use()
        ask = self.asked(sigma, -one.units, board, sold)
        bid = self.bid(sigma, -one.units, board)
        one.quotes = (
            self.worth(world, one, ask * root),
            self.worth(world, one, bid * root),
        )

    @staticmethod
    def worth(world: World, one: Contract, sd: float) -> float:
        return black_scholes(one.is_call, exp(world.log_spot), one.strike, sd)[0]

    def mark(self, world: World) -> dict[str, float]:
        total = {"book_value": self.cash, "delta": 0.0, "gamma": 0.0, "vega": 0.0}
        for one in self.alive():
            value, slope, bend, vega, _, _ = self.price(world, one)
            total["book_value"] += one.units * value
            total["delta"] -= one.units * slope
            total["gamma"] -= one.units * bend
            total["vega"] += one.units * vega
        return {name: self.terms.quantity * each for name, each in total.items()}
