"""The benchmark measures what it says; how fast anything is, is not tested."""

from __future__ import annotations

import json

import pytest

from hedge_env.training.benchmark import environment_speeds, training_speed
from hedge_env.training.cli.main import main


def test_environments_are_timed_against_the_yardstick_of_the_same_size() -> None:
    (speed,) = environment_speeds(["reference"], num_envs=8, seconds=0.05)
    assert speed.preset == "reference"
    assert speed.num_envs == 8
    assert speed.steps_per_second > 0.0
    assert speed.nanoseconds_per_step == pytest.approx(1e9 / speed.steps_per_second)
    # The median of ratios is near the ratio of medians.
    ratio = speed.steps_per_second / speed.cartpole_steps_per_second
    assert speed.ratio_to_cartpole == pytest.approx(ratio, rel=0.9)


def test_the_share_of_the_environment_in_training_is_a_share() -> None:
    speed = training_speed("reference")
    assert speed.num_envs == 1024
    assert speed.steps_per_second > 0.0
    assert 0.0 < speed.environment_share < 1.0


def test_the_document_is_all_that_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = "benchmark --presets reference --num-envs 1,4 --seconds 0.05 --no-ppo"
    assert main([*arguments.split(), "--json", "--no-progress"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [e["num_envs"] for e in document["environments"]] == [1, 4]
    assert document["training"] == []
    assert document["versions"]["packages"]["numba"]
