"""Two treasuries and the bridges between them, each counted by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, exp, inf

from hedge_env.config import EnvConfig, InventoryConfig
from tests.oracle.fees import rollup_gas
from tests.oracle.market.regime import in_stress
from tests.oracle.market.volatility import volatility
from tests.oracle.state import BP, State

BLOCK = 22


def costs_there(world: State) -> dict[str, float]:
    """What trading on the rollup costs now; empty where there is none."""
    rollup = world.config.execution.rollup
    if rollup is None:
        return {}
    liquidity = world.config.market.liquidity
    worse = (volatility(world) / liquidity.reference_volatility) ** liquidity.exponent
    worse *= in_stress(world, "liquidity")
    contracts = world.config.book.contracts
    notional = world.config.market.spot * contracts
    gas = rollup_gas(world) * exp(world.log_spot) / contracts
    spread = rollup.half_spread_bp * BP * worse
    return {
        "rollup_gas_cost": gas,
        "rollup_fixed_cost": gas + rollup.fixed_cost_bp * BP,
        "rollup_half_spread": spread,
        "rollup_proportional_cost": rollup.fee_bp * BP + spread,
        "rollup_impact": notional / (rollup.depth or inf) * worse,
        "rollup_fails": float(
            world.noise.uniforms(world.steps, BLOCK)[0] < rollup.failure
        ),
    }


@dataclass
class Treasury:
    """Units that one chain holds, and between which bounds."""

    limits: InventoryConfig
    units: float = 0.0

    def stock(self) -> float:
        least = self.limits.least
        return 1e9 if least is None else max(self.units - least, 0.0)

    def room(self, under_way: float) -> float:
        most = self.limits.most
        return 1e9 if most is None else max(most - self.units - under_way, 0.0)

    def cut(self, order: float, under_way: float, dust: float) -> float:
        order = max(min(order, self.room(under_way)), -self.stock())
        return 0.0 if abs(order) < dust else order


@dataclass
class Transfer:
    """What a bridge carries: units, where to, and when they are there."""

    units: float
    to: Treasury
    due: int


@dataclass
class Chains:
    """Both treasuries and the bridges of one path."""

    config: EnvConfig
    home: Treasury = field(init=False)
    there: Treasury = field(init=False)
    rooms: list[float] = field(init=False)
    carried: dict[int, Transfer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rollup = self.config.execution.rollup
        self.home, self.there = Treasury(rollup.home), Treasury(rollup.inventory)
        self.notional = self.config.market.spot * self.config.book.contracts
        self.rooms = [self.capacity(j) for j in range(len(rollup.bridges))]
        self.dust = self.config.execution.least_order / self.config.book.contracts

    def capacity(self, j: int) -> float:
        daily = self.config.execution.rollup.bridges[j].daily_capacity
        return 1e9 if daily is None else daily / self.notional

    @property
    def under_way(self) -> float:
        return sum(one.units for one in self.carried.values())

    @property
    def held(self) -> float:
        return self.home.units + self.there.units + self.under_way

    def rows(self) -> dict[str, float]:
        values = {
            "rollup_holdings": self.there.units,
            "in_bridge": self.under_way,
            "home_stock": self.home.stock(),
            "rollup_stock": self.there.stock(),
            "home_room": self.home.room(self.under_way),
            "rollup_room": self.there.room(self.under_way),
        }
        return {name: value for name, value in values.items() if value < 1e8}

    def orders(self, total: float, there: float) -> tuple[float, float, float]:
        """What is bought at home and there, and moved to the rollup."""
        more, moved = there - self.there.units, 0.0
        home = total - self.held - more
        if home < 0.0 < more or more < 0.0 < home:
            moved = min(abs(home), abs(more)) * (1.0 if more > 0.0 else -1.0)
        way = self.under_way
        return (
            self.home.cut(home + moved, way, self.dust),
            self.there.cut(more - moved, way, self.dust),
            moved,
        )

    def send(
        self, moved: float, home: float, there: float, spot: float, now: int
    ) -> list[tuple[int, float]]:
        """Take what is to be moved off its chain; bridge and value of each transfer.

        Args:
            moved: To the rollup, or from it.
            home: Bought at home at the same time.
            there: Bought on the rollup.
            spot: Price.
            now: Decision.
        """
        source, goal = self.home, self.there
        sold, bought = home, there
        if moved < 0.0:
            source, goal, sold, bought = goal, source, there, home
        free = source.stock() + min(sold, 0.0)
        space = goal.room(self.under_way) - max(bought, 0.0)
        left, sent = max(min(abs(moved), free, space), 0.0), []
        hours = self.config.episode.decision_interval_hours
        for j, bridge in enumerate(self.config.execution.rollup.bridges):
            units = min(left, self.rooms[j] / spot)
            if j in self.carried or units <= 0.0 or units < self.dust:
                continue
            left -= units
            source.units -= units
            self.rooms[j] -= units * spot
            wait = max(ceil(bridge.delay_hours / hours - 1e-9), 1)
            self.carried[j] = Transfer(units, goal, now + wait)
            sent.append((j, units * spot))
        return sent

    def arrive(self, now: int) -> None:
        """Let arrive what is due, and refill what bridges can take."""
        for j in list(self.carried):
            if self.carried[j].due <= now:
                one = self.carried.pop(j)
                one.to.units += one.units
        share = self.config.episode.decision_interval_hours / 24.0
        for j in range(len(self.rooms)):
            full = self.capacity(j)
            self.rooms[j] = min(self.rooms[j] + full * share, full)

    def cost_of(
        self, j: int, value: float, spot: float, now: dict[str, float]
    ) -> float:
        """Of one transfer: both legs."""
        bridge = self.config.execution.rollup.bridges[j]
        gas = bridge.gas_units * now["gas_price"] * 1e-9 * spot
        legs = 2.0 * bridge.fee_bp * BP * value + bridge.fixed_cost_bp * BP
        return legs + gas / self.config.book.contracts + now["rollup_gas_cost"]

    def charged(self, value: float, now: dict[str, float]) -> dict[str, float]:
        """Of one trade on the rollup."""
        rollup = self.config.execution.rollup
        if value == 0.0:
            return {}
        return {
            "fee": rollup.fee_bp * BP * value,
            "spread": now["rollup_half_spread"] * value,
            "impact": now["rollup_impact"] * value**2,
            "gas": now["rollup_gas_cost"],
            "fixed": rollup.fixed_cost_bp * BP,
        }
