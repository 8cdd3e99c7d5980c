"""Reads option chains and finds the skew and the curvature of their smiles.

A chain has one row an option: forward, strike, time to expiry, and an implied
volatility or, as on Deribit, a price in coins that is inverted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.optimize import brentq, least_squares
from scipy.special import ndtr

from hedge_env.base.errors import DataError
from hedge_env.base.types import FloatArray
from hedge_env.feeds.files.csv_file import CsvFile, number, read_csv
from hedge_env.training.calibrate.statistics.skew import smile

_SHORTEST, _LONGEST = 3.0 / 365.0, 200.0 / 365.0  # expiries that are used [year]
_WIDEST = 1.5  # |log moneyness| over total sd at the money
_FEWEST = 5  # options of an expiry
_YEAR = 365.0 * 86400.0
_EXPIRY_HOUR = 8  # UTC, on Deribit


@dataclass(frozen=True)
class Smile:
    """SSVI parameters of a chain, with what is read off them."""

    correlation: float
    wing: float
    options: int
    expiries: int

    @property
    def slope(self) -> float:
        """Slope of volatility over that at the money, in standardised strike."""
        return 0.5 * self.correlation * self.wing

    @property
    def curvature(self) -> float:
        """Coefficient of the squared standardised strike."""
        return self.wing**2 * (1.0 - 2.0 * self.correlation**2) / 8.0


def fit_chains(paths: Sequence[Path]) -> Smile:
    """Mean smile of some chains.

    Raises:
        DataError: If a chain has no usable expiry.
    """
    smiles = [_fit_chain(path) for path in paths]
    return Smile(
        float(np.mean([s.correlation for s in smiles])),
        float(np.mean([s.wing for s in smiles])),
        sum(s.options for s in smiles),
        sum(s.expiries for s in smiles),
    )


def _fit_chain(path: Path) -> Smile:
    years, log_strike, sigma = _read_chain(path)
    x, ratio, weight, expiries = [], [], [], 0
    for expiry in np.unique(years):
        here = years == expiry
        if not _SHORTEST <= expiry <= _LONGEST or here.sum() < _FEWEST:
            continue
        k, s = log_strike[here], sigma[here]
        order = np.argsort(k)
        middle = float(np.interp(0.0, k[order], s[order]))
        standardised = k / (middle * np.sqrt(expiry))
        near = np.abs(standardised) < _WIDEST
        if near.sum() < _FEWEST or not (k.min() < 0.0 < k.max()):
            continue
        expiries += 1
        x.append(standardised[near])
        ratio.append(s[near] / middle)
        weight.append(np.full(int(near.sum()), 1.0 / np.sqrt(near.sum())))
    if not expiries:
        raise DataError(
            f"{path.name}: no expiry of 3 to 200 days has {_FEWEST} options around "
            "the money"
        )
    xs, ratios, weights = (np.concatenate(part) for part in (x, ratio, weight))

    def off(parameters: FloatArray) -> FloatArray:
        rho, wing, middle = parameters
        return np.asarray(weights * (middle * smile(xs, rho, wing) - ratios))

    bounds = ([-0.9, 0.05, 0.8], [0.9, 1.39, 1.2])
    result = least_squares(off, [0.0, 0.6, 1.0], bounds=bounds)
    return Smile(float(result.x[0]), float(result.x[1]), xs.size, expiries)


def _read_chain(path: Path) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Years to expiry, ln(K/F) and implied volatility of the usable options."""
    file = read_csv(path)
    names = set(file.header or ())
    if {"t", "f", "k", "iv"} <= names:
        years, forward, strike, sigma = (
            _numbers(file, name) for name in ("t", "f", "k", "iv")
        )
    elif {"instrument_name", "mark_price", "underlying_price"} <= names:
        years, forward, strike, sigma = _deribit(file, path.name)
    else:
        raise DataError(
            f"{path.name}: a chain needs the columns T [year], F, K, iv, or those of "
            "Deribit (instrument_name, mark_price, underlying_price)"
        )
    log_strike = np.log(strike / forward)
    good = np.isfinite(log_strike) & np.isfinite(sigma) & (sigma > 0.01) & (sigma < 5.0)
    good &= np.isfinite(years) & (years > 0.0)
    if not good.any():
        raise DataError(f"{path.name}: no option has a usable volatility")
    return years[good], log_strike[good], sigma[good]


def _cells(file: CsvFile, name: str) -> list[str]:
    assert file.header is not None  # its names have been looked at
    return file.column(file.header.index(name))


def _numbers(file: CsvFile, name: str) -> FloatArray:
    values = np.array([number(text) for text in _cells(file, name)])
    return np.where(values > 0.0, values, np.nan)


def _deribit(
    file: CsvFile, source: str
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Columns of a Deribit book summary; out-of-the-money options only."""
    if "creation_timestamp" not in (file.header or ()):
        raise DataError(f"{source}: the column creation_timestamp is missing")
    now = _numbers(file, "creation_timestamp") / 1e3
    forward, price = _numbers(file, "underlying_price"), _numbers(file, "mark_price")
    years, strike = np.full(now.size, np.nan), np.full(now.size, np.nan)
    sigma = np.full(now.size, np.nan)
    for i, text in enumerate(_cells(file, "instrument_name")):
        name = text.split("-")
        if len(name) != 4:
            continue
        try:
            day = datetime.strptime(name[1], "%d%b%y").replace(tzinfo=UTC)
            strike[i] = float(name[2])
        except ValueError:
            continue
        expiry = day.timestamp() + 3600.0 * _EXPIRY_HOUR
        years[i] = round((expiry - now[i]) / 60.0) * 60.0 / _YEAR
        call = name[3] == "C"
        if call == (strike[i] >= forward[i]):
            sigma[i] = _invert(price[i], forward[i], strike[i], years[i], call)
    return years, forward, strike, sigma


def _invert(
    price: float, forward: float, strike: float, years: float, call: bool
) -> float:
    """Volatility of a price in coins, NaN if there is none."""
    if not (np.isfinite(price) and np.isfinite(forward) and years > 0.0):
        return float("nan")
    sign = 1.0 if call else -1.0

    def excess(sigma: float) -> float:
        sd = sigma * np.sqrt(years)
        d1 = np.log(forward / strike) / sd + 0.5 * sd
        value = ndtr(sign * d1) - strike / forward * ndtr(sign * (d1 - sd))
        return float(sign * value - price)

    if excess(0.01) * excess(5.0) >= 0.0:
        return float("nan")
    return float(brentq(excess, 0.01, 5.0))
