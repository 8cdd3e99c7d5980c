"""The same statistics on simulated histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, SsviSurface
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.fit.control import history_weights, stress_excess
from hedge_env.training.calibrate.fit.simulation import simulate
from hedge_env.training.calibrate.statistics import funding, gas_price, implied, skew
from hedge_env.training.calibrate.statistics.spot import pooled_kurtosis, spot_values
from hedge_env.training.calibrate.statistics.statistic import WEIGHT, Values

PARTS = ("implied", "gas", "funding", "skew")


def without(config: EnvConfig, parts: tuple[str, ...]) -> EnvConfig:
    """The config with some parts of the market off, which then cost no time."""
    changes: dict[str, Any] = {"market": {}, "execution": {}}
    if "gas" in parts:
        changes["market"]["gas"] = None
        changes["execution"]["gas_units"] = 0.0
    if "funding" in parts:
        changes["market"]["funding"] = None
    if "implied" in parts and "skew" in parts:
        changes["market"]["surface"] = {"model": "flat", "volatility": 1.0}
    return load_config(config, changes)


def model_values(
    config: EnvConfig,
    days: Mapping[str, int],
    n_histories: int,
    seed: int,
    *,
    spot: bool = True,
    first: int = 0,
) -> Values:
    """Statistics of simulated histories for the parts in `days`.

    Args:
        config: The market.
        days: Part -> length of its history: spot, implied, gas, gas_hourly, funding,
            skew.
        n_histories: Number of histories.
        seed: Of the noise.
        spot: Whether to compute the statistics of spot.
        first: Number of the first history.
    """
    hours = 24 * max(days.values())
    rows = simulate(config, _rows(days), n_histories, hours, seed, first=first)
    returns = np.diff(rows["log_spot"], axis=-1)
    values = dict(stress_excess(config, rows["depth"], days))
    if spot:
        values |= spot_values(returns[:, : 24 * days["spot"]])
    if "implied" in days:
        ends = {name: rows[name][:, 24::24] for name in implied.ROWS}
        level = implied.implied_volatility(config, ends)[:, : days["implied"]]
        values |= implied.implied_values(level, returns[:, : 24 * days["implied"]])
    if "gas" in days or "gas_hourly" in days:
        values |= _gas_values(config, rows, returns, days)
    if "funding" in days:
        values |= _funding_values(config, rows, days["funding"])
    if "skew" in days and isinstance(config.market.surface, SsviSurface):
        ends = {name: rows[name][:, 24::24] for name in (*skew.ROWS, *implied.ROWS)}
        level = implied.implied_volatility(config, ends)
        reversal = skew.risk_reversal(config.market.surface, ends, level)
        log_spot = rows["log_spot"][:, 24::24]
        values |= skew.skew_values(
            reversal[:, : days["skew"]], log_spot[:, : days["skew"]]
        )
    return values


def together(batches: Sequence[Values], *, weighted: bool = True) -> Values:
    """Statistics of several batches of histories as those of one.

    Args:
        batches: Of histories of one market.
        weighted: Whether to weight them until their time under stress is the expected.
    """
    values = {
        name: np.concatenate([np.asarray(batch[name]) for batch in batches])
        for name in batches[0]
    }
    weights = history_weights(values) if weighted else None
    if "volatility" in values:
        values |= pooled_kurtosis(values, weights)
    return values if weights is None else {**values, WEIGHT: weights}


def _rows(days: Mapping[str, int]) -> tuple[str, ...]:
    rows = ["log_spot", "depth"]
    if "implied" in days or "skew" in days:
        rows += (name for name in implied.ROWS if name not in rows)
    if "skew" in days:
        rows += skew.ROWS
    if "gas" in days or "gas_hourly" in days:
        rows += gas_price.ROWS
    if "funding" in days:
        rows += funding.ROWS
    return tuple(rows)


def _gas_values(
    config: EnvConfig, rows: Values, returns: FloatArray, days: Mapping[str, int]
) -> Values:
    values: dict[str, FloatArray] = {}
    if config.market.gas is None:
        return values
    # The state after an hour has answered to the return of that hour.
    price = gas_price.gas_price(config.market.gas, rows)[:, 1:]
    if "gas" in days:
        daily = gas_price.daily_means(price[:, : 24 * days["gas"]])
        values |= gas_price.daily_values(daily)
    if "gas_hourly" in days:
        hours = 24 * days["gas_hourly"]
        values |= gas_price.hourly_values(price[:, :hours], returns[:, :hours])
    return values


def _funding_values(config: EnvConfig, rows: Values, days: int) -> Values:
    process = config.market.funding
    if process is None:
        return {}
    step = round(process.settlement_hours)
    chosen = slice(step, 24 * days + 1, step)
    ends = {name: rows[name][:, chosen] for name in funding.ROWS}
    rates = funding.funding_rate(process, ends)
    log_spot = rows["log_spot"]
    week = np.full(log_spot.shape, np.nan)
    week[:, 168:] = log_spot[:, 168:] - log_spot[:, :-168]
    trailing, interest = week[:, chosen], process.share * process.interest_bp
    return funding.funding_values(rates, trailing, interest, step)
