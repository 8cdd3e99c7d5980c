"""Actions of an environment with a listed option."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.option_shares import after_option_trade, option_target
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.env import HedgeEnv
from hedge_env.policies.policy_file import load_policy
from tests.training.helpers.saved_policy import save_random_policy

MODES = {"band": 4, "band_free": 4, "band_edges": 7, "target": 2, "ratio": 1}
COSTLY = load_config("gamma-vega", settings=["execution.fee_bp=5"])


def started(config: EnvConfig = COSTLY) -> HedgeBatch:
    batch = HedgeBatch(config, 20)
    batch.reset(np.arange(20))
    for _ in range(3):
        batch.advance(np.tile([0.1, -0.2], (20, 1)))
    return batch


@pytest.mark.parametrize(("mode", "size"), MODES.items())
def test_a_listed_option_takes_the_last_number_of_an_action(
    mode: str, size: int
) -> None:
    assert ActionDecoder(COSTLY, mode).shape == (size,)


def test_modes_say_when_they_do_not_fit() -> None:
    with pytest.raises(ConfigError, match="discrete has no choice of options"):
        ActionDecoder(COSTLY, "discrete")
    with pytest.raises(ConfigError, match="ratio needs a listed option"):
        ActionDecoder(load_config("reference"), "ratio")


@pytest.mark.parametrize("greek", ["gamma", "vega"])
def test_a_ratio_is_a_share_of_the_neutral_trade_and_then_delta(greek: str) -> None:
    config = load_config(COSTLY, {"action": {"neutral": greek}})
    batch = started(config)
    for action, share in ((-1.0, 0.0), (0.0, 0.5), (1.0, 1.0), (7.0, 1.0)):
        target = ActionDecoder(config).decode(np.full((20, 1), action), batch.rows)
        units = option_target(share, batch.rows, greek)
        np.testing.assert_allclose(target[:, 1], units, rtol=1e-14)
        delta = after_option_trade(batch.rows, units)[field.DELTA]
        np.testing.assert_allclose(target[:, 0], delta, rtol=1e-14)


def test_the_band_is_that_of_what_the_option_leaves() -> None:
    batch = started()
    action = np.tile([0.3, -0.2, 0.1, 0.5], (20, 1))
    target = ActionDecoder(COSTLY, "band").decode(action, batch.rows)
    units = option_target(0.75, batch.rows, "gamma")
    np.testing.assert_allclose(target[:, 1], units, rtol=1e-14)
    plain = load_config(
        COSTLY, {"execution": {"option": None}, "action": {"mode": "band"}}
    )
    left = after_option_trade(batch.rows, units)
    alone = ActionDecoder(plain, "band").decode(action[:, :3], left)
    np.testing.assert_array_equal(target[:, :1], alone)
    assert not np.allclose(
        left[field.BAND_HALF_WIDTH], batch.rows[field.BAND_HALF_WIDTH]
    )


def test_targets_are_holdings_of_both() -> None:
    batch = started()
    action = np.tile([0.5, -0.25], (20, 1))
    target = ActionDecoder(COSTLY, "target").decode(action, batch.rows)
    np.testing.assert_allclose(target, np.tile([15.0, -5.0], (20, 1)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_checkers_find_nothing(mode: str) -> None:
    check_env(HedgeEnv(preset="gamma-vega", action_mode=mode))
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(HedgeEnv(preset="gamma-vega", action_mode=mode))


def test_infos_tell_what_is_held_of_the_option() -> None:
    env = HedgeEnv(preset="gamma-vega", action_mode="target")
    assert env.reset(seed=0)[1]["option_holdings"] == 0.0
    infos = env.step(np.array([0.0, 0.5]))[4]
    # A new one is listed every day: of that one nothing is held yet.
    assert infos["option_holdings"] == 0.0
    still = HedgeEnv(
        preset="gamma-vega",
        config={"execution": {"option": {"roll_every": None}}},
        action_mode="target",
    )
    still.reset(seed=0)
    assert still.step(np.array([0.0, 0.5]))[4]["option_holdings"] == 10.0


def test_a_frame_of_text_shows_what_is_held_of_the_option() -> None:
    config = {
        "execution": {"option": {"roll_every": None}},
        "action": {"mode": "target"},
    }
    env = HedgeEnv(preset="gamma-vega", config=config, render_mode="ansi")
    env.reset(seed=0)
    env.step(np.array([0.0, 0.5]))
    assert "options +10.000" in env.render()


@pytest.mark.parametrize("mode", ["band", "target"])
def test_a_saved_policy_acts_on_both_instruments(mode: str, tmp_path) -> None:
    settings = [f"action.mode={mode}", "execution.option.maturity_days=40"]
    path = save_random_policy(tmp_path / "policy.safetensors", settings=settings)
    policy, again = load_policy(path), load_policy(path)
    batch = started(policy.config)
    target = policy.target(batch.observables())
    assert target.shape == (20, 2)
    np.testing.assert_array_equal(target, again.target(dict(batch.observables())))
    batch.advance(target)
    np.testing.assert_allclose(batch.rows[field.OPTION_HOLDINGS], target[:, 1])
