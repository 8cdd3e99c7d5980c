"""A problem that does not fit into memory is refused before anything is allocated."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import hedge_env.feeds.memory
from hedge_env import HedgeEnv, HedgeVectorEnv
from hedge_env.base.errors import ConfigError
from hedge_env.baselines import RULES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.memory import (
    in_words,
    memory_bytes,
    path_bytes,
    require_memory,
    table_bytes,
)
from hedge_env.feeds.tape import paths_that_fit, record_tape
from hedge_env.training.cli.main import main

MANY_LEGS = {
    "episode": {"decisions": 1_000_000},
    "book": {"legs": [{"kind": "call", "maturity_days": 2e5 / 6.0}] * 20_000},
}


def test_a_batch_of_a_million_million_is_refused_with_what_would_fit() -> None:
    with pytest.raises(ConfigError, match=r"num_envs = 1000000000000 .*TiB") as caught:
        HedgeVectorEnv(10**12)
    most = int(str(caught.value).rpartition("num_envs = ")[2].split()[0])
    config = load_config("reference")
    require_memory("num_envs", most, config)
    with pytest.raises(ConfigError):
        require_memory("num_envs", most + 2, config)


def test_a_problem_whose_tables_do_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"lower episode\.decisions"):
        HedgeEnv(config=MANY_LEGS)


def test_a_recording_that_does_not_fit_is_refused() -> None:
    config = load_config("reference", settings=["episode.decisions=1000000"])
    with pytest.raises(ConfigError, match="the number of paths = 100000"):
        record_tape(config, np.arange(100_000), seed=0, stream="test")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["tune", "--episodes=200000000000"], "--episodes = 200000000000"),
        (
            ["tune", "--episodes=2", "--validation-episodes=200000000000"],
            "--validation-episodes = 200000000000",
        ),
        (
            ["compare", "--episodes=2", "--validation-episodes=200000000000"],
            "--validation-episodes = 200000000000",
        ),
    ],
)
def test_a_command_names_the_option_that_asks_for_too_much(
    command: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*command, "--policies=delta-threshold", "--no-progress"]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert f"hedge: error: {said} of 180 decisions needs about" in error
    assert f"use {said.split()[0]} = " in error
    assert error.count("\n") == 1


def test_paths_run_in_chunks_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config("reference", settings=["episode.decisions=6"])
    whole = evaluate([(RULES["delta"](), 10.0)], config, n_episodes=64)[0]
    each = paths_that_fit(config)
    small = memory_bytes() * 10 // each  # about ten paths
    monkeypatch.setattr(hedge_env.feeds.memory, "memory_bytes", lambda: small)
    assert paths_that_fit(config) < 64
    with pytest.raises(ConfigError, match="the number of paths = 64"):
        record_tape(config, np.arange(64), seed=0, stream="test")
    parts = evaluate([(RULES["delta"](), 10.0)], config, n_episodes=64)[0]
    np.testing.assert_array_equal(parts.objective, whole.objective)


def test_a_container_may_have_less_than_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(hedge_env.feeds.memory, "_LIMITS", (limit, tmp_path / "none"))
    machine = memory_bytes()
    limit.write_text("max\n")
    assert memory_bytes() == machine
    limit.write_text("1000000\n")
    assert memory_bytes() == 1_000_000
    with pytest.raises(ConfigError, match="977 KiB"):
        HedgeVectorEnv(10_000)


@pytest.mark.slow
def test_the_estimate_is_near_what_is_used() -> None:
    n = 20_000
    HedgeVectorEnv(2).reset(seed=0)  # compiled before it is measured
    tracemalloc.start()
    env = HedgeVectorEnv(n)
    env.reset(seed=0)
    env.step(np.zeros(env.action_space.shape, dtype=np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    estimate = n * path_bytes(env.config) + table_bytes(env.config)
    assert 0.5 * peak < estimate < 2.0 * peak


def test_bytes_are_said_in_a_unit_that_suits_them() -> None:
    assert in_words(3.0) == "3 bytes"
    assert in_words(2.5 * 2**30) == "2.5 GiB"
    assert in_words(1e13) == "9.09 TiB"
