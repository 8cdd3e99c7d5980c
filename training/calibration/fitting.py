"""Fits each part of the market in turn: spot with implied volatility, gas, funding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hedge_env.config import EnvConfig, LogOuVolatility, SsviSurface
from hedge_env.loading import load_config
from training.calibration.funding import FUNDING
from training.calibration.gas import DAILY, HOURLY
from training.calibration.history import History
from training.calibration.implied import IMPLIED
from training.calibration.model import model_values, without
from training.calibration.moments import Estimate, Parameter, fit, most_markets, put
from training.calibration.season import KEYS as SEASON_KEYS
from training.calibration.skew import SKEW
from training.calibration.spot_statistics import SPOT
from training.calibration.statistic import Values

STATISTICS = (*SPOT, *IMPLIED, *DAILY, *HOURLY, *FUNDING, *SKEW)

_VOLATILITY = (
    Parameter("volatility.fast.half_life_days", 8.0, 1.0, 30.0),
    Parameter("volatility.fast.sd", 0.25, 0.03, 1.0),
    Parameter("volatility.slow.half_life_days", 250.0, 30.0, 400.0),
    Parameter("volatility.slow.sd", 0.55, 0.05, 0.8),
    Parameter("volatility.intraday.half_life_days", 0.3, 0.02, 0.8),
    Parameter("volatility.intraday.sd", 0.5, 0.05, 1.0),
    Parameter("volatility.leverage", -0.2, -0.6, 0.6, scale=0.4),
    Parameter("jumps.per_year", 80.0, 2.0, 1000.0),
    Parameter("jumps.mean_down", 0.02, 0.001, 0.3),
    Parameter("jumps.probability_up", 0.47, 0.2, 0.8, scale=0.4),
    Parameter("jumps.volatility_jump", 0.1, 0.0, 1.0, scale=0.5),
)
_LEVEL = (
    Parameter("surface.variance_premium", 1.0, 0.5, 2.0),
    Parameter("surface.level.half_life_days", 6.0, 0.5, 60.0),
    Parameter("surface.level.sd", 0.06, 0.005, 0.5),
    Parameter("surface.level.return_correlation", -0.3, -0.95, 0.95, scale=0.5),
)
_GAS = (
    Parameter("gas.slow.half_life_days", 30.0, 8.0, 120.0),
    Parameter("gas.slow.sd", 0.4, 0.05, 1.5),
    Parameter("gas.fast.half_life_days", 1.2, 0.2, 6.0),
    Parameter("gas.fast.sd", 0.3, 0.03, 1.0),
)
_RESPONSE = (
    Parameter("gas.return_response", 0.2, 0.0, 0.6, scale=0.3),
    Parameter("gas.burst_half_life_hours", 2.0, 0.5, 12.0),
)
_FUNDING = (
    Parameter("funding.premium_mean_bp", 2.0, -10.0, 20.0, scale=2),
    Parameter("funding.premium_sd_bp", 4.0, 0.2, 50.0),
    Parameter("funding.premium_half_life_hours", 30.0, 4.0, 500.0),
    Parameter("funding.clamp_bp", 3.0, 0.05, 20.0),
    Parameter("funding.return_response_bp", 20.0, -100.0, 300.0, scale=30),
)

_SKEW = (
    Parameter("surface.skew.mean", -0.1, -0.9, 0.9, scale=0.2),
    Parameter("surface.skew.sd", 0.08, 0.005, 0.6),
    Parameter("surface.skew.half_life_days", 5.0, 0.5, 60.0),
    Parameter("surface.skew.return_correlation", 0.3, -0.95, 0.95, scale=0.5),
)

_AIMS = {"gas": (*DAILY, *HOURLY), "funding": FUNDING, "skew": SKEW}

Advance = Callable[..., None]


@dataclass
class Fitted:
    """A fitted market.

    Attributes:
        config: The base with the fitted numbers in place.
        market: What differs from the base, nested, below `market`.
        estimates: Part -> parameters with standard errors.
    """

    config: EnvConfig
    market: dict[str, Any] = field(default_factory=dict)
    estimates: dict[str, Estimate] = field(default_factory=dict)

    def change(self, changes: Mapping[str, float]) -> None:
        """Set dotted keys of the market."""
        for key, value in changes.items():
            put(self.market, key, value)
        self.config = _changed(self.config, self.market)


@dataclass(frozen=True)
class Effort:
    """How much is simulated: histories per market, and steps of the search."""

    histories: int = 16
    steps: int = 6
    seed: int = 0
    advance: Advance = lambda *args, **kwargs: None


def work(history: History, effort: Effort) -> int:
    """Markets that the fit simulates at most."""
    counts = [
        1 + len(_VOLATILITY) + (len(_LEVEL) if history.implied is not None else 0)
    ]
    if history.gas_daily is not None:
        counts.append(1 + len(_GAS) + len(_RESPONSE))
    if history.rates is not None:
        counts.append(len(_FUNDING))
    if history.reversal is not None:
        counts.append(len(_SKEW))
    return sum(most_markets(count, effort.steps) for count in counts)


def fit_market(base: EnvConfig, history: History, effort: Effort) -> Fitted:
    """Fit all parts that the history has data for; the others stay as in the base."""
    fitted = Fitted(base)
    _fit_spot(fitted, history, effort)
    if history.gas_daily is not None or history.gas_hourly is not None:
        _fit_gas(fitted, history, effort)
    if history.rates is not None:
        _fit_funding(fitted, history, effort)
    return fitted


def _fit_spot(fitted: Fitted, history: History, effort: Effort) -> None:
    """Volatility and jumps, with the surface's level if implied volatility is given."""
    total = history.values["volatility"]
    level = Parameter("volatility.level", 0.55 * total, 0.05 * total, 2.0 * total)
    parameters: tuple[Parameter, ...] = (level, *_VOLATILITY)
    days = {"spot": history.days["spot"]}
    fitted.market = {"drift": 0.0, "volatility": {"model": "log_ou"}}
    parts: tuple[str, ...] = ("gas", "funding", "implied", "skew")
    if history.implied is not None:
        if not isinstance(fitted.config.market.surface, SsviSurface):
            fitted.market["surface"] = deepcopy(_SURFACE)
        parameters += _LEVEL
        days["implied"] = history.days["implied"]
        parts = ("gas", "funding")
    # Any log-OU start will do: all its numbers are about to be fitted.
    start = {"model": "log_ou", "level": total, "fast": dict(_FACTOR)}
    fitted.market["volatility"] = start | {"slow": dict(_FACTOR)}
    for key in SEASON_KEYS:
        put(fitted.market, key, history.direct[key])
    fitted.config = _changed(fitted.config, fitted.market)
    config = without(fitted.config, parts)
    statistics = (*SPOT, *IMPLIED)
    estimate = fit(
        parameters,
        statistics,
        history.values,
        lambda changes: _values(config, changes, days, effort),
        most_steps=effort.steps,
        advance=effort.advance,
    )
    fitted.estimates["spot"] = estimate
    both = {"jumps.mean_up": estimate.values["jumps.mean_down"]}
    fitted.change({**estimate.values, **both})


