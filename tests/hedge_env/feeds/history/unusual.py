"""Writes files of one row a step, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2024, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BARS = [(3000 + i, 3001 + i, 2999 + i, 3000.5 + i) for i in range(48)]
VALUES = [3000.5 + (7 * i) % 48 for i in range(48)]


def rows(
    head: str,
    row: Callable[[datetime, int], str],
    *,
    step: timedelta = HOUR,
    count: int = 48,
    start: datetime = START,
) -> str:
    """A file of one row a step."""
    return head + "".join(row(start + i * step, i) + "\n" for i in range(count))


def stamp(time: datetime, thousandths: int = 1000) -> int:
    return int(time.timestamp()) * thousandths


def closes(time: datetime, i: int) -> str:
    return ",".join(map(str, (stamp(time), *BARS[i])))


BAR_HEAD = "timestamp,open,high,low,close\n"
OKX_HEAD = "ts,o,h,l,c,confirm\n"
