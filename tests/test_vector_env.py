"""The vector environment: Gymnasium's contract, paths, seeds, bad input, resuming."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hedge_env.actions import ACTION_MODES
from hedge_env.config import EnvConfig
from hedge_env.errors import ActionError, ConfigError, ResetError
from hedge_env.loading import PRESETS, load_config
from hedge_env.vector_env import HedgeVectorEnv
from tests.environments import SHORT, OnSchedule, assert_same_step

MODES = tuple(AutoresetMode)


def short_env(n: int = 3, **kwargs: Any) -> HedgeVectorEnv:
    """Four decisions on the Ethereum preset, which has every part but funding."""
    kwargs = {"preset": "ethereum-l1", "config": SHORT, **kwargs}
    return HedgeVectorEnv(n, **kwargs)


def random_actions(env: HedgeVectorEnv, steps: int, seed: int = 0) -> list[Any]:
    env.action_space.seed(seed)
    return [env.action_space.sample() for _ in range(steps)]


def rollout(env: HedgeVectorEnv, actions: list[Any], **kwargs: Any) -> list[Any]:
    return [env.reset(**kwargs), *(env.step(action) for action in actions)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action_mode", ["band", "discrete"])
def test_it_equals_gymnasiums_vector_of_single_environments(mode, action_mode):
    kwargs = {"preset": "ethereum-l1", "config": SHORT, "action_mode": action_mode}
    n = 3
    env = HedgeVectorEnv(n, autoreset_mode=mode, **kwargs)
    reference = SyncVectorEnv(
        [lambda i=i: OnSchedule(i, n, **kwargs) for i in range(n)], autoreset_mode=mode
    )
    assert env.single_observation_space == reference.single_observation_space
    assert env.single_action_space == reference.single_action_space
    assert env.observation_space == reference.observation_space
    assert env.action_space == reference.action_space
    assert_same_step(env.reset(seed=7), reference.reset(seed=7))
    for action in random_actions(env, 13):
        got = env.step(action)
        assert_same_step(got, reference.step(action))
        if mode is AutoresetMode.DISABLED and got[2].any():
            mask = got[2]
            assert_same_step(
                env.reset(options={"reset_mask": mask}),
                reference.reset(options={"reset_mask": mask}),
            )


@pytest.mark.parametrize("mode", MODES)
def test_it_equals_them_when_rows_are_out_of_step(mode):
    n = 4
    kwargs = {"preset": "deribit", "config": SHORT}
    env = HedgeVectorEnv(n, autoreset_mode=mode, **kwargs)
    reference = SyncVectorEnv(
        [lambda i=i: OnSchedule(i, n, **kwargs) for i in range(n)], autoreset_mode=mode
    )
    env.reset(seed=1)
    reference.reset(seed=1)
    generator = np.random.default_rng(0)
    for number, action in enumerate(random_actions(env, 16)):
        ended = env.step(action)[2]
        np.testing.assert_array_equal(ended, reference.step(action)[2])
        mask = generator.random(n) < 0.3
        if mode is AutoresetMode.DISABLED:
            mask |= ended
        if mask.any() and (number % 2 or mode is AutoresetMode.DISABLED):
            assert_same_step(
                env.reset(options={"reset_mask": mask}),
                reference.reset(options={"reset_mask": mask}),
            )


@pytest.mark.parametrize("mode", MODES)
def test_the_autoreset_mode_is_where_others_look_for_it(mode):
    env = short_env(autoreset_mode=mode)
    assert env.metadata["autoreset_mode"] is mode
    assert env.autoreset_mode is mode
    assert short_env(autoreset_mode=mode.value).autoreset_mode is mode
    assert short_env(autoreset_mode=mode.name).autoreset_mode is mode
    assert "autoreset_mode" not in HedgeVectorEnv.metadata


def test_in_next_step_mode_the_step_after_the_end_is_the_reset():
    env = short_env(autoreset_mode="NextStep")
    steps = rollout(env, [env.action_space.sample()] * 6, seed=0)
    assert steps[4][2].all()
    observations, rewards, terminated, truncated, infos = steps[5]
    assert not rewards.any()
    assert not terminated.any()
    assert not truncated.any()
    np.testing.assert_array_equal(infos["path_id"], [3, 4, 5])
    fresh = short_env()
    expected = fresh.reset(seed=0, options={"path_ids": [3, 4, 5]})[0]
    np.testing.assert_array_equal(observations, expected)


def test_in_same_step_mode_the_last_observation_is_in_the_infos():
    actions = random_actions(short_env(), 4)
    disabled = rollout(short_env(autoreset_mode="Disabled"), actions, seed=5)
    same = rollout(short_env(autoreset_mode="SameStep"), actions, seed=5)
    final = np.stack(list(same[-1][4]["final_obs"]))
    np.testing.assert_array_equal(final, disabled[-1][0])
    np.testing.assert_array_equal(same[-1][1], disabled[-1][1])
    hedge = same[-1][4]["final_info"]["hedge"]
    expected = disabled[-1][4]["hedge"]
    np.testing.assert_array_equal(hedge["objective_bp"], expected["objective_bp"])


def test_in_disabled_mode_an_ended_episode_cannot_be_stepped():
    env = short_env(autoreset_mode="Disabled")
    steps = rollout(env, random_actions(env, 4), seed=0)
    assert steps[-1][2].all()
    with pytest.raises(ResetError, match="environments 0, 1, 2 have ended"):
        env.step(env.action_space.sample())
    env.reset(options={"reset_mask": np.array([True, True, False])})
    with pytest.raises(ResetError, match="environments 2 have ended"):
        env.step(env.action_space.sample())
    env.reset()
    env.step(env.action_space.sample())


@pytest.mark.parametrize("preset", PRESETS)
def test_a_path_does_not_depend_on_the_size_of_the_batch(preset):
    sizes, played = (1, 7, 64), {}
    for n in sizes:
        env = HedgeVectorEnv(n, preset=preset, config=SHORT)
        action = np.full(env.action_space.shape, 0.3)
        steps = rollout(env, [action] * 4, seed=3)
        for i in range(n):
            history = [(s[0][i].tobytes(), s[1][i].tobytes()) for s in steps[1:]]
            path = int(env.path_ids[i])
            assert played.setdefault(path, history) == history
    assert len(played) == max(sizes)
    assert len({tuple(history) for history in played.values()}) == max(sizes)


def test_a_path_does_not_depend_on_what_was_played_before():
    env = short_env(2)
    env.reset(seed=3, options={"path_ids": [40, 41]})
    late = env.step(np.zeros((2, 3)))
    env.reset(seed=8)
    env.step(np.zeros((2, 3)))
    env.reset(seed=3)
    env.reset(options={"path_ids": [40, 41]})
    assert_same_step(env.step(np.zeros((2, 3))), late)


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    actions = random_actions(short_env(), 4)
    first, again = (rollout(short_env(), actions, seed=11) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert_same_step(a, b)
    other = rollout(short_env(), actions, seed=12)
    assert not np.array_equal(first[2][0], other[2][0])


def test_seeds_next_to_each_other_share_no_path():
    env = short_env(8)
    seen = [env.reset(seed=seed)[0] for seed in range(4)]
    rows = np.concatenate(seen)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_streams_share_no_path():
    first = [
        short_env(stream=stream).reset(seed=0)[0]
        for stream in ("training", "validation", "test")
    ]
    assert len(np.unique(np.concatenate(first), axis=0)) == 9


def test_a_reset_without_a_seed_goes_on_to_new_paths():
    env = short_env(3)
    seen = []
    env.reset(seed=0)
    for _ in range(4):
        seen.append(env.path_ids)
        env.reset()
    np.testing.assert_array_equal(np.concatenate(seen), np.arange(12))
    env.reset(seed=0)
    np.testing.assert_array_equal(env.path_ids, [0, 1, 2])


def test_without_any_seed_two_environments_differ_and_can_be_replayed():
    a, b = short_env(), short_env()
    first = a.reset()
    assert not np.array_equal(first[0], b.reset()[0])
    assert_same_step(short_env().reset(seed=a.np_random_seed), first)


def test_environments_can_share_paths():
    env = short_env(6, envs_per_path=3)
    env.reset(seed=0)
    np.testing.assert_array_equal(env.path_ids, [0, 0, 0, 1, 1, 1])
    env.reset()
    np.testing.assert_array_equal(env.path_ids, [2, 2, 2, 3, 3, 3])
    observations = env.step(np.zeros((6, 3)))[0]
    np.testing.assert_array_equal(observations[0], observations[2])


def test_chosen_paths_are_replayed_and_do_not_count():
    env = short_env(3)
    env.reset(seed=0)
    np.testing.assert_array_equal(
        env.reset(options={"path_ids": [9, 9, 2]})[1]["path_id"], [9, 9, 2]
    )
    assert env.reset(options={"path_ids": 5})[1]["path_id"].tolist() == [5, 5, 5]
    assert env.reset()[1]["path_id"].tolist() == [3, 4, 5]


def test_risk_aversion_can_be_set_per_episode():
    env = short_env(3)
    env.reset(seed=0, options={"risk_aversion": [2.0, 10.0, 50.0]})
    zero = np.zeros((3, 3))
    infos = [env.step(zero)[4] for _ in range(4)][-1]
    assert infos["hedge"]["risk_aversion"].tolist() == [2.0, 10.0, 50.0]
    env.reset()
    infos = [env.step(zero)[4] for _ in range(4)][-1]
    assert infos["hedge"]["risk_aversion"].tolist() == [10.0, 10.0, 10.0]


def test_risk_aversion_can_be_drawn_from_a_range():
    env = short_env(64, risk_aversion=(2.0, 50.0))
    assert "risk_aversion" in env.encoder.names
    env.reset(seed=0)
    drawn = env.batch.rows[[f == "risk_aversion" for f in _fields()]][0]
    assert 2.0 <= drawn.min() < 4.0
    assert 25.0 < drawn.max() <= 50.0


def _fields() -> tuple[str, ...]:
    from hedge_env.fields import FIELDS

    return FIELDS


@pytest.mark.parametrize("preset", PRESETS)
def test_returns_add_up_to_minus_the_objective(preset):
    env = HedgeVectorEnv(4, preset=preset, config=SHORT)
    steps = rollout(env, random_actions(env, 4), seed=2)[1:]
    returns = sum(step[1] for step in steps)
    hedge = steps[-1][4]["hedge"]
    np.testing.assert_allclose(returns, -hedge["objective_bp"], rtol=1e-12)
    costs = sum(step[4]["cost"] for step in steps) * 1e4
    np.testing.assert_allclose(costs, hedge["cost_bp"], rtol=1e-12)
    parts = [v for k, v in hedge.items() if k.startswith("cost_") and k != "cost_bp"]
    np.testing.assert_allclose(sum(parts), hedge["cost_bp"], rtol=1e-12)
    moves = sum(step[4]["tracking_increment"] for step in steps) * 1e4
    np.testing.assert_allclose(moves, hedge["tracking_bp"], rtol=1e-9)
    net_loss = hedge["cost_bp"] - hedge["tracking_bp"]
    np.testing.assert_allclose(net_loss, hedge["net_loss_bp"], rtol=1e-12)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("action_mode", ACTION_MODES)
def test_a_whole_episode_stays_inside_the_declared_spaces(preset, action_mode):
    env = HedgeVectorEnv(4, preset=preset, action_mode=action_mode)
    observations, _ = env.reset(seed=0)
    low, high = env.config.holdings_bounds
    steps = 0
    terminated = np.zeros(4, dtype=bool)
    env.action_space.seed(0)
    while not terminated.any():
        assert observations in env.observation_space
        observations, rewards, terminated, truncated, infos = env.step(
            env.action_space.sample()
        )
        assert rewards.dtype == np.float64
        assert np.isfinite(rewards).all()
        assert terminated.dtype == truncated.dtype == np.bool_
        assert not truncated.any()
        assert (infos["holdings"] >= low).all()
        assert (infos["holdings"] <= high).all()
        steps += 1
    assert terminated.all()
    assert steps == env.config.episode.decisions
    assert not infos["holdings"].any()  # liquidated


@pytest.mark.parametrize("mode", MODES)
def test_what_is_handed_out_belongs_to_the_caller(mode):
    clean, spoilt = short_env(autoreset_mode=mode), short_env(autoreset_mode=mode)
    clean.reset(seed=0)
    _spoil(spoilt.reset(seed=0))
    for action in random_actions(clean, 9):
        expected = clean.step(action.copy())
        got = spoilt.step(action)
        assert_same_step(got, expected)
        if mode is AutoresetMode.DISABLED and got[2].all():
            clean.reset()
            spoilt.reset()
        action[...] = 0.0
        _spoil(got)


def _spoil(result: Any) -> None:
    """Overwrite every array in a result."""
    if isinstance(result, np.ndarray):
        if result.dtype == object:
            for entry in result:
                _spoil(entry)
        elif result.dtype == np.bool_:
            result[...] = ~result
        else:
            result[...] = 77
    elif isinstance(result, dict):
        for value in result.values():
            _spoil(value)
    elif isinstance(result, tuple):
        for value in result:
            _spoil(value)


@pytest.mark.parametrize("mode", MODES)
def test_gymnasiums_episode_statistics_work_on_top(mode):
    env = RecordEpisodeStatistics(short_env(2, autoreset_mode=mode))
    env.reset(seed=0)
    total = np.zeros(2)
    for _ in range(4):
        _, rewards, terminated, _, infos = env.step(np.zeros((2, 3)))
        total += rewards
    assert terminated.all()
    np.testing.assert_allclose(infos["episode"]["r"], total)
    np.testing.assert_array_equal(infos["episode"]["l"], [4, 4])


def test_the_callers_options_are_left_alone():
    env = short_env(3)
    env.reset(seed=0)
    mask = np.array([True, False, False])
    options = {"reset_mask": mask, "path_ids": [1, 2, 3], "risk_aversion": 3.0}
    before = copy.deepcopy(options)
    env.reset(options=options)
    assert options.keys() == before.keys()
    np.testing.assert_array_equal(mask, before["reset_mask"])


@pytest.mark.parametrize(
    "action",
    [
        np.zeros((3, 2)),
        np.zeros(3),
        np.zeros((2, 3)),
        np.zeros((3, 3, 1)),
        0.0,
        None,
        "hold",
        [[0, 0], [0]],
        np.zeros((3, 3), dtype=bool),
        np.zeros((3, 3), dtype=complex),
        np.full((3, 3), "a"),
        np.full((3, 3), None),
    ],
)
def test_an_action_of_another_shape_or_type_is_refused(action):
    _assert_refused(short_env(), action)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_action_that_is_not_finite_is_refused_naming_the_environments(bad):
    action = np.zeros((3, 3))
    action[1:, 2] = bad
    message = _assert_refused(short_env(), action)
    assert "environments 1, 2 " in message


@pytest.mark.parametrize("bad", [-1, 21, 2**40])
def test_a_choice_that_does_not_exist_is_refused_naming_the_environment(bad):
    env = short_env(action_mode="discrete")
    assert "environments 1 " in _assert_refused(env, np.array([0, bad, 20]))
    _assert_refused(env, np.array([0.0, 1.0, 2.0]))


def _assert_refused(env: HedgeVectorEnv, action: Any) -> str:
    """The action is an `ActionError` in one line, and nothing has moved."""
    env.reset(seed=0)
    before = env.state_dict()
    with pytest.raises(ActionError) as caught:
        env.step(action)
    for name, array in env.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_action_of_an_environment_that_is_being_reset_is_not_looked_at():
    env = short_env(2)
    rollout(env, random_actions(env, 4), seed=0)
    env.step(np.full((2, 3), np.nan))
    assert env.path_ids.tolist() == [2, 3]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    action=hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int64]),
        (2, 3),
        elements=st.one_of(
            st.integers(-(2**20), 2**20),
            st.sampled_from([0, 1, -1, 10**9]),
        ),
    )
    | hnp.arrays(np.float64, (2, 3), elements=st.floats(width=64)),
    action_mode=st.sampled_from(["band", "band_free"]),
)
def test_any_action_is_either_refused_or_played(action, action_mode):
    env = short_env(2, action_mode=action_mode)
    env.reset(seed=0)
    if not np.isfinite(action).all():
        with pytest.raises(ActionError):
            env.step(action)
        return
    observations, rewards, *_ = env.step(action)
    assert observations in env.observation_space
    assert np.isfinite(rewards).all()
    clipped = short_env(2, action_mode=action_mode)
    clipped.reset(seed=0)
    np.testing.assert_array_equal(clipped.step(np.clip(action, -1, 1))[0], observations)


@pytest.mark.parametrize(
    "options",
    [
        {"path_id": [1, 2, 3]},
        {"path_ids": [1, 2]},
        {"path_ids": [1.0, 2.0, 3.0]},
        {"path_ids": [-1, 2, 3]},
        {"path_ids": ["a", "b", "c"]},
        {"path_ids": np.array([2**63, 0, 0], dtype=np.uint64)},
        {"path_ids": [[1], [2, 3]]},
        {"reset_mask": [1, 0, 0]},
        {"reset_mask": np.array([True, False])},
        {"reset_mask": np.zeros(3, dtype=bool)},
        {"risk_aversion": 0.0},
        {"risk_aversion": -1.0},
        {"risk_aversion": np.nan},
        {"risk_aversion": [1.0, 2.0]},
        {"risk_aversion": "high"},
        {"risk_aversion": True},
    ],
)
def test_wrong_reset_options_are_refused_and_nothing_changes(options):
    env = short_env()
    env.reset(seed=0)
    before = env.state_dict()
    with pytest.raises(ResetError) as caught:
        env.reset(options=options)
    assert "\n" not in str(caught.value)
    for name, array in env.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_seeded_reset_starts_every_environment():
    env = short_env()
    mask = np.array([True, False, True])
    with pytest.raises(ResetError, match="every environment"):
        env.reset(options={"reset_mask": mask})
    env.reset(seed=0)
    with pytest.raises(ResetError, match="every environment"):
        env.reset(seed=1, options={"reset_mask": mask})


def test_stepping_before_the_first_reset_is_refused():
    with pytest.raises(ResetError, match="call reset first"):
        short_env().step(np.zeros((3, 3)))


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


@pytest.mark.parametrize("preset", PRESETS)
def test_a_saved_state_resumes_bit_for_bit(preset):
    env = HedgeVectorEnv(3, preset=preset, config=SHORT)
    actions = random_actions(env, 12)
    rollout(env, actions[:6], seed=4)
    file = io.BytesIO()
    np.savez(file, **env.state_dict())
    expected = [env.step(action) for action in actions[6:]]
    file.seek(0)
    resumed = HedgeVectorEnv(3, preset=preset, config=SHORT)
    resumed.load_state_dict(dict(np.load(file, allow_pickle=False)))
    for action, result in zip(actions[6:], expected, strict=True):
        assert_same_step(resumed.step(action), result)


def test_a_state_of_an_unseeded_environment_resumes_too():
    env = short_env()
    env.reset()
    resumed = short_env()
    resumed.load_state_dict(env.state_dict())
    assert_same_step(resumed.reset(), env.reset())
    assert resumed.np_random_seed == env.np_random_seed


def test_a_state_of_another_batch_is_refused():
    env = short_env(2)
    env.reset(seed=0)
    with pytest.raises(ResetError, match="3 environments"):
        short_env(3).load_state_dict(env.state_dict())
    with pytest.raises(ResetError, match="3 environments"):
        short_env(3).load_state_dict({})


def test_it_can_be_pickled_and_copied_in_the_middle_of_an_episode():
    env = short_env()
    rollout(env, random_actions(env, 2), seed=0)
    action = env.action_space.sample()
    twins = [pickle.loads(pickle.dumps(env)), copy.deepcopy(env)]
    expected = env.step(action)
    for twin in twins:
        assert_same_step(twin.step(action), expected)


def test_it_can_be_closed_twice():
    env = short_env()
    env.reset(seed=0)
    env.close()
    env.close()
    assert env.closed
