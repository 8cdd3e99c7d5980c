"""Values of a recorded series in the units of the market, checked for sense.

The unit shows in the size of the numbers: of implied volatility percent or fraction,
of gas wei or gwei, of funding fraction, percent or basis points. What cannot be right
is refused with its date.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.feeds.files.series_file import Series
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.history.gas_units import gas_unit, of_another_unit

_LARGEST_RATIO = 5.0  # of two prices in a row: beyond, one of them is a mistake
_PERCENT_FROM = 5.0  # a median volatility above 500 % is in percent
_UNCLEAR = (3.0, 8.0)  # 300 % or 3 %, 800 % or 8 %: no market is either for long
_VOLATILITY_RANGE = (0.01, 10.0)  # [1/sqrt(year)]
_FREQUENT = 0.1  # share of rows with one and the same rate
_FEWEST_RATES = 60  # of which two units can be told from one
_VALLEY = 0.25  # decades on each side of a rate that hardly occurs
_SAME_RATE, _FEWEST_ANNUAL = 1e-3, 20  # relative difference; number of rates
_LEAST_SHARE = 0.04  # of the rates of a unit
_PERCENT_FUNDING_FROM, _BP_FUNDING_FROM = 2e-3, 0.2  # usual size of a rate


def volatility_unit(
    values: FloatArray, *, fractions: bool = False
) -> tuple[str, float]:
    """Unit of implied volatilities and its factor to 1/sqrt(year); NaN is left out.

    Args:
        values: As read.
        fractions: Whether they are known to be fractions: the file names its unit.
    """
    if fractions:
        return "fractions", 1.0
    percent = np.nanmedian(values) > _PERCENT_FROM
    return ("percent", 0.01) if percent else ("fractions", 1.0)


def funding_unit(values: FloatArray, *, fractions: bool = False) -> tuple[str, float]:
    """Unit of funding rates and its factor to fractions; NaN and zeros are left out.

    Args:
        values: As read.
        fractions: Whether they are known to be fractions: the file names its unit.
    """
    if fractions:
        return "fractions", 1.0
    paid = np.abs(values[np.isfinite(values) & (values != 0.0)])
    usual = float(np.median(paid)) if paid.size else 0.0
    if usual > _BP_FUNDING_FROM:
        return "basis points", 1e-4
    return ("percent", 0.01) if usual > _PERCENT_FUNDING_FROM else ("fractions", 1.0)


def require_one_funding_unit(source: str, rates: FloatArray) -> None:
    """Refuse a file of funding whose rows are of two units, or a year's.

    The rates of a market fall off evenly on both sides of what is usual, those of two
    units lie a factor of a hundred apart with a valley between. Where one rate, the
    interest, occurs again and again, it does so in either unit. NaN and zeros are left
    out.

    Args:
        source: The file, for messages.
        rates: What is paid in eight hours, as in the file, shape (n,).

    Raises:
        DataError: With a rate of each unit, or with the one that tells a year's.
    """
    _require_no_annual_rates(source, rates)
    logs = np.sort(np.log10(np.abs(rates[np.isfinite(rates) & (rates != 0.0)])))
    if logs.size < _FEWEST_RATES:
        return
    middles = np.arange(logs[0], logs[-1], 0.05)
    left = np.searchsorted(logs, middles - _VALLEY)
    right = logs.size - np.searchsorted(logs, middles + _VALLEY)
    fewer, between = np.minimum(left, right), logs.size - left - right
    deep = (fewer >= _LEAST_SHARE * logs.size) & (between < 0.35 * fewer)
    for at in np.flatnonzero(deep):
        low, high = np.median(logs[: left[at]]), np.median(logs[-right[at] :])
        apart = any(abs(high - low - decades) < 0.4 for decades in (2.0, 4.0))
        if apart and _share_a_rate(logs[: left[at]], logs[-right[at] :]):
            text = f"{source}: funding rates of {10**high:.2g} beside {10**low:.2g} in"
            raise DataError(
                one_line(f"{text} eight hours; are percent and fractions mixed?")
            )


def _require_no_annual_rates(source: str, rates: FloatArray) -> None:
    """Refuse rates of a year, which one rate betrays: the usual interest of .01 %.

    It is 10.95 % a year; of settlements at 1, 2 or 4 hours, whose rates come here times
    8, 4 or 2, that many times as much. The digits are the same in every unit.
    """
    paid = np.abs(rates[np.isfinite(rates) & (rates != 0.0)])
    if paid.size == 0:
        return
    digits = 10.0 ** (np.log10(paid) % 1.0)
    for times in (1.0, 2.0, 4.0, 8.0):
        alike = np.abs(digits / (1.095 * times) - 1.0) < _SAME_RATE
        if alike.mean() >= _FREQUENT and alike.sum() >= _FEWEST_ANNUAL:
            found = float(np.median(paid[alike])) / times
            text = f"{source}: its most frequent rate is {found:.5g}, what .01 % in"
            text = f"{text} eight hours comes to in a year; divide annual rates by the"
            text = f"{text} settlements of a year (1095 of eight hours)"
            raise DataError(one_line(text))


def _share_a_rate(low: FloatArray, high: FloatArray) -> bool:
    """Whether what is most frequent of one group is frequent in the other unit too.

    Args:
        low: Logarithms of rates, to base ten.
        high: Of the other group.

    Returns:
        True as well if nothing is frequent in either.
    """
    for one, other in ((low, high), (high, low)):
        rates, counts = np.unique(one.round(3), return_counts=True)
        if counts.max() < max(3, _FREQUENT * one.size):
            continue
        offsets = np.abs(other - rates[counts.argmax()])
        again = (np.abs(offsets - 2.0) < 2e-3) | (np.abs(offsets - 4.0) < 2e-3)
        return bool(again.sum() >= max(2, 0.5 * _FREQUENT * other.size))
    return True


def in_usd(column: str) -> bool:
    """Whether a column of gas holds what a transaction costs in dollars."""
    return "usd" in column


def prices(series: Series) -> FloatArray:
    """Prices of the underlying, shape (n,) [quote].

    Raises:
        DataError: If a price is not positive, or one in a row is out of all relation.
    """
    values = series.values
    _refuse(series, values <= 0.0, "is no price")
    ratio = np.abs(np.diff(np.log(values)))
    if (ratio > np.log(_LARGEST_RATIO)).any():
        at = int(np.argmax(ratio > np.log(_LARGEST_RATIO)))
        text = f"{series.source}: the price goes from {values[at]:g} to"
        text = f"{text} {values[at + 1]:g} at {date_text(int(series.seconds[at + 1]))}"
        raise DataError(one_line(f"{text}; correct or remove the wrong one"))
    return values


def implied_volatilities(series: Series) -> FloatArray:
    """Implied volatilities, shape (n,) [1/sqrt(year)].

    Raises:
        DataError: If one is out of range.
    """
    if not series.fractions:
        require_clear_unit(series.source, series.values)
    factor = volatility_unit(series.values, fractions=series.fractions)[1]
    values = series.values * factor
    wrong = no_volatility(values)
    # Of a file of two halves the other unit makes sense of what makes none.
    other = values[wrong] * (0.01 if factor == 1.0 else 100.0)
    if wrong.any() and not no_volatility(other).any() and (values[wrong] != 0.0).all():
        _refuse(
            series, wrong, "is no volatility a year: are percent and fractions mixed?"
        )
    _refuse(series, wrong, "is no volatility a year")
    return values


def require_clear_unit(source: str, values: FloatArray) -> None:
    """Refuse implied volatilities that may be percent and may be fractions.

    Args:
        source: The file, for messages.
        values: As in the file, shape (n,).

    Raises:
        DataError: If the usual value is between 300 % and 8 %.
    """
    usual = float(np.nanmedian(np.abs(values))) if values.size else 0.0
    low, high = _UNCLEAR
    if low < usual < high:
        text = f"{source}: an implied volatility of {usual:g} may be in percent or a"
        raise DataError(
            one_line(f"{text} fraction; write {usual:g}% or {usual / 100:g}")
        )


def no_volatility(values: FloatArray) -> BoolArray:
    """Which values [1/sqrt(year)] can be no implied volatility of a whole market."""
    low, high = _VOLATILITY_RANGE
    return np.asarray((values < low) | (values > high))


def gas_prices(series: Series) -> FloatArray:
    """Gas prices, shape (n,) [gwei]; the zeros of an idle chain become NaN.

    Raises:
        DataError: If one is negative, or the file is in dollars.
    """
    if in_usd(series.column):
        text = f"{series.source}: {series.column} is in dollars; give gwei or wei"
        raise DataError(one_line(text))
    values = series.values
    _refuse(series, (values < 0.0) | of_another_unit(values), "is no gas price")
    values = np.where(values > 0.0, values, np.nan)
    if np.isnan(values).all():
        raise DataError(one_line(f"{series.source} holds nothing but zeros"))
    return values * gas_unit(values, series.column)[1]


def _refuse(series: Series, wrong: BoolArray, problem: str) -> None:
    if not wrong.any():
        return
    at = int(np.argmax(wrong))
    when = date_text(int(series.seconds[at]))
    text = f"{series.source}: {series.values[at]:g} at {when} {problem}"
    others = int(wrong.sum()) - 1
    more = f" (and {others} more)" if others else ""
    raise DataError(one_line(f"{text}{more}; correct or remove it"))
