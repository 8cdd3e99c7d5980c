"""Episodes of a batch: starting, ending, resuming, and what a policy sees."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hedge_env.base import field
from hedge_env.base.field import FIELDS, OPTION_FIELDS, ROWS
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from tests.support.examples import full_config

SHORT = full_config("episode.decisions=6", "book.legs.2.maturity_days=1")


def started(config: EnvConfig, n: int, seed: int = 0) -> HedgeBatch:
    batch = HedgeBatch(config, n, seed=seed)
    batch.reset(np.arange(n))
    return batch


def targets(step: int, path_ids: np.ndarray) -> np.ndarray:
    """Actions that depend on path and step alone."""
    return (np.sin(1.0 + path_ids + 3.0 * step) * 1.2)[:, None]


def test_an_episode_starts_flat_at_spot_one() -> None:
    batch = started(SHORT, 50)
    assert not batch.totals.rows.any()
    for name in ("holdings", "steps_since_trade", "step"):
        assert not batch.observables()[name].any()
    np.testing.assert_array_equal(batch.observables()["spot"], 1.0)
    np.testing.assert_array_equal(batch.observables()["time_fraction"], 1.0)
    np.testing.assert_array_equal(batch.step, 0)


def test_episodes_end_after_the_last_decision() -> None:
    batch = started(SHORT, 3)
    for step in range(1, 7):
        record = batch.advance(np.zeros((3, 1)))
        np.testing.assert_array_equal(record.done, step == 6)
        np.testing.assert_array_equal(batch.step, step)


def test_what_happens_to_a_path_does_not_depend_on_the_batch() -> None:
    big = started(SHORT, 300)
    alone = [HedgeBatch(SHORT, 1) for _ in range(3)]
    chosen = np.array([0, 255, 256])
    for batch, path in zip(alone, chosen, strict=True):
        batch.reset(np.array([path]))
    for step in range(6):
        np.testing.assert_array_equal(
            big.rows[:, chosen], np.hstack([batch.rows for batch in alone])
        )
        big.advance(targets(step, np.arange(300)))
        for batch, path in zip(alone, chosen, strict=True):
            batch.advance(targets(step, np.array([path])))
    totals = np.hstack([batch.totals.rows for batch in alone])
    np.testing.assert_array_equal(big.totals.rows[:, chosen], totals)


def test_episodes_may_be_at_different_steps() -> None:
    n, ids = 300, np.arange(300)
    late = ids % 3 == 0
    mixed, plain = started(SHORT, n), started(SHORT, n)
    for step in range(2):  # two decisions on other paths, then the late ones restart
        mixed.advance(targets(step, ids))
        plain.advance(targets(step, ids))
    untouched = mixed.rows[:, ~late].copy()
    mixed.reset(ids + 1000, mask=late)
    np.testing.assert_array_equal(mixed.rows[:, ~late], untouched)
    np.testing.assert_array_equal(mixed.path_ids, ids + 1000 * late)
    np.testing.assert_array_equal(mixed.step, np.where(late, 0, 2))
    other = HedgeBatch(SHORT, n)
    other.reset(ids + 1000)
    for step in range(4):
        target = np.where(late, targets(step, ids)[:, 0], targets(step + 2, ids)[:, 0])
        mixed.advance(target[:, None])
        plain.advance(targets(step + 2, ids))
        other.advance(targets(step, ids))
        np.testing.assert_array_equal(mixed.rows[:, ~late], plain.rows[:, ~late])
        np.testing.assert_array_equal(mixed.rows[:, late], other.rows[:, late])
        assert np.isfinite(mixed.rows).all()
    np.testing.assert_array_equal(
        mixed.totals.rows, np.where(late, other.totals.rows, plain.totals.rows)
    )


def test_the_books_of_an_ended_episode_are_closed() -> None:
    batch = started(SHORT, 20)
    for step in range(6):
        batch.advance(targets(step, np.arange(20)))
    totals = batch.totals.rows.copy()
    for _ in range(3):
        record = batch.advance(np.full((20, 1), np.nan))  # whatever is asked for
        assert record.done.all()
        for values in record[:-1]:
            assert not np.asarray(values).any()
        np.testing.assert_array_equal(batch.totals.rows, totals)
        np.testing.assert_array_equal(batch.step, 6)
        np.testing.assert_array_equal(batch.observables()["holdings"], 0.0)
        assert np.isfinite(batch.rows).all()


def test_a_batch_resumes_bit_for_bit() -> None:
    batch, ids = started(SHORT, 40), np.arange(40)
    for step in range(3):
        batch.advance(targets(step, ids))
    batch.reset(ids + 7, mask=ids < 10)
    kept = batch.state_dict()
    snapshot = {name: array.copy() for name, array in kept.items()}
    resumed = HedgeBatch(SHORT, 40)
    resumed.load_state_dict(kept)
    for step in range(3, 6):
        one, other = (b.advance(targets(step, ids)) for b in (batch, resumed))
        for x, y in zip(one, other, strict=True):
            np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(batch.rows, resumed.rows)
        np.testing.assert_array_equal(batch.totals.rows, resumed.totals.rows)
    for name, array in kept.items():  # copies, not views
        np.testing.assert_array_equal(array, snapshot[name])


def test_risk_aversion_is_that_of_the_config_or_as_asked_for() -> None:
    batch = started(load_config("reference"), 4)
    np.testing.assert_array_equal(batch.observables()["risk_aversion"], 10.0)
    batch.reset(np.arange(4), risk_aversion=3.0)
    np.testing.assert_array_equal(batch.observables()["risk_aversion"], 3.0)
    each = np.array([1.0, 2.0, 3.0, 4.0])
    batch.reset(np.arange(4), risk_aversion=each)
    batch.advance(np.zeros((4, 1)))
    np.testing.assert_array_equal(batch.observables()["risk_aversion"], each)
    batch.reset(np.arange(4), risk_aversion=9.0, mask=each > 2.5)
    np.testing.assert_array_equal(batch.observables()["risk_aversion"], [1, 2, 9, 9])


def test_a_range_of_risk_aversions_is_drawn_log_uniformly_per_path() -> None:
    batch = started(SHORT, 20_000)
    drawn = batch.observables()["risk_aversion"].copy()
    assert 1.0 <= drawn.min() <= drawn.max() <= 100.0
    share = np.log(drawn) / np.log(100.0)
    assert stats.kstest(share, "uniform").pvalue > 1e-4
    few = HedgeBatch(SHORT, 3)
    few.reset(np.array([5, 17, 19_999]))
    np.testing.assert_array_equal(
        few.observables()["risk_aversion"], drawn[[5, 17, 19_999]]
    )


def test_a_policy_sees_named_rows_but_nothing_hidden() -> None:
    batch = started(SHORT, 3)
    seen = batch.observables()
    hidden = {"funding_accrued", "true_volatility", *OPTION_FIELDS}
    off = {name for name in FIELDS if name.startswith("margin_")}
    off |= {"hedge_price", "basis", "halted", "fill_price", "fill_funding"}
    off |= {"order_fails", "sandwich_rate"}
    assert not (hidden | off) & set(seen)
    of_no_part = {row.name for row in ROWS if not row.when}
    assert of_no_part - hidden <= set(seen) <= set(FIELDS)
    assert len(seen) == len(list(seen))
    with pytest.raises(KeyError):
        seen["true_volatility"]
    shown = started(full_config("observation.true_volatility=true"), 3).observables()
    assert "true_volatility" in shown
    np.testing.assert_array_equal(shown.rows[field.SPOT], shown["spot"])


def test_bounds_are_those_of_the_config() -> None:
    batch = HedgeBatch(full_config("holdings.low=-0.25", "holdings.high=0.75"), 1)
    assert (batch.holdings_low, batch.holdings_high) == (-0.25, 0.75)
    assert batch.n_instruments == 1
    assert batch.n_decisions == 40
