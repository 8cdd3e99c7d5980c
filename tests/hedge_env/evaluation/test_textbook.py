"""Published numbers. Rates are zero in the package: a rate r is a discounted strike
K e^(-r T), and all results are worth e^(r T) more at the end.
"""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.base.account_rows import N_COMPONENTS, TOTALS
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from tests.support.examples import play, trade_to_delta

DAYS = 365.0


def one_call(
    years: float,
    hedges: int,
    *,
    volatility: float,
    rate: float = 0.0,
    fee_bp: float = 0.0,
    implied: float | None = None,
) -> EnvConfig:
    """Short one call, at the money forward of spot; first and last trade are free."""
    return load_config(
        None,
        {
            "episode": {
                "decisions": hedges,
                "decision_interval_hours": years * DAYS * 24.0 / hedges,
            },
            "market": {
                "volatility": {"level": volatility},
                "surface": {"model": "flat", "volatility": implied},
            },
            "execution": {
                "fee_bp": fee_bp,
                "charge_opening": False,
                "charge_liquidation": False,
            },
            "book": {
                "legs": [
                    {
                        "kind": "call",
                        "moneyness": exp(-rate * years),
                        "maturity_days": years * DAYS,
                    }
                ]
            },
        },
    )


def results(config: EnvConfig, n_paths: int, growth: float) -> dict[str, FloatArray]:
    """Profit and cost of delta hedging at the end, in units of S = 100."""
    totals = 100.0 * growth * play(config, n_paths, trade_to_delta)
    hedge, book = totals[TOTALS.index("hedge_pnl")], totals[TOTALS.index("book_pnl")]
    cost = totals[:N_COMPONENTS].sum(axis=0)
    return {"profit": hedge + book - cost, "cost": cost}


# Derman and Kamal (1999), "When you cannot hedge continuously", with the exact sd of
# their experiment from simulations of this project: facts of a month, sigma 20 %.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("hedges", "sd", "n_paths"),
    [(21, 0.427, 200_000), (84, 0.218, 200_000), (250, 0.127, 80_000)],
)
def test_error_of_discrete_hedging_is_that_of_derman_and_kamal(
    hedges: int, sd: float, n_paths: int
) -> None:
    config = one_call(1 / 12, hedges, volatility=0.2, rate=0.05)
    growth = exp(0.05 / 12)
    profit = results(config, n_paths, growth)["profit"]
    assert profit.std() == pytest.approx(sd, rel=0.015)
    assert abs(profit.mean()) < 4 * profit.std() / sqrt(profit.size)
    # Their law, sqrt(pi / 4) vega sigma / sqrt(N), is good to a few percent.
    root = 0.2 / sqrt(12)
    vega = 100.0 * norm.pdf((0.05 / 12) / root + root / 2) / sqrt(12)
    law = sqrt(pi / 4) * vega * 0.2 / sqrt(hedges)
    assert profit.std() == pytest.approx(law, rel=0.04)


@pytest.mark.slow
def test_rebalancing_costs_what_the_closed_form_says() -> None:
    # c sqrt(2 / pi) sigma S0^2 Gamma0 T / sqrt(dt), Monte Carlo 5.0056.
    config = one_call(1.0, 250, volatility=0.2, fee_bp=100.0)
    cost = results(config, 60_000, 1.0)["cost"]
    gamma = norm.pdf(0.1) / (100.0 * 0.2)
    expected = 0.01 * sqrt(2 / pi) * 0.2 * 100.0**2 * gamma * sqrt(250)
    assert expected == pytest.approx(5.0078, abs=5e-5)
    assert cost.mean() == pytest.approx(expected, rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("implied", "premium", "mean", "sd"),
    [(None, 12.336, -3.159, 1.518), (0.3200, 14.990, 0.006, 0.986)],
    ids=["black-scholes", "leland"],
)
def test_lelands_volatility_pays_for_rebalancing(
    implied: float | None, premium: float, mean: float, sd: float
) -> None:
    # sigma_L^2 = sigma^2 (1 + sqrt(2 / pi) k / (sigma sqrt(dt))), k = 2 %.
    if implied is not None:
        exact = 0.25 * sqrt(1 + sqrt(2 / pi) * 0.02 / (0.25 * 0.1))
        assert exact == pytest.approx(implied, abs=5e-5)
        implied = exact
    config = one_call(
        1.0, 100, volatility=0.25, rate=0.05, fee_bp=100.0, implied=implied
    )
    batch = HedgeBatch(config, 1)
    batch.reset(np.zeros(1))
    value = -100.0 * batch.observables()["book_value"][0] * exp(0.05)
    assert value * exp(-0.05) == pytest.approx(premium, abs=5e-4)
    profit = results(config, 50_000, exp(0.05))["profit"]
    error = 4 * profit.std() / sqrt(profit.size)
    assert abs(profit.mean() - mean) < error + 4 * sd / sqrt(200_000)
    assert profit.std() == pytest.approx(sd, rel=0.015)


@pytest.mark.slow
def test_hedging_errors_vanish_with_the_square_root_of_the_interval() -> None:
    deviations = []
    for hedges in (10, 40, 160):
        config = one_call(1 / 12, hedges, volatility=0.2)
        deviations.append(results(config, 20_000, 1.0)["profit"].std())
    ratios = np.divide(deviations[:-1], deviations[1:])
    assert np.abs(ratios / 2.0 - 1.0).max() < 0.04


@pytest.mark.slow
@pytest.mark.parametrize(
    ("aversion", "threshold", "objective"),
    [(2.0, 0.20, 31.4), (10.0, 0.12, 55.8), (50.0, 0.07, 110.4)],
)
def test_the_best_threshold_rule_of_the_reference_market_is_reproduced(
    aversion: float, threshold: float, objective: float
) -> None:
    def rule(batch: HedgeBatch) -> FloatArray:
        rows = batch.observables()
        held, delta = rows["holdings"], rows["delta"]
        return np.where(np.abs(held - delta) > threshold, delta, held)

    totals = play(load_config("reference"), 20_000, rule)
    cost = totals[:N_COMPONENTS].sum(axis=0)
    squares = totals[TOTALS.index("squared_increments")]
    j = 1e4 * (cost + aversion * squares)
    assert abs(j.mean() - objective) < 4 * j.std() / sqrt(j.size) + 0.003 * objective
    if aversion == 10.0:  # 36.1 bp of cost, 140.6 bp of tracking error, 10.8 trades
        tracking = totals[TOTALS.index("hedge_pnl")] + totals[TOTALS.index("book_pnl")]
        trades = totals[TOTALS.index("trades")]
        assert 1e4 * cost.mean() == pytest.approx(36.1, rel=0.01)
        assert 1e4 * tracking.std() == pytest.approx(140.6, rel=0.02)
        assert trades.mean() == pytest.approx(10.8, rel=0.01)
