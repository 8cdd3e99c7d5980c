"""A desk on two chains: one decision, from order to account."""

from __future__ import annotations

from math import exp

from tests.oracle.costs import COMPONENTS, cost_of_trade, costs
from tests.oracle.desk import Desk
from tests.oracle.execution.chains import Chains, costs_there
from tests.oracle.execution.mishaps import mishaps
from tests.oracle.rows import rows
from tests.oracle.world import World


class TwoChainDesk(Desk):
    """Book, trades and cash of one path that trades on two chains."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.chains = Chains(world.config)

    def rows(self) -> dict[str, float]:
        return rows(self) | costs_there(self.world) | self.chains.rows()

    def decide_on_both(self, total: float, there: float) -> dict[str, float]:
        """Trade towards both targets, hold for one interval, sell after the last."""
        execution, world, chains = self.config.execution, self.world, self.chains
        marked, price = self.mark(), exp(world.log_spot)
        now = costs(world) | costs_there(world)
        charged = execution.charge_opening or self.decision > 0
        low, high = self.config.holdings_bounds
        cost, home, away, moved = dict.fromkeys(COMPONENTS, 0.0), 0.0, 0.0, 0.0
        if not self.halted:
            home, away, moved = chains.orders(min(max(total, low), high), there)
        if home != 0.0 and mishaps(world)[0]:
            home, cost["failed_gas"] = 0.0, now["gas_cost"]
        if away != 0.0 and now["rollup_fails"]:
            away, cost["failed_gas"] = 0.0, cost["failed_gas"] + now["rollup_gas_cost"]
        for j, value in chains.send(moved, home, away, price, self.decision):
            cost["bridge"] += chains.cost_of(j, value, price, now)
        old = chains.held
        chains.home.units += home
        chains.there.units += away
        fill, far = self.pass_both()
        self.add(cost, home * fill, cost_of_trade(world, home, fill, now, (1.0,)))
        self.add(cost, away * far, chains.charged(abs(away) * far, now))
        if not charged:
            cost = dict.fromkeys(COMPONENTS, 0.0)
        self.cash -= sum(cost.values())
        self.decision += 1
        chains.arrive(self.decision)
        after = exp(world.log_spot)
        hedge = old * (after - price)
        hedge += home * (after - fill) + away * (after - far)
        if self.decision == self.config.episode.decisions:
            self.close_both(cost, execution.charge_liquidation)
        book = self.mark()["book_value"] - marked["book_value"]
        return cost | {"hedge_pnl": hedge, "book_pnl": book, "traded": home + away}

    def add(self, cost: dict[str, float], paid: float, of: dict[str, float]) -> None:
        self.cash -= paid
        for name, amount in of.items():
            cost[name] += amount

    def pass_both(self) -> tuple[float, float]:
        """Move to the next decision; prices of the fills at home and on the rollup."""
        world, execution = self.world, self.config.execution
        opening, fills, world.accrued = world.log_spot, {}, 0.0
        for step in range(self.config.episode.market_steps + 1):
            fills[step] = exp(world.log_spot)
            if step < self.config.episode.market_steps:
                world.move()
        if execution.halt is not None:
            is_large = abs(world.log_spot - opening) > execution.halt.move
            left = max(self.halted - 1, 0)
            self.halted = execution.halt.decisions if is_large else left
        return fills[execution.latency_steps], fills[execution.rollup.latency_steps]

    def close_both(self, cost: dict[str, float], charged: bool) -> None:
        """Sell each unit where it is; what is under way on the first chain."""
        world, chains, price = self.world, self.chains, exp(self.world.log_spot)
        now = costs(world) | costs_there(world)
        home, away = chains.home.units + chains.under_way, chains.there.units
        paid = dict.fromkeys(COMPONENTS, 0.0)
        if abs(home) >= chains.dust:
            self.add(paid, 0.0, cost_of_trade(world, home, price, now, (1.0,)))
        if abs(away) >= chains.dust:
            self.add(paid, 0.0, chains.charged(abs(away) * price, now))
        self.cash += (home + away) * price
        if charged:
            self.cash -= sum(paid.values())
            self.add(cost, 0.0, paid)
        self.chains = Chains(self.config)