_FACTOR = {"half_life_days": 1.0, "sd": 0.1}
_SURFACE: dict[str, Any] = {
    "model": "ssvi",
    "level": {"half_life_days": 5.0, "sd": 0.05},
    "skew": {"half_life_days": 5.0, "sd": 0.08},
    "curvature": {"half_life_days": 10.0, "sd": 0.15},
}


def _fit_gas(fitted: Fitted, history: History, effort: Effort) -> None:
    if fitted.config.market.gas is None:
        start = {"median_gwei": 1.0, "slow": dict(_FACTOR), "fast": dict(_FACTOR)}
        put(fitted.market, "gas", start)
    for key in ("season", "season_peak_hour"):
        if key in history.direct:
            put(fitted.market, f"gas.{key}", history.direct[key])
    fitted.config = _changed(fitted.config, fitted.market)
    median = history.values.get("gas price, median", 1.0)
    parameters: tuple[Parameter, ...] = (
        Parameter("gas.median_gwei", median, 0.05 * median, 20.0 * median),
    )
    days = {key: history.days[key] for key in ("gas",) if key in history.days}
    if history.gas_daily is not None:
        parameters += _GAS
    if HOURLY[0].name in history.values:
        parameters += _RESPONSE
        days["gas_hourly"] = history.days["gas_hourly"]
    config = without(fitted.config, ("funding", "implied", "skew"))
    _fit_part("gas", parameters, fitted, config, history, days, effort)


def _fit_funding(fitted: Fitted, history: History, effort: Effort) -> None:
    direct = {
        f"funding.{key}": history.direct[key]
        for key in ("interest_bp", "settlement_hours")
        if key in history.direct
    }
    if fitted.config.market.funding is None:
        put(fitted.market, "funding", {})
    fitted.change(direct)
    config = without(fitted.config, ("gas", "implied", "skew"))
    days = {"funding": history.days["funding"]}
    _fit_part("funding", _FUNDING, fitted, config, history, days, effort)


def fit_skew(fitted: Fitted, history: History, effort: Effort) -> None:
    """Skew of the surface from a history of risk reversals, after all the rest."""
    if not isinstance(fitted.config.market.surface, SsviSurface):
        put(fitted.market, "surface", deepcopy(_SURFACE))
        fitted.change({})
    config = without(fitted.config, ("gas", "funding"))
    days = {"skew": history.days["skew"]}
    _fit_part("skew", _SKEW, fitted, config, history, days, effort)


def _fit_part(
    part: str,
    parameters: tuple[Parameter, ...],
    fitted: Fitted,
    config: EnvConfig,
    history: History,
    days: dict[str, int],
    effort: Effort,
) -> None:
    estimate = fit(
        parameters,
        _AIMS[part],
        history.values,
        lambda changes: _values(config, changes, days, effort, spot=False),
        most_steps=effort.steps,
        advance=effort.advance,
    )
    fitted.estimates[part] = estimate
    fitted.change(estimate.values)


def _values(
    config: EnvConfig,
    changes: dict[str, Any],
    days: Mapping[str, int],
    effort: Effort,
    *,
    spot: bool = True,
) -> Values:
    if "jumps" in changes:
        changes["jumps"]["mean_up"] = changes["jumps"]["mean_down"]
    market = _changed(config, changes)
    return model_values(market, days, effort.histories, effort.seed, spot=spot)


def _changed(config: EnvConfig, market: Mapping[str, Any]) -> EnvConfig:
    return load_config(config, {"market": dict(market)}, source="calibration")


def final_values(fitted: Fitted, history: History, effort: Effort) -> Values:
    """Statistics of the fitted market, of all its parts that the data have."""
    days = dict(history.days)
    if isinstance(fitted.config.market.surface, SsviSurface) and isinstance(
        fitted.config.market.volatility, LogOuVolatility
    ):
        days.setdefault("implied", history.days["spot"])
        days.setdefault("skew", days["implied"])
    return model_values(fitted.config, days, effort.histories, effort.seed)
