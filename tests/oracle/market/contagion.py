"""Others with triggers on one path: who trades, at what price, and what that does."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp

from hedge_env.config import ContagionConfig, LeveragedConfig, TriggeredHedgersConfig
from tests.oracle.state import State

GROUPS = 6
ROUNDS = 32
BLOCK = 23


@dataclass
class Group:
    """Hedgers who look at the same price and have the same trigger."""

    trigger: float
    last: float = 0.0  # log spot of their last trade


@dataclass
class Position:
    """One leveraged position."""

    distance: float  # from the entry, at which it is closed
    side: int  # 1 long, -1 short
    closed: bool = False


@dataclass
class Population:
    """Everybody with a trigger."""

    config: ContagionConfig
    pressure: float = 0.0
    stopped: float = 0.0
    entry: float = 0.0
    waited: float = 0.0
    groups: list[Group] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)

    def __post_init__(self) -> None:
        hedgers, leveraged = self.config.hedgers, self.config.leveraged
        if hedgers is not None:
            for k in range(GROUPS):
                place = hedgers.spread * (2.0 * k / (GROUPS - 1) - 1.0)
                self.groups.append(Group(hedgers.trigger * exp(place)))
        if leveraged is not None:
            n, reach = leveraged.positions, leveraged.farthest - leveraged.nearest
            for side in (1, -1):
                for j in range(n):
                    distance = leveraged.nearest + (reach * j / (n - 1) if n > 1 else 0)
                    self.positions.append(Position(distance, side))

    def moves(self, value: float) -> float:
        """Log move of spot by an order."""
        return self.config.impact * value / self.config.daily_volume

    def press(self, move: float) -> None:
        """Note an order that has moved spot by so much."""
        self.pressure += (1.0 - self.config.lasting) * move

    def answer(
        self, log_spot: float, log_return: float, u: float, hours: float
    ) -> float:
        """Log move of a market step that ended at a price with a return."""
        start = log_spot
        left = 0.5 ** (hours / self.config.half_life_hours)
        log_spot -= (1.0 - left) * self.pressure
        self.pressure *= left
        if self.config.leveraged is not None:
            self.renew(self.config.leveraged, log_spot, hours)
        if self.config.hedgers is not None:
            self.stop(self.config.hedgers, log_return + log_spot - start, hours)
        for _ in range(ROUNDS):
            value = self.hedge(log_spot, u) + self.liquidate(log_spot)
            if value == 0.0:
                break
            log_spot += self.moves(value)
            self.press(self.moves(value))
        return log_spot - start

    def is_due(self, position: Position, log_spot: float) -> bool:
        return position.side * (self.entry - log_spot) >= position.distance

    def renew(self, config: LeveragedConfig, log_spot: float, hours: float) -> None:
        left = 0.5 ** (hours / 24.0 / config.turnover_days)
        self.entry = left * self.entry + (1.0 - left) * log_spot
        if not any(position.closed for position in self.positions):
            self.waited = 0.0
            return
        self.waited += hours
        if self.waited < config.reopen_hours:
            return
        self.waited = 0.0
        for side in (1, -1):
            closed = [p for p in self.positions if p.side == side and p.closed]
            if closed and not self.is_due(closed[-1], log_spot):
                closed[-1].closed = False

    def stop(
        self, config: TriggeredHedgersConfig, log_return: float, hours: float
    ) -> None:
        self.stopped = max(self.stopped - hours, 0.0)
        if config.halt is not None and abs(log_return) > config.halt.move:
            self.stopped = config.halt.hours

    def hedge(self, log_spot: float, u: float) -> float:
        """Value that hedgers buy."""
        bought = 0.0
        if self.config.hedgers is None or self.stopped > 0.0:
            return bought
        for k, group in enumerate(self.groups):
            looks = (u + k / GROUPS) % 1.0 < self.config.hedgers.attention
            gap = log_spot - group.last
            if looks and abs(gap) > group.trigger:
                bought += self.config.hedgers.gamma / GROUPS * gap
                group.last = log_spot
        return bought

    def liquidate(self, log_spot: float) -> float:
        """Value that is bought of positions closed by force."""
        leveraged, bought = self.config.leveraged, 0.0
        if leveraged is None:
            return bought
        each = leveraged.open_interest / leveraged.positions * exp(log_spot)
        for position in self.positions:
            if not position.closed and self.is_due(position, log_spot):
                position.closed = True
                short = each * leveraged.shorts
                bought += short if position.side < 0 else -each
        return bought


def others(state: State, log_return: float) -> float:
    """Move spot by a return and by what others make of it, which is given back."""
    state.log_spot += log_return
    if state.population is None:
        return 0.0
    u = state.noise.uniforms(state.steps, BLOCK)[0]
    hours = state.hours_per_step
    further = state.population.answer(state.log_spot, log_return, u, hours)
    state.log_spot += further
    return further
