"""Arguments of the environments' constructors, validated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from gymnasium.vector import AutoresetMode

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.config.validation import suggestion
from hedge_env.feeds.memory import require_memory

ConfigLike: TypeAlias = EnvConfig | Mapping[str, Any] | str | Path
RiskAversion: TypeAlias = float | Sequence[float] | Mapping[str, float]

DEFAULT_PRESET = "reference"


def problem_config(
    preset: str | Path | None,
    config: ConfigLike | None,
    *,
    action_mode: str | None = None,
    reward: str | None = None,
    risk_aversion: RiskAversion | None = None,
) -> EnvConfig:
    """Resolve the hedging problem that the arguments of an environment describe.

    Raises:
        ConfigError: In one line, naming the source and the key.
    """
    if isinstance(config, EnvConfig):
        if preset is not None:
            raise ConfigError(
                "give a preset or an EnvConfig, not both: an EnvConfig is complete"
            )
        problem = config
    else:
        start = DEFAULT_PRESET if preset is None and config is None else preset
        problem = load_config(start, config)
    changes: dict[str, Any] = {}
    if action_mode is not None:
        changes["action"] = {"mode": action_mode}
    if reward is not None:
        changes["reward"] = {"name": reward}
    if risk_aversion is not None:
        changes["risk_aversion"] = _plain_risk_aversion(risk_aversion)
    if not changes:
        return problem
    return load_config(problem, changes, source="arguments")


def _plain_risk_aversion(value: RiskAversion) -> Any:
    """Accept a pair (low, high) beside what a config takes."""
    if isinstance(value, list | tuple) and len(value) == 2:
        return {"low": value[0], "high": value[1]}
    return value


def autoreset_mode_of(value: AutoresetMode | str) -> AutoresetMode:
    """Autoreset mode by member, value ("NextStep") or name ("NEXT_STEP")."""
    if isinstance(value, AutoresetMode):
        return value
    for mode in AutoresetMode:
        if value in (mode.value, mode.name):
            return mode
    known = ", ".join(mode.value for mode in AutoresetMode)
    raise ConfigError(
        one_line(f"autoreset_mode {value!r} is unknown; use one of {known}")
    )


def require_count(name: str, value: int) -> int:
    """Return a positive whole number, or say that it is none."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ConfigError(
            one_line(f"{name} must be a whole number from 1, not {value!r}")
        )
    return int(value)


def require_batch(num_envs: int, config: EnvConfig) -> int:
    """Return the size of a batch that fits into memory, or say what would."""
    size = require_count("num_envs", num_envs)
    require_memory("num_envs", size, config)
    return size


def require_known(name: str, value: str, known: Sequence[str]) -> str:
    """Return one of the known names, or say what is known."""
    if value not in known:
        close = suggestion(str(value), known)
        raise ConfigError(one_line(f"{name} {value!r} is unknown; {close}"))
    return value


def require_no_limit(max_episode_steps: int | None) -> None:
    """Refuse a time limit: an episode ends at maturity, and there only."""
    if max_episode_steps is not None:
        raise ConfigError(
            "max_episode_steps is not supported, an episode ends at maturity; set "
            "episode.decisions in the config"
        )
