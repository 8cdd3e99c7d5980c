"""What the heading of a column says about its values, beyond which column it is.

Of two columns of any name one is the time and the other the value; but a heading that
says volume, return or annual rate says that the value is not the one looked for, and a
clock that is not that of UTC must be taken into account.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from typing import Final

from hedge_env.base.errors import DataError, one_line
from hedge_env.feeds.files.cells import number

_WORDS = re.compile(r"[a-z]+|\d+[a-z]*")
_CHANGES: Final = {"return", "returns", "change", "pct", "percent", "chg"}
_VOLUMES: Final = {"volume", "turnover", "marketcap", "cap", "trades", "supply", "oi"}
_RATES: Final = {"funding", "fundingrate", "premium", "interest", "apr", "apy"}
_FEES: Final = {"gas", "gwei", "wei", "fee", "fees", "avggas", "gasprice", "basefee"}
_IMPLIED: Final = {"iv", "dvol", "implied", "volatility", "impliedvol", "vix", "vol"}
_REALISED: Final = {"rv", "hv", "realised", "realized", "historical"}
_PRICES: Final = {"price", "spot", "mid"}
_YEARLY: Final = {"apr", "apy", "annual", "annualised", "annualized", "yearly"}
_TOTALS: Final = {"interest_8h", "fundingratedaily", "daily", "predicted"}
# What the values of a column of that name cannot be.
_OTHERS: Final[dict[str, set[str]]] = {
    "price": _CHANGES
    | _VOLUMES
    | _RATES
    | _FEES
    | _IMPLIED
    | (_REALISED - {"historical"}),
    "implied volatility": _CHANGES - {"pct", "percent"}
    | _VOLUMES
    | _RATES
    | _FEES
    | _REALISED
    | _PRICES
    | {"rank", "percentile"},
    "gas price": _CHANGES | _VOLUMES | _RATES | _IMPLIED | _REALISED,
    "funding rate": _YEARLY | _TOTALS | _VOLUMES | _FEES | _IMPLIED | _PRICES,
}
_OFFSET = re.compile(r"\b(?:utc|gmt) ?([+-])(\d{1,2})(?::?(\d\d))?\b")
_HAS_OFFSET = re.compile(r":\d\d(\.\d+)? ?([+-]\d\d:?\d\d|z|utc|gmt)$", re.IGNORECASE)
_ZONES = re.compile(
    r"\b(est|edt|et|cst|cdt|mst|mdt|pst|pdt|cet|cest|bst|msk|jst|kst|ist|hkt|sgt|aest"
    r"|local|america|europe|asia|australia|africa|pacific)\b"
)


def require_meaning(source: str, heading: str, word: str) -> None:
    """Refuse a column whose heading says that it holds something else.

    Args:
        source: The file, for messages.
        heading: Name of the column of values, in lower case.
        word: What is looked for, as in `SeriesKind`.

    Raises:
        DataError: If the heading names another quantity.
    """
    words = set(_WORDS.findall(heading)) | {heading}
    odd = sorted(words & _OTHERS.get(word, set()))
    if odd:
        text = f"{source}: the column {heading!r} is no {word}"
        text = f"{text}; give the file that holds it, or rename the column if it does"
        raise DataError(one_line(text))


def unit_of(heading: str) -> str:
    """Unit that a heading names: `bp`, `wei`, `gwei`; empty if none of these."""
    words = set(_WORDS.findall(heading))
    if words & {"bp", "bps", "basis"}:
        return "bp"
    return next((unit for unit in ("gwei", "wei") if unit in words), "")


def clock_of(source: str, heading: str, times: Sequence[str]) -> float:
    """How far the clock that a heading names is ahead of UTC [second].

    Args:
        source: The file, for messages.
        heading: Name of the column of times, in lower case: `time(utc+8)`.
        times: Its cells; Unix times and times with an offset need no clock.

    Raises:
        DataError: If it names a zone whose offset changes or is not known.
    """
    found, zone = _OFFSET.search(heading), _ZONES.search(heading)
    if not (found or zone) or any(_names_its_clock(time) for time in times):
        return 0.0
    if found:
        sign, hours, minutes = found.groups()
        seconds = 3600.0 * int(hours) + 60.0 * int(minutes or 0)
        return -seconds if sign == "-" else seconds
    text = f"{source}: the times of column {heading!r} are not in UTC"
    raise DataError(one_line(f"{text}; write them in UTC, or with their offsets"))


def _names_its_clock(time: str) -> bool:
    """Whether a time is a Unix time or bears an offset, and so needs no clock."""
    return isfinite(number(time)) or _HAS_OFFSET.search(time) is not None


def bare(heading: str) -> str:
    """A heading without what is not part of its name: marks, zone in brackets.

    `Close**` is `close`; `Time(UTC+8)` and `Date (Europe/Berlin)` are `time`, `date`.
    """
    name = heading.strip().strip("<>*'\"").strip().lower()
    zone = re.fullmatch(r"([^()]+?) ?\(([^()]*)\)", name)
    if zone and (_OFFSET.search(zone[2]) or _ZONES.search(zone[2])):
        return zone[1]
    return name
