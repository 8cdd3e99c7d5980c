"""The command line that repeats a fit, which presets and reports state."""

from __future__ import annotations

import shlex
from pathlib import Path

from hedge_env.config.loading import PRESETS
from hedge_env.training.calibrate.fit.effort import NONE
from hedge_env.training.cli.commands import CalibrateOptions


def command_line(options: CalibrateOptions) -> str:
    """The command line that repeats a fit, with file names instead of paths.

    Args:
        options: Of the fit.
    """
    words = ["hedge", "calibrate", *_files(options), *_dates(options)]
    words += ["--forecasts"] if options.forecasts else []
    if options.parts:
        words += ["--parts", ",".join(options.parts)]
    if options.without_year is not None:
        words += ["--without-year", str(options.without_year)]
    base = options.base
    words += ["--base", base if base in PRESETS else Path(base).name]
    for setting in options.settings:
        words += ["--set", setting]
    words += _effort(options)
    words += [] if options.weights else ["--no-weights"]
    words += ["--seed", str(options.seed)]
    words += [] if options.out is None else ["--out", options.out.name]
    return shlex.join(words)


def _files(options: CalibrateOptions) -> list[str]:
    """The histories, by their names."""
    entries: tuple[tuple[str, tuple[Path | None, ...]], ...] = (
        ("--spot", (options.spot,)),
        ("--implied-vol", (options.implied_vol,)),
        ("--gas", options.gas),
        ("--funding", (options.funding,)),
        ("--risk-reversal", (options.risk_reversal,)),
        ("--chain", options.chain),
    )
    words = []
    for name, paths in entries:
        files = [path.name for path in paths if path is not None]
        words += [name, ",".join(files)] if files else []
    return words


def _dates(options: CalibrateOptions) -> list[str]:
    """The first and last day of what is read."""
    dates = (
        ("--since", options.since),
        ("--until", options.until),
        ("--gas-since", options.gas_since),
        ("--gas-until", options.gas_until),
    )
    words = []
    for name, date in dates:
        words += [] if date is None else [name, date.date().isoformat()]
    return words


def _effort(options: CalibrateOptions) -> list[str]:
    """How much is simulated, where it is not the usual."""
    words = []
    if options.parts != (NONE,):
        words += ["--histories", str(options.histories)]
        for name, count, usual in (
            ("--steps", options.steps, CalibrateOptions.steps),
            ("--starts", options.starts, CalibrateOptions.starts),
        ):
            words += [] if count == usual else [name, str(count)]
    for name, number in (
        ("--table-histories", options.table_histories),
        ("--years", options.years),
    ):
        words += [] if number is None else [name, str(number)]
    return words
