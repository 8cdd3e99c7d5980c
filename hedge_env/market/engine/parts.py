"""Which parts of a market are on."""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.config import (
    ConstantVolatility,
    HestonSurface,
    HestonVolatility,
    LogOuVolatility,
    MarketConfig,
    SabrSurface,
    SsviSurface,
    VolatilityConfig,
    VolatilitySeasonConfig,
)
from hedge_env.market.engine.interval import IntervalParams


class PartsParams(NamedTuple):
    """Which parts of the market are on; a part that is off draws nothing."""

    jumps: bool
    volatility: bool
    intraday: bool
    surface: bool  # SSVI
    sabr: bool  # Hagan's surface
    heston: bool  # Heston's price and variance
    heston_surface: bool
    gas: bool
    gas_chain: bool
    funding: bool
    season: bool
    regime: bool
    cascades: bool
    clustering: bool  # regime or cascades
    basis: bool
    crowd: bool
    interval: bool  # something happens at a time within a decision interval


def parts_params(market: MarketConfig, interval: IntervalParams) -> PartsParams:
    """Which parts of the market are on."""
    heston = isinstance(market.volatility, HestonVolatility)
    moves = not heston and not isinstance(market.volatility, ConstantVolatility)
    seasonal = _is_seasonal(market.season)
    cascades = market.jumps is not None and market.jumps.excitation > 0.0
    return PartsParams(
        jumps=market.jumps is not None,
        volatility=moves or seasonal or market.regime is not None,
        intraday=_has_intraday(market.volatility),
        surface=isinstance(market.surface, SsviSurface),
        sabr=isinstance(market.surface, SabrSurface),
        heston=heston,
        heston_surface=isinstance(market.surface, HestonSurface),
        gas=market.gas is not None,
        gas_chain=market.gas is not None and market.gas.fast_states is not None,
        funding=market.funding is not None,
        season=seasonal,
        regime=market.regime is not None,
        cascades=cascades,
        clustering=cascades or market.regime is not None,
        basis=market.basis is not None,
        crowd=market.crowd is not None,
        interval=interval.fills or interval.halt or interval.rollup > 0,
    )


def _is_seasonal(season: VolatilitySeasonConfig | None) -> bool:
    return season is not None and (season.daily_amplitude > 0.0 or season.weekend != 1)


def _has_intraday(volatility: VolatilityConfig) -> bool:
    if not isinstance(volatility, LogOuVolatility) or volatility.intraday is None:
        return False
    return volatility.intraday.sd > 0.0
