"""The learner that goes down the slopes of all holdings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecNormalize

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.band_edges import LOWER, LOWER_TARGET, UPPER, UPPER_TARGET
from hedge_env.agent.features import FEATURES
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.train.sb3.ahpg import AHPG, DivergedError
from hedge_env.training.train.sb3.band_gradient import (
    _weights,
    features_of_holdings,
    slopes_of_actions,
)
from hedge_env.training.train.sb3.export import export_policy, to_policy
from hedge_env.training.train.sb3.market_walk import MarketWalk, paths_of
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

EDGES = {"action": {"mode": "band_edges", "log_width_range": 1.5}}
SHORT = {**EDGES, "episode": {"decisions": 10}, "reward": {"name": "expected"}}


def config_of(*settings, preset="reference", values=SHORT):
    return load_config(preset, values, list(settings))


def adapter(config, n=32):
    env = HedgeVectorEnv(n, config=config, autoreset_mode=AutoresetMode.SAME_STEP)
    return VecEnvAdapter(env)


def learner(config, n=32, seed=0, **kwargs):
    return AHPG("MlpPolicy", adapter(config, n), seed=seed, device="cpu", **kwargs)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.policy.parameters()])


@pytest.mark.slow
def test_it_comes_close_to_the_optimum_where_that_is_known():
    config = load_config(
        "reference",
        {**EDGES, "reward": {"name": "expected"}},
        ["episode.decisions=60", "episode.decision_interval_hours=12"],
    )
    test = record_tape(config, np.arange(4000), seed=1, stream="test")
    best = evaluate_on_tape(OptimalPolicy(solve(config, 10.0)), test, config)

    def above(model):
        table = evaluate_on_tape(to_policy(model, config), test, config)
        gap = (table.objective - best.objective) * 1e4
        return gap.mean(), gap.std() / np.sqrt(gap.size)

    model = learner(config, n=128, learning_rate=3e-3)
    first, _ = above(model)
    model.learn(150 * 128 * 60)
    last, error = above(model)
    assert last < 0.6 * first - 3.0 * error
    assert last < 0.01 * best.objective.mean() * 1e4 + 3.0 * error


def test_what_is_learned_is_a_function_of_the_seed():
    config = config_of()
    one, two, other = (learner(config, seed=seed) for seed in (0, 0, 1))
    start = weights(one).clone()
    for model in (one, two, other):
        model.learn(2 * 320)
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), weights(other))
    assert not torch.equal(weights(one), start)
    assert one.num_timesteps == 640


def test_a_saved_model_predicts_and_learns_on_as_the_first_one(tmp_path):
    config = config_of()
    model = learner(config)
    model.learn(320)
    model.save(tmp_path / "model.zip")
    again = AHPG.load(tmp_path / "model.zip", env=adapter(config), device="cpu")
    observations = np.random.default_rng(0).normal(size=(50, 9)).astype(np.float32)
    first, _ = model.predict(observations)
    assert np.array_equal(first, again.predict(observations)[0])
    for each in (model, again):
        each.learn(320, reset_num_timesteps=False)
    assert again.num_timesteps == model.num_timesteps == 640
    assert torch.equal(weights(model), weights(again))
    assert not np.array_equal(first, model.predict(observations)[0])


def test_the_exported_policy_acts_as_the_model_and_does_not_look_at_holdings(tmp_path):
    config = config_of("risk_aversion=[2,50]", preset="ethereum-l1")
    model = learner(config, learning_rate=0.1)
    model.learn(2 * 320)
    export_policy(model, config, tmp_path / "policy.safetensors")
    policy = load_policy(tmp_path / "policy.safetensors")
    names = [feature.name for feature in policy.metadata.features]
    assert policy.metadata.algorithm == "ahpg"
    blind = [names[k] for k in features_of_holdings(tuple(names))]
    assert blind == ["holdings", "hedge_error", "band_position", "worth"]
    rng = np.random.default_rng(0)
    observations = rng.uniform(-1.0, 1.0, (100, len(names))).astype(np.float32)
    actions, _ = model.predict(observations)
    np.testing.assert_allclose(policy.act(observations), actions, atol=1e-5)
    other = observations.copy()
    for name in blind:
        other[:, names.index(name)] *= -1.0
    assert np.array_equal(model.predict(other)[0], actions)
    assert np.abs(actions).max() > 0.01
    for name in set(names) - set(blind):  # and at all else
        other = observations.copy()
        other[:, names.index(name)] += 0.5
        assert np.abs(model.predict(other)[0] - actions).max() > 1e-6, name


def test_every_feature_is_known_to_depend_on_holdings_or_not():
    names = tuple(FEATURES)
    blind = {names[k] for k in features_of_holdings(names)}
    of_options = {name for name in names if name.startswith("option_")}
    own = {
        "holdings",
        "hedge_error",
        "band_position",
        "worth",
        "margin_use",
        "net_loss",
    }
    of_chains = {"rollup_stock", "rollup_room", "in_bridge"}
    assert blind == own | of_options | of_chains


def test_a_few_paths_of_a_walk_cost_what_they_did_and_teach_the_same():
    """The slopes of a walk are those of its parts, weighted by their numbers."""
    config = config_of("risk_aversion=[2,50]", preset="ethereum-l1")
    walk = MarketWalk(config, 10, seed=0, stream="training").play(np.arange(10))
    env, decoder = HedgeVectorEnv(1, config=config), ActionDecoder(config)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1.0, 1.0, (6, 11, 10))

    def slopes(part, numbers):
        flat = np.ascontiguousarray(numbers).reshape(6, -1)
        found, cost = slopes_of_actions(part, flat, config, decoder, 101)
        return found.reshape(numbers.shape), cost, env.encoder.encode(part.rows)

    whole, cost, seen = slopes(walk, actions)
    assert np.abs(whole).max() > 0.0
    for some in (slice(0, 4), slice(4, 8), slice(8, 10)):
        part = paths_of(walk, some)
        found, paid, observed = slopes(part, actions[:, :, some])
        np.testing.assert_array_equal(found, whole[:, :, some])
        np.testing.assert_array_equal(paid, cost[some])
        np.testing.assert_array_equal(
            observed.reshape(11, -1, seen.shape[1]),
            seen.reshape(11, 10, -1)[:, some],
        )
        np.testing.assert_array_equal(part.weight, walk.weight[some])


@pytest.mark.parametrize(
    ("batch_size", "steps"), [(1, 32), (10, 4), (32, 1), (1000, 1)]
)
def test_a_walk_is_gone_through_a_few_paths_a_step(batch_size, steps):
    model = learner(config_of(), batch_size=batch_size, n_epochs=2)
    model.learn(320)
    assert model._n_updates == 2 * steps
    assert len(model.ep_info_buffer) == 32
    with pytest.raises(ConfigError, match="batch_size = 0"):
        learner(config_of(), batch_size=0)


def test_decisions_that_are_seldom_met_weigh_less_but_by_the_root():
    config = config_of("risk_aversion=10")
    rows = np.array(
        MarketWalk(config, 4, seed=0, stream="training").play(np.arange(4)).rows
    )
    rows[field.GAMMA] *= 1e-2  # edges are met once in many decisions
    scale, interval = np.full(rows.shape[1], 0.1), 1e-3
    found = _weights(rows, scale, interval)
    rows[field.GAMMA] *= 0.25
    fewer = _weights(rows, scale, interval)
    np.testing.assert_allclose(fewer[[LOWER, UPPER]], 0.5 * found[[LOWER, UPPER]])
    targets = [LOWER_TARGET, UPPER_TARGET]
    np.testing.assert_allclose(fewer[targets], 0.125 * found[targets])


def test_callbacks_see_every_decision_and_can_stop(tmp_path):
    class Counting(BaseCallback):
        def __init__(self):
            super().__init__()
            self.steps, self.rollouts = [], 0

        def _on_rollout_start(self):
            self.rollouts += 1

        def _on_step(self):
            self.steps.append(self.model.num_timesteps)
            return len(self.steps) < 25

    seen, model = Counting(), learner(config_of())
    model.learn(10_000, callback=seen)
    assert seen.steps == [32 * (k + 1) for k in range(25)]
    assert seen.rollouts == 3
    assert model._n_updates == 2  # of the two walks before


def test_the_logger_has_the_cost_of_the_episodes():
    config = config_of()
    model = learner(config, n=512, learning_rate=1e-9)
    model.learn(512 * 10)
    paths = np.arange(512)
    tape = record_tape(config, paths, seed=0, stream="training")
    table = evaluate_on_tape(to_policy(model, config), tape, config)
    paid = np.array([info["r"] for info in model.ep_info_buffer])
    assert paid.size == 100
    gap = -paid - table.objective[-100:] * 1e4  # expected against what happened
    assert abs(gap.mean()) < 4.0 * gap.std() / 10.0
    assert -paid.mean() > 1.0


def test_weights_that_are_no_numbers_are_an_error():
    relu = {"activation_fn": torch.nn.ReLU}  # that of tanh goes to its bounds
    model = learner(config_of(), learning_rate=1e30, policy_kwargs=relu)
    with pytest.raises(DivergedError, match=r"lower train\.learning_rate"):
        model.learn(20 * 320)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (["execution.permanent_impact=.1"], r"execution\.permanent_impact"),
        (["execution.latency_steps=1"], r"execution\.latency_steps"),
        (["execution.failure={probability: .1}"], r"execution\.failure"),
        (["market.crowd={share: .1}"], r"market\.crowd"),
        (["action.mode=band"], r"action\.mode = band_edges, not band"),
    ],
)
def test_markets_that_react_and_other_modes_are_refused(settings, key):
    values = {**SHORT, "reward": {"name": "objective"}}
    with pytest.raises(ConfigError, match=key):
        learner(config_of(*settings, values=values))


def test_what_does_not_add_up_to_the_objective_is_refused():
    with pytest.raises(ConfigError, match=r"reward\.name = kolm_ritter"):
        learner(config_of("reward.name=kolm_ritter"))
    with pytest.raises(ConfigError, match=r"gamma = 0\.9"):
        learner(config_of(), gamma=0.9)
    values = {**EDGES, "reward": {"name": "objective"}}
    with pytest.raises(ConfigError, match=r"execution\.option = null"):
        learner(config_of(preset="gamma-vega", values=values))


def test_an_environment_that_is_wrapped_is_refused():
    wrapped = VecNormalize(adapter(config_of()))
    with pytest.raises(ConfigError, match="nothing around it"):
        AHPG("MlpPolicy", wrapped)


@pytest.mark.parametrize("reward", ["objective", "controlled", "expected"])
def test_every_reward_that_adds_up_to_the_objective_is_learned_from(reward):
    model = learner(config_of(f"reward.name={reward}"))
    start = weights(model).clone()
    model.learn(320)
    assert torch.isfinite(weights(model)).all()
    assert not torch.equal(weights(model), start)
