"""Actions of an environment on two chains."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.chain_actions import where_cheap
from hedge_env.base import field
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.env import HedgeEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.pricing.placement import placed
from tests.training.helpers.saved_policy import save_random_policy

MODES = {"band": 5, "band_free": 5, "band_edges": 8, "target": 3}
CONFIG = load_config("two-chains", settings=["episode.decisions=12"])
N = 20


def started() -> HedgeBatch:
    batch = HedgeBatch(CONFIG, N)
    batch.reset(np.arange(N))
    for there in (0.2, 0.22, 0.24):
        batch.advance(np.tile([0.5, there], (N, 1)))
    return batch


@pytest.mark.parametrize(("mode", "size"), MODES.items())
def test_two_chains_take_the_last_two_numbers_of_an_action(
    mode: str, size: int
) -> None:
    decoder = ActionDecoder(CONFIG, mode)
    assert decoder.shape == (size,)
    rng = np.random.default_rng(0)
    target = decoder.decode(rng.uniform(-1.5, 1.5, (N, size)), started().rows)
    assert target.shape == (N, 2)
    assert np.isfinite(target).all()


def test_choices_on_a_grid_are_traded_on_the_first_chain() -> None:
    decoder = ActionDecoder(CONFIG, "discrete")
    assert decoder.shape == ()
    batch = started()
    there = batch.rows[field.ROLLUP_HOLDINGS].copy()
    batch.advance(decoder.decode(np.ones(N, dtype=np.int64), batch.rows))
    np.testing.assert_array_equal(batch.rows[field.ROLLUP_HOLDINGS], there)


def test_a_zero_action_trades_where_it_is_cheap_and_rebalances_at_a_tenth() -> None:
    batch = started()
    rows, seen = batch.rows, batch.observables()
    target = ActionDecoder(CONFIG, "target").decode(np.zeros((N, 3)), rows)
    np.testing.assert_allclose(target[:, 0], 0.5)
    expected = placed(seen, target[:, 0], threshold=0.1)
    np.testing.assert_allclose(target[:, 1], expected, rtol=1e-14)


def test_the_numbers_are_a_preference_and_a_threshold() -> None:
    rows = started().rows
    decoder = ActionDecoder(CONFIG, "target")
    for number, sign in ((1.0, 1.0), (-1.0, -1.0)):
        # An order so large that both chains cost nearly the same.
        action = np.tile([0.3, number, 0.0], (N, 1))
        there = decoder.decode(action, rows)[:, 1] - rows[field.ROLLUP_HOLDINGS]
        assert (there > 0.0).all() if sign > 0.0 else (there <= 0.0).all()
    hold = 2.0 * rows[field.HOLDINGS] - 1.0
    for number, moves in ((1.0, True), (-1.0, False)):  # at once, or at the last
        action = np.stack([hold, np.zeros(N), np.full(N, number)], axis=1)
        there = decoder.decode(action, rows)[:, 1] - rows[field.ROLLUP_HOLDINGS]
        still = decoder.decode(action, rows)[:, 0] == rows[field.HOLDINGS]
        assert still.any()
        assert ((there != 0.0) == moves)[still].all()


def test_bands_reckon_with_the_cheaper_chain() -> None:
    rows = started().rows
    cheap = where_cheap(rows, 0.01)
    np.testing.assert_array_equal(
        cheap[field.FIXED_COST], rows[field.ROLLUP_FIXED_COST]
    )
    assert (cheap[field.BAND_HALF_WIDTH] < rows[field.BAND_HALF_WIDTH]).all()
    dear = where_cheap(rows, 10.0)
    np.testing.assert_array_equal(dear, rows[: field.N_FIELDS])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_environment_keeps_its_contract() -> None:
    env = HedgeEnv(config=CONFIG.model_dump(mode="json"))
    check_env(env, skip_render_check=True)
    _, info = env.reset(seed=0)
    assert info["path_id"] == 0
    action = np.array([0.0, 0.0, 0.0, 1.0, 0.0], dtype=np.float32)
    assert "rollup_holdings" in env.step(action)[4]
    assert {"rollup_stock", "rollup_room", "in_bridge"} <= set(
        env.unwrapped._vector.encoder.names
    )


@pytest.mark.parametrize("mode", ["band", "target"])
def test_a_saved_policy_trades_on_both_chains(mode: str, tmp_path) -> None:
    settings = [f"action.mode={mode}", "execution.rollup={bridges: [{}]}"]
    path = save_random_policy(tmp_path / "policy.safetensors", settings=settings)
    policy = load_policy(path)
    batch = HedgeBatch(policy.config, N)
    batch.reset(np.arange(N))
    target = policy.target(batch.observables())
    assert target.shape == (N, 2)
    batch.advance(target)
    np.testing.assert_allclose(
        batch.rows[field.ROLLUP_HOLDINGS], target[:, 1], atol=1e-15
    )
