"""Processes are handed their rows and called in the order of the list."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hedge_env.config import MarketConfig
from hedge_env.config.loading import load_config
from hedge_env.market.engine import market_state, noise
from hedge_env.market.engine.in_turn import numbers, sentences
from hedge_env.market.engine.parameters import _is_on, market_params
from hedge_env.market.engine.parts import PartsParams
from hedge_env.market.engine.processes import PROCESSES, MarketParams
from hedge_env.market.gas import gas_chain, gas_price
from hedge_env.market.perpetual import basis
from hedge_env.market.process import Process, StepLength
from tests.support.examples import full_config

# What a process does not say in its own file, and why.
ELSEWHERE = {
    "compile": {
        "clock": "of the episode",
        "interval": "of execution",
        "realised": "of what is observed",
    },
    "start": {
        "realised": "at the truth, a product of volatilities",
        "season": "a factor of that product",
        "price": "at zero",
        "interval": "at zero",
        "jumps": "no rows",
        "crowd": "the desk's gamma gives it, see venues.disruptions",
        "volatility_forecast": "at what is known of the past, see engine.start",
        "gas_forecast": "the same",
    },
    "advance": {
        "price": "with jumps and crowd one return, see engine.price",
        "jumps": "the same",
        "crowd": "the same",
        "season": "a factor of the product of volatilities",
        "interval": "between market steps",
        "clock": "stands still",
    },
}


def test_a_process_is_handed_its_own_rows_and_then_those_it_uses() -> None:
    states, shocks = numbers(cast(Process, gas_price))
    assert [market_state.STATES[n] for n in states] == list(gas_price.STATES)
    assert shocks == (noise.Z_GAS_SLOW, noise.Z_GAS_FAST, noise.U_SPIKE)
    assert numbers(cast(Process, gas_chain))[0] == (market_state.GAS_FAST,)
    assert numbers(cast(Process, basis))[1] == (noise.Z_BASIS, noise.Z_PREMIUM)


def test_a_row_that_nobody_declares_cannot_be_used() -> None:
    process: Any = SimpleNamespace(STATES={}, SHOCKS=(), USES=("gas_fats", "premium"))
    with pytest.raises(ValueError, match=r"no process declares \['gas_fats'\]"):
        numbers(process)


@pytest.mark.parametrize("part", ELSEWHERE)
def test_a_process_says_everything_in_its_own_file(part: str) -> None:
    silent = {name for name, file in PROCESSES.items() if not hasattr(file, part)}
    assert silent == set(ELSEWHERE[part])


def test_nothing_but_processes_owns_rows_or_shocks() -> None:
    assert "heston" in PROCESSES
    rows = [name for process in PROCESSES.values() for name in process.STATES]
    assert sorted(rows) == sorted(market_state.STATES)
    shocks = [shock for process in PROCESSES.values() for shock in process.SHOCKS]
    assert tuple(shocks) == noise.SHOCKS


def test_a_process_without_a_flag_can_be_off() -> None:
    length = StepLength(
        hours=1.0,
        days=1.0 / 24.0,
        years=1.0 / 8760.0,
        days_per_year=365.0,
        per_decision=4,
    )
    for name, process in PROCESSES.items():
        if hasattr(process, "OFF"):
            assert list(inspect.signature(process.compile).parameters) == [  # type: ignore[attr-defined]
                "market",
                "length",
            ]
            params = process.compile(MarketConfig(), length)  # type: ignore[attr-defined]
            assert type(params) is type(process.OFF), name
            assert name in PartsParams._fields or params is process.OFF, name
        else:  # part of every market
            assert name in ("clock", "interval", "price", "realised")


def test_the_constants_of_every_process_are_compiled() -> None:
    for config in (full_config(), load_config("calm")):
        params = market_params(config)
        assert set(PROCESSES) < set(MarketParams._fields)
        for name, process in PROCESSES.items():
            assert type(getattr(params, name)).__module__ == process.__name__  # type: ignore[attr-defined]


def test_processes_advance_in_the_order_in_which_they_read_each_other() -> None:
    # Gas reads the volatility before the step; the chain takes the fast factor's place.
    order = list(PROCESSES)
    assert order.index("gas") < order.index("gas_chain")
    assert order.index("gas_chain") < order.index("volatility")


def test_a_shock_of_a_part_that_nobody_knows_is_refused() -> None:
    parts = market_params(load_config("calm")).parts
    with pytest.raises(ValueError, match="'gass', which is neither a flag"):
        _is_on("gass", parts, {"gas": gas_price.OFF})


def test_the_calls_are_written_out_in_the_order_of_the_list() -> None:
    head, *calls = sentences("advance", "step, ").splitlines()
    assert head == "def advance_in_turn(x, z, step, p):"
    names = [call.split("_advance(")[0].split()[-1] for call in calls]
    assert names == [n for n in PROCESSES if hasattr(PROCESSES[n], "advance")]
    shocks = (noise.Z_BASIS, noise.Z_PREMIUM)
    expected = f"Rows(x, {(market_state.BASIS,)}), Rows(z, {shocks})"
    assert f"    if p.parts.basis: basis_advance({expected}, step, p.basis)" in calls
    realised = next(call for call in calls if "realised" in call)
    assert realised.startswith("    realised_advance(")  # no flag: part of any market


def test_every_process_starts_whatever_is_on() -> None:
    # The level of a constant volatility is written by the process that is off.
    assert "if" not in sentences("start").split()
