"""Fits each part of the market in turn: spot with implied volatility, gas, funding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig, SsviSurface
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.data.history import History
from hedge_env.training.calibrate.fit.effort import NONE, Effort
from hedge_env.training.calibrate.fit.model_values import (
    model_values,
    together,
    without,
)
from hedge_env.training.calibrate.fit.moments import (
    Estimate,
    Parameter,
    fit,
    most_markets,
    put,
)
from hedge_env.training.calibrate.fit.parameters import (
    AIMS,
    GAS_PARAMETERS,
    RESPONSE_PARAMETERS,
    SKEW_PARAMETERS,
    funding_parameters,
    spot_aims,
    spot_parameters,
    spot_starts,
    spreads,
)
from hedge_env.training.calibrate.statistics.gas_price import HOURLY
from hedge_env.training.calibrate.statistics.season import KEYS as SEASON_KEYS
from hedge_env.training.calibrate.statistics.statistic import Values


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


def parts_of(history: History, chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """Parts of the market to fit: those chosen, or all that the history has data for.

    Raises:
        ConfigError: If a part is unknown or has no data, or with "none".
    """
    if tuple(chosen) == (NONE,):
        return ()
    given = {
        "spot": True,
        "gas": history.gas_daily is not None or history.gas_hourly is not None,
        "funding": history.rates is not None,
        "skew": history.reversal is not None,
    }
    for part in chosen:
        if not given.get(part):
            problem = "has no file" if part in given else "is no part of the market"
            known = ", ".join([name for name, data in given.items() if data] + [NONE])
            raise ConfigError(f"--parts: {part!r} {problem}; choose from {known}")
    return tuple(p for p in given if given[p] and (not chosen or p in chosen))


def work(
    base: EnvConfig, history: History, effort: Effort, parts: Sequence[str]
) -> int:
    """Markets that the fit of some parts simulates at most."""
    spot = spot_parameters(
        1.0,
        base.market,
        implied=history.implied is not None,
    )
    counts = {
        "spot": len(spot),
        "gas": 1 + len(GAS_PARAMETERS) + len(RESPONSE_PARAMETERS),
        "funding": len(funding_parameters(base.market.funding)),
        "skew": len(SKEW_PARAMETERS),
    }
    more = {"spot": len(_more_starts(base, effort))}
    return sum(
        most_markets(counts[part], effort.steps, more.get(part, 0)) for part in parts
    )


def fit_market(
    base: EnvConfig,
    history: History,
    effort: Effort,
    parts: Sequence[str],
    smile: Mapping[str, float] | None = None,
) -> Fitted:
    """Fit some parts of the market; the others stay as in the base.

    Args:
        base: What the market extends.
        history: The data.
        effort: How much is simulated.
        parts: See `parts_of`.
        smile: Keys of the market that option chains gave.
    """
    fitted = Fitted(base)
    fits = {"spot": _fit_spot, "gas": _fit_gas, "funding": _fit_funding}
    for part in (p for p in fits if p in parts):
        fits[part](fitted, history, effort)
    if smile:
        fitted.change(smile)
    if "skew" in parts:  # last: it depends on the curvature and on the level
        _fit_skew(fitted, history, effort)
    return fitted


def _fit_spot(fitted: Fitted, history: History, effort: Effort) -> None:
    """Volatility and jumps, with the surface's level if implied volatility is given."""
    total = history.values["volatility"]
    market = fitted.config.market
    spot_statistics = spot_aims(
        regime=market.regime is not None, spread=spreads(market)
    )
    starts = _more_starts(fitted.config, effort, total)
    parameters = spot_parameters(
        total,
        market,
        implied=history.implied is not None,
    )
    days = {"spot": history.days["spot"]}
    fitted.market["drift"] = 0.0
    parts: tuple[str, ...] = ("gas", "funding", "implied", "skew")
    if history.implied is not None:
        if not isinstance(fitted.config.market.surface, SsviSurface):
            fitted.market["surface"] = deepcopy(_SURFACE)
        days["implied"] = history.days["implied"]
        parts = ("gas", "funding")
    # Any log-OU start will do: all its numbers are about to be fitted.
    start = {"model": "log_ou", "level": total, "fast": dict(_FACTOR)}
    fitted.market["volatility"] = start | {"slow": dict(_FACTOR)}
    for key in SEASON_KEYS:
        put(fitted.market, key, history.direct[key])
    fitted.config = _changed(fitted.config, fitted.market)
    config = without(fitted.config, parts)
    estimate = fit(
        parameters,
        spot_statistics,
        history.values,
        lambda changes: _values(config, changes, days, effort),
        starts=starts,
        most_steps=effort.steps,
        advance=effort.advance,
    )
    fitted.estimates["spot"] = estimate
    both = {"jumps.mean_up": estimate.values["jumps.mean_down"]}
    fitted.change({**estimate.values, **both})


