"""`hedge benchmark`: environment and training speed on this machine.

Absolute speeds say as much about the machine as about the code, so each environment
is timed in turn with Gymnasium's own NumPy `CartPole-v1` of the same batch size, round
after round, and the median of the ratios is reported with the speeds.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from rich.table import Table

from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.cli.commands import BenchmarkOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import progress_bar, write_json, write_table
from hedge_env.training.output.provenance import collect_versions

__all__ = ["EnvironmentSpeed", "TrainingSpeed", "environment_speeds", "training_speed"]

_YARDSTICK = "CartPole-v1"
_ROUNDS = 9  # interleaved measurements, of which the median counts
_TRAINING_ENVS = 1024
_TRAINING_STEPS = 60  # per rollout and environment
_ROLLOUTS = 4  # the first warms up


@dataclass(frozen=True)
class EnvironmentSpeed:
    """Speed of one environment at one batch size, on one thread.

    Attributes:
        preset: Market.
        num_envs: Size of the batch.
        steps_per_second: Environment steps, the batch counted.
        nanoseconds_per_step: The same the other way round.
        cartpole_steps_per_second: Of `CartPole-v1` at the same size.
        ratio_to_cartpole: Median over rounds of the ratio of the speeds.
    """

    preset: str
    num_envs: int
    steps_per_second: float
    nanoseconds_per_step: float
    cartpole_steps_per_second: float
    ratio_to_cartpole: float


@dataclass(frozen=True)
class TrainingSpeed:
    """Speed of PPO, on one thread.

    Attributes:
        preset: Market.
        num_envs: Size of the batch.
        steps_per_second: Environment steps, learning included.
        environment_share: Share of the time spent in environment and adapter.
    """

    preset: str
    num_envs: int
    steps_per_second: float
    environment_share: float


def run(options: BenchmarkOptions) -> None:
    """Measure what is asked for and print it.

    Args:
        options: Markets, batch sizes, and the time to spend.
    """
    count = len(options.presets) * (len(options.num_envs) + options.ppo)
    environments: list[EnvironmentSpeed] = []
    training: list[TrainingSpeed] = []
    with progress_bar("measuring", count, enabled=options.progress) as advance:
        for num_envs in options.num_envs:
            environments += environment_speeds(
                options.presets, num_envs, options.seconds
            )
            advance(len(options.presets))
        if options.ppo:
            for preset in options.presets:
                training.append(training_speed(preset))
                advance(1)
    document = {
        "machine": platform.machine(),
        "processor": _processor(),
        "versions": collect_versions(seed=0),
        "environments": [asdict(speed) for speed in environments],
        "training": [asdict(speed) for speed in training],
    }
    if options.json:
        write_json(document)
    else:
        _print_tables(environments, training)


def environment_speeds(
    presets: Sequence[str], num_envs: int, seconds: float
) -> list[EnvironmentSpeed]:
    """Time environments and the yardstick in turn.

    Args:
        presets: Markets.
        num_envs: Size of the batch.
        seconds: Time to spend on each environment [s].
    """
    steppers = [_yardstick(num_envs), *(_hedge(name, num_envs) for name in presets)]
    for step in steppers:
        _seconds_per_step(step, 3)  # compiles, and fills the caches
    counts = [
        max(1, round(seconds / _ROUNDS / _seconds_per_step(step, 10)))
        for step in steppers
    ]
    times = np.array(
        [
            [_seconds_per_step(s, n) for s, n in zip(steppers, counts, strict=True)]
            for _ in range(_ROUNDS)
        ]
    )  # (rounds, steppers)
    ratios = times[:, :1] / times
    typical = np.median(times, axis=0)
    return [
        EnvironmentSpeed(
            preset=name,
            num_envs=num_envs,
            steps_per_second=num_envs / float(typical[column]),
            nanoseconds_per_step=float(typical[column]) / num_envs * 1e9,
            cartpole_steps_per_second=num_envs / float(typical[0]),
            ratio_to_cartpole=float(np.median(ratios[:, column])),
        )
        for column, name in enumerate(presets, start=1)
    ]


def training_speed(preset: str) -> TrainingSpeed:
    """Train PPO for a few rollouts and see where the time goes.

    Args:
        preset: Market.
    """
    import torch
    from stable_baselines3 import PPO

    from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

    torch.set_num_threads(1)
    env = VecEnvAdapter(
        HedgeVectorEnv(
            _TRAINING_ENVS, preset=preset, autoreset_mode=AutoresetMode.SAME_STEP
        )
    )
    inside = _time_spent_in(env)
    rollout = _TRAINING_ENVS * _TRAINING_STEPS
    model = PPO(
        "MlpPolicy",
        env,
        n_steps=_TRAINING_STEPS,
        batch_size=rollout // 6,
        n_epochs=4,
        gamma=1.0,
        policy_kwargs={"net_arch": [64, 64]},
        device="cpu",
        seed=0,
    )
    speeds, shares = [], []
    for number in range(_ROLLOUTS):
        inside[0] = 0.0
        start = time.perf_counter()
        model.learn(rollout, reset_num_timesteps=number == 0)
        elapsed = time.perf_counter() - start
        if number > 0:
            speeds.append(rollout / elapsed)
            shares.append(inside[0] / elapsed)
    env.close()
    return TrainingSpeed(preset, _TRAINING_ENVS, median(speeds), median(shares))


def _time_spent_in(env: Any) -> list[float]:
    """Count the seconds spent in `env`'s step and reset, in a list of one number."""
    inside = [0.0]

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            result = function(*args, **kwargs)
            inside[0] += time.perf_counter() - start
            return result

        return call

    for name in ("reset", "step_async", "step_wait"):
        setattr(env, name, timed(getattr(env, name)))
    return inside


def _yardstick(num_envs: int) -> Callable[[], object]:
    env = gymnasium.make_vec(
        _YARDSTICK, num_envs=num_envs, vectorization_mode="vector_entry_point"
    )
    return _stepper(env)


def _hedge(preset: str, num_envs: int) -> Callable[[], object]:
    return _stepper(HedgeVectorEnv(num_envs, preset=preset))


def _stepper(env: VectorEnv[Any, Any, Any]) -> Callable[[], object]:
    """One step with a fixed random action, which is drawn beforehand."""
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = env.action_space.sample()
    return lambda: env.step(actions)


def _seconds_per_step(step: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def _processor() -> str:
    """Name of the processor, as well as the system knows it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()


def _print_tables(
    environments: Sequence[EnvironmentSpeed], training: Sequence[TrainingSpeed]
) -> None:
    table = Table("preset", title="environment steps, one thread", title_justify="left")
    for title in ("environments", "steps/s", "ns/step", "of CartPole"):
        table.add_column(title, justify="right")
    for e in environments:
        table.add_row(
            e.preset,
            f"{e.num_envs:,}",
            f"{e.steps_per_second:,.0f}",
            f"{e.nanoseconds_per_step:,.0f}",
            f"{e.ratio_to_cartpole:.2f}",
        )
    write_table(table)
    if not training:
        return
    table = Table("preset", title="PPO, one thread", title_justify="left")
    for title in ("environments", "steps/s", "in environment and adapter"):
        table.add_column(title, justify="right")
    for t in training:
        table.add_row(
            t.preset,
            f"{t.num_envs:,}",
            f"{t.steps_per_second:,.0f}",
            f"{100.0 * t.environment_share:.1f} %",
        )
    write_table(table)


if __name__ == "__main__":
    main_for("benchmark")
