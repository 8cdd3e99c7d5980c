"""Arguments of the environments' constructors, right and wrong."""

from __future__ import annotations

import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.environments import short_env


def test_risk_aversion_can_be_drawn_from_a_range():
    env = short_env(64, risk_aversion=(2.0, 50.0))
    assert "risk_aversion" in env.encoder.names
    env.reset(seed=0)
    drawn = env.batch.rows[field.RISK_AVERSION]
    assert 2.0 <= drawn.min() < 4.0
    assert 25.0 < drawn.max() <= 50.0


@pytest.mark.parametrize(
    ("kwargs", "part"),
    [
        ({"num_envs": 0}, "num_envs"),
        ({"num_envs": 2.0}, "num_envs"),
        ({"num_envs": True}, "num_envs"),
        ({"envs_per_path": 0}, "envs_per_path"),
        ({"preset": "refrence"}, "did you mean reference?"),
        ({"config": {"executoin": {}}}, "did you mean execution?"),
        ({"config": 3}, "config"),
        ({"preset": "reference", "config": EnvConfig()}, "not both"),
        ({"stream": "train"}, "did you mean training?"),
        ({"autoreset_mode": "next"}, "NextStep"),
        ({"autoreset_mode": 3}, "NextStep"),
        ({"action_mode": "bands"}, "'band'"),
        ({"reward": "pnl"}, "'objective'"),
        ({"risk_aversion": -1.0}, "risk_aversion"),
        ({"risk_aversion": (50.0, 2.0)}, "low must not exceed high"),
        ({"render_mode": "human"}, "render_mode"),
        ({"max_episode_steps": 5}, "max_episode_steps"),
        ({"config": {"observation": {"features": ["spott"]}}}, "spott"),
    ],
)
def test_a_wrong_argument_is_one_line_that_says_what_is_allowed(kwargs, part):
    with pytest.raises(ConfigError) as caught:
        HedgeVectorEnv(**kwargs)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arguments_change_the_config():
    env = HedgeVectorEnv(
        preset="ethereum-l1",
        action_mode="target",
        reward="kolm_ritter",
        risk_aversion=3,
    )
    assert env.config.action.mode == "target"
    assert env.config.reward.name == "kolm_ritter"
    assert env.config.risk_aversion == 3.0
    assert HedgeVectorEnv().config == load_config("reference")
    complete = load_config("deribit")
    assert HedgeVectorEnv(config=complete).config == complete
