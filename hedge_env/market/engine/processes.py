"""The ordered list of processes, each a file that declares its own rows and shocks.

A process is a field of `MarketParams` whose type stands in a file with `STATES` and
`SHOCKS` (`market.process.Process`). `market_state` and `noise` number what they
declare, `parameters` compiles them, `in_turn` starts and advances them in this order;
nothing else has to know how many there are. What they make together is said in three
places: the step of the price in `price`, the product of volatilities at the end of
`simulator.respond` and, for the first step, of `start`.
"""

from __future__ import annotations

import sys
from types import MappingProxyType, ModuleType
from typing import Final, NamedTuple, cast, get_type_hints

from hedge_env.market.engine.clock import ClockParams
from hedge_env.market.engine.interval import IntervalParams
from hedge_env.market.engine.parts import PartsParams
from hedge_env.market.gas.fee_market import FeeMarketParams
from hedge_env.market.gas.forecast import GasForecastParams
from hedge_env.market.gas.gas_chain import GasChainParams
from hedge_env.market.gas.gas_price import GasParams
from hedge_env.market.liquidity import LiquidityParams
from hedge_env.market.perpetual.basis import BasisParams
from hedge_env.market.perpetual.funding import FundingParams
from hedge_env.market.process import Process
from hedge_env.market.spot.cascades import CascadeParams
from hedge_env.market.spot.contagion import ContagionParams
from hedge_env.market.spot.crowd import CrowdParams
from hedge_env.market.spot.diffusion import PriceParams
from hedge_env.market.spot.fixing import FixingParams
from hedge_env.market.spot.jumps import JumpParams
from hedge_env.market.spot.realised import RealisedParams
from hedge_env.market.spot.regime import RegimeParams
from hedge_env.market.volatility.factors import VolatilityParams
from hedge_env.market.volatility.forecast import VolatilityForecastParams
from hedge_env.market.volatility.heston import HestonParams
from hedge_env.market.volatility.season import SeasonParams
from hedge_env.market.volatility.surface import SurfaceParams
from hedge_env.numerics.random_blocks import DrawParams
from hedge_env.pricing.heston import HestonSmile
from hedge_env.pricing.sabr import SabrParams


class MarketParams(NamedTuple):
    """All constants of one market."""

    parts: PartsParams
    draws: DrawParams
    liquidity: LiquidityParams
    sabr: SabrParams
    heston_smile: HestonSmile
    usual_variance: float  # of the long run, jumps included [1/year]
    clock: ClockParams
    # Between market steps, see `interval`.
    interval: IntervalParams
    # Together they make the step of the price, see `price`.
    price: PriceParams
    jumps: JumpParams
    crowd: CrowdParams
    # One after the other, given what spot did; the first moves it further.
    contagion: ContagionParams
    gas: GasParams
    gas_chain: GasChainParams
    funding: FundingParams
    basis: BasisParams
    fixing: FixingParams
    surface: SurfaceParams
    volatility: VolatilityParams
    heston: HestonParams
    realised: RealisedParams
    regime: RegimeParams
    cascades: CascadeParams
    fees: FeeMarketParams
    volatility_forecast: VolatilityForecastParams
    gas_forecast: GasForecastParams
    # What multiplies the volatility last, see `clustering`.
    season: SeasonParams


def _files() -> dict[str, Process]:
    """The file of each process, by its field."""
    hints = get_type_hints(MarketParams)
    files = {name: _file_of(hints[name]) for name in MarketParams._fields}
    return {
        name: cast(Process, file)
        for name, file in files.items()
        if hasattr(file, "STATES") and hasattr(file, "SHOCKS")
    }


def _file_of(params: type) -> ModuleType:
    return sys.modules[params.__module__]


PROCESSES: Final = MappingProxyType(_files())