def _more_starts(
    config: EnvConfig, effort: Effort, volatility: float = 1.0
) -> tuple[dict[str, float], ...]:
    """Where the search of spot may start besides its first place."""
    known, spread = config.market.regime is not None, spreads(config.market)
    more = spot_starts(volatility, regime=known, spread=spread)
    return more[: effort.starts - 1]


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
    for key in ("season", "season_peak_hour", "weekend"):
        if key in history.direct:
            put(fitted.market, f"gas.{key}", history.direct[key])
    fitted.config = _changed(fitted.config, fitted.market)
    median = history.values.get("gas price, median", 1.0)
    parameters: tuple[Parameter, ...] = (
        Parameter("gas.median_gwei", median, 0.05 * median, 20.0 * median),
    )
    days = {key: history.days[key] for key in ("gas",) if key in history.days}
    if history.gas_daily is not None:
        parameters += GAS_PARAMETERS
    if HOURLY[0].name in history.values:
        parameters += RESPONSE_PARAMETERS
        days["gas_hourly"] = history.days["gas_hourly"]
    config = without(fitted.config, ("funding", "implied", "skew"))
    _fit_part("gas", parameters, fitted, config, history, days, effort)


def _fit_funding(fitted: Fitted, history: History, effort: Effort) -> None:
    parameters = funding_parameters(fitted.config.market.funding)
    if fitted.config.market.funding is None:
        put(fitted.market, "funding", {})
    direct = history.direct
    fitted.change({"funding.settlement_hours": direct["settlement_hours"]})
    process = fitted.config.market.funding
    paid = direct.get("interest_bp")
    if process is not None and process.has_usual_rate and paid is not None:
        fitted.change({"funding.interest_bp": paid / process.share})
    config = without(fitted.config, ("gas", "implied", "skew"))
    days = {"funding": history.days["funding"]}
    _fit_part("funding", parameters, fitted, config, history, days, effort)


def _fit_skew(fitted: Fitted, history: History, effort: Effort) -> None:
    """Skew of the surface from a history of risk reversals."""
    if not isinstance(fitted.config.market.surface, SsviSurface):
        put(fitted.market, "surface", deepcopy(_SURFACE))
        fitted.change({})
    config = without(fitted.config, ("gas", "funding"))
    days = {"skew": history.days["skew"]}
    _fit_part("skew", SKEW_PARAMETERS, fitted, config, history, days, effort)


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
        AIMS[part],
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
    return together(
        [model_values(market, days, effort.histories, effort.seed, spot=spot)]
    )


def _changed(config: EnvConfig, market: Mapping[str, Any]) -> EnvConfig:
    return load_config(config, {"market": dict(market)}, source="calibration")


def aims(history: History, parts: Sequence[str]) -> frozenset[str]:
    """Names of the statistics that the fit of some parts aims at."""
    statistics = (s for part in parts for s in AIMS[part])
    return frozenset(
        s.name for s in statistics if s.fitted and s.name in history.values
    )
