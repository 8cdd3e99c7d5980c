"""Recorded days that several tests share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from tests.hedge_env.feeds.history.files import hourly, walk, write_series
from tests.support.examples import full_config

# One short call over a day of six decisions; training days to the 5th, validation to
# the 7th, then test days.
DAY = (
    "episode.decisions=6",
    "book.legs.0.maturity_days=1",
    "replay.validation_from=2024-01-05",
    "replay.test_from=2024-01-07",
)


def day_config(spot: str, *settings: str) -> EnvConfig:
    """A day of the reference market on recorded prices."""
    return load_config("reference", settings=[*DAY, f"replay.spot={spot}", *settings])


def two_weeks(folder: Path, prices: Sequence[float] | None = None) -> str:
    """Two weeks of hourly prices and the price that ends them."""
    prices = walk(24 * 14 + 1) if prices is None else prices
    return write_series(folder / "prices.csv", hourly(len(prices)), prices)


def full_replay(folder: Path, *settings: str) -> EnvConfig:
    """Two weeks with every series recorded, in the market with every part on."""
    spot = two_weeks(folder)
    times = hourly(24 * 14 + 1)
    rng = np.random.default_rng(5)
    volatility = write_series(
        folder / "iv.csv", times[::24], rng.uniform(40.0, 90.0, 15), "date,open"
    )
    gas = write_series(
        folder / "gas.csv", times, 1e9 * rng.uniform(5.0, 80.0, len(times)), "t,wei"
    )
    rates = rng.uniform(-1e-3, 1e-3, len(times[::8]))
    rates[::3] = 1e-4
    funding = write_series(folder / "funding.csv", times[::8], rates)
    return full_config(
        "episode.decisions=16",
        f"replay.spot={spot}",
        f"replay.implied_volatility={volatility}",
        f"replay.gas={gas}",
        f"replay.funding={funding}",
        "replay.begin=2024-01-01",
        "replay.validation_from=2024-01-06",
        "replay.test_from=2024-01-10",
        "book.legs.0.maturity_days=30",
        "book.legs.1.maturity_days=30",
        "book.legs.3.maturity_days=30",
        "episode.start_hour=0",
        *settings,
    )


def column(path: str | None) -> np.ndarray:
    """Values of a file without a header, or with one."""
    lines = Path(str(path)).read_text().splitlines()
    rows = [line.split(",") for line in lines if line[0].isdigit()]
    return np.array([float(row[1]) for row in rows])
