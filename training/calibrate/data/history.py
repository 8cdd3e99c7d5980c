"""The history that a market is fitted to: files brought onto common days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from hedge_env.base.errors import DataError
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import BASIS_POINT
from hedge_env.feeds.files.units import funding_unit, volatility_unit
from hedge_env.feeds.history.gas_units import gas_unit
from hedge_env.training.calibrate.data.cleaning import (
    SECONDS_PER_HOUR,
    Series,
    clean,
)
from hedge_env.training.calibrate.data.read_table import (
    FUNDING,
    GAS,
    IMPLIED,
    REVERSAL,
    SPOT,
    Kind,
    Table,
    read_table,
)
from hedge_env.training.calibrate.data.spacing import median_spacing, require_daily
from hedge_env.training.calibrate.statistics import gas_price
from hedge_env.training.calibrate.statistics.funding import (
    funding_values,
    interest_of,
    per_settlement,
)
from hedge_env.training.calibrate.statistics.implied import implied_values
from hedge_env.training.calibrate.statistics.season import season_parameters
from hedge_env.training.calibrate.statistics.skew import skew_values
from hedge_env.training.calibrate.statistics.spot import spot_values

_WEEK = 168  # hours
_POINTS_FROM = 0.3  # a usual risk reversal beyond is in points of volatility
_LARGEST_REVERSAL = 0.3  # [1/sqrt(year)]


@dataclass(frozen=True)
class Window:
    """Dates between which history counts [s since 1970].

    Attributes:
        since: First time that counts.
        until: Time after the last that counts.
        without: Two such times, between which it does not count; None: it does.
    """

    since: float = -np.inf
    until: float = np.inf
    without: tuple[float, float] | None = None

    def read(self, table: Table, kind: Kind, least_days: float = 90.0) -> Series:
        """What counts of a table, on a regular grid; NaN where it does not.

        Raises:
            DataError: If too little is left, or too much of it looks wrong.
        """
        series = clean(
            table, kind, since=self.since, until=self.until, least_days=least_days
        )
        if self.without is None:
            return series
        first, last = (seconds / SECONDS_PER_HOUR for seconds in self.without)
        out = (series.hours >= first) & (series.hours < last)
        values = np.where(out, np.nan, series.values)
        if np.isfinite(values).sum() * series.step < 24 * least_days:
            raise DataError(
                f"{series.source}: without {day_of(first)} to {day_of(last)} less than "
                f"{least_days:g} days are left; leave out others, or give more"
            )
        said = f"{day_of(first)} to {day_of(last - 1.0)} left out"
        return replace(series, values=values, remarks=(*series.remarks, said))


@dataclass
class History:
    """Statistics of the data and the lengths that histories of the model need.

    Attributes:
        returns: Hourly log returns from a midnight on, shape (1, hours).
        start: That midnight [hours since 1970].
        values: Name of a statistic -> its value.
        days: Part of the market -> days of its history.
        direct: What is read off the data without a search: interest, seasons.
        implied: Daily implied volatility.
        reversal: Daily 30-day 25-delta risk reversal [1/sqrt(year)].
        gas_daily: Daily mean gas price [gwei].
        gas_hourly: Hourly gas price [gwei].
        rates: Funding rates [bp].
        remarks: What was noticed in which file.
        spans: File -> first and last day.
    """

    returns: FloatArray
    start: int
    values: dict[str, float]
    days: dict[str, int]
    direct: dict[str, float] = field(default_factory=dict)
    implied: FloatArray | None = None
    reversal: FloatArray | None = None
    gas_daily: FloatArray | None = None
    gas_hourly: FloatArray | None = None
    rates: FloatArray | None = None
    remarks: list[str] = field(default_factory=list)
    spans: dict[str, str] = field(default_factory=dict)

    def add(self, series: Series) -> None:
        """Note the span and the remarks of a file."""
        known = np.flatnonzero(np.isfinite(series.values))
        first, last = series.hours[known[0]], series.hours[known[-1]]
        self.spans[series.source] = f"{day_of(first)} to {day_of(last)}"
        self.remarks += [f"{series.source}: {remark}" for remark in series.remarks]


def day_of(hours: float) -> str:
    """ISO date of hours since 1970."""
    return datetime.fromtimestamp(hours * 3600.0, UTC).date().isoformat()


def read_spot(path: Path, window: Window, least_days: float = 180.0) -> History:
    """Start a history from hourly prices.

    Raises:
        DataError: If the file is unusable; in one sentence.
    """
    table = read_table(path, SPOT)
    series = window.read(table, SPOT, least_days)
    if series.step > 1:
        raise DataError(
            f"{path.name}: a price every {series.step} hours; hourly prices are needed"
        )
    start = -(-series.start // 24) * 24
    days = (series.start + series.values.size - 1 - start) // 24
    log_price = np.log(series.at(start + np.arange(24 * days + 1)))
    returns = np.diff(log_price)[None, :]
    if not np.nanstd(returns) > 0.0:
        raise DataError(f"{path.name}: the price never moves")
    history = History(returns, start, {}, {"spot": days})
    history.add(series)
    # 1970 began on a Thursday, which is day 3 of the week.
    values = spot_values(returns, (start // 24 + 3) % 7)
    history.values |= _single(values)
    history.direct |= season_parameters(values)
    return history


def add_implied(history: History, path: Path, window: Window) -> None:
    """Add daily implied volatility, in percent or as a fraction."""
    table = read_table(path, IMPLIED)
    series = window.read(table, IMPLIED)
    require_daily(series)
    unit, factor = volatility_unit(series.values, fractions=table.fractions)
    if unit != "fractions":
        history.remarks.append(f"{series.source}: values are in {unit}")
    values = factor * series.values
    series = Series(series.source, series.start, series.step, values, series.remarks)
    days = _common_days(history, series)
    ends = history.start + 24 * (days + 1)
    history.implied = series.at(ends)[None, :]
    history.days["implied"] = days.size
    returns = _hours_of(history, days)
    history.add(series)
    history.values |= _single(implied_values(history.implied, returns))


def add_reversal(history: History, path: Path, window: Window) -> None:
    """Add 30-day risk reversals, in points of volatility or as a fraction."""
    series = window.read(read_table(path, REVERSAL), REVERSAL)
    require_daily(series)
    usual = float(np.nanmedian(np.abs(series.values)))
    factor = 1.0
    if usual > _POINTS_FROM:
        factor = 0.01
        history.remarks.append(f"{series.source}: values are in points of volatility")
    if usual * factor > _LARGEST_REVERSAL:
        raise DataError(
            f"{series.source}: a usual risk reversal of {usual:.3g} is none; give the "
            "volatility of the call less that of the put, in points or as a fraction"
        )
    days = _common_days(history, series)
    ends = history.start + 24 * (days + 1)
    history.reversal = factor * series.at(ends)[None, :]
    history.days["skew"] = days.size
    log_spot = np.cumsum(np.nan_to_num(_hours_of(history, days)), axis=-1)
    history.add(series)
    history.values |= _single(skew_values(history.reversal, log_spot[:, 23::24]))


def add_gas(
    history: History, paths: Sequence[Path], window: Window, usd_to_gwei: float
) -> None:
    """Add gas prices: daily means, hourly ones, or one file of each.

    Args:
        history: Added to.
        paths: Files.
        window: Of the daily level; an hourly file next to a daily one counts in full.
        usd_to_gwei: Gas price [gwei] at which a transaction costs one USD.
    """
    tables = [read_table(path, GAS) for path in paths]
    for table in tables:
        hourly = median_spacing(table) < 1.5 * 3600.0
        both = hourly and len(tables) > 1
        limits = Window(without=window.without) if both else window
        series = limits.read(table, GAS, 60.0)
        require_daily(series)
        factor = gas_unit(series.values, table.column)[1]
        factor = usd_to_gwei if table.in_usd else factor
        if table.in_usd:
            history.remarks.append(
                f"{table.source}: USD per transaction, {factor:.4g} gwei each"
            )
        start = -(-series.start // 24) * 24
        hours = np.arange(start, series.start + series.step * series.values.size)
        if hourly:
            _add_hourly_gas(history, factor * series.at(hours), start)
        if not both:
            hours = hours[: hours.size - hours.size % 24]
            daily = gas_price.daily_means(factor * series.at(hours)[None, :])
            history.gas_daily = daily
            history.days["gas"] = daily.shape[-1]
            weekday = (int(hours[0]) // 24 + 3) % 7 if hours.size else 0
            history.values |= _single(gas_price.daily_values(daily, weekday))
            history.direct["weekend"] = history.values[gas_price.WEEKEND]
        history.add(series)


def _add_hourly_gas(history: History, price: FloatArray, start: int) -> None:
    hours = price.size - price.size % 24
    gas = price[None, :hours]
    offset = start - history.start
    index = offset + np.arange(hours)
    inside = (index >= 0) & (index < history.returns.shape[-1])
    returns = np.full((1, hours), np.nan)
    returns[0, inside] = history.returns[0, index[inside]]
    amplitude, peak = gas_price.season(np.log(gas))
    history.gas_hourly = gas
    history.days["gas_hourly"] = hours // 24
    history.direct["season"] = float(amplitude[0])
    history.direct["season_peak_hour"] = float(peak[0])
    if np.isfinite(returns).mean() > 0.5:
        history.values |= _single(gas_price.hourly_values(gas, returns))
    else:
        history.remarks.append(
            "hourly gas and prices hardly overlap: no response to returns fitted"
        )


def add_funding(
    history: History,
    path: Path,
    window: Window,
    settlement_hours: float | None = None,
) -> None:
    """Add funding rates, as fractions, percent or basis points.

    Args:
        history: Added to.
        path: File.
        window: Dates between which it counts.
        settlement_hours: Of a market that is compared and not fitted, per settlement of
            which rates are summed; None: a settlement is that of the file.
    """
    table = per_settlement(read_table(path, FUNDING), settlement_hours)
    series = window.read(table, FUNDING)
    # The unit shows in what is paid in eight hours.
    in_eight = series.values * 8.0 / series.step
    unit, factor = funding_unit(in_eight, fractions=table.fractions)
    if unit != "fractions":
        history.remarks.append(f"{series.source}: values are taken as {unit}")
    start = series.start
    late = start % series.step
    if late:
        # Exchanges settle at multiples of the interval, UTC.
        start -= late
        history.remarks.append(
            f"{series.source}: settlements {late} h after the multiples of "
            f"{series.step} h UTC: taken as local times and shifted back"
        )
    rates = factor / BASIS_POINT * series.values
    ends = start + series.step * np.arange(rates.size)
    price = np.r_[0.0, np.nancumsum(history.returns[0])]
    index = ends - history.start
    inside = (index >= _WEEK) & (index < price.size)
    trailing = np.full(rates.size, np.nan)
    trailing[inside] = price[index[inside]] - price[index[inside] - _WEEK]
    interest = interest_of(rates)
    history.direct["settlement_hours"] = float(series.step)
    if interest is not None:
        history.direct["interest_bp"] = interest
    history.rates = rates[None, :]
    history.days["funding"] = rates.size * series.step // 24
    history.add(series)
    history.values |= _single(
        funding_values(history.rates, trailing[None, :], interest or 0.0, series.step)
    )


def _single(values: dict[str, FloatArray] | object) -> dict[str, float]:
    """Values of a batch of one."""
    assert isinstance(values, dict)
    return {name: float(np.asarray(value)[0]) for name, value in values.items()}


def _common_days(history: History, series: Series) -> IntArray:
    """Days of the history at whose end the series has been observed."""
    last = series.start + series.step * series.values.size
    days = np.arange(history.returns.shape[-1] // 24)
    ends = history.start + 24 * (days + 1)
    days = days[(ends >= series.start) & (ends < last)]
    if days.size < 90:
        raise DataError(
            f"{series.source}: only {days.size} days in common with the prices; "
            "at least 90 are needed"
        )
    return np.asarray(days)


def _hours_of(history: History, days: IntArray) -> FloatArray:
    low, high = 24 * int(days[0]), 24 * (int(days[-1]) + 1)
    return history.returns[:, low:high]
