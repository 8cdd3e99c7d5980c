"""What can be observed: named features, each an affine function of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Final

import numpy as np

from hedge_env.agent.feature import Feature
from hedge_env.base.field import OPTION_FIELDS
from hedge_env.config import BASIS_POINT, EnvConfig, RiskAversionRange


def _constant(value: float) -> Callable[[EnvConfig], float]:
    return lambda config: value


_ZERO, _ONE = _constant(0.0), _constant(1.0)


def _volatility(config: EnvConfig) -> float:
    return max(config.market.volatility.level, 1e-6)


def _per_volatility(config: EnvConfig) -> float:
    return 1.0 / _volatility(config)


def _mean_volatility(config: EnvConfig) -> float:
    """Mean over calm and stress, of which `volatility.level` is calm's alone."""
    regime, level = config.market.regime, _volatility(config)
    if regime is None:
        return level
    stress = regime.stress_days / (regime.calm_days + regime.stress_days)
    return level * (1.0 - stress + stress * regime.volatility)


def _per_mean_volatility(config: EnvConfig) -> float:
    return 1.0 / _mean_volatility(config)


def _horizon_sd(config: EnvConfig) -> float:
    years = config.episode.horizon_days / config.episode.days_per_year
    return _volatility(config) * sqrt(years)


def _per_share(config: EnvConfig) -> float:
    """Ten basis points of a rate per period, whatever share a settlement pays."""
    funding = config.market.funding
    return 1000.0 if funding is None else 1000.0 / funding.share


def _size(config: EnvConfig) -> float:
    """Largest holdings that the book can need [-]."""
    low, high = config.holdings_bounds
    return max(abs(low), abs(high), 1e-12)


def _per_size(config: EnvConfig) -> float:
    return 1.0 / _size(config)


def _gamma_scale(config: EnvConfig) -> float:
    """Inverse of the gamma of one at-the-money option at the start."""
    return 2.5 * _horizon_sd(config) / _size(config)


def _per_horizon_sd(config: EnvConfig) -> float:
    return 1.0 / _horizon_sd(config)


def _basis_mean(config: EnvConfig) -> float:
    basis = config.market.basis
    return 0.0 if basis is None else basis.mean_bp * BASIS_POINT


def _per_basis_sd(config: EnvConfig) -> float:
    basis = config.market.basis
    return 1.0 / max(1e-6, 0.0 if basis is None else basis.sd_bp * BASIS_POINT)


def _root_horizon(config: EnvConfig) -> float:
    """Root of the horizon in years."""
    return sqrt(config.episode.horizon_days / config.episode.days_per_year)


def _limit(config: EnvConfig) -> float:
    """Largest holdings of the listed option [-]."""
    option = config.execution.option
    return 1.0 if option is None else option.limit


def _per_treasury(config: EnvConfig) -> float:
    """Inverse of what the treasury on a rollup can hold, or of the largest holdings."""
    rollup = config.execution.rollup
    limits = None if rollup is None else rollup.inventory
    if limits is None or limits.least is None or limits.most is None:
        return _per_size(config)
    return 1.0 / max(limits.most - limits.least, 1e-12)


def _log_aversion_middle(config: EnvConfig) -> float:
    setting = config.risk_aversion
    if isinstance(setting, RiskAversionRange):
        return float(np.log(setting.low * setting.high) / 2.0)
    return float(np.log(setting))


_LOG_AVERSION_BOUND: Final = 4.0  # a range of 1 to 3000 fills it


def _per_log_aversion(config: EnvConfig) -> float:
    """One, or less where the range is so wide that its ends would be clipped."""
    setting = config.risk_aversion
    if not isinstance(setting, RiskAversionRange):
        return 1.0
    half = float(np.log(setting.high / setting.low)) / 2.0
    return min(1.0, _LOG_AVERSION_BOUND / max(half, 1e-300))


