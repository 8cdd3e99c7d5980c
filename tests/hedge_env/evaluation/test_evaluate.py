from dataclasses import dataclass, fields

import numpy as np
import pytest

from hedge_env.base.errors import HedgeError
from hedge_env.baselines import BASELINES, rules_for
from hedge_env.config import EnvConfig, EpisodeConfig, ExecutionConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate, evaluate_on_tape
from hedge_env.evaluation.metrics import summarise
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy_file import LearnedPolicy, describe_policy

CONFIG = EnvConfig(
    episode=EpisodeConfig(decisions=12, decision_interval_hours=60.0),
    execution=ExecutionConfig(fee_bp=5.0, fixed_cost_bp=2.0),
)
DELTA, THRESHOLD = BASELINES["delta"](), BASELINES["delta-threshold"]()


@dataclass
class Fake:
    """A policy made of a function of the observables, counting its decisions."""

    function: object
    name: str = "fake"
    kind: str = "baseline"
    inputs: tuple[str, ...] = ()

    def reset(self, n_paths):
        self.decisions = np.zeros(n_paths)

    def target(self, observables):
        self.decisions += 1.0
        return self.function(observables, self.decisions)


def network(hidden_layers=(16,)):
    described = describe_policy(
        CONFIG,
        algorithm="ppo",
        hidden_layers=hidden_layers,
        activation="tanh",
        squash="clip",
    )
    rng = np.random.default_rng(0)
    sizes = zip(described.layers, described.layers[1:], strict=False)
    weights = [
        (
            rng.normal(size=(b, a)).astype(np.float32),
            rng.normal(size=b).astype(np.float32),
        )
        for a, b in sizes
    ]
    return LearnedPolicy(described, weights)


def assert_same(first, second):
    for column in fields(EpisodeTable):
        a, b = getattr(first, column.name), getattr(second, column.name)
        np.testing.assert_array_equal(a, b, err_msg=column.name)


def test_a_table_is_what_the_batch_books():
    (table,) = evaluate([(DELTA, 3.0)], CONFIG, n_episodes=50, seed=7, first_path=20)
    batch = HedgeBatch(CONFIG, 50, seed=7, stream="test")
    batch.reset(np.arange(20, 70), risk_aversion=3.0)
    for _ in range(CONFIG.episode.decisions):
        batch.advance(batch.observables()["delta"][:, None].copy())
    np.testing.assert_array_equal(table.path_id, np.arange(20, 70))
    np.testing.assert_array_equal(table.risk_aversion, 3.0)
    np.testing.assert_array_equal(table.cost, batch.totals.cost)
    np.testing.assert_array_equal(table.net_loss, batch.totals.net_loss)
    np.testing.assert_array_equal(table.trades, batch.totals.trades)
    np.testing.assert_array_equal(table.turnover, batch.totals.turnover)
    np.testing.assert_allclose(
        table.objective, table.cost + 3.0 * batch.totals.squared_increments
    )


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("chunk_size", [1, 17, 4096])
def test_results_do_not_depend_on_chunks_or_threads(chunk_size, threads):
    entries = [(rule(), 10.0) for rule in rules_for(CONFIG).values()] + [
        (network(), 10.0)
    ]
    whole = evaluate(entries, CONFIG, n_episodes=40, chunk_size=40)
    parts = evaluate(
        entries, CONFIG, n_episodes=40, chunk_size=chunk_size, threads=threads
    )
    for first, second in zip(whole, parts, strict=True):
        assert_same(first, second)


def test_a_path_does_not_depend_on_the_number_of_episodes():
    (long,) = evaluate([(DELTA, None)], CONFIG, n_episodes=30)
    (short,) = evaluate([(DELTA, None)], CONFIG, n_episodes=10, first_path=20)
    np.testing.assert_array_equal(short.net_loss, long.net_loss[20:])


def test_seeds_and_streams_give_different_paths():
    losses = [
        evaluate([(DELTA, None)], CONFIG, n_episodes=5, seed=seed, stream=stream)[
            0
        ].net_loss
        for seed, stream in ((0, "test"), (1, "test"), (0, "validation"))
    ]
    assert not np.isclose(losses[0], losses[1]).any()
    assert not np.isclose(losses[0], losses[2]).any()


def test_every_policy_meets_the_same_market():
    tables = evaluate(
        [(BASELINES["no-hedge"](), 1.0), (BASELINES["no-hedge"](), 9.0)],
        CONFIG,
        n_episodes=20,
    )
    np.testing.assert_array_equal(tables[0].net_loss, tables[1].net_loss)
    np.testing.assert_array_equal(tables[1].risk_aversion, 9.0)


def test_no_risk_aversion_means_that_of_the_config():
    (table,) = evaluate([(DELTA, None)], CONFIG, n_episodes=3)
    np.testing.assert_array_equal(table.risk_aversion, CONFIG.risk_aversion)


def test_state_is_reset_for_every_chunk_and_the_callers_policy_is_left_alone():
    def hold_after_first(observables, decisions):
        first = decisions == 1.0
        return np.where(first, 0.5, observables["holdings"])[:, None]

    policy = Fake(hold_after_first)
    (table,) = evaluate([(policy, None)], CONFIG, n_episodes=9, chunk_size=2)
    np.testing.assert_array_equal(table.trades, 1.0)
    assert not hasattr(policy, "decisions")


def test_progress_counts_every_episode_once():
    calls = []
    evaluate(
        [(DELTA, None), (THRESHOLD, None)],
        CONFIG,
        n_episodes=10,
        chunk_size=4,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(8, 20), (16, 20), (20, 20)]


def test_a_policy_that_reads_what_is_hidden_is_refused():
    policy = Fake(None, inputs=("delta", "true_volatility"))
    with pytest.raises(HedgeError, match="fake reads true_volatility"):
        evaluate([(policy, None)], CONFIG, n_episodes=2)


@pytest.mark.parametrize(
    "target",
    [np.zeros(5), np.zeros((5, 2)), np.full((5, 1), np.nan), np.full((5, 1), np.inf)],
)
@pytest.mark.parametrize("threads", [1, 2])
def test_an_unusable_target_is_an_error_that_names_the_policy(target, threads):
    policy = Fake(lambda observables, decisions: target)
    with pytest.raises(ValueError, match="fake gave"):
        evaluate([(policy, None)], CONFIG, n_episodes=20, chunk_size=5, threads=threads)


@pytest.mark.parametrize("wrong", [{"n_episodes": 0}, {"chunk_size": 0}])
def test_counts_must_be_positive(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        evaluate([(DELTA, None)], CONFIG, **({"n_episodes": 5} | wrong))


def test_a_tape_can_be_used_again():
    tape = record_tape(CONFIG, np.arange(6), seed=1, stream="validation")
    first = evaluate_on_tape(THRESHOLD, tape, CONFIG, 5.0)
    evaluate_on_tape(DELTA, tape, CONFIG, 5.0)
    assert_same(evaluate_on_tape(THRESHOLD, tape, CONFIG, 5.0), first)


def test_more_frequent_hedging_costs_more_and_tracks_better():
    entries = [(BASELINES[n](), None) for n in ("no-hedge", "time-based", "delta")]
    rows = [summarise(t) for t in evaluate(entries, CONFIG, n_episodes=500)]
    costs = [row.cost_bp for row in rows]
    errors = [row.tracking_error_bp for row in rows]
    assert costs[0] == 0.0
    assert costs == sorted(costs)
    assert errors == sorted(errors, reverse=True)
