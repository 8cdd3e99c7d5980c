"""Instruments are a list, and a target has a column for each."""

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.desk.instruments import complete_target, instruments_of
from hedge_env.evaluation.evaluate import evaluate

N = 4


@pytest.mark.parametrize("preset", PRESETS)
def test_a_problem_has_the_underlying_and_what_is_listed(preset):
    config = load_config(preset)
    instruments = instruments_of(config)
    assert len(instruments) == config.n_instruments
    assert (instruments[0].low, instruments[0].high) == config.holdings_bounds
    present = {row.number for row in field.present(config)}
    rows = {x for one in instruments for x in one[1:4]}
    assert rows <= present


def test_the_price_of_the_underlying_is_that_of_its_venue():
    spot = load_config("reference")
    perp = load_config(
        "reference",
        {"execution": {"instrument": "perp"}, "market": {"basis": {"sd_bp": 3}}},
    )
    assert instruments_of(spot)[0].price == field.SPOT
    assert instruments_of(perp)[0].price == field.HEDGE_PRICE


def test_what_a_policy_does_not_know_is_held():
    config = load_config("reference", {"execution": {"option": {}}})
    batch = HedgeBatch(config, N, seed=1, stream="test")
    batch.reset(np.arange(N))
    batch.advance(np.column_stack([np.full(N, 0.2), np.full(N, 0.3)]))
    target = complete_target(np.full((N, 1), 0.5), batch.rows, batch.instruments)
    np.testing.assert_array_equal(target, [np.full(N, 0.5), np.full(N, 0.3)])
    record = batch.advance(np.full((N, 1), 0.5))
    np.testing.assert_array_equal(batch.rows[field.OPTION_HOLDINGS], 0.3)
    assert (record.traded == 0.5 - 0.2).all()


@pytest.mark.parametrize("shape", [(N,), (N, 2), (N, 0), (N - 1, 1), (1, N)])
def test_a_target_of_another_shape_is_refused(shape):
    batch = HedgeBatch(load_config("reference"), N, seed=1, stream="test")
    batch.reset(np.arange(N))
    before = batch.rows.copy()
    with pytest.raises(ValueError, match=r"of shape \(4, 1\) are needed"):
        batch.advance(np.zeros(shape))
    np.testing.assert_array_equal(batch.rows, before)


class Shapeless:
    name, kind, inputs = "shapeless", "rule", ("delta",)

    def __init__(self, value: object) -> None:
        self.value = value

    def reset(self, n_paths: int) -> None:
        pass

    def target(self, observables):
        return np.asarray(self.value)


@pytest.mark.parametrize("value", [np.zeros(N), np.full((N, 1), np.nan)])
def test_a_policy_whose_target_is_unusable_is_named(value):
    config = load_config("reference")
    with pytest.raises(ValueError, match="shapeless gave targets"):
        evaluate([(Shapeless(value), None)], config, n_episodes=N)