FEATURES: Final[Mapping[str, Feature]] = {
    "time_fraction": Feature(
        "time_fraction", _ZERO, _ONE, 0.0, 1.0, "share of the episode left"
    ),
    "moneyness": Feature(
        "log_moneyness",
        _ZERO,
        _per_horizon_sd,
        -4.0,
        4.0,
        "log spot over strike, in standard deviations over the horizon",
    ),
    "delta": Feature(
        "delta", _ZERO, _per_size, -2.0, 2.0, "neutral holdings over largest holdings"
    ),
    "gamma": Feature(
        "gamma",
        _ZERO,
        _gamma_scale,
        -4.0,
        4.0,
        "gamma over that of an at-the-money option at the start",
    ),
    "holdings": Feature(
        "holdings", _ZERO, _per_size, -2.0, 2.0, "holdings over largest holdings"
    ),
    "hedge_error": Feature(
        "hedge_error",
        _ZERO,
        lambda config: 4.0 / _size(config),
        -4.0,
        4.0,
        "holdings minus neutral holdings, over a quarter of the largest",
    ),
    "band_position": Feature(
        "band_position",
        _ZERO,
        _constant(0.5),
        -2.0,
        2.0,
        "holdings minus delta, in pairs of analytic half-widths",
    ),
    "band_half_width": Feature(
        "band_half_width",
        _ZERO,
        lambda config: 4.0 / _size(config),
        0.0,
        4.0,
        "analytic half-width over a quarter of the largest holdings",
    ),
    "worth": Feature(
        "worth",
        _ONE,
        _constant(0.25),
        -0.25,
        2.0,
        "risk left until maturity over the fixed cost of a trade, minus one",
    ),
    "implied_volatility": Feature(
        "implied_volatility",
        _volatility,
        _per_volatility,
        -1.0,
        4.0,
        "implied volatility over the market's median, minus one",
    ),
    "realised_volatility": Feature(
        "realised_volatility",
        _volatility,
        _per_volatility,
        -1.0,
        4.0,
        "estimated volatility over the market's median, minus one",
    ),
    "true_volatility": Feature(
        "true_volatility",
        _volatility,
        _per_volatility,
        -1.0,
        4.0,
        "volatility over the market's median, minus one",
    ),
    "implied_over_mean": Feature(
        "implied_volatility",
        _mean_volatility,
        _per_mean_volatility,
        -1.0,
        4.0,
        "implied volatility over the mean of calm and stress, minus one",
    ),
    "realised_over_mean": Feature(
        "realised_volatility",
        _mean_volatility,
        _per_mean_volatility,
        -1.0,
        4.0,
        "estimated volatility over the mean of calm and stress, minus one",
    ),
    "skew": Feature(
        "skew", _ZERO, _constant(5.0), -4.0, 4.0, "slope of the smile, times five"
    ),
    "log_gas": Feature(
        "log_gas", _ZERO, _ONE, -4.0, 4.0, "log gas price over its median"
    ),
    "volatility_forecast": Feature(
        "volatility_forecast",
        _mean_volatility,
        _per_mean_volatility,
        -1.0,
        4.0,
        "forecast of volatility over the mean of calm and stress, minus one",
    ),
    "gas_forecast": Feature(
        "gas_forecast", _ZERO, _ONE, -4.0, 4.0, "log gas price ahead over its median"
    ),
    "hour_sin": Feature("hour_sin", _ZERO, _ONE, -1.0, 1.0, "sine of the hour"),
    "hour_cos": Feature("hour_cos", _ZERO, _ONE, -1.0, 1.0, "cosine of the hour"),
    "funding_rate": Feature(
        "funding_rate", _ZERO, _per_share, -4.0, 4.0, "funding rate [10 bp]"
    ),
    "proportional_cost": Feature(
        "proportional_cost", _ZERO, _constant(500.0), 0.0, 4.0, "fee and spread [20 bp]"
    ),
    "basis": Feature(
        "basis",
        _basis_mean,
        _per_basis_sd,
        -4.0,
        4.0,
        "log of the perpetual over spot less its mean, in standard deviations",
    ),
    "halted": Feature("halted", _ZERO, _ONE, 0.0, 1.0, "1 while no orders are taken"),
    "keeper_away": Feature(
        "keeper_away", _ZERO, _ONE, 0.0, 1.0, "1 where the keeper does not run"
    ),
    "margin_use": Feature(
        "margin_use", _ZERO, _ONE, 0.0, 1.0, "maintenance margin over equity"
    ),
    "vega": Feature(
        "vega",
        _ZERO,
        lambda config: 2.5 / _root_horizon(config) / _size(config),
        -4.0,
        4.0,
        "vega over that of at-the-money options at the start",
    ),
    "option_delta": Feature(
        "option_delta", _ZERO, _ONE, -1.0, 1.0, "delta of the listed option"
    ),
    "option_gamma": Feature(
        "option_gamma",
        _ZERO,
        lambda config: 2.5 * _horizon_sd(config),
        0.0,
        4.0,
        "its gamma over that of an at-the-money option at the start",
    ),
    "option_vega": Feature(
        "option_vega",
        _ZERO,
        lambda config: 2.5 / _root_horizon(config),
        0.0,
        4.0,
        "its vega over that of an at-the-money option at the start",
    ),
    "option_half_spread": Feature(
        "option_half_spread",
        _ZERO,
        lambda config: 40.0 / _horizon_sd(config),
        0.0,
        4.0,
        "cost of trading one, in sixteenths of an at-the-money option's value",
    ),
    "option_holdings": Feature(
        "option_holdings",
        _ZERO,
        lambda config: 1.0 / _limit(config),
        -1.0,
        1.0,
        "units of it held over their limit",
    ),
    "rollup_stock": Feature(
        "rollup_stock",
        _ZERO,
        _per_treasury,
        0.0,
        1.0,
        "units that can be sold on the rollup, over what its treasury can hold",
    ),
    "rollup_room": Feature(
        "rollup_room",
        _ZERO,
        _per_treasury,
        0.0,
        1.0,
        "units that can be bought on the rollup, over the same",
    ),
    "in_bridge": Feature(
        "in_bridge", _ZERO, _per_treasury, 0.0, 1.0, "units in bridges, over the same"
    ),
    "range_place": Feature(
        "range_place",
        _ZERO,
        _ONE,
        -4.0,
        4.0,
        "way of log price from the centre of the range, over that to its end",
    ),
    "recentring_cost": Feature(
        "recentring_cost",
        _ZERO,
        _constant(1000.0),
        0.0,
        4.0,
        "what moving the range now would cost [10 bp]",
    ),
    "net_loss": Feature(
        "net_loss",
        _ZERO,
        lambda config: 10.0 / _horizon_sd(config),
        -4.0,
        4.0,
        "net loss so far over a tenth of spot's standard deviation over the horizon",
    ),
    "risk_aversion": Feature(
        "log_risk_aversion",
        _log_aversion_middle,
        _per_log_aversion,
        -_LOG_AVERSION_BOUND,
        _LOG_AVERSION_BOUND,
        "log of risk aversion over the middle of its range",
    ),
}

# Only where there is a listed option.
OPTION_FEATURES: Final = tuple(name for name in FEATURES if name in OPTION_FIELDS)
