"""Permanent impact of the hedger's own trades."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate, evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from tests.support.examples import full_config

# A trade of the whole notional is a tenth of a day's volume.
SETTINGS = (
    "episode.decisions=6",
    "episode.market_steps=2",
    "book.legs.0.maturity_days=1",
    "execution.daily_volume=1000",
)
IMPACT = "execution.permanent_impact=0.2"


def problem(*settings: str) -> EnvConfig:
    return load_config("reference", settings=[*SETTINGS, *settings])


def play(config: EnvConfig, targets: list[float], n: int = 4) -> FloatArray:
    """Market rows at every decision, shape (decisions + 1, rows, n)."""
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    rows = [batch.rows.copy()]
    for target in targets:
        batch.advance(np.full((n, 1), target))
        rows.append(batch.rows.copy())
    return np.array(rows)


def test_spot_keeps_the_move_of_every_trade() -> None:
    plain = np.log(play(problem(), [0.0] * 4)[:, field.SPOT])
    moved = play(problem(IMPACT), [0.5, 0.5, 0.2, 0.2])
    log_spot, spot = np.log(moved[:, field.SPOT]), moved[:, field.SPOT]
    first = 0.02 * 0.5 * spot[0]
    second = first - 0.02 * 0.3 * spot[2]
    expected = [0.0 * first, first, first, second, second]
    np.testing.assert_allclose(log_spot - plain, expected, atol=1e-14)


@pytest.mark.parametrize("latency", [0, 1, 2])
def test_a_trade_fills_before_it_moves_spot(latency: int) -> None:
    late = f"execution.latency_steps={latency}"
    plain = play(problem(late), [0.0, 0.0])
    moved = play(problem(late, IMPACT), [0.5, 0.5])
    if latency > 0:
        fill = field.FILL_PRICE
        np.testing.assert_array_equal(moved[1, fill], plain[1, fill])
    shift = np.log(moved[1, field.SPOT] / plain[1, field.SPOT])
    np.testing.assert_allclose(shift, 0.02 * 0.5, rtol=1e-11)


def test_a_margin_call_moves_spot_too() -> None:
    perp = ("execution.instrument=perp", "holdings.low=-1")
    account = "execution.margin={collateral: 0.055, maintenance: 0.099}"
    config = problem(IMPACT, *perp, account)
    moved = play(config, [-0.5, 0.0, 0.0, 0.0], n=300)
    plain = play(problem(), [0.0] * 4, n=300)
    shift = np.log(moved[:, field.SPOT] / plain[:, field.SPOT])
    called = moved[1, field.MARGIN_CALLS] > 0.0
    assert 0 < called.sum() < 300
    np.testing.assert_allclose(shift[1], -0.02 * 0.5, rtol=1e-10)
    back = 0.02 * 0.5 * moved[1, field.SPOT]
    np.testing.assert_allclose(shift[2], back - 0.01, atol=1e-12)


def test_a_tape_of_such_a_market_is_played_live() -> None:
    config = problem(IMPACT)
    tape = record_tape(config, np.arange(3, 12), seed=5, stream="validation")
    assert tape.live is not None
    assert (tape.n_paths, tape.rows.size) == (9, 0)
    batch = HedgeBatch(config, 9, seed=5, stream="validation")
    batch.reset(np.arange(3, 12))
    while batch.step[0] < 6:
        batch.advance(batch.observables()["delta"][:, None].copy())
    table = evaluate_on_tape(Delta(), tape, config)
    np.testing.assert_array_equal(table.cost, batch.totals.cost)
    np.testing.assert_array_equal(table.tracking, batch.totals.tracking)
    part = evaluate_on_tape(Delta(), tape.part(2, 5), config)
    np.testing.assert_array_equal(part.tracking, table.tracking[2:5])
    without = problem("execution.permanent_impact=0")
    still = record_tape(without, np.arange(3, 12), seed=5, stream="validation")
    assert (evaluate_on_tape(Delta(), still, without).tracking != table.tracking).all()


def test_results_do_not_depend_on_chunks_or_threads() -> None:
    entries = [(Delta(), None)]
    results = [
        evaluate(entries, problem(IMPACT), n_episodes=10, chunk_size=c, threads=t)[0]
        for c, t in ((10, 1), (3, 2))
    ]
    np.testing.assert_array_equal(results[0].tracking, results[1].tracking)


def test_a_recorded_market_cannot_answer() -> None:
    tape = record_tape(full_config(), np.arange(2), seed=0, stream="test")
    answering = full_config("execution.permanent_impact=0.1")
    batch = HedgeBatch(answering, 2, market=tape.open())
    batch.reset(np.arange(2))
    with pytest.raises(ValueError, match="cannot answer"):
        batch.advance(np.ones((2, 1)))
