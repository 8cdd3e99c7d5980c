"""The market of one path: its start, and the order in which the processes move."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt

from hedge_env.config import EnvConfig, MeanReverting
from tests.oracle.fees import BLOCK as FEES_BLOCK
from tests.oracle.fees import move_fees, start_fees
from tests.oracle.fixing import move_fixing
from tests.oracle.market.basis import move_basis, start_basis
from tests.oracle.market.contagion import Population, others
from tests.oracle.market.forecasts import move_forecasts, start_forecasts
from tests.oracle.market.funding import move_funding, start_funding
from tests.oracle.market.gas import move_gas, start_gas_state
from tests.oracle.market.heston import heston
from tests.oracle.market.jumps import (
    compensator,
    draw_jump,
    excite,
    jump_probability,
    jump_square,
    usual_probability,
)
from tests.oracle.market.noise import START
from tests.oracle.market.regime import (
    move_depth,
    moves_regime,
    starting_depth,
    starts_stressed,
    volatility_multiple,
)
from tests.oracle.market.surface import move_surface
from tests.oracle.market.volatility import (
    calm_volatility,
    fast_sd,
    move_volatility,
    volatility,
)
from tests.oracle.state import State


@dataclass
class World(State):
    """State of one path that starts and moves by itself."""

    def __post_init__(self) -> None:
        market = self.config.market
        z = [z for block in range(3) for z in self.noise.normals(START, block)]
        self.square = market.volatility.level**2
        for name, (process, number) in mean_reverting(self.config).items():
            self.factors[name] = 0.0 if process is None else process.sd * z[number]
        if market.volatility.model == "log_ou":
            self.factors["fast"] = fast_sd(self) * z[1]
        if market.contagion is not None:
            self.population = Population(market.contagion)
        start_gas_state(self)
        start_funding(self, z)
        start_basis(self, z[8])
        self.stressed = starts_stressed(self)
        self.depth = starting_depth(self)
        if market.jumps is not None:
            self.excitation = market.jumps.excitation * usual_probability(self)
        self.variance = calm_volatility(self) ** 2 * volatility_multiple(self) ** 2
        self.variance += jump_probability(self) * jump_square(self) / self.dt
        start_forecasts(self)
        self._start_clock()
        start_fees(self)

    def _start_clock(self) -> None:
        hour, day = self.config.episode.start_hour, self.config.episode.start_weekday
        drawn, rest = divmod(24.0 * self.noise.uniforms(START, 3)[3], 1.0)
        self.start_hour = drawn if hour is None else hour
        self.start_weekday = floor(7.0 * rest) if day is None else day

    def move(self) -> None:
        """Take one market step; every process reads the state before it."""
        market, step = self.config.market, self.steps
        z = [z for block in range(3) for z in self.noise.normals(step, block)]
        u = self.noise.uniforms(step, 3)
        vol, jump = volatility(self), draw_jump(self, u[0], u[1])
        scale = 1.0 + self.crowd
        log_return = (market.drift - (scale * vol) ** 2 / 2.0) * self.dt
        log_return += scale * (vol * sqrt(self.dt) * z[0] + jump)
        log_return += compensator(self, scale)
        if market.regime is not None and self.stressed:
            log_return += market.regime.drift * self.dt
        following = self.square
        if market.volatility.model == "heston":
            following, log_return = heston(self, z)
        log_return += others(self, log_return)
        half_life = self.config.observation.realised_half_life_days
        left = 0.5 ** (self.days / half_life)
        self.variance = left * self.variance + (1.0 - left) * log_return**2 / self.dt
        deviation = vol * sqrt(self.dt) + 1e-12  # may be 0 but for this
        move_gas(self, z, u[2], abs(log_return) / deviation)
        move_forecasts(self, log_return)
        move_fixing(self, vol, log_return)
        move_funding(self, z, log_return)
        move_basis(self, z[8])
        move_surface(self, z)
        move_volatility(self, z, jump)
        excite(self, jump)
        if moves_regime(self):
            self.stressed = not self.stressed
        move_depth(self)
        self.square = following
        z = self.noise.normals(step, FEES_BLOCK)
        self.steps += 1
        move_fees(self, z)


def mean_reverting(config: EnvConfig) -> dict[str, tuple[MeanReverting | None, int]]:
    """Process, or None if it is off, and number of the normal draw of each factor."""
    market = config.market
    moves = market.volatility.model == "log_ou"
    smiles = market.surface.model == "ssvi"
    volatility, surface, gas = market.volatility, market.surface, market.gas
    return {
        "fast": (volatility.fast if moves else None, 1),
        "slow": (volatility.slow if moves else None, 2),
        "level": (surface.level if smiles else None, 3),
        "skew": (surface.skew if smiles else None, 4),
        "curvature": (surface.curvature if smiles else None, 5),
        "gas_slow": (gas.slow if gas is not None else None, 6),
        "gas_fast": (gas.fast if gas is not None else None, 7),
        "intraday": (volatility.intraday if moves else None, 9),
    }
