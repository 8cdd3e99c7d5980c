"""What the commands need to know of a replay: files, windows, and their overlap.

Windows of recorded days start closer together than they are long, so that
neighbours share most of their days. Of a quantity that adds up over independent
decisions, the mean over n windows has the variance of n independent ones times length
over stride. Every standard error is widened by the root of it, which is too wide
rather than too narrow: what is modelled differs between two windows with shared days.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from hedge_env.base.errors import ConfigError
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.feeds.recorded import count_windows, describe_replay
from hedge_env.training.output.console import log
from hedge_env.training.results.policy_row import PolicyRow
from hedge_env.training.results.practice import Saving
from hedge_env.training.results.summary import Summary

__all__ = [
    "episodes_in",
    "load_market",
    "load_own_market",
    "overlap",
    "replay_sentence",
    "require_two_paths",
    "with_replay",
]

_Row = TypeVar("_Row", PolicyRow, Saving)


def load_market(
    preset: EnvConfig | str | Path | None,
    replay: Path | None,
    settings: Sequence[str],
) -> EnvConfig:
    """The market asked for, on recorded days if a file of prices is given.

    Args:
        preset: Name of a preset, a YAML file, or a whole config.
        replay: CSV file of prices; None leaves the market as the preset has it.
        settings: Overrides `key=value`, those of `replay` included.
    """
    recorded = None if replay is None else {"replay": {"spot": str(replay)}}
    return load_config(preset, recorded, settings, source="--replay")


def load_own_market(
    source: str,
    own: EnvConfig,
    recorded: Sequence[str],
    replay: Path | None,
    settings: Sequence[str],
) -> EnvConfig:
    """The market that a file was made in, on the recorded days that the user names.

    Args:
        source: The file, for the error.
        own: Its config, which names no files.
        recorded: Series of `replay` that the market was recorded from.
        replay: CSV file of prices.
        settings: Overrides `key=value`.

    Raises:
        ConfigError: If the user did not say which files to take: a file of somebody
            else's does not choose what is opened.
    """
    named = {setting.partition("=")[0].strip() for setting in settings}
    if replay is not None:
        named.add("replay.spot")
    missing = [s for s in recorded if f"replay.{s}" not in named]
    if missing and "replay" not in named:
        options = " ".join(
            "--replay FILE" if s == "spot" else f"--set replay.{s}=FILE"
            for s in missing
        )
        raise ConfigError(
            f"{source} was made on recorded days; say from which files to play them: "
            f"{options} (or --set replay=null to simulate, or --preset)"
        )
    return load_market(own, replay, settings)


def require_two_paths(count: int, option: str = "--episodes") -> None:
    """Refuse a number of paths that no standard error can be had from.

    Args:
        count: Number of paths asked for.
        option: What asks for it.

    Raises:
        ConfigError: If it is below 2.
    """
    if count < 2:
        raise ConfigError(f"{option} {count}: an error needs at least 2 paths")


def episodes_in(config: EnvConfig, asked: int, stream: str) -> int:
    """Number of paths to run: on recorded days no more than there are windows.

    Args:
        config: The hedging problem.
        asked: Number of paths asked for.
        stream: training, validation or test.

    Raises:
        ConfigError: If there are not two windows, so that no error can be given.
    """
    windows = count_windows(config, stream)
    if windows is None:
        return asked
    if windows < 2:
        raise ConfigError(
            f"replay: the {stream} days hold {windows} windows of "
            f"{config.episode.horizon_days:g} days, and an error needs 2; move the "
            "dates of replay or shorten replay.stride_hours"
        )
    if config.replay is not None and config.replay.implied_volatility is None:
        log(f"{stream}: implied volatility is modelled; no file of it is named")
    if asked > windows:
        log(f"{stream}: {windows} windows of recorded days, each played once")
    return min(asked, windows)


def overlap(config: EnvConfig) -> float:
    """Length of a window over the stride, at least 1: windows that share a day."""
    if config.replay is None:
        return 1.0
    hours = config.episode.horizon_days * HOURS_PER_DAY
    return max(1.0, hours / config.replay.stride_hours)


def with_replay(summary: Summary, config: EnvConfig) -> Summary:
    """Say what was replayed, and widen the standard errors by the overlap.

    Args:
        summary: As measured, for independent paths.
        config: The hedging problem; a simulated one changes nothing.
    """
    if config.replay is None:
        return summary
    factor = math.sqrt(overlap(config))
    liquidity = summary.liquidity
    return replace(
        summary,
        policies=tuple(_widened(row, factor) for row in summary.policies),
        replay={**describe_replay(config), "error_factor": factor},
        liquidity=None if liquidity is None else _wider(liquidity, factor),
        savings=tuple(_widened(saving, factor) for saving in summary.savings),
        keeper=tuple(_wider(entry, factor) for entry in summary.keeper),
        pool=tuple(_wider(entry, factor) for entry in summary.pool),
    )


def _widened(row: _Row, factor: float) -> _Row:
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return replace(row, **_wider(values, factor))


def _wider(values: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """The same with every standard error that is known `factor` times as large."""
    return {
        name: value if value is None or not name.endswith("_se") else factor * value
        for name, value in values.items()
    }


def replay_sentence(replay: Mapping[str, Any]) -> str:
    """Files, what is modelled for want of one, dates and windows in a few sentences.

    Args:
        replay: From `Summary.replay`.
    """
    names = [Path(path).name for path in replay["files"].values()]
    days = "; ".join(
        f"{word} {replay[stream]['from']} to {replay[stream]['to']} "
        f"({replay[stream]['windows']:,} windows{_skipped(replay[stream]['skipped'])})"
        for word, stream in (("validation on", "validation"), ("test on", "test"))
    )
    factor = replay["error_factor"]
    overlapping = f" and overlap; errors are {factor:.1f} times as wide for it"
    return (
        f"Replay of recorded days from {', '.join(names)}: {days}. Windows start every "
        f"{replay['stride_hours']:g} h{overlapping if factor > 1.0 else ''}."
        f"{_modelled_sentence(replay['modelled'])}"
    )


def _modelled_sentence(modelled: Mapping[str, str]) -> str:
    """What no file gives and, if it is the level of option prices, how to give it."""
    if not modelled:
        return ""
    parts = "; ".join(
        f"{name.replace('_', ' ')} ({how})" for name, how in modelled.items()
    )
    text = f" MODELLED, not recorded: {parts}."
    if "implied_volatility" in modelled:
        text += (
            " Every mark of the book rests on that implied volatility: give a recorded "
            "one as replay.implied_volatility=FILE."
        )
    return text


def _skipped(number: int) -> str:
    return f", {number:,} skipped for gaps" if number else ""
