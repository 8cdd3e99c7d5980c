"""Rewards that are fitted to the market: the objective's optimum, less of its noise."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from hedge_env.agent import reward_params as module
from hedge_env.agent.decision import Decision
from hedge_env.agent.reward_params import FITTED_REWARDS, reward_params
from hedge_env.agent.rewards import REWARDS
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines import BASELINES
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.risk.minimum_variance import fit_minimum_variance
from hedge_env.risk.path_moments import path_moments
from tests.support.environments import SHORT, assert_same_step, random_actions, rollout

PAIRED = ("objective", *FITTED_REWARDS)


def problem(preset: str, *settings: str, reward: str = "expected") -> EnvConfig:
    return load_config(preset, settings=[f"reward.name={reward}", *settings])


def returns(config: EnvConfig, shift: float, *, n: int, seed: int = 5) -> FloatArray:
    """Returns of a random policy around delta plus a shift, shape (3, n), as PAIRED.

    The policy looks at the market and throws dice, so that what is held is no function
    of the state that the fit knows.
    """
    batch, params = (
        HedgeBatch(config, n, seed=seed, stream="test"),
        reward_params(config),
    )
    rng = np.random.default_rng(3)
    batch.reset(np.arange(n))
    total = np.zeros((len(PAIRED), n))
    for _ in range(batch.n_decisions):
        held, delta = batch.rows[field.HOLDINGS], batch.rows[field.DELTA]
        moves = rng.random(n) < 0.15
        target = np.where(moves, delta + shift + 0.1 * rng.standard_normal(n), held)
        before = batch.rows
        record = batch.advance(target[:, None])
        made = Decision(before, batch.rows, record)
        for row, name in enumerate(PAIRED):
            total[row] += REWARDS[name](made, params)
    return total


def standard_error(x: FloatArray) -> float:
    return float(x.std(ddof=1) / np.sqrt(x.size))


@pytest.mark.slow
def test_in_the_reference_market_both_functions_are_those_of_its_law() -> None:
    config = problem("reference")
    ids, best = np.arange(256), reward_params(config).best
    assert best is not None
    exact = path_moments(config, ids, seed=0, stream="test")  # a quadrature
    batch = HedgeBatch(config, ids.size, seed=0, stream="test")
    batch.reset(ids)
    excess = np.zeros(ids.size)
    for step in range(batch.n_decisions):
        rows = batch.rows
        variance = best.price_variance(rows)
        # e^(sigma^2 dt) - 1 of a lognormal price; 3 million squares fit it to 4 se.
        assert variance == pytest.approx(exact.square[step], rel=0.015)
        offset = best.holdings(rows) - rows[field.DELTA]
        assert np.abs(offset - exact.best_offset[step]).max() < 0.02
        excess += exact.square[step] * (offset - exact.best_offset[step]) ** 2
        batch.advance(np.zeros((ids.size, 1)))
    assert 1e4 * 10.0 * excess.mean() < 0.01  # bp of J at lambda 10, of 49.7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("reference", ()),
        ("ethereum-l1", ()),
        ("ethereum-l1", ("execution.failure={probability: 0.2}",)),
        ("deribit", ()),
        ("cao-sabr-1m", ()),
    ],
)
def test_what_two_policies_differ_by_is_what_the_objective_says(
    preset: str, settings: tuple[str, ...]
) -> None:
    config = problem(preset, *settings, "episode.decisions=24")
    high, low = (returns(config, shift, n=4096) for shift in (0.15, -0.05))
    gain = high - low  # the part that no policy changes falls out
    for row in (1, 2):
        error = gain[row] - gain[0]
        assert abs(error.mean()) < 4.0 * standard_error(error)
        assert gain[row].mean() * gain[0].mean() > 0.0
    assert gain[1].std() < gain[0].std()


@pytest.mark.slow
def test_means_differ_from_the_objectives_by_the_floor() -> None:
    config = problem("ethereum-l1", "episode.decisions=24")
    n = 4096
    total = returns(config, 0.05, n=n)
    floor = path_moments(config, np.arange(n), seed=5, stream="test").floor
    dropped = 1e4 * 10.0 * floor
    for row in (1, 2):
        error = total[row] - total[0] - dropped
        assert abs(error.mean()) < 4.0 * standard_error(error)


@pytest.mark.slow
def test_the_spread_of_a_return_is_a_fraction() -> None:
    """Of a good rule, in the default market: what a critic would have to explain."""
    config, n = problem("ethereum-l1"), 1024
    rule, params = BASELINES["deadline-band"](), reward_params(config)
    batch, total = HedgeBatch(config, n, seed=5, stream="test"), np.zeros((3, n))
    batch.reset(np.arange(n))
    rule.reset(n)
    for _ in range(batch.n_decisions):
        before = batch.rows
        record = batch.advance(rule.target(batch.observables()))
        made = Decision(before, batch.rows, record)
        total += [REWARDS[name](made, params) for name in PAIRED]
    plain, expected, controlled = total.var(axis=1)
    assert expected < plain / 30.0
    assert controlled < plain / 10.0


@pytest.mark.slow
def test_the_mean_has_its_slope_in_the_holdings_where_the_objectives_has() -> None:
    """d/dy E[c + lambda x^2] by differences on the same paths, at two holdings."""
    config, n = problem("ethereum-l1", "episode.decisions=1"), 16_384
    batch, params = HedgeBatch(config, n, seed=5, stream="test"), reward_params(config)
    for y in (0.2, -0.3):
        paid = []
        for step in (-0.01, 0.01):
            batch.reset(np.arange(n))
            before = batch.rows
            record = batch.advance(np.full((n, 1), y + step))
            made = Decision(before, batch.rows, record)
            paid.append([REWARDS[name](made, params) for name in PAIRED])
        slopes = (np.array(paid[1]) - np.array(paid[0])) / 0.02
        for row in (1, 2):
            error = slopes[row] - slopes[0]
            assert abs(error.mean()) < 4.0 * standard_error(error) + 1e-9
        assert abs(slopes[0].mean()) > 4.0 * standard_error(slopes[0])


@pytest.mark.slow
@pytest.mark.parametrize("latency", [0, 1])
def test_the_optimum_of_controlled_does_not_depend_on_the_fit(latency: int) -> None:
    """A wrong fit changes every return by a number that no action changes."""
    settings = f"execution.latency_steps={latency}", "episode.decisions=24"
    config = problem("ethereum-l1", *settings, reward="controlled")
    right = reward_params(config)
    assert right.best is not None
    wrong = right._replace(best=fit_minimum_variance(config, seed=7, n_paths=4))
    differences = []
    for action in (-0.7, 0.4):
        batch, paid = HedgeBatch(config, 16), []
        batch.reset(np.arange(16))
        for _ in range(8):
            before = batch.rows
            record = batch.advance(np.full((16, 1), action))
            made = Decision(before, batch.rows, record)
            paid.append([REWARDS["controlled"](made, p) for p in (right, wrong)])
        differences.append(np.diff(np.array(paid), axis=1))
    assert np.abs(differences[0]).max() > 0.1
    np.testing.assert_allclose(differences[0], differences[1], atol=1e-8)


def test_it_is_fitted_once_for_all_that_share_a_market(monkeypatch) -> None:
    fits: list[int] = []
    monkeypatch.setattr(
        module,
        "fit_minimum_variance",
        lambda *args, **kwargs: fits.append(1) or fit_minimum_variance(*args, **kwargs),
    )
    module._fitted.cache_clear()
    settings = ("episode.decisions=3", "book.legs.0.maturity_days=0.5")
    one = reward_params(problem("reference", *settings))
    for change in ("risk_aversion=2", "action.mode=target", "name=other"):
        assert reward_params(problem("reference", *settings, change)) == one
    assert reward_params(problem("reference", *settings, reward="controlled")) == one
    assert len(fits) == 1
    reward_params(problem("reference", *settings, "market.volatility.level=0.7"))
    assert len(fits) == 2
    module._fitted.cache_clear()
    assert reward_params(problem("reference", *settings)) == one  # to the last bit


def test_no_run_trains_on_the_paths_of_the_fit() -> None:
    """No seed that Gymnasium or a command line takes has so many digits."""
    assert module.FIT_SEED > 2**128


@pytest.mark.parametrize("reward", FITTED_REWARDS)
@pytest.mark.parametrize(
    ("preset", "setting", "key"),
    [
        ("ethereum-l1", "execution.permanent_impact=1e-9", "permanent_impact"),
        ("gamma-vega", "name=x", "execution.option"),
        ("ethereum-l1", "execution.latency_steps=1", "execution.latency_steps"),
        ("ethereum-l1", "replay={spot: x.csv}", "replay"),
    ],
)
def test_where_it_is_not_known_it_is_refused(
    preset: str, setting: str, key: str, reward: str
) -> None:
    if key == "execution.latency_steps" and reward == "controlled":
        HedgeVectorEnv(config=problem(preset, setting, reward=reward))
        return
    config = problem(preset, setting, reward=reward)  # which may be evaluated
    for refuse in (
        lambda: HedgeVectorEnv(config=config),
        lambda: reward_params(config),
    ):
        with pytest.raises(ConfigError, match=r"reward\.name = ") as caught:
            refuse()
        text = str(caught.value)
        assert key in text
        assert "objective" in text
        assert "\n" not in text


@pytest.mark.parametrize("reward", FITTED_REWARDS)
def test_an_environment_resumes_copies_and_replays_to_the_bit(reward: str) -> None:
    made = [
        HedgeVectorEnv(3, preset="ethereum-l1", config=SHORT, reward=reward)
        for _ in range(2)
    ]
    env, resumed = made
    actions = random_actions(env, 9)
    rollout(env, actions[:3], seed=4)
    resumed.load_state_dict(env.state_dict())
    twins = [resumed, pickle.loads(pickle.dumps(env)), copy.deepcopy(env)]
    for action in actions[3:]:
        expected = env.step(action)
        for twin in twins:
            assert_same_step(twin.step(action), expected)


def test_a_path_alone_is_paid_what_it_is_in_a_batch() -> None:
    for n in (1, 5, 300):
        env = HedgeVectorEnv(n, preset="ethereum-l1", config=SHORT, reward="expected")
        env.reset(seed=0)
        paid = [env.step(np.full((n, 3), 0.2))[1] for _ in range(4)]
        if n == 1:
            alone = [reward[0] for reward in paid]
        assert [reward[0] for reward in paid] == alone


def test_what_is_reported_of_an_episode_is_the_objective() -> None:
    results = []
    for reward in PAIRED:
        env = HedgeVectorEnv(4, preset="ethereum-l1", config=SHORT, reward=reward)
        env.reset(seed=1)
        for _ in range(4):
            *_, infos = env.step(np.zeros((4, 3)))
        results.append(infos["hedge"]["objective_bp"])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_pays_it_or_says_why_not(preset: str) -> None:
    execution = load_config(preset).execution
    late, moved = execution.latency_steps > 0, execution.permanent_impact > 0.0
    if late or moved or execution.option is not None:
        with pytest.raises(ConfigError, match=r"reward\.name = expected needs"):
            HedgeVectorEnv(2, preset=preset, config=SHORT, reward="expected")
        return
    env = HedgeVectorEnv(2, preset=preset, config=SHORT, reward="expected")
    env.reset(seed=0)
    for _ in range(4):
        _, rewards, *_ = env.step(env.action_space.sample())
        assert np.isfinite(rewards).all()
