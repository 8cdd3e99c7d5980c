"""The columns of a matrix: markets that policies are from, and are measured in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.training.results.recorded_market import load_market

__all__ = ["ColumnMarket", "find_markets"]

_REPLAY = "replay"


@dataclass(frozen=True)
class ColumnMarket:
    """A market of a matrix.

    Attributes:
        name: In tables, unique.
        config: The hedging problem.
        is_home: Whether rules are tuned in it; recorded days are measured in alone.
    """

    name: str
    config: EnvConfig
    is_home: bool


def find_markets(
    presets: Sequence[str], replay: Path | None, settings: Sequence[str]
) -> list[ColumnMarket]:
    """Markets by the words of the command line.

    Args:
        presets: Names or files, at least one; one given twice counts once.
        replay: CSV file of prices: the first preset on recorded days is the last
            column. None: no such column.
        settings: Overrides `key=value` of all markets; those of `replay` are of the
            recorded days alone.

    Raises:
        ConfigError: If one does not exist, has a range of liquidity that the policy
            moves, two are called alike, or settings of recorded days are given
            without any.
    """
    own = [s for s in settings if s.partition("=")[0].strip().split(".")[0] != _REPLAY]
    recorded = [s for s in settings if s not in own]
    if recorded and replay is None:
        raise ConfigError(
            f"--set {recorded[0]} is about recorded days: give --replay FILE as well"
        )
    found: list[ColumnMarket] = []
    for preset in dict.fromkeys(presets):
        config = load_market(preset, None, own)
        if config.replay is not None:
            raise ConfigError(
                f"--presets: {preset} replays recorded days; name a market to "
                "simulate, and the days as --replay FILE"
            )
        _require_no_moved_range(config)
        if config.name in {market.name for market in found}:
            raise ConfigError(f"--presets: two markets are called {config.name}")
        found.append(ColumnMarket(config.name, config, is_home=True))
    if replay is not None:
        days = load_market(presets[0], replay, settings)
        found.append(ColumnMarket(f"{replay.stem} (recorded)", days, is_home=False))
    return found


def _require_no_moved_range(config: EnvConfig) -> None:
    """Refuse a range that the policy moves: a rule of another market has no order."""
    keys = config.book.recentring_keys
    if keys:
        raise ConfigError(
            f"{keys[0]} = policy in {config.name}: a rule that is carried from market "
            "to market has no parameter for moving a range of liquidity; set it to "
            "rule, or use hedge compare"
        )
