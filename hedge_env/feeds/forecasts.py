"""Quotes what a hedger forecasts for itself: volatility, and the price of gas."""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book import tile
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.gas.forecast import gas_forecast
from hedge_env.market.gas.gas_price import log_gas_deviation
from hedge_env.market.volatility.forecast import volatility_forecast


@kernel
def quote_forecasts(rows: Tile, scratch: FloatArray, x: Tile, p: MarketParams) -> None:
    """Write the rows of the forecasts that are on."""
    if p.volatility_forecast.on:
        out = part(rows, field.VOLATILITY_FORECAST)
        short = part(x, market_state.VARIANCE_SHORT)
        medium = part(x, market_state.VARIANCE_MEDIUM)
        long = part(x, market_state.VARIANCE_LONG)
        for i in range(out.size):
            out[i] = volatility_forecast(
                short[i], medium[i], long[i], p.volatility_forecast
            )
    if p.gas_forecast.on:
        _quote_gas_ahead(rows, scratch, x, p)


@kernel
def _quote_gas_ahead(rows: Tile, scratch: FloatArray, x: Tile, p: MarketParams) -> None:
    """The price of gas ahead: what is left of today's, and the season of then."""
    out, share = part(rows, field.GAS_FORECAST), scratch[tile.DAY_SHARE]
    present, season = part(rows, field.LOG_GAS), part(rows, field.GAS_SEASON)
    short = part(x, market_state.GAS_MEAN_SHORT)
    long = part(x, market_state.GAS_MEAN_LONG)
    for i in range(out.size):
        then = share[i] + p.gas_forecast.day_share
        then -= int(then)
        ahead = log_gas_deviation(0.0, 0.0, 0.0, then, p.gas)
        price = present[i] - season[i]
        out[i] = ahead + gas_forecast(price, short[i], long[i], p.gas_forecast)
