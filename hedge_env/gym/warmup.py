"""Compile a problem's kernels before they are needed.

The simulator is compiled to machine code at the first `reset` after an installation,
which takes a minute of one processor and is kept on disk. An image of a
container, or a pool of workers that would each begin with it, calls `warmup` once.
"""

from __future__ import annotations

import time
from pathlib import Path

from hedge_env.gym.arguments import ConfigLike
from hedge_env.gym.vector_env import HedgeVectorEnv


def warmup(preset: str | Path | None = None, config: ConfigLike | None = None) -> float:
    """Compile every kernel that a step of a problem calls, and keep them on disk.

    Kernels are shared by all problems, so that another preset finds most of them
    compiled. Where they are already, this takes a fraction of a second.

    Args:
        preset: Name of a preset or a YAML file; "reference" without `config`.
        config: A mapping or YAML file merged over the preset, or a whole `EnvConfig`.

    Returns:
        Time it took [s].

    Raises:
        ConfigError: In one line, if an argument is wrong.
    """
    begin = time.perf_counter()
    env = HedgeVectorEnv(1, preset=preset, config=config)
    try:
        env.reset(seed=0)
        env.step(env.action_space.sample())
    finally:
        env.close()
    return time.perf_counter() - begin
