"""Types of command-line values: how each is written, checked and shown in the help.

A value out of range is refused while the command line is read, so that it never
reaches a computation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from tyro import conf
from tyro.constructors import PrimitiveConstructorSpec

__all__ = [
    "Count",
    "Criterion",
    "File",
    "Files",
    "Flag",
    "Folder",
    "Json",
    "Market",
    "Names",
    "NumbersFromZero",
    "OptionalCount",
    "OptionalDate",
    "OptionalFile",
    "OptionalName",
    "OptionalPolicy",
    "OptionalPresetFile",
    "OptionalRiskAversion",
    "OptionalSeed",
    "OptionalTuned",
    "PositiveNumber",
    "Progress",
    "Replay",
    "RiskAversions",
    "Seed",
    "Settings",
    "Share",
    "Span",
    "Threads",
    "WholeNumber",
    "WholeNumbers",
    "flatten",
]

T = TypeVar("T")

# As in the config, which is not imported here; a test compares them.
LEAST_RISK_AVERSION, MOST_RISK_AVERSION = 1e-9, 1e9


def _name(text: str) -> str:
    """Read one non-empty word."""
    if not text.strip():
        raise ValueError("an entry is empty")
    return text.strip()


def _whole_number(text: str) -> int:
    """Read a whole number; 15_000_000 and 15e6 are the same."""
    value = float(text)
    if not value.is_integer():
        raise ValueError(f"{text} is not a whole number")
    return int(text) if text.lstrip("+-").isdecimal() else int(value)


def _count(text: str) -> int:
    """Read a whole number of at least one."""
    value = _whole_number(text)
    if value < 1:
        raise ValueError(f"{text} is below 1")
    return value


def _seed(text: str) -> int:
    """Read a whole number of at least zero."""
    value = _whole_number(text)
    if value < 0:
        raise ValueError(f"{text} is below 0")
    return value


def _positive(text: str) -> float:
    """Read a finite number above zero."""
    value = float(text)
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{text} is not a positive number")
    return value


def _share(text: str) -> float:
    """Read a number above zero and at most one."""
    value = float(text)
    if not 0.0 < value <= 1.0:
        raise ValueError(f"{text} is no share above 0 and at most 1")
    return value


def _risk_aversion(text: str) -> float:
    """Read a risk aversion, within the range that a config takes."""
    value = float(text)
    if not LEAST_RISK_AVERSION <= value <= MOST_RISK_AVERSION:
        raise ValueError(
            f"{text} is no risk aversion from {LEAST_RISK_AVERSION:g} to "
            f"{MOST_RISK_AVERSION:g}"
        )
    return value


@dataclass(frozen=True)
class Span:
    """A range of risk aversions, written 2:50 [1/notional]."""

    low: float
    high: float

    def __str__(self) -> str:
        """What `_risk_aversion_or_span` reads, to the last bit."""
        return f"{self.low!r}:{self.high!r}"


def _risk_aversion_or_span(text: str) -> float | Span:
    """Read a risk aversion, or two ends of a range: 10, or 2:50."""
    low, colon, high = text.partition(":")
    if not colon:
        return _risk_aversion(text)
    ends = Span(_risk_aversion(low), _risk_aversion(high))
    if ends.low > ends.high:
        raise ValueError(f"{text} is no range, whose lower end comes first")
    return ends


def _date(text: str) -> datetime:
    """Read a date such as 2024-12-31, midnight UTC."""
    return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)


def _spec(read: Callable[[str], Any], metavar: str, *, many: bool = False) -> Any:
    """Describe one argument to tyro.

    Args:
        read: Turns the text into a value; raises ValueError if it cannot.
        metavar: How the help shows the value.
        many: Whether the argument is a comma-separated list, kept as a tuple.

    Returns:
        The description, to be used inside `Annotated`.
    """

    def from_text(args: list[str]) -> Any:
        if many:
            return tuple(read(entry) for entry in args[0].split(","))
        return read(args[0])

    def to_text(value: Any) -> list[str]:
        return [",".join(f"{entry}" for entry in value) if many else f"{value}"]

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=from_text,
        is_instance=lambda value: True,
        str_from_instance=to_text,
    )


def flatten(groups: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Join the values of a repeated option into one tuple, in the order given."""
    return tuple(entry for group in groups for entry in group)


