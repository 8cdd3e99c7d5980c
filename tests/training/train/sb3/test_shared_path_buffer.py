import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

from hedge_env.training.train.sb3.shared_path_buffer import (
    SharedPathRolloutBuffer,
    subtract_others_mean,
)

SPACES = (spaces.Box(-1, 1, (2,), np.float32), spaces.Box(-1, 1, (1,), np.float32))


def filled(buffer, n_steps, n_envs, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(n_steps):
        buffer.add(
            rng.normal(size=(n_envs, 2)).astype(np.float32),
            rng.normal(size=(n_envs, 1)).astype(np.float32),
            rng.normal(size=n_envs).astype(np.float32),
            rng.random(n_envs) < 0.2,
            torch.as_tensor(rng.normal(size=(n_envs, 1)).astype(np.float32)),
            torch.as_tensor(rng.normal(size=n_envs).astype(np.float32)),
        )
    last = torch.as_tensor(rng.normal(size=(n_envs, 1)).astype(np.float32))
    buffer.compute_returns_and_advantage(last, rng.random(n_envs) < 0.2)
    return buffer


def both(group, n_steps=5, n_envs=12):
    options = dict(gamma=0.9, gae_lambda=0.8, n_envs=n_envs, device="cpu")
    plain = filled(RolloutBuffer(n_steps, *SPACES, **options), n_steps, n_envs)
    shared = SharedPathRolloutBuffer(n_steps, *SPACES, **options, envs_per_path=group)
    return plain, filled(shared, n_steps, n_envs)


@pytest.mark.parametrize("group", [2, 3, 4, 12])
def test_advantage_loses_the_mean_of_the_others_on_its_path(group):
    plain, shared = both(group)
    expected = np.empty_like(plain.advantages)
    for step in range(plain.buffer_size):
        for env in range(plain.n_envs):
            first = env // group * group
            others = [i for i in range(first, first + group) if i != env]
            baseline = np.mean([plain.advantages[step, i] for i in others])
            expected[step, env] = plain.advantages[step, env] - baseline
    np.testing.assert_allclose(shared.advantages, expected, atol=1e-6)
    assert shared.advantages.dtype == np.float32


def test_the_targets_of_the_value_function_stay_as_they_are():
    plain, shared = both(group=4)
    np.testing.assert_array_equal(shared.returns, plain.returns)
    np.testing.assert_array_equal(shared.values, plain.values)


def test_one_environment_per_path_is_the_plain_buffer():
    plain, shared = both(group=1)
    np.testing.assert_array_equal(shared.advantages, plain.advantages)


@pytest.mark.parametrize("group", [0, 5, 24])
def test_groups_that_do_not_fill_the_batch_are_refused(group):
    with pytest.raises(ValueError, match="multiple of envs_per_path"):
        SharedPathRolloutBuffer(5, *SPACES, n_envs=12, envs_per_path=group)


def test_the_others_mean_keeps_the_expected_gradient_and_cuts_its_variance():
    # Two actions with probabilities p and 1 - p; the return is the path's noise plus
    # the action's worth. All 2^g action patterns are enumerated, so the expectation of
    # score * advantage is exact: p (1 - p) (worth_1 - worth_0), with any path.
    p, worth, group = 0.3, np.array([1.0, 2.0]), 3
    patterns = np.stack(np.meshgrid(*[[0, 1]] * group), axis=-1).reshape(-1, group)
    probability = np.where(patterns == 1, p, 1 - p).prod(axis=1)
    score = np.where(patterns == 1, 1 - p, -p)  # d log(probability) / d logit
    exact = p * (1 - p) * (worth[1] - worth[0])
    spread = {}
    for path in (0.0, 50.0):
        returns = (worth[patterns] + path).astype(np.float32)
        gradient = (score * subtract_others_mean(returns, group)).mean(axis=1)
        assert probability @ gradient == pytest.approx(exact, rel=1e-4)
        spread[path] = probability @ (gradient - exact) ** 2
        # Centring on everybody's mean, oneself included, shrinks it by 1 - 1/g.
        centred = returns - returns.mean(axis=1, keepdims=True)
        biased = probability @ (score * centred).mean(axis=1)
        assert biased == pytest.approx(exact * (1 - 1 / group), rel=1e-4)
    assert spread[50.0] == pytest.approx(spread[0.0], rel=1e-3)
