"""The exact optimum of the market as it is now, against the optimum where it stays."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.frozen.frozen_optimum import (
    FrozenLevel,
    FrozenOptimum,
    between,
    frozen_optimum,
    levels_of,
)
from hedge_env.baselines.frozen.market import GasLaw, frozen_market, gas_law
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.grid import make_grid
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape, record_tape

LAMBDA = 10.0
SHORT = ("episode.decisions=60", "book.legs.0.maturity_days=10.0")
QUIET = ("episode.decisions=60", "market.gas=null", "execution.gas_units=0.0")


def recorded(config: EnvConfig, n: int = 400) -> MarketTape:
    return record_tape(config, np.arange(n, dtype=np.int64), seed=0, stream="test")


def level_of(config: EnvConfig) -> FrozenLevel:
    return FrozenLevel(
        solve(config, LAMBDA, n_holdings=201), make_grid(config, 3, None).delta
    )


@pytest.mark.parametrize("preset", ["reference", "reference-gas"])
def test_where_nothing_moves_but_spot_and_gas_it_is_the_optimum(preset: str) -> None:
    config = load_config(preset, settings=SHORT)
    optimal = OptimalPolicy(solve(config, LAMBDA, n_holdings=201))
    gas = None if config.market.gas is None else GasLaw(0.0, 0.45, 0.9)
    policy = FrozenOptimum(
        (level_of(config),),
        np.array([config.market.volatility.level]),
        DeltaThreshold(),
        gas,
        seasonal=True,
        factor=1.0,
    )
    tape = recorded(config)
    mine = evaluate_on_tape(policy, tape, config, LAMBDA).objective
    best = evaluate_on_tape(optimal, tape, config, LAMBDA).objective
    assert np.abs(mine - best).mean() < 0.01 * best.mean()
    assert mine.mean() == pytest.approx(best.mean(), rel=5e-4)


@pytest.mark.slow
def test_what_is_fitted_finds_the_optimum_again() -> None:
    """Factor one, no shift of the centre, and the cost of the exact optimum."""
    config = load_config("reference", settings=SHORT)
    policy = frozen_optimum(config, LAMBDA)
    assert policy.factor == pytest.approx(1.0, abs=0.35)  # it is flat around the best
    assert policy.centre.centre_vega == policy.centre.centre_smile == 0.0  # no doubt
    tape = recorded(config, 2000)
    mine = evaluate_on_tape(policy, tape, config, LAMBDA).objective
    optimal = OptimalPolicy(solve(config, LAMBDA))
    best = evaluate_on_tape(optimal, tape, config, LAMBDA).objective
    assert mine.mean() == pytest.approx(best.mean(), rel=0.01)


@pytest.mark.slow
def test_where_volatility_moves_it_costs_less_than_what_stays_at_its_level() -> None:
    """Programmes at three volatilities against the one in their middle."""
    config = load_config("ethereum-l1", settings=QUIET)
    tape = recorded(config, 2000)
    volatilities = np.array([0.3, 0.55, 1.0])
    levels = tuple(
        level_of(frozen_market(config, volatility, None, 6e-4))
        for volatility in volatilities.tolist()
    )
    centre = DeltaThreshold(centre_vega=0.16)
    options = {"seasonal": False, "factor": 1.0}
    moving = FrozenOptimum(levels, volatilities, centre, None, **options)
    still = FrozenOptimum(levels[1:2], volatilities[1:2], centre, None, **options)
    mine = evaluate_on_tape(moving, tape, config, LAMBDA).objective
    theirs = evaluate_on_tape(still, tape, config, LAMBDA).objective
    lead = theirs - mine
    assert lead.mean() > 3.0 * lead.std() / np.sqrt(lead.size)


def test_gas_is_described_by_what_is_recorded() -> None:
    config = load_config("reference-gas")
    law = gas_law(recorded(config, 4000), config)
    assert law is not None
    chain = config.market.gas
    assert chain is not None
    assert law.sd == pytest.approx(chain.fast.sd, rel=0.02)
    assert law.memory == pytest.approx(2.0 ** (-(4.0 / 24.0) / 1.5), rel=0.01)
    assert law.tail == pytest.approx(1.0, abs=0.01)
    assert gas_law(recorded(load_config("reference"), 2), load_config("reference")) is (
        None
    )


def test_a_trade_of_both_is_their_mean_else_the_nearer_decides() -> None:
    goals = np.array([[0.2, 0.2, 0.2, 0.0], [0.6, 0.6, 0.6, 0.6]])
    trades = np.array([[True, True, False, True], [True, False, True, True]])
    share, held = np.array([0.25, 0.25, 0.25, 0.25]), np.full(4, 0.9)
    # A mean; the nearer one; the nearer one does nothing; being flat is not averaged.
    assert between(goals, trades, share, held) == pytest.approx([0.3, 0.2, 0.9, 0.0])


def test_levels_cover_what_is_seen() -> None:
    seen = np.geomspace(0.2, 1.2, 10_000)
    levels = levels_of(seen)
    assert levels[0] < 0.21
    assert levels[-1] > 1.18
    assert np.diff(np.log(levels)).max() < 0.25
    assert levels_of(np.full(5, 0.8)).tolist() == [0.8]


def test_a_book_without_such_a_programme_is_refused_in_one_sentence() -> None:
    config = load_config("gamma-vega")
    with pytest.raises(ConfigError, match="frozen-optimum cannot be solved for"):
        frozen_optimum(config, LAMBDA)


@pytest.mark.parametrize("preset", ["allocation", "perp-liquidation"])
def test_an_empty_book_has_no_programme(preset: str) -> None:
    with pytest.raises(ConfigError, match="the book holds no options"):
        frozen_optimum(load_config(preset), 10.0)
