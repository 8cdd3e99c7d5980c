"""What an experiment file says of markets other than its own.

Settings found in one market are rarely the best in another one::

    preset: reference
    train: {algorithm: sac, learning_rate: 1.0e-3}
    presets:
      deribit:
        env: {action: {centre_funding: 1.0}}
        train: {learning_rate: 3.0e-3}

`hedge train FILE --set preset=deribit` then learns at 3e-3, unless `--set` says more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError
from hedge_env.config.documents import Document
from hedge_env.config.loading import PRESETS
from hedge_env.config.validation import suggestion

__all__ = ["BY_PRESET", "changes_in"]

BY_PRESET = "presets"  # key of the file
_BLOCKS = ("env", "train")


def changes_in(path: Path, by_preset: Any, market: Any) -> Document:
    """What changes in a market.

    Args:
        path: The file, for the error message.
        by_preset: Its block `presets`, market to changes; None if it has none.
        market: The market that is trained in; of one without a name nothing is said.

    Returns:
        Blocks to be merged over those of the file; empty if nothing is said of it.

    Raises:
        ConfigError: If the block is no such mapping, names a market that there is not,
            or changes something else than `env` and `train`.
    """
    if by_preset is None:
        return {}
    if not isinstance(by_preset, dict):
        raise ConfigError(
            f"{path}: {BY_PRESET} must be a mapping, the name of a preset to its env "
            f"and train; got {by_preset!r}"
        )
    for name, changes in by_preset.items():
        if name not in PRESETS:
            close = suggestion(str(name), PRESETS)
            raise ConfigError(f"{path}: {BY_PRESET}.{name} is no preset; {close}")
        if not isinstance(changes, dict) or not changes.keys() <= set(_BLOCKS):
            raise ConfigError(
                f"{path}: {BY_PRESET}.{name} must be a mapping with the blocks env, "
                f"train or both; got {changes!r}"
            )
    # What is no name is refused with the experiment, of which it is a key.
    here: Document = by_preset.get(market, {}) if isinstance(market, str) else {}
    if not all(isinstance(block, dict) for block in here.values()):
        raise ConfigError(
            f"{path}: env and train of {BY_PRESET}.{market} must be mappings of keys "
            f"to values; got {here!r}"
        )
    return here
