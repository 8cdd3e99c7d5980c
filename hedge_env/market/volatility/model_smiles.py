"""Smiles that a model of volatility gives by itself, without factors of their own."""

from __future__ import annotations

from hedge_env.config import (
    EnvConfig,
    HestonSurface,
    HestonVolatility,
    MarketConfig,
    SabrVolatility,
)
from hedge_env.pricing.heston import NO_HESTON, HestonLaw, HestonSmile, heston_smile
from hedge_env.pricing.sabr import SabrParams


def sabr_params(market: MarketConfig) -> SabrParams:
    """Hagan's surface of a market with SABR's volatility; zero of any other."""
    volatility = market.volatility
    if not isinstance(volatility, SabrVolatility):
        return SabrParams(volatility_of_volatility=0.0, correlation=0.0)
    return SabrParams(
        volatility_of_volatility=float(volatility.volatility_of_volatility),
        correlation=float(volatility.correlation),
    )


def heston_table(config: EnvConfig) -> HestonSmile:
    """Table of a Heston surface up to the longest maturity of any option."""
    volatility = config.market.volatility
    if not isinstance(config.market.surface, HestonSurface):
        return NO_HESTON
    if not isinstance(volatility, HestonVolatility):
        raise AssertionError("the config lets a Heston surface quote Heston only")
    law = HestonLaw(
        mean_reversion=float(volatility.mean_reversion),
        long_run=float(volatility.long_run_level**2),
        volatility_of_variance=float(volatility.volatility_of_variance),
        correlation=float(volatility.correlation),
    )
    days = config.longest_maturity_days
    return heston_smile(law, days / config.episode.days_per_year)
