"""The statistics of funding rates per settlement, in basis points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hedge_env.base.errors import DataError
from hedge_env.base.types import FloatArray
from hedge_env.config import FundingConfig
from hedge_env.feeds.history.settlements import lateness, settlements_of, summed
from hedge_env.training.calibrate.data.read_table import Table
from hedge_env.training.calibrate.statistics import spot_returns
from hedge_env.training.calibrate.statistics.statistic import Statistic, Values

ROWS = ("premium", "trailing_return")
_SAME = 1e-6  # bp: two rates that are the same number
_LAGS = ((8, "8 h"), (24, "24 h"), (168, "7 d"))  # [hour]

FUNDING = (
    Statistic("funding, mean", "bp", 0.1, limit=0.3),
    Statistic("funding, sd", "bp", 0.07, ratio=True, limit=0.2),
    Statistic("funding exactly the interest", "-", 0.03, limit=0.08),
    Statistic("funding below zero", "-", 0.05, reach=0.05),
    *(Statistic(f"autocorrelation of funding, {name}", "-", 0.1) for _, name in _LAGS),
    Statistic("funding against trailing 7-day return", "-", 0.03, limit=0.1),
    Statistic("99 % quantile of funding", "bp", 0.1, ratio=True, fitted=False),
)


def funding_values(
    rates: FloatArray, trailing: FloatArray, interest: float, hours: int
) -> Values:
    """Statistics of rates [bp] with the log return of the 7 days before each.

    Lags are hours, whatever the rates' spacing; one that is no multiple of it is left
    out.

    Args:
        rates: Shape (n, settlements).
        trailing: Same shape.
        interest: The rate inside the clamp [bp].
        hours: Between two settlements.
    """
    known = np.isfinite(rates)
    count = known.sum(axis=-1)
    values = {
        "funding, mean": np.nanmean(rates, axis=-1),
        "funding, sd": np.nanstd(rates, axis=-1),
        "funding exactly the interest": (np.abs(rates - interest) < _SAME).sum(axis=-1)
        / count,
        "funding below zero": (rates < 0.0).sum(axis=-1) / count,
        "funding against trailing 7-day return": spot_returns.correlation(
            rates, trailing
        ),
        "99 % quantile of funding": np.nanquantile(rates, 0.99, axis=-1),
    }
    for lag, name in _LAGS:
        if lag % hours == 0 and lag // hours < rates.shape[-1]:
            correlation = spot_returns.autocorrelation(rates, lag // hours)
            values[f"autocorrelation of funding, {name}"] = correlation
    return values


def per_settlement(table: Table, settlement_hours: float | None) -> Table:
    """The same rates summed over equal settlements, if they are not that already.

    Args:
        table: From the file.
        settlement_hours: Of the market that they are compared with; None: the longest
            of the file, which a fitted market takes over.

    Raises:
        DataError: If the file is settled less often than that.
    """
    seconds, first = np.unique(np.round(table.seconds).astype(np.int64), True)
    if seconds.size < 2:
        return table
    found = settlements_of(seconds)
    period = found.longest
    if settlement_hours is not None:
        period = round(3600.0 * settlement_hours)
    if (found.spans == period).all():
        return table
    late = lateness(seconds, found)
    found = settlements_of(seconds - late)
    times, rates, fits = summed(found, table.values[first], period)
    usual = sorted({int(span) // 3600 for span in found.spans})
    every = " and ".join(f"{hours}" for hours in usual)
    if not fits.all() or times.size < 2:
        raise DataError(
            f"{table.source}: settled every {every} h, which does not add up to the "
            f"{period / 3600.0:g} h between two settlements of the market; set "
            f"market.funding.settlement_hours to {max(usual)}"
        )
    remark = f"settled every {every} h: rates summed over {period / 3600.0:g} h"
    remarks = (*table.remarks, remark)
    return replace(
        table, seconds=(times + late).astype(float), values=rates, remarks=remarks
    )


def interest_of(rates: FloatArray) -> float | None:
    """The rate that occurs most often, if it is a mass point (5 % or more) [bp]."""
    rounded = np.round(rates[np.isfinite(rates)], 6)
    values, counts = np.unique(rounded, return_counts=True)
    most = int(np.argmax(counts))
    return float(values[most]) if counts[most] >= 0.05 * rounded.size else None


def funding_rate(config: FundingConfig, rows: Values) -> FloatArray:
    """Rate paid [bp] at each recorded state; the formula of `market/perpetual`."""
    premium = config.premium_mean_bp + config.added_bp + 1e4 * rows["premium"]
    premium = premium + config.return_response_bp * rows["trailing_return"]
    low, high = premium - config.clamp_bp, premium + config.clamp_bp
    rate = np.clip(config.interest_bp, low, high)
    if config.cap_bp is not None:
        rate = np.clip(rate, -config.cap_bp, config.cap_bp)
    return np.asarray(config.share * rate)
