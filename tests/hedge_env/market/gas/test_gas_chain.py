"""The Markov chain of gas: moments in closed form, paths, and what is charged."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.field import FIELDS
from hedge_env.config.loading import load_config
from hedge_env.market.gas.gas_chain import (
    advance_gas_chain,
    gas_chain_params,
    rouwenhorst,
)
from tests.hedge_env.market.drive import decisions

DAYS = 1.0 / 6.0


@pytest.mark.parametrize("n_states", [2, 3, 9, 40])
def test_the_chain_has_the_moments_of_the_factor(n_states: int) -> None:
    levels, transition, stationary = rouwenhorst(n_states, 0.7, 0.45)
    np.testing.assert_allclose(transition.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(stationary @ transition, stationary, atol=1e-14)
    assert stationary @ levels == pytest.approx(0.0, abs=1e-14)
    assert stationary @ levels**2 == pytest.approx(0.45**2, rel=1e-12)
    np.testing.assert_allclose(transition @ levels, 0.7 * levels, atol=1e-14)


def test_many_states_are_nearly_gaussian() -> None:
    levels, _, stationary = rouwenhorst(99, 0.7, 1.0)
    assert stationary @ levels**4 == pytest.approx(3.0, abs=0.03)


def test_a_chain_without_noise_stays_at_the_median() -> None:
    gas = load_config("reference-gas", settings=["market.gas.fast.sd=0"]).market.gas
    level = np.zeros(5)
    advance_gas_chain(level, np.linspace(0.01, 0.99, 5), gas_chain_params(gas, DAYS))
    np.testing.assert_array_equal(level, 0.0)


def test_simulated_gas_has_the_law_of_the_chain() -> None:
    gas = load_config("reference-gas").market.gas
    p = gas_chain_params(gas, DAYS)
    levels, transition, _ = rouwenhorst(9, 0.5 ** (DAYS / 1.5), 0.45)
    n, rng = 50_000, np.random.default_rng(3)
    for state in (0, 4, 8):
        level = np.full(n, levels[state])
        advance_gas_chain(level, rng.random(n), p)
        shares = (np.abs(level[:, None] - levels) < 1e-12).mean(axis=0)
        error = np.sqrt(transition[state] * (1 - transition[state]) / n)
        assert (np.abs(shares - transition[state]) <= 4 * error + 4 / n).all()


def test_the_fixed_cost_of_reference_gas_has_the_mean_asked_for() -> None:
    settings = ["execution.gas_cost_bp=8", "episode.decisions=24"]
    n, steps = 2000, []
    for rows in decisions(load_config("reference-gas", settings=settings), n):
        np.testing.assert_array_equal(rows["fixed_cost"], rows["gas_cost"])
        np.testing.assert_allclose(rows["mean_fixed_cost"], 8e-4, rtol=1e-12)
        steps.append(rows["fixed_cost"])
    mean = np.mean(steps[:24], axis=0)
    assert abs(mean.mean() - 8e-4) < 4 * mean.std() / np.sqrt(n) + 2e-7


def test_gas_of_the_chain_is_independent_of_spot_and_starts_stationary() -> None:
    rows = list(decisions(load_config("reference-gas"), 4000))
    levels, _, stationary = rouwenhorst(9, 0.5, 0.45)
    first = rows[0]["log_gas"]
    shares = (np.abs(first[:, None] - levels) < 1e-9).mean(axis=0)
    assert np.abs(shares - stationary).max() < 4 * 0.5 / np.sqrt(4000)
    changes = [np.log(rows[i]["spot"] / rows[i - 1]["spot"]) for i in (1, 2, 3)]
    moves = [rows[i]["log_gas"] - rows[i - 1]["log_gas"] for i in (1, 2, 3)]
    for change, move in zip(changes, moves, strict=True):
        assert abs(np.corrcoef(change, move)[0, 1]) < 4 / np.sqrt(4000)


def test_the_chain_moves_gas_and_nothing_else() -> None:
    gas, plain = (load_config(name) for name in ("reference-gas", "reference"))
    settings = ["episode.decisions=6", "book.legs.0.maturity_days=1"]
    both = zip(
        decisions(load_config(gas, settings=settings), 50),
        decisions(load_config(plain, settings=settings), 50),
        strict=True,
    )
    costs = {"fixed_cost", "mean_fixed_cost", "gas_cost", "gas_price", "log_gas"}
    costs.add("gas_season")
    for with_chain, without in both:
        for name in with_chain.keys() - costs:
            np.testing.assert_array_equal(with_chain[name], without[name], err_msg=name)
    assert costs <= set(FIELDS)


def test_a_gas_cost_needs_gas() -> None:
    with pytest.raises(ValueError, match=r"execution\.gas_cost_bp needs market\.gas"):
        load_config("reference", settings=["execution.gas_cost_bp=1"])
