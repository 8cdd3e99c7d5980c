"""Processes are handed their rows and called in the order of the list."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hedge_env.config import MarketConfig
from hedge_env.config.loading import load_config
from hedge_env.market.engine import market_state, noise
from hedge_env.market.engine.in_turn import numbers
from hedge_env.market.engine.parameters import _is_on, market_params
from hedge_env.market.engine.parts import PartsParams
from hedge_env.market.engine.processes import PROCESSES, MarketParams
from hedge_env.market.gas import gas_chain, gas_price
from hedge_env.market.perpetual import basis
from hedge_env.market.process import Process, StepLength
from tests.support.examples import full_config

# What makes the price, or multiplies volatility, is composed by hand.
BY_HAND = {"price", "jumps", "crowd", "regime", "cascades", "season"}


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


def test_a_process_says_everything_or_is_composed_by_hand() -> None:
    for name, process in PROCESSES.items():
        said = [hasattr(process, part) for part in ("start", "advance")]
        assert all(said) != (name in BY_HAND), name
        assert any(said) != (name in BY_HAND), name


def test_a_process_without_a_flag_can_be_off() -> None:
    for name, process in PROCESSES.items():
        if hasattr(process, "compile"):
            parameters = inspect.signature(process.compile).parameters
            assert list(parameters) == ["market", "length"], name
            length = StepLength(hours=1.0, days=1.0 / 24.0, years=1.0 / 8760.0)
            params = process.compile(MarketConfig(), length)
            assert type(params) is type(process.OFF), name  # type: ignore[attr-defined]
            assert name in PartsParams._fields or params is process.OFF  # type: ignore[attr-defined]


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
