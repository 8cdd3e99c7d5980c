"""A market that knows nothing of a year, and the recorded days of that year."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.config.sections.replay import ReplayConfig
from hedge_env.feeds.recorded import count_windows
from hedge_env.training.calibrate.calibrate import fit_to_file
from hedge_env.training.calibrate.command_line import command_line
from hedge_env.training.calibrate.named_history import read_history
from hedge_env.training.cli.commands import CalibrateOptions
from hedge_env.training.output.console import log
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.recorded_market import load_market

__all__ = ["Fold", "find_fold", "of_the_market", "require_years"]

_HISTORIES, _STEPS = 8, 2  # of the fit: `hedge calibrate`


class Fold(NamedTuple):
    """One year left out.

    Attributes:
        year: UTC.
        market: Fitted to all other days; everything is trained and tuned here.
        days: The same on the recorded days of the year.
        command: `hedge calibrate` that fits it.
    """

    year: int
    market: EnvConfig
    days: EnvConfig
    command: str


def find_fold(
    preset: str,
    year: int,
    replay: Path,
    settings: Sequence[str],
    folder: Path,
    *,
    seed: int,
    progress: bool,
) -> Fold:
    """Fit the market without the year, unless the folder has it from the same files.

    Args:
        preset: What everything that is not fitted comes from.
        year: UTC.
        replay: CSV file of prices.
        settings: Overrides `key=value`; those of `replay` name the other files, and
            `replay.begin` and `replay.end` bound what is fitted to.
        folder: For what is finished.
        seed: Of the fit.
        progress: Whether to show progress on standard error.

    Raises:
        ConfigError: If the recorded days are not usable.
    """
    recorded = load_market(preset, replay, settings).replay
    assert recorded is not None  # the file of prices makes one
    own = of_the_market(settings)
    path = folder / f"{preset}-without-{year}.yaml"
    options = _fit_options(preset, year, recorded, own, path, seed, progress=progress)
    command = command_line(options)
    key = {"command": command, "files": _digests(recorded)}
    kept = path.with_suffix(".json")
    if not (path.exists() and _read(kept) == key):
        log(f"study: fitting {preset} without {year}")
        fit_to_file(options)
        write_atomically(kept, to_json(key))
    market = load_market(path, None, own)
    days = load_market(path, replay, [*settings, *_dates(year)])
    return Fold(year=year, market=market, days=days, command=command)


def require_years(
    preset: str, years: Sequence[int], replay: Path, settings: Sequence[str]
) -> None:
    """Refuse years that the files do not have, before minutes go into any.

    Args:
        preset: As of `find_fold`, and so the next two.
        years: UTC, each to be left out once.
        replay: CSV file of prices.
        settings: Overrides `key=value`.

    Raises:
        ConfigError: If fewer than two windows lie in a year, or what is left without
            it is too little to fit a market to; naming the year.
    """
    own, base = of_the_market(settings), load_market(preset, replay, settings)
    recorded = base.replay
    assert recorded is not None  # the file of prices makes one
    for year in years:
        try:
            days = load_market(preset, replay, [*settings, *_dates(year)])
            windows = count_windows(days, "test") or 0
            if windows < 2:
                raise ConfigError(
                    f"{replay} has {windows} windows of "
                    f"{days.episode.horizon_days:g} days in it, and an error needs 2; "
                    "name years that are there"
                )
            path = Path(f"{year}.yaml")  # nothing is written
            read_history(
                _fit_options(preset, year, recorded, own, path, 0, progress=False), base
            )
        except HedgeError as error:
            raise ConfigError(f"--years {year}: {error}") from None


def of_the_market(settings: Sequence[str]) -> list[str]:
    """Settings that are not about recorded days."""
    return [
        s for s in settings if s.partition("=")[0].strip().split(".")[0] != "replay"
    ]


def _dates(year: int) -> tuple[str, ...]:
    """Settings by which the test days are those of a year."""
    return (
        "replay.validation_from=null",
        f"replay.begin={year}-01-01",
        f"replay.test_from={year}-01-02",
        f"replay.end={year + 1}-01-01",
    )


def _fit_options(
    preset: str,
    year: int,
    recorded: ReplayConfig,
    settings: Sequence[str],
    path: Path,
    seed: int,
    *,
    progress: bool,
) -> CalibrateOptions:
    """What is fitted: every series that is recorded."""
    named = {
        name: None if value is None else Path(value)
        for name, value in recorded.model_dump().items()
        if name in ("spot", "implied_volatility", "gas", "funding")
    }
    spot, gas = named["spot"], named["gas"]
    assert spot is not None
    ends = [
        None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
        for day in (recorded.begin, recorded.end)
    ]
    return CalibrateOptions(
        spot=spot,
        implied_vol=named["implied_volatility"],
        gas=() if gas is None else (gas,),
        funding=named["funding"],
        since=ends[0],
        until=ends[1],
        without_year=year,
        base=preset,
        overrides=(tuple(settings),) if settings else (),
        out=path,
        histories=_HISTORIES,
        steps=_STEPS,
        starts=1,
        seed=seed,
        progress=progress,
    )


def _digests(recorded: ReplayConfig) -> dict[str, str]:
    """SHA-256 of every file of the recorded days.

    Raises:
        ConfigError: If one cannot be read.
    """
    found = {}
    for name, value in recorded.model_dump().items():
        if name in ("spot", "implied_volatility", "gas", "funding") and value:
            try:
                content = Path(value).read_bytes()
            except OSError as error:
                raise ConfigError(
                    f"replay.{name}: {value} cannot be read ({error.strerror or error})"
                ) from None
            found[name] = hashlib.sha256(content).hexdigest()
    return found


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
