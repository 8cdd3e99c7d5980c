"""Writes small files of history, sound ones and damaged ones."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from tests.support.checkout import SHARED

START = 1_577_836_800  # 2020-01-01 [s]
HOURS = 24 * 220
DATA = SHARED / "data"

Rows = list[tuple[str, str]]


def prices() -> np.ndarray:
    """Hourly prices of a volatility that moves, always the same."""
    rng = np.random.default_rng(1)
    volatility = 0.007 * np.exp(0.4 * np.sin(np.arange(HOURS) / 300.0))
    return 2000.0 * np.exp(np.cumsum(volatility * rng.standard_normal(HOURS)))


def seconds() -> np.ndarray:
    return START + 3600 * np.arange(HOURS)


def rows(form: Callable[[int], str] = str) -> Rows:
    """Rows of text, the time written by `form` from seconds."""
    return [
        (form(int(t)), f"{p:.6f}") for t, p in zip(seconds(), prices(), strict=True)
    ]


def text(
    data: Sequence[Sequence[str]], header: str = "time,price\n", separator: str = ","
) -> str:
    return header + "".join(separator.join(row) + "\n" for row in data)


def iso(offset_hours: int | None) -> Callable[[int], str]:
    """Writes ISO times at an offset; None leaves the zone out."""

    def write(time: int) -> str:
        zone = UTC if offset_hours is None else timezone(timedelta(hours=offset_hours))
        moment = datetime.fromtimestamp(time, zone)
        return moment.isoformat() if offset_hours is not None else f"{moment:%F %T}"

    return write