# The help text of an option whose default is None says what then happens.
_NO_DEFAULT = conf.arg(help_behavior_hint="")

Count = Annotated[int, _spec(_count, "N")]
Seed = Annotated[int, _spec(_seed, "N")]
WholeNumber = Annotated[int, _spec(_seed, "N")]  # none at all is allowed
Share = Annotated[float, _spec(_share, "X")]
PositiveNumber = Annotated[float, _spec(_positive, "X")]
OptionalCount = Annotated[int | None, _spec(_count, "N"), _NO_DEFAULT]
OptionalSeed = Annotated[int | None, _spec(_seed, "N"), _NO_DEFAULT]
OptionalName = Annotated[str | None, _spec(_name, "NAME|FILE.yaml"), _NO_DEFAULT]
OptionalFile = Annotated[Path | None, _spec(Path, "FILE.csv"), _NO_DEFAULT]
OptionalPolicy = Annotated[Path | None, _spec(Path, "POLICY"), _NO_DEFAULT]
OptionalTuned = Annotated[Path | None, _spec(Path, "FILE.json"), _NO_DEFAULT]
Folder = Annotated[Path | None, _spec(Path, "DIR"), _NO_DEFAULT]

File = Annotated[Path, _spec(Path, "FILE.csv")]
Market = Annotated[str, conf.arg(metavar="NAME|FILE.yaml")]
Criterion = Annotated[str, conf.arg(metavar="C")]
OptionalPresetFile = Annotated[Path | None, _spec(Path, "FILE.yaml"), _NO_DEFAULT]
Files = Annotated[tuple[Path, ...], _spec(Path, "FILE.csv,...", many=True)]
OptionalDate = Annotated[datetime | None, _spec(_date, "DATE"), _NO_DEFAULT]

Names = Annotated[tuple[str, ...], _spec(_name, "NAME,...", many=True)]
WholeNumbers = Annotated[tuple[int, ...], _spec(_count, "N,...", many=True)]
NumbersFromZero = Annotated[tuple[int, ...], _spec(_seed, "N,...", many=True)]
OptionalRiskAversion = Annotated[
    float | Span | None,
    _spec(_risk_aversion_or_span, "X|LOW:HIGH"),
    _NO_DEFAULT,
]
RiskAversions = Annotated[tuple[float, ...], _spec(_risk_aversion, "X,...", many=True)]

# `--set a=1 b=2 --set c=3`: both ways of giving several overrides work.
Settings = Annotated[
    tuple[tuple[str, ...], ...],
    conf.UseAppendAction,
    conf.arg(name="set", metavar="KEY=VALUE ..."),
]
# One that is on by default is shown, and switched off, as `--no-...`.
Flag = Annotated[bool, conf.FlagCreatePairsOff, _NO_DEFAULT]


def _about(text: str) -> Any:
    """Help of an option that means the same in every command that has it."""
    return conf.arg(help=text, help_behavior_hint="")


_JSON = _about("Print one JSON document and nothing else on standard output.")
_REPLAY = _about("CSV file of prices: replay recorded days instead of simulating.")
_THREADS = conf.arg(help="Number of threads; the result does not depend on it.")

Json = Annotated[bool, conf.FlagCreatePairsOff, _JSON]
Progress = Annotated[bool, conf.FlagCreatePairsOff, _about("Show no progress bar.")]
Replay = Annotated[Path | None, _spec(Path, "FILE.csv"), _REPLAY]
Threads = Annotated[int, _spec(_count, "N"), _THREADS]
