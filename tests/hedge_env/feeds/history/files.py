"""Writes made-up history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

HOUR = 3600  # [second]
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())  # a Monday, midnight


def hourly(n: int, start: int = START) -> list[int]:
    """Unix times of `n` hours."""
    return [start + HOUR * k for k in range(n)]


def write_series(
    path: Path, times: Sequence[object], values: Sequence[object], header: str = ""
) -> str:
    """Write two columns and return the name of the file."""
    rows = [header] if header else []
    rows += [f"{time},{value}" for time, value in zip(times, values, strict=True)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def walk(n: int, *, seed: int = 0, volatility: float = 0.8) -> list[float]:
    """Hourly prices of a random walk from 2000, with that volatility a year."""
    rng = np.random.default_rng(seed)
    steps = volatility * np.sqrt(1.0 / 8760.0) * rng.standard_normal(n - 1)
    log_price = np.concatenate([[0.0], np.cumsum(steps)])
    return [float(price) for price in 2000.0 * np.exp(log_price)]
