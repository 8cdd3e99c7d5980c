"""Agents that split orders over venues themselves: saved, read and compared."""

import json

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.results.world import require_readable
from tests.training.helpers.saved_policy import save_random_policy
from tests.training.test_evaluate import run

N = 40
SHORT = "episode.decisions=8"
OWN = (SHORT, "execution.split=policy")
HOME = load_config("split-venues", settings=OWN)
PLAIN = load_config("split-venues", settings=[SHORT])


@pytest.fixture
def saved(tmp_path):
    return save_random_policy(
        tmp_path / "own" / "policy.safetensors", preset="split-venues", settings=OWN
    )


def test_a_saved_policy_does_what_it_did_in_the_environment(saved):
    policy = load_policy(saved)
    env = HedgeVectorEnv(N, config=HOME, stream="test", autoreset_mode="Disabled")
    observation, _ = env.reset(seed=0, options={"path_ids": np.arange(N)})
    for _ in range(8):
        observation, *_ = env.step(policy.act(observation))
    (table,) = evaluate([(policy, 10.0)], HOME, n_episodes=N)
    costs = env.batch.totals.cost_components
    np.testing.assert_array_equal(table.cost_components, costs)
    # Equal shares, but for what the weights add, are dearer than those of least cost.
    (least,) = evaluate([(WithoutShares(policy), 10.0)], HOME, n_episodes=N)
    assert table.cost_components.sum() > 1.05 * least.cost_components.sum()


class WithoutShares:
    """A policy of which the holdings alone are taken."""

    kind = "agent"

    def __init__(self, policy):
        self.policy, self.name, self.inputs = policy, policy.name, policy.inputs

    def reset(self, n_paths):
        self.policy.reset(n_paths)

    def target(self, observables):
        return self.policy.target(observables)[:, :1]


def test_it_is_compared_with_rules_and_agents_whose_orders_are_split_for_them(
    saved, tmp_path
):
    other = save_random_policy(
        tmp_path / "plain" / "policy.safetensors",
        preset="split-venues",
        settings=[SHORT],
        name="plain",
    )
    (table,) = evaluate([(load_policy(other), 10.0)], HOME, n_episodes=N)
    (at_home,) = evaluate([(load_policy(other), 10.0)], PLAIN, n_episodes=N)
    np.testing.assert_array_equal(table.cost_components, at_home.cost_components)
    require_readable("plain", load_policy(other), HOME)
    result = run(str(saved), "--episodes", "20", "--no-progress", "--json")
    assert result.code == 0
    assert json.loads(result.out)["preset"] == "split-venues"


@pytest.mark.parametrize(
    "settings",
    [
        ("execution.split=optimal",),
        ("execution.split=single",),
        ("execution.venues=[{kind: order-book}, {kind: order-book, fee_bp: 2}]",),
        ("execution.option={maturity_days: 45}",),
    ],
)
def test_where_there_are_no_such_venues_it_is_refused(saved, settings):
    elsewhere = load_config(HOME, settings=settings)
    with pytest.raises(ConfigError, match="4 venues that it splits an order over"):
        require_readable("own", load_policy(saved), elsewhere)


def test_an_agent_of_options_is_refused_where_shares_are_asked_for(tmp_path):
    listed = (SHORT, "execution.option={maturity_days: 45}")
    path = save_random_policy(
        tmp_path / "p", preset="split-venues", settings=(*listed, "name=listed")
    )
    with pytest.raises(ConfigError, match="a listed option, two chains"):
        require_readable("p", load_policy(path), HOME)
    both = load_config(HOME, settings=listed)
    require_readable("p", load_policy(path), both)
    (table,) = evaluate([(load_policy(path), 10.0)], both, n_episodes=N)
    apart = load_config(both, settings=["execution.split=optimal"])
    (other,) = evaluate([(load_policy(path), 10.0)], apart, n_episodes=N)
    np.testing.assert_array_equal(table.cost_components, other.cost_components)
