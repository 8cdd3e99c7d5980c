"""What a search may change: settings of an experiment, each a range or a few choices.

In a file, a setting a line, with the keys of `--set`::

    train.learning_rate: {low: 1.0e-3, high: 3.0e-2, log: true}
    train.n_epochs: {low: 1, high: 4}      # both ends whole: whole numbers
    train.batch_size: [16, 32, 64]
    train.net_arch: [[64, 64], [128, 128]]
    action.log_width_range: {low: 1.0, high: 2.5}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hedge_env.base.errors import ConfigError
from hedge_env.config.documents import read_document

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = ["Choices", "Range", "Space", "default_space", "read_space"]

_RANGE_KEYS = {"low", "high", "log"}


@dataclass(frozen=True)
class Range:
    """Numbers between two ends, whole ones where both ends are.

    Attributes:
        low: The smaller end.
        high: The larger one.
        log: Whether equal ratios are equally likely at first, and not differences.
    """

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: Trial, key: str) -> float:
        """The value of a trial."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(key, self.low, self.high, log=self.log)
        value = trial.suggest_float(key, self.low, self.high, log=self.log)
        return float(f"{value:.4g}")  # nobody cares for more, and it can be read

    def encoded(self, value: Any) -> float | None:
        """The value as a study keeps it; None if it is not in the range."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if number and self.low <= value <= self.high else None


@dataclass(frozen=True)
class Choices:
    """A few values, of which any may be best.

    Attributes:
        values: As JSON texts, because a study keeps no lists.
    """

    values: tuple[str, ...]

    def suggest(self, trial: Trial, key: str) -> Any:
        """The value of a trial."""
        return json.loads(trial.suggest_categorical(key, self.values))

    def encoded(self, value: Any) -> str | None:
        """The value as a study keeps it; None if it is none of the choices."""
        text = json.dumps(value)
        return text if text in self.values else None


Space: TypeAlias = Mapping[str, Range | Choices]


def read_space(path: Path) -> Space:
    """Read what to search from a file.

    Raises:
        ConfigError: If it is missing, or a setting is neither a range nor choices.
    """
    document = read_document(path)
    if not document:
        raise ConfigError(f"{path}: nothing to search; name a setting, key: [a, b]")
    return {key: _dimension(path, key, value) for key, value in document.items()}


def _dimension(path: Path, key: str, value: Any) -> Range | Choices:
    if isinstance(value, list) and len(value) > 1:
        texts = tuple(json.dumps(each) for each in value)
        if len(set(texts)) < len(texts):
            raise ConfigError(f"{path}: {key} has a choice twice; name each once")
        return Choices(texts)
    if not isinstance(value, dict) or not {"low", "high"} <= value.keys():
        raise ConfigError(
            f"{path}: {key} must be a list of two or more choices, or a range "
            "{low: ..., high: ..., log: true}"
        )
    unknown = sorted(value.keys() - _RANGE_KEYS)
    if unknown:
        raise ConfigError(
            f"{path}: {key}.{unknown[0]} is unknown; allowed: low, high, log"
        )
    low, high, log = value["low"], value["high"], value.get("log", False)
    numbers = all(_is_number(each) for each in (low, high))
    if not numbers or not low < high or not isinstance(log, bool):
        raise ConfigError(
            f"{path}: {key} needs numbers low < high, and log true or false; got low = "
            f"{low}, high = {high}, log = {log}"
        )
    if log and low <= 0:
        raise ConfigError(f"{path}: {key}.low must be above 0 where log is true")
    return Range(low, high, log)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _choices(*values: Any) -> Choices:
    return Choices(tuple(json.dumps(value) for value in values))


_RATE = Range(3e-4, 3e-2, log=True)
_NETWORK: Space = {
    "train.net_arch": _choices([32, 32], [64, 64], [128, 128]),
    "train.activation": _choices("tanh", "relu"),
}
_ON_POLICY: Space = {
    "train.learning_rate": _RATE,
    "train.gae_lambda": Range(0.8, 1.0),
    "train.log_std_start": Range(-2.0, 0.0),
    "train.log_std_end": Range(-4.0, -2.0),
    **_NETWORK,
}
_GRADIENT: Space = {**_ON_POLICY, "train.max_grad_norm": Range(0.2, 2.0, log=True)}
_CLIPPED: Space = {
    **_GRADIENT,
    "train.n_epochs": Range(2, 10),
    "train.clip_range": Range(0.1, 0.4),
}
_OFF_POLICY: Space = {
    "train.learning_rate": Range(1e-4, 1e-2, log=True),
    "train.batch_size": _choices(256, 512, 1024),
    "train.gradient_steps": Range(1, 8, log=True),
    **_NETWORK,
}
_TARGET: Space = {**_OFF_POLICY, "train.tau": Range(0.002, 0.05, log=True)}
_PATHWISE: Space = {
    "train.learning_rate": Range(2e-3, 4e-2, log=True),
    "train.batch_size": _choices(16, 32, 64),
    "train.max_grad_norm": Range(0.2, 5.0, log=True),
    "action.log_width_range": Range(1.0, 2.5),
    **_NETWORK,
}
_DEFAULTS: dict[str, Space] = {
    "ppo": _CLIPPED,
    "recurrent_ppo": {
        **_CLIPPED,
        "train.net_arch": _choices([32], [64], [32, 32]),
        "train.lstm_hidden_size": _choices(16, 32, 64),
    },
    "a2c": _GRADIENT,
    "trpo": {**_ON_POLICY, "train.target_kl": Range(0.003, 0.1, log=True)},
    "sac": _TARGET,
    "tqc": {**_TARGET, "train.top_quantiles_to_drop_per_net": Range(0, 5)},
    "crossq": {**_OFF_POLICY, "train.policy_delay": Range(1, 4)},
    "td3": {**_TARGET, "train.action_noise_std": Range(0.03, 0.3, log=True)},
    "dqn": {
        **_OFF_POLICY,
        "train.target_update_interval": Range(1_000, 50_000, log=True),
        "train.exploration_fraction": Range(0.1, 0.9),
        "train.exploration_final_eps": Range(0.005, 0.1, log=True),
    },
    "ahpg": _PATHWISE,
    "deep_hedging": _PATHWISE,
}


def default_space(algorithm: str) -> Space:
    """What to search of an algorithm where nobody says.

    Raises:
        ConfigError: If there is no such list.
    """
    if algorithm not in _DEFAULTS:
        raise ConfigError(
            f"--agent: nothing is known to search of {algorithm}; name settings in a "
            "file, --space FILE.yaml"
        )
    return _DEFAULTS[algorithm]
