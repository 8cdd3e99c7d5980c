"""Kinds of liabilities: a list in the config, a kernel each, compiled when held."""

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.rule.assumptions import (
    why_not_one_maturity,
    why_nothing_to_hedge,
)
from hedge_env.book import liabilities
from hedge_env.book.liability import Kind, rows_each
from hedge_env.config import BookConfig, EnvConfig, Liability
from hedge_env.config.loading import load_config
from hedge_env.config.sections.book import limiting_deltas
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.quoted_paths import QuotedPaths
from hedge_env.feeds.simulated import quote_params
from hedge_env.feeds.tape import record_tape
from hedge_env.market.engine import market_state
from hedge_env.market.spot.crowd import crowd_feedback
from hedge_env.numerics.philox import stream_key

N = 6


def problem(*legs: dict[str, object]) -> EnvConfig:
    return load_config("reference", {"book": {"legs": list(legs)}})


def played(config: EnvConfig) -> tuple[list[np.ndarray], HedgeBatch]:
    """Value and delta of the book at every decision, shape (2, N)."""
    batch = HedgeBatch(config, N, seed=1, stream="test")
    batch.reset(np.arange(N))
    seen = []
    for step in range(batch.n_decisions + 1):
        now = batch.observables()
        seen.append(np.stack([now["book_value"], now["delta"]]))
        if step < batch.n_decisions:
            batch.advance(now["delta"][:, np.newaxis])
    return seen, batch


@pytest.mark.parametrize("days", [7.0, 30.0, 45.0])
def test_a_call_sold_and_a_put_bought_are_a_forward_sold(days):
    terms = {"moneyness": 1.1, "maturity_days": days}
    call = {"kind": "call", "quantity": -1.0, **terms}
    put = {"kind": "put", "quantity": 1.0, **terms}
    forward = {"kind": "forward", "quantity": -1.0, **terms}
    bounds = {"low": 0.0, "high": 1.0}  # the delta of the two cannot move
    book = {"book": {"legs": [call, put]}, "holdings": bounds}
    options, _ = played(load_config("reference", book))
    forwards, _ = played(problem(forward))
    for two, one in zip(options, forwards, strict=True):
        np.testing.assert_allclose(two, one, rtol=0.0, atol=1e-12)


def test_a_book_is_the_sum_of_its_positions_of_any_kind():
    call = {"kind": "call", "quantity": -2.0, "moneyness": 0.9}
    early = {"kind": "forward", "quantity": 0.5, "maturity_days": 7.0}
    late = {"kind": "forward", "quantity": -0.7, "moneyness": 1.2}
    parts = [played(problem(leg))[0] for leg in (call, early, late)]
    whole, batch = played(problem(call, early, late))
    for step, value in enumerate(whole):
        total = sum(part[step] for part in parts)
        np.testing.assert_allclose(value, total, rtol=0.0, atol=1e-12)
    totals, now = batch.totals, batch.observables()
    account = totals.cash + now["holdings"] * now["spot"] + now["book_value"]
    earned = whole[0][0] + totals.hedge_pnl + totals.book_pnl - totals.cost
    np.testing.assert_allclose(account, earned, rtol=0.0, atol=1e-12)


def test_what_is_remembered_is_of_each_path_and_survives_a_restart():
    config = problem({"kind": "forward", "maturity_days": 7.0})
    batch = HedgeBatch(config, N, seed=1, stream="test")
    batch.reset(np.arange(N))
    held = np.zeros((N, 1))
    for _ in range(100):  # the forward is delivered at decision 42
        batch.advance(held)
    delivered = batch.rows[1].copy()
    state = batch.state_dict()
    twin = HedgeBatch(config, N, seed=1, stream="test")
    twin.load_state_dict(state)
    anew = np.arange(N) < 2
    for one in (batch, twin):
        one.reset(np.arange(N) + 50, mask=anew)
        one.advance(held)
    np.testing.assert_array_equal(batch.rows, twin.rows)
    np.testing.assert_array_equal(batch.rows[1, 2:], delivered[2:])
    assert (batch.rows[1, :2] == 1.0 - batch.observables()["spot"][:2]).all()


def test_a_kind_that_no_book_holds_is_neither_compiled_nor_called(monkeypatch):
    def refuse(*args: object) -> None:
        raise AssertionError("called")

    kind = Kind(refuse, refuse, refuse)
    monkeypatch.setattr(liabilities, "KINDS", {"forward": kind})
    played(load_config("reference", settings=["episode.decisions=30"]))
    with pytest.raises(AssertionError, match="called"):
        played(problem({"kind": "forward"}))


