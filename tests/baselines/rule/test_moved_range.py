"""Rules that also move a range of liquidity."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.baselines import BASELINES, RULES, rules_for
from hedge_env.baselines.rule.moved_range import RECENTRE_AT, rule_in
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import record_tape
from hedge_env.training.results.contenders import find_contenders
from hedge_env.training.results.rule_spec import parse_rule

PLAIN = load_config("lp-recentred", settings=["episode.decisions=30"])
MOVED = load_config(PLAIN, settings=["book.legs.0.recentre.by=policy"])
N = 32


@pytest.mark.parametrize("name", rules_for(PLAIN))
def test_every_rule_hedges_the_range_as_it_then_is(name: str) -> None:
    batch = HedgeBatch(MOVED, N, seed=3, stream="test")
    batch.reset(np.arange(N))
    for _ in range(10):
        batch.advance(np.zeros((N, 1)))
    seen = dict(batch.observables())
    place = np.abs(seen["range_place"])
    at = float(np.median(place))
    rule = rule_in(BASELINES[name], MOVED)(recentre_at=at)
    rule.reset(N)
    target = rule.target(seen)
    moved = place >= at
    assert 0 < moved.sum() < N
    np.testing.assert_array_equal(target[:, 1], moved)
    for greek in ("delta", "gamma"):
        change = np.where(moved, seen[f"recentring_{greek}"], 0.0)
        seen[greek] = seen[greek] + change
    plain = BASELINES[name]()
    plain.reset(N)
    np.testing.assert_array_equal(target[:, 0], plain.target(seen)[:, 0])


def test_a_rule_is_itself_where_nothing_is_to_be_moved() -> None:
    assert rule_in(RULES["delta"], PLAIN) is rule_in(RULES["delta"], None)
    made = rule_in(RULES["gamma-band"], MOVED)
    assert made is rule_in(RULES["gamma-band"], MOVED)
    assert (made.name, made.__name__) == ("gamma-band", RULES["gamma-band"].__name__)
    assert {item.name for item in fields(made)} >= {"recentre_at", "centre_vega"}


@pytest.mark.parametrize(("at", "expected"), [(0.01, 0.1), (0.7, 0.7), (99.0, 10.0)])
def test_the_default_is_the_threshold_of_the_book(at: float, expected: float) -> None:
    config = load_config(MOVED, settings=[f"book.legs.0.recentre.at={at}"])
    assert rule_in(RULES["delta"], config)().params["recentre_at"] == expected


def test_the_command_line_knows_the_threshold_where_there_is_one() -> None:
    ((rule,), _) = find_contenders(["gamma-band:recentre_at=0.7"], MOVED)
    assert rule.build().params["recentre_at"] == 0.7
    (every, _) = find_contenders(["main"], MOVED)
    assert all("recentre_at" in each.rule_class.parameters for each in every)
    with pytest.raises(ConfigError, match="no parameter 'recentre_at'"):
        parse_rule("gamma-band:recentre_at=0.7", PLAIN)


def test_the_threshold_is_tuned() -> None:
    """Where moving costs a fortune, it is tuned out of reach of the price."""
    dear = load_config(MOVED, settings=["book.legs.0.recentre.fixed_cost_bp=900"])
    tape = record_tape(dear, np.arange(64), seed=0, stream="validation")
    best = tune(rule_in(RULES["delta"], dear), dear, 10.0, tape, "mean-std:1")
    batch = HedgeBatch(dear, 64, seed=0, stream="validation")
    batch.reset(tape.path_ids)
    for _ in range(batch.n_decisions):
        place = np.abs(batch.observables()["range_place"])
        assert best.params["recentre_at"] > place.max()
        batch.advance(np.zeros((64, 1)))
    assert best.params["recentre_at"] <= RECENTRE_AT.high
