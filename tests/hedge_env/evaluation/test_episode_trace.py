"""One recorder for what is played and for what is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np
import pytest

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray
from hedge_env.baselines import BASELINES
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.episode_trace import EpisodeRecorder, record_episode
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.policies.policy import PolicyKind

SEED, DECISIONS = 5, 12


@dataclass
class Scripted:
    """Trades from a list; remembers at which decision it is."""

    name: ClassVar[str] = "scripted"
    kind: ClassVar[PolicyKind] = "baseline"
    inputs: tuple[str, ...] = ("holdings",)
    targets: list[float] = field(default_factory=list)
    taken: int = 0

    def reset(self, n_paths: int) -> None:
        self.taken = 0

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        goal = self.targets[self.taken]
        self.taken += 1
        return np.full((observables["holdings"].size, 1), goal)


def problem(preset: str) -> EnvConfig:
    return load_config(preset, settings=[f"episode.decisions={DECISIONS}"])


def script() -> Scripted:
    return Scripted(targets=[0.0, 0.4, 0.4, -0.2] + [0.3] * (DECISIONS - 4))


def test_what_is_played_is_recorded_as_what_is_evaluated() -> None:
    config = problem("reference-gas")
    batch = HedgeBatch(config, 3, seed=SEED, stream="test")
    recorder = EpisodeRecorder(config, 3)
    batch.reset(np.array([4, 7, 9]), risk_aversion=10.0)
    recorder.begin(batch.rows, batch.totals)
    policy = script()
    for _ in range(DECISIONS):
        before = batch.rows
        record = batch.advance(policy.target(batch.observables()))
        recorder(before, record, batch.rows)
    played = recorder.trace(1, DECISIONS, policy="scripted", path_id=7, spot=100.0)
    evaluated = record_episode(
        script(), config, path_id=7, risk_aversion=10.0, seed=SEED
    )
    for column in fields(evaluated):
        a, b = getattr(played, column.name), getattr(evaluated, column.name)
        np.testing.assert_array_equal(a, b, err_msg=column.name)
    assert evaluated.gas_price is not None
    assert np.count_nonzero(evaluated.trade) == 3  # 0.4, -0.2, 0.3
    (table,) = evaluate(
        [(script(), 10.0)], config, n_episodes=1, seed=SEED, first_path=7
    )
    assert evaluated.costs[:, -1].sum() == pytest.approx(1e4 * table.cost[0])


def test_an_episode_that_was_resumed_keeps_its_sums() -> None:
    config = problem("reference")
    batch = HedgeBatch(config, 1, seed=SEED)
    batch.reset(np.array([0]), risk_aversion=10.0)
    batch.advance(np.array([[0.5]]))
    recorder = EpisodeRecorder(config, 1)
    recorder.begin(batch.rows, batch.totals)
    before = batch.rows
    record = batch.advance(np.array([[0.1]]))
    recorder(before, record, batch.rows)
    trace = recorder.trace(0, 2)
    assert np.isnan(trace.holdings[0])
    assert trace.holdings[1] == pytest.approx(0.1)
    assert trace.costs[:, -1].sum() == pytest.approx(1e4 * batch.totals.cost[0])
    assert trace.tracking[-1] == pytest.approx(1e4 * batch.totals.tracking[0])


def test_a_second_episode_on_the_same_paths_begins_at_zero() -> None:
    config = problem("reference")
    batch, recorder = HedgeBatch(config, 1, seed=SEED), EpisodeRecorder(config, 1)
    for path in (0, 1):
        batch.reset(np.array([path]), risk_aversion=10.0)
        for _ in range(DECISIONS):
            before = batch.rows
            recorder(before, batch.advance(np.array([[0.5]])), batch.rows)
    trace = recorder.trace(0, DECISIONS)
    assert not trace.costs[:, 0].any()
    assert trace.costs[:, -1].sum() == pytest.approx(1e4 * batch.totals.cost[0])


@pytest.mark.parametrize("preset", ["gamma-vega", "gamma-vega-sabr"])
def test_options_are_held_as_far_as_their_limit(preset: str) -> None:
    config = load_config(preset)
    policy = BASELINES["delta-gamma"]()
    trace = record_episode(policy, config, path_id=3, risk_aversion=1.0, seed=SEED)
    option = config.execution.option
    assert option is not None
    assert trace.options is not None
    assert np.abs(trace.options).max() <= option.limit
    assert np.count_nonzero(trace.options) > config.episode.decisions // 2


def test_units_of_options_are_bought_once_and_then_held() -> None:
    config = load_config("gamma-vega")
    batch = HedgeBatch(config, 2, seed=SEED)
    batch.reset(np.arange(2), risk_aversion=1.0)
    bought = []
    for goal in (0.3, None, None, 0.1):
        held = batch.observables()["option_holdings"].copy()
        units = held if goal is None else np.full(2, goal)
        record = batch.advance(np.column_stack([np.zeros(2), units]))
        np.testing.assert_array_equal(record.option_traded, units - held)
        bought.append(record.option_traded[0])
    assert [units != 0.0 for units in bought] == [True, False, False, True]


def test_strikes_are_those_of_every_kind_of_position() -> None:
    book = [{"kind": "call", "moneyness": 1.1}, {"kind": "forward", "moneyness": 0.9}]
    config = load_config("reference", {"book": {"legs": book}})
    trace = record_episode(
        BASELINES["delta"](), config, path_id=0, risk_aversion=1.0, seed=SEED
    )
    assert trace.strikes == pytest.approx([0.9 * trace.spot[0], 1.1 * trace.spot[0]])


def test_a_policy_is_left_as_it_is() -> None:
    policy = script()
    record_episode(policy, problem("reference"), path_id=0, risk_aversion=1.0, seed=0)
    assert policy.taken == 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_target_that_is_no_number_is_refused(wrong: float) -> None:
    policy = script()
    policy.targets[2] = wrong
    with pytest.raises(ValueError, match="scripted gave targets"):
        record_episode(
            policy, problem("reference"), path_id=0, risk_aversion=1.0, seed=0
        )


def test_a_policy_that_reads_what_is_hidden_is_refused() -> None:
    policy = Scripted(inputs=("fill_price",))
    with pytest.raises(HedgeError, match="reads fill_price"):
        record_episode(
            policy, problem("reference"), path_id=0, risk_aversion=1.0, seed=0
        )