def test_a_kind_is_told_once_that_a_path_has_arrived(monkeypatch):
    arrivals = np.zeros(N)

    def value(rows, state, memory, paths, p, market) -> None:
        arrivals[:] += paths.arrived

    kind = Kind(lambda *_: (), rows_each(1), value)
    monkeypatch.setattr(liabilities, "KINDS", {"forward": kind})
    batch = HedgeBatch(problem({"kind": "forward"}), N, seed=1, stream="test")
    batch.reset(np.arange(N))
    for _ in range(5):
        batch.advance(np.zeros((N, 1)))
    batch.reset(np.arange(N), mask=np.arange(N) == 0)  # quotes all paths again
    batch.load_state_dict(batch.state_dict())
    batch.advance(np.zeros((N, 1)))
    np.testing.assert_array_equal(arrivals, 6.0)


def test_the_bounds_of_the_hedge_cover_every_kind():
    call = {"kind": "call", "quantity": -1.0}
    forward = {"kind": "forward", "quantity": -2.0}
    assert problem(call, forward).holdings_bounds == (0.0, 3.0)
    assert problem(forward).holdings_bounds == (0.0, 2.0)
    unbounded = BookConfig.model_construct(legs=(Liability(kind="oracle"),))
    with pytest.raises(ValueError, match="must be set with oracle"):
        limiting_deltas(unbounded)


@pytest.mark.parametrize(
    ("leg", "message"),
    [
        (
            {"kind": "barrier"},
            "one of 'call', 'put', 'forward', 'amm'",
        ),
        ({"quantity": 1.0}, r"book\.legs\.0 needs the key kind"),
        ({"kind": "forward", "strike": 1.0}, "strike is unknown; known: kind, mat"),
        ({"kind": "forward", "maturity_days": 7.1}, "falls between two decisions"),
        ({"kind": "forward", "maturity_days": 1e-3}, "over before the first decision"),
    ],
)
def test_a_position_that_is_none_is_refused_in_one_line(leg, message):
    with pytest.raises(ConfigError, match=message) as caught:
        problem(leg)
    assert "\n" not in str(caught.value)


def test_rules_and_solvers_say_that_they_know_options_only():
    mixed = problem({"kind": "call"}, {"kind": "forward"})
    assert why_not_one_maturity(mixed) == "the book holds more than options: forward"
    assert why_unsolvable(mixed) == "its book holds more than European options"
    assert why_nothing_to_hedge(problem({"kind": "forward"})) is None


def test_a_tape_of_a_mixed_book_gives_the_same_episodes():
    config = problem({"kind": "call"}, {"kind": "forward", "maturity_days": 7.0})
    tape = record_tape(config, np.arange(N), seed=1, stream="test")
    live = HedgeBatch(config, N, seed=1, stream="test")
    taped = HedgeBatch(config, N, market=tape.open())
    for batch in (live, taped):
        batch.reset(np.arange(N))
    for _ in range(60):
        np.testing.assert_array_equal(live.rows, taped.rows)
        target = live.observables()["delta"][:, np.newaxis]
        live.advance(target)
        taped.advance(target)


def test_the_crowd_hedges_as_large_a_gamma_as_all_of_the_book(monkeypatch):
    def value(rows, state, memory, paths, p, market) -> None:
        rows[field.GAMMA] += 1.5

    kind = Kind(lambda *_: (), rows_each(0), value)
    monkeypatch.setattr(liabilities, "KINDS", {"forward": kind})
    config = load_config(
        "reference",
        {"book": {"legs": [{"kind": "forward"}]}, "market": {"crowd": {"size": 0.1}}},
    )
    quotes = quote_params(config)
    paths = QuotedPaths(quotes, N, stream_key(1, "test"), config)
    rows = np.zeros((field.N_FIELDS, N))
    everybody = np.ones(N, dtype=np.bool_)
    paths.start(np.arange(N), everybody)
    paths.quote_start(rows, everybody)
    feedback = paths.state[market_state.CROWD]
    expected = crowd_feedback(1.5, 1.0, quotes.market.crowd)
    np.testing.assert_array_equal(feedback, expected)
    assert expected != 0.0
