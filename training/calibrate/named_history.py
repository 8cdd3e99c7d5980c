"""The history that the options of `hedge calibrate` name."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.training.calibrate.data.history import (
    History,
    Window,
    add_funding,
    add_gas,
    add_implied,
    add_reversal,
    read_spot,
)
from hedge_env.training.cli.commands import CalibrateOptions

_GAS_UNITS, _SPOT = 150_000.0, 2000.0  # of a base without gas
_GWEI = 1e-9


def read_history(options: CalibrateOptions, base: EnvConfig) -> History:
    """Read all files of the options.

    Args:
        options: Files and dates.
        base: Its gas units and spot turn a cost in USD into a gas price.
    """
    window = _window(options.since, options.until, options.without_year)
    history = read_spot(options.spot, window)
    if options.implied_vol is not None:
        add_implied(history, options.implied_vol, window)
    if options.risk_reversal is not None:
        add_reversal(history, options.risk_reversal, window)
    if options.gas:
        limits = _window(
            options.gas_since or options.since,
            options.gas_until or options.until,
            options.without_year,
        )
        units = base.execution.gas_units or _GAS_UNITS
        spot = base.market.spot if base.execution.gas_units else _SPOT
        add_gas(history, options.gas, limits, 1.0 / (units * spot * _GWEI))
    if options.funding is not None:
        fitted = not options.parts or "funding" in options.parts
        process = None if fitted else base.market.funding
        hours = None if process is None else process.settlement_hours
        add_funding(history, options.funding, window, hours)
    return history


def _window(
    since: datetime | None, until: datetime | None, without_year: int | None
) -> Window:
    low = -np.inf if since is None else since.timestamp()
    high = np.inf if until is None else until.timestamp()
    if low >= high:
        raise ConfigError(f"--since {since:%Y-%m-%d} is not before --until")
    return Window(low, high, None if without_year is None else _year(without_year))


def _year(year: int) -> tuple[float, float]:
    """First second of a year and of the next, UTC.

    Raises:
        ConfigError: If no calendar has it.
    """
    if not 1 <= year < MAXYEAR:
        raise ConfigError(f"--without-year {year}: give a year such as 2024")
    first, last = (datetime(y, 1, 1, tzinfo=UTC) for y in (year, year + 1))
    return first.timestamp(), last.timestamp()
