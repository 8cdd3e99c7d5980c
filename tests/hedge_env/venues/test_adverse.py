"""All that can go wrong at once, and each part at the limit where it does nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hedge_env.agent.observations import ObservationEncoder
from hedge_env.base import field
from hedge_env.base.account_rows import FAILED_GAS, SANDWICH
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.tape import record_tape
from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.hedge_env.desk.test_accounts import imbalance
from tests.hedge_env.feeds.history.examples import full_replay
from tests.support.examples import ADVERSE, full_config

SHORT = ("episode.decisions=8", "book.legs.2.maturity_days=1", "risk_aversion=10")
HARMLESS = {
    "failure": "execution.failure={probability: 0}",
    "sandwich": "execution.sandwich={probability: 1, loss_bp: 0}",
    "no sandwich": "execution.sandwich={probability: 0, loss_bp: 50}",
    "halt": "execution.halt={move: 100}",
    "margin": "execution.margin={collateral: 1000}",
    "basis": "market.basis={sd_bp: 0}",
    "impact": "execution.permanent_impact=1e-300",
}


@pytest.mark.parametrize("part", HARMLESS)
def test_a_part_that_does_nothing_changes_no_bit(part: str) -> None:
    ids = np.arange(30)
    batches = [
        HedgeBatch(full_config(*SHORT, *more), 30) for more in ((), (HARMLESS[part],))
    ]
    rng = np.random.default_rng(0)
    for batch in batches:
        batch.reset(ids)
    for _ in range(8):
        target = rng.uniform(-1.0, 1.0, (30, 1))
        for batch in batches:
            batch.advance(target)
        market = [row.number for row in field.CERTAIN_ROWS]
        position = slice(field.HOLDINGS, field.MARGIN_EQUITY)
        for rows in (market, position):
            np.testing.assert_array_equal(*(batch.rows[rows] for batch in batches))
    np.testing.assert_array_equal(*(batch.totals.rows for batch in batches))


def test_one_environment_equals_a_row_of_many_bit_for_bit() -> None:
    config = full_config(*SHORT, *ADVERSE)
    many = HedgeVectorEnv(5, config=config)
    alone = HedgeEnv(config=config)
    one = many.reset(seed=3)[0][4], alone.reset(seed=3, options={"path_ids": 4})[0]
    np.testing.assert_array_equal(*one)
    many.action_space.seed(0)
    for _ in range(8):
        actions = many.action_space.sample()
        seen, rewards, *_ = many.step(actions)
        observation, reward, *_ = alone.step(actions[4])
        np.testing.assert_array_equal(seen[4], observation)
        assert rewards[4] == reward
        assert observation in alone.observation_space


def test_a_batch_with_everything_on_resumes_bit_for_bit() -> None:
    config, ids = full_config(*SHORT, *ADVERSE), np.arange(40)
    one, other = HedgeBatch(config, 40), HedgeBatch(config, 40)
    one.reset(ids)
    for step in range(8):
        if step == 4:
            other.load_state_dict(one.state_dict())
        target = np.sin(1.0 + ids + 3.0 * step)[:, None]
        one.advance(target)
        if step >= 4:
            other.advance(target)
            np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.totals.rows, other.totals.rows)


def test_a_tape_with_all_but_own_impact_gives_the_numbers_of_the_simulation() -> None:
    config, ids = (
        full_config(*SHORT, *ADVERSE, "execution.permanent_impact=0"),
        np.arange(9),
    )
    tape = record_tape(config, ids, seed=7, stream="validation")
    assert tape.live is None
    batches = [
        HedgeBatch(config, 9, market=tape.open()),
        HedgeBatch(config, 9, seed=7, stream="validation"),
    ]
    for batch in batches:
        batch.reset(ids)
    for step in range(8):
        for batch in batches:
            batch.advance(np.sin(1.0 + ids + 3.0 * step)[:, None])
        np.testing.assert_array_equal(*(batch.rows for batch in batches))
    np.testing.assert_array_equal(*(batch.totals.rows for batch in batches))


def test_features_are_there_where_their_part_is() -> None:
    names = ObservationEncoder(full_config(*ADVERSE)).names
    assert {"basis", "halted", "margin_use"} <= set(names)
    plain = ObservationEncoder(full_config()).names
    assert not {"basis", "halted", "margin_use"} & set(plain)
    seen = HedgeBatch(full_config(*ADVERSE), 1).observables()
    assert {"hedge_price", "basis", "halted", "margin_equity"} <= set(seen)


def test_recorded_days_are_played_with_late_failing_and_halted_orders(
    tmp_path: Path,
) -> None:
    off = ("execution.permanent_impact=0", "market.crowd=null")
    config = full_replay(tmp_path, *ADVERSE, *off, "episode.decisions=16")
    batch = HedgeBatch(config, 4, stream="test")
    batch.reset(np.arange(4))
    start = batch.rows[field.BOOK_VALUE].copy()
    rng = np.random.default_rng(0)
    for _ in range(16):
        batch.advance(rng.uniform(-1.0, 1.0, (4, 1)))
        assert imbalance(batch, start) < 1e-12
        between = batch.rows[field.FILL_PRICE] / batch.rows[field.HEDGE_PRICE]
        assert (np.abs(np.log(between)) > 0.0).all()
    assert batch.totals.cost_components[FAILED_GAS : SANDWICH + 1].any()


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("market.crowd={size: 1}", "market.crowd"),
        ("market.contagion={daily_volume: 1.0e+9}", "market.contagion"),
        ("market.funding.premium=basis", "market.funding.premium"),
        ("execution.permanent_impact=0.1", "execution.permanent_impact"),
    ],
)
def test_recorded_prices_answer_to_nobody(
    tmp_path: Path, setting: str, key: str
) -> None:
    with pytest.raises(ConfigError, match=f"needs {key}.* do not answer to trades"):
        full_replay(tmp_path, setting, "market.basis={sd_bp: 0}")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["execution.latency_steps=4"], "latency_steps = 4 must not exceed"),
        (["execution.latency_steps=-1"], "latency_steps"),
        (["execution.failure={probability: 1.2}"], "failure.probability"),
        (["execution.halt={move: 0}"], "halt.move"),
        (
            ["execution.margin={collateral: 1, maintenance: 0.2}"],
            "must be below initial",
        ),
        (
            ["execution.instrument=spot", "execution.margin={collateral: 1}"],
            "execution.margin needs execution.instrument = perp",
        ),
        (
            ["execution.instrument=spot", "market.basis={sd_bp: 1}"],
            "market.basis needs execution.instrument = perp",
        ),
        (
            ["market.jumps.mean_up=0.6", "market.crowd={size: 1, cap: 0.9}"],
            "jumps of infinite mean",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    settings: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        full_config(*settings)


def test_the_adverse_preset_costs_more_and_tracks_worse() -> None:
    off = ["execution.latency_steps=0", "execution.failure=null"]
    plain, adverse = (
        evaluate(
            [(Delta(), None)],
            load_config("ethereum-l1-adverse", settings=settings),
            n_episodes=600,
        )[0]
        for settings in (off, [])
    )
    failed_gas, sandwich = adverse.cost_components[FAILED_GAS : SANDWICH + 1].mean(
        axis=1
    )
    assert failed_gas > 0.0 == plain.cost_components[FAILED_GAS].max()
    # Five hundredths of the turnover lose half a per cent.
    assert sandwich == pytest.approx(0.00025 * adverse.turnover.mean(), rel=0.05)
    worse = adverse.squared_increments - plain.squared_increments
    assert worse.mean() > 4.0 * worse.std() / np.sqrt(600)
