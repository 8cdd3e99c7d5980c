"""Orders over several venues: all sets of them are tried, the level is halved for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import exp, inf, sqrt

from hedge_env.config.sections.venues import Venue
from tests.oracle.market.volatility import volatility
from tests.oracle.state import BP, State

BLOCK = 19


@dataclass
class Place:
    """One venue now: cost of a value is fixed + c v + a v^2 + b v^1.5, or a pool's."""

    fixed: float
    gas: float
    fee: float  # per value; of a pool, of what is paid in
    spread: float
    improvement: float  # mean
    a: float
    b: float
    pool: float  # each side of it; 0: none
    fills: float
    outcome: str = "filled"
    granted: float = 0.0  # improvement that an order sent now gets
    waiting: float = 0.0  # added to a where orders are split

    def variable(self, value: float, buys: bool) -> float:
        if self.pool > 0.0:
            kept = 1.0 - self.fee
            if buys:  # what has to be paid in for an amount taken out
                return value * self.pool / (kept * (self.pool - value)) - value
            return value - kept * value * self.pool / (self.pool + kept * value)
        rate = self.fee + self.spread - self.improvement
        return rate * value + (self.a + self.waiting) * value**2 + self.b * value**1.5

    def takes(self, level: float, buys: bool) -> float:
        """Value at which one more unit costs `level`."""
        if self.pool > 0.0:
            kept = 1.0 - self.fee
            if buys:
                return max(self.pool * (1.0 - 1.0 / sqrt(kept * (1.0 + level))), 0.0)
            if level >= 1.0:
                return inf
            return max(self.pool / kept * (sqrt(kept / (1.0 - level)) - 1.0), 0.0)
        over = level - (self.fee + self.spread - self.improvement)
        a, b = self.a + self.waiting, self.b
        if over <= 0.0:
            return 0.0
        if a == 0.0:
            return inf if b == 0.0 else (over / (1.5 * b)) ** 2
        root = (sqrt((1.5 * b) ** 2 + 8.0 * a * over) - 1.5 * b) / (4.0 * a)
        return root**2

    def charged(self, value: float, buys: bool) -> dict[str, float]:
        """Cost by component of what filled."""
        fee = self.fee / (1.0 - self.fee) if self.pool > 0.0 and buys else self.fee
        if self.pool > 0.0:
            impact = self.variable(value, buys) - fee * value
        else:
            impact = self.a * value**2 + self.b * value**1.5
        return {
            "fee": fee * value,
            "spread": (self.spread - self.granted) * value,
            "impact": impact,
            "gas": self.gas,
            "fixed": self.fixed - self.gas,
        }


@dataclass
class Order:
    """What was sent where."""

    value: float  # negative where sold
    parts: list[tuple[Place, float]]

    def filled(self, old: float, wanted: float, price: float) -> float:
        """Holdings after it."""
        done = [value for place, value in self.parts if place.outcome != "missed"]
        if len(done) == len(self.parts):
            return wanted
        return old + (1.0 if self.value > 0.0 else -1.0) * sum(done) / price

    def cost(self, late: float) -> dict[str, float]:
        """By component."""
        total: dict[str, float] = {}
        for place, value in self.parts:
            if place.outcome != "missed":
                for name, c in place.charged(value * late, self.value > 0.0).items():
                    total[name] = total.get(name, 0.0) + c
        return total


def places(world: State, worse: float, gas_price: float) -> list[Place]:
    """Every venue as it is now."""
    config = world.config
    notional = config.market.spot * config.book.contracts
    daily = volatility(world) / sqrt(config.episode.days_per_year)
    found = []
    for venue in config.execution.venues:
        gas = venue.gas * gas_price * 1e-9 * exp(world.log_spot) / config.book.contracts
        depth = getattr(venue, "depth", None)
        share = sqrt(notional / getattr(venue, "daily_volume", inf))
        mean = getattr(venue, "improvement_bp", 0.0)
        mean *= getattr(venue, "improvement_probability", 0.0)
        found.append(
            Place(
                fixed=gas + getattr(venue, "fixed_cost_bp", 0.0) * BP,
                gas=gas,
                fee=venue.fee_bp * BP,
                spread=getattr(venue, "half_spread_bp", 0.0) * BP * worse,
                improvement=mean * BP * worse,
                a=0.0 if depth is None else notional / depth * worse,
                b=getattr(venue, "square_root_impact", 0.0) * daily * share * worse,
                pool=getattr(venue, "reserve", 0.0) / notional / worse,
                fills=getattr(venue, "fill_probability", 1.0),
            )
        )
    return found


