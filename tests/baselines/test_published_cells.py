"""Published cells: the numbers to beat, and the exact ones where there are any."""

import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.base import field
from hedge_env.baselines import BASELINES
from hedge_env.baselines.optimum.hodges_neuberger import (
    HodgesNeubergerPolicy,
    solve_exponential,
)
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.feeds.tape import record_tape

AVERSION = 1.0  # of the utility of ww-ntbn, per unit of initial spot


def premium(config):
    tape = record_tape(config, np.arange(1), seed=0, stream="test")
    return -float(tape.rows[0, field.BOOK_VALUE, 0])


def at_cost(fee_bp, *, closing=False):
    settings = [f"execution.fee_bp={fee_bp}"]
    settings += [f"execution.charge_liquidation={str(closing).lower()}"]
    return load_config("ww-ntbn", settings=settings)


@pytest.mark.parametrize(
    ("fee_bp", "closing", "price"),
    [
        pytest.param(0, False, 0.079663, marks=pytest.mark.slow),
        pytest.param(10, False, 0.080839, marks=pytest.mark.slow),
        pytest.param(50, False, 0.083405, marks=pytest.mark.slow),
        (100, False, 0.085637),
        (500, False, 0.089195),
        pytest.param(10, True, 0.081332, marks=pytest.mark.slow),
        pytest.param(50, True, 0.085539, marks=pytest.mark.slow),
        pytest.param(100, True, 0.088306, marks=pytest.mark.slow),
        pytest.param(500, True, 0.089195, marks=pytest.mark.slow),
    ],
)
def test_the_price_of_exponential_utility_is_the_exact_one(fee_bp, closing, price):
    config = at_cost(fee_bp, closing=closing)
    optimum = solve_exponential(config, AVERSION, n_holdings=81)
    assert premium(config) + optimum.value == pytest.approx(price, abs=1.5e-6)


def test_the_exact_policy_earns_its_price_on_paths():
    config = at_cost(100)
    optimum = solve_exponential(config, AVERSION, n_holdings=81)
    entries = [(HodgesNeubergerPolicy(optimum), None), (BASELINES["delta"](), None)]
    best, delta = (
        table.net_loss + premium(config)
        for table in evaluate(entries, config, n_episodes=20_000)
    )
    loss = np.exp(AVERSION * best)
    price, error = np.log(loss.mean()), loss.std() / loss.mean() / loss.size**0.5
    assert price == pytest.approx(0.085637, abs=4.0 * error)
    assert np.log(np.exp(AVERSION * delta).mean()) > price + 0.005


class FlatDelta:
    """Black-Scholes delta at 20 %, whatever the option is marked at."""

    name = "flat-delta"
    kind = "baseline"
    inputs = ("log_moneyness", "time_to_maturity")

    def reset(self, n_paths):
        del n_paths

    def target(self, observables):
        total = 0.2 * np.sqrt(observables["time_to_maturity"])
        return norm.cdf(observables["log_moneyness"] / total + 0.5 * total)[:, None]


HIGH = ["market.volatility.volatility_of_variance=0.8"]
LOOSE = ["market.volatility.correlation=-0.3"]


def worst_profits(policies, settings, n=20_000):
    """Mean of the worst 5 % of the profit without premium, with its error."""
    config = load_config("poddar-heston", settings=settings)
    start = premium(config)
    for table in evaluate([(p, None) for p in policies], config, n_episodes=n):
        metrics = summarise(table)
        yield -start - 1e-4 * metrics.cvar95_bp, 1e-4 * metrics.cvar95_se


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "published"), [([], -0.0907), (HIGH, -0.1136), (LOOSE, -0.1018)]
)
def test_the_heston_cell_is_the_published_one(settings, published):
    ((value, error),) = worst_profits([FlatDelta()], settings)
    assert value == pytest.approx(published, abs=4.0 * error + 3e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "band"), [([], -0.0861), (HIGH, -0.1039), (LOOSE, -0.0943)]
)
def test_a_tuned_band_reaches_what_bands_are_known_to_reach(settings, band):
    config = load_config("poddar-heston", settings=settings)
    paths = record_tape(config, np.arange(8192), seed=0, stream="validation")
    rules = [
        tune(BASELINES[name], config, 10.0, paths, "cvar:95").policy
        for name in ("gamma-band", "linear-greeks")
    ]
    value, error = max(worst_profits(rules, settings))
    assert value > band - 3.0 * error
