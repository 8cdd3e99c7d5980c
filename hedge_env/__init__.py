"""Hedging options when trading costs money: a fast environment for learned policies.

Importing the package registers its environments with Gymnasium:

    import gymnasium
    import hedge_env

    env = gymnasium.make("HedgeReference-v0")
    envs = gymnasium.make_vec("Hedge-v0", num_envs=64, preset="ethereum-l1")

Everything heavier than that is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register, registry

if TYPE_CHECKING:
    from hedge_env.config import EnvConfig
    from hedge_env.config.loading import load_config
    from hedge_env.evaluation.evaluate import evaluate
    from hedge_env.gym.env import HedgeEnv
    from hedge_env.gym.vector_env import HedgeVectorEnv
    from hedge_env.gym.warmup import warmup
    from hedge_env.policies.policy_file import load_policy

__version__ = "0.1.0"

__all__ = [
    "EnvConfig",
    "HedgeEnv",
    "HedgeVectorEnv",
    "__version__",
    "evaluate",
    "load_config",
    "load_policy",
    "warmup",
]

# Where each public name lives; numba and pydantic are loaded with the first of them.
_HOMES = {
    "EnvConfig": "hedge_env.config",
    "HedgeEnv": "hedge_env.gym.env",
    "HedgeVectorEnv": "hedge_env.gym.vector_env",
    "evaluate": "hedge_env.evaluation.evaluate",
    "load_config": "hedge_env.config.loading",
    "load_policy": "hedge_env.policies.policy_file",
    "warmup": "hedge_env.gym.warmup",
}

_PRESETS = Path(__file__).parent / "config" / "presets"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _id_of(preset: str) -> str:
    """`ethereum-l1-2021` -> `HedgeEthereumL1-2021-v0`.

    Results that change mean a new version of the id.
    """
    words = preset.split("-")
    parts = (f"-{w}" if w[0].isdigit() else w[0].upper() + w[1:] for w in words)
    return f"Hedge{''.join(parts)}-v0"


def _register_environments() -> None:
    """Register `Hedge-v0`, and an id for every preset."""
    presets = {
        _id_of(path.stem): path.stem
        for path in sorted(_PRESETS.rglob("*.yaml"), key=lambda path: path.stem)
    }
    for name, preset in {"Hedge-v0": None, **presets}.items():
        if name not in registry:  # the package may be reloaded
            register(
                id=name,
                entry_point="hedge_env.gym.env:HedgeEnv",
                vector_entry_point="hedge_env.gym.vector_env:HedgeVectorEnv",
                kwargs={} if preset is None else {"preset": preset},
            )


_register_environments()
