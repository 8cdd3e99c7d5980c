"""The rows of the scenarios, against the public function on the same positions."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.book.margin_scenarios import (
    GROSS_DELTA,
    GROSS_UNITS,
    N_BOOK_ROWS,
    first_scenario_row,
    quoted_rows,
)
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.pricing.portfolio_margin import (
    N_SCENARIOS,
    MarginedOption,
    scenario_profits,
)

N = 20
MARGIN = "execution.margin={model: portfolio, collateral: 100}"
LEVEL = 0.8  # flat, as reference has it


def problem(*settings: str, legs: tuple[dict[str, object], ...] = ()) -> EnvConfig:
    document = {
        "episode": {"decisions": 12, "decision_interval_hours": 24.0},
        "execution": {"instrument": "perp"},
        "book": {"legs": list(legs) or [{"kind": "call"}]},
        "holdings": {"low": -9.0, "high": 9.0},
    }
    return load_config("reference", document, [*settings, MARGIN])


def played(config: EnvConfig, decisions: int) -> HedgeBatch:
    batch = HedgeBatch(config, N, seed=2, stream="test")
    batch.reset(np.arange(N))
    for _ in range(decisions):
        batch.advance(np.zeros((N, batch.n_instruments)))
    return batch


def book_rows(batch: HedgeBatch, n_listed: int = 0) -> np.ndarray:
    first = first_scenario_row(n_listed)
    return batch.rows[first : first + N_BOOK_ROWS]


LEGS = (
    {"kind": "call", "quantity": -1.0, "moneyness": 1.05, "maturity_days": 40.0},
    {"kind": "put", "quantity": 2.0, "moneyness": 0.9, "maturity_days": 5.0},
    {"kind": "forward", "quantity": -0.5, "moneyness": 1.0, "maturity_days": 8.0},
)


@pytest.mark.parametrize("step", [0, 4, 5, 9, 12])
def test_rows_of_the_book_are_its_profits_in_every_scenario(step: int) -> None:
    batch = played(problem(legs=LEGS), step)
    rows = book_rows(batch)
    for i in range(N):
        spot = batch.rows[field.SPOT, i]
        options = [
            MarginedOption(
                leg["kind"],
                leg["quantity"],
                leg["moneyness"],
                LEVEL,
                leg["maturity_days"] - step,
            )
            for leg in LEGS[:2]
            if leg["maturity_days"] > step
        ]
        forward = -0.5 if step < 8 else 0.0
        expected = scenario_profits(options, spot, underlying=forward)
        np.testing.assert_allclose(rows[:N_SCENARIOS, i], expected, atol=1e-13)
        units = sum(abs(option.quantity) for option in options) + abs(forward)
        assert rows[GROSS_UNITS, i] == units
    if step == 0:  # the sign of each is known
        deltas = played(problem(legs=LEGS[:1]), 0).rows[field.DELTA]
        for leg in LEGS[1:]:
            deltas = deltas + np.abs(played(problem(legs=(leg,)), 0).rows[field.DELTA])
        np.testing.assert_allclose(rows[GROSS_DELTA], deltas, rtol=1e-13)


def test_listed_options_have_rows_of_one_unit_each() -> None:
    settings = ("execution.option.maturity_days=4", "execution.option.roll_every=2")
    config = problem(*settings, "execution.option.moneyness=1.1")
    n_slots, step = 3, 5
    assert quoted_rows(config) == 4 * n_slots + N_BOOK_ROWS + N_SCENARIOS * n_slots
    batch = played(config, step)
    # Listed at decisions 2 and 4; that of 0 was paid out at 4.
    for number, age in ((1, 3), (2, 1)):
        slot = number % n_slots
        first = first_scenario_row(n_slots) + N_BOOK_ROWS + N_SCENARIOS * slot
        price = batch.rows[field.N_FIELDS + 4 * slot]
        for i in range(N):
            struck = history(config, number * 2)[i] * 1.1
            option = MarginedOption("call", 1.0, struck, LEVEL, 4.0 - age)
            spot = batch.rows[field.SPOT, i]
            expected = scenario_profits([option], spot)
            found = batch.rows[first : first + N_SCENARIOS, i]
            np.testing.assert_allclose(found, expected, atol=1e-13)
        assert (price > 0.0).all()
    first = first_scenario_row(n_slots) + N_BOOK_ROWS
    assert not batch.rows[first : first + N_SCENARIOS].any()


def history(config: EnvConfig, step: int) -> np.ndarray:
    return played(config, step).rows[field.SPOT].copy()


def test_orders_of_clients_are_in_the_book() -> None:
    """At no volatility of orders but their number: what a book with them is worth."""
    settings = (
        "book.arrivals.maturity_days=3",
        "book.arrivals.rate_per_day=3",
        "book.arrivals.kind=put",
        "book.arrivals.probability_buy=1",
    )
    config = problem(*settings)
    with_orders, without = played(config, 2), played(problem(), 2)
    first, second = history(config, 1), history(config, 2)
    more = book_rows(with_orders) - book_rows(without)
    for i in range(N):
        spot = with_orders.rows[field.SPOT, i]
        options = [
            MarginedOption("put", -1.0, first[i], LEVEL, 2.0),
            MarginedOption("put", -1.0, second[i], LEVEL, 3.0),
        ]
        each = [scenario_profits([option], spot) for option in options]
        counts = np.linalg.lstsq(np.stack(each, 1), more[:N_SCENARIOS, i], rcond=None)[
            0
        ]
        whole = np.round(counts)
        assert (whole >= 0.0).all()
        np.testing.assert_allclose(counts, whole, atol=1e-9)
        assert more[GROSS_UNITS, i] == whole.sum()
    assert more[GROSS_UNITS].max() > 2.0