def cut(
    value: float, found: list[Place], buys: bool, single: bool
) -> list[tuple[Place, float]]:
    """The cheapest of all splits."""
    best, parts = inf, []
    for used in product((False, True), repeat=len(found)):
        some = [place for place, is_used in zip(found, used, strict=True) if is_used]
        if not some or (single and len(some) > 1):
            continue
        values = share(value, some, buys)
        pairs = [(p, v) for p, v in zip(some, values, strict=True) if v > 0.0]
        cost = sum(p.fixed + p.variable(v, buys) for p, v in pairs)
        if cost < best:
            best, parts = cost, pairs
    return parts


def share(value: float, some: list[Place], buys: bool) -> list[float]:
    """Parts at which one more unit costs the same everywhere."""
    if len(some) == 1:
        return [value]
    low, high = 0.0, 1.0
    while sum(place.takes(high, buys) for place in some) < value:
        high *= 2.0
    for _ in range(120):
        middle = 0.5 * (low + high)
        if sum(place.takes(middle, buys) for place in some) < value:
            low = middle
        else:
            high = middle
    values = [place.takes(low, buys) for place in some]
    # The rest is for a venue that takes any amount at that level, or is rounding.
    jumps = [place.takes(high, buys) - v for place, v in zip(some, values, strict=True)]
    values[jumps.index(max(jumps))] += value - sum(values)
    return values


def quoted(world: State, worse: float, gas_price: float) -> dict[str, float]:
    """What a policy sees: cost of the order that the config names, bought."""
    execution = world.config.execution
    order = execution.quoted_order
    parts = cut(
        order, places(world, worse, gas_price), True, execution.split == "single"
    )
    fixed = sum(place.fixed for place, _ in parts)
    rest = sum(place.variable(value, True) for place, value in parts)
    return {
        "gas_cost": sum(place.gas for place, _ in parts),
        "fixed_cost": fixed,
        "proportional_cost": rest / order,
        "half_spread": 0.0,
        "impact_linear": 0.0,
        "impact_sqrt": 0.0,
        "liquidity": worse,
    }


def send(
    world: State,
    value: float,
    now: dict[str, float],
    sigma: float,
    forced: bool,
    shares: tuple[float, ...] = (),
) -> Order:
    """Split an order at its decision's prices; forced: where it is sure to fill."""
    config = world.config
    found = places(world, now["liquidity"], now["gas_price"])
    draw_outcomes(world, found, config.execution.venues)
    if value == 0.0:
        return Order(value, [])
    if sum(shares) > 0.0 and not forced:
        whole = abs(value) / sum(shares)
        given = zip(found, shares, strict=True)
        return Order(value, [(place, whole * w) for place, w in given if w > 0.0])
    year = config.episode.decision_interval_hours / 24.0 / config.episode.days_per_year
    for place in found:
        again = (1.0 - place.fills) / place.fills
        place.waiting = config.risk_aversion * sigma**2 * year * again
    if forced:
        found = [place for place in found if place.fills == 1.0]
    single = config.execution.split == "single"
    return Order(value, cut(abs(value), found, value > 0.0, single))


def draw_outcomes(world: State, found: list[Place], venues: tuple[Venue, ...]) -> None:
    """What befalls an order sent now."""
    u = iter(world.noise.uniforms(world.steps, BLOCK))
    for place, venue in zip(found, venues, strict=True):
        if venue.kind == "intents":
            drawn = next(u)
            if drawn >= place.fills:
                place.outcome = "missed"
            if drawn < place.fills * venue.improvement_probability:
                # In proportion to the half-spread that it is taken off.
                place.granted = venue.improvement_bp / max(venue.half_spread_bp, 1e-12)
                place.granted *= place.spread
