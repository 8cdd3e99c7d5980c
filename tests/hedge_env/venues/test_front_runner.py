"""Somebody who learns when the desk trades, and trades ahead of it."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.baselines import RULES
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.policies.policy import Policy
from tests.hedge_env.desk.test_accounts import by_hand, components, trade

LEARNS = "execution.front_runner={loss_bp: 40, guess: 0.1, learning: 0.2, caution: 0.5}"
FRONT_RUN = COST_COMPONENTS.index("front_run")


def learned(batch: HedgeBatch) -> float:
    return float(batch.rows[field.LEARNED, 0])


def test_only_a_trade_that_was_expected_loses() -> None:
    """By hand: delta is 0, so that the error is what is held."""
    batch = by_hand(LEARNS, "episode.decisions=2")
    assert components(trade(batch, 0.5))["front_run"] == 0.0  # from an error of 0
    assert learned(batch) == pytest.approx(-0.2)
    record = trade(batch, 0.3)  # from an error of .5: .2 are sold at 1.1, and the rest
    assert components(record)["front_run"] == pytest.approx(40e-4 * 0.22, rel=1e-14)
    assert learned(batch) == pytest.approx(-0.2)


def test_a_false_alarm_makes_it_more_careful() -> None:
    batch = by_hand(LEARNS)
    trade(batch, 0.5)
    assert components(trade(batch, 0.5))["front_run"] == 0.0
    assert learned(batch) == pytest.approx(-0.2 + 0.5 * 0.2)


def test_it_knows_when_a_keeper_looks_and_not_if_that_is_random() -> None:
    for timing, expected in (("regular", -0.2), ("random", -0.1)):
        keeper = f"execution.keeper={{interval_hours: 8, timing: {timing}}}"
        batch = by_hand(LEARNS, keeper)
        trade(batch, 0.5)
        trade(batch, 0.5)  # between two regular runs: nothing can be expected
        assert learned(batch) == pytest.approx(expected), timing


def test_it_is_hidden_and_starts_anew() -> None:
    config = load_config("reference", settings=[LEARNS])
    batch = HedgeBatch(config, 2)
    batch.reset(np.arange(2))
    assert "learned" not in batch.observables()
    batch.advance(np.array([[0.5], [0.0]]))
    assert batch.rows[field.LEARNED].tolist() == [0.0, 0.1]  # delta is a half
    batch.reset(np.arange(2), mask=np.array([True, False]))
    assert batch.rows[field.LEARNED].tolist() == [0.0, 0.1]


def foreseen(policy: Policy, guess: float, *settings: str) -> tuple[float, float]:
    """Share of the value of the last half's trades that was foreseen, mean guess."""
    adversary = f"execution.front_runner={{loss_bp: 10, guess: {guess}}}"
    hourly = "episode.decision_interval_hours=1", "episode.decisions=720"
    config = load_config("reference", settings=[*hourly, adversary, *settings])
    n = 300
    batch = HedgeBatch(config, n, seed=5)
    batch.reset(np.arange(n))
    policy.reset(n)
    lost, value = 0.0, 0.0
    for step in range(719):
        record = batch.advance(policy.target(batch.observables()))
        if step >= 360:
            lost += record.cost_components[FRONT_RUN].sum()
            value += (np.abs(record.traded) * batch.rows[field.SPOT]).sum()
    return lost / (10e-4 * value), guess * geometric_mean(batch.rows[field.LEARNED])


def geometric_mean(logs: FloatArray) -> float:
    return float(np.exp(logs.mean()))


FIXED = RULES["delta-threshold"](threshold=0.1)


@pytest.mark.parametrize("guess", [0.02, 0.5])
def test_a_fixed_trigger_is_learned_from_both_sides(guess: float) -> None:
    share, found = foreseen(FIXED, guess)
    assert share > 0.8
    assert 0.09 < found < 0.11


def test_a_random_trigger_is_foreseen_less() -> None:
    fixed, _ = foreseen(FIXED, 0.1)
    shares = [
        foreseen(RULES["random-threshold"](threshold=0.1, spread=spread), 0.1)[0]
        for spread in (0.0, 0.3, 1.0)
    ]
    assert shares[0] == pytest.approx(fixed, rel=1e-12)
    assert shares[0] > shares[1] > shares[2]


def test_a_random_run_is_foreseen_less_than_a_regular_one() -> None:
    keeper = "execution.keeper={{interval_hours: 4, timing: {}}}"
    regular, _ = foreseen(FIXED, 0.1, keeper.format("regular"))
    at_random, _ = foreseen(FIXED, 0.1, keeper.format("random"))
    assert at_random < regular - 0.1
