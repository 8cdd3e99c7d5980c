"""Published benchmarks, and what the tuned rules reach in them.

Cao, Chen, Hull and Poulos (2021), "Deep hedging of derivatives using reinforcement
learning", Journal of Financial Data Science 3(1): the cost of hedging in percent of the
premium, and Y = mean + 1.5 standard deviations. Figures of the paper and of its
published networks; those of the rules are from simulations of the same benchmark.
"""

from math import sqrt

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.bands.gamma_band import GammaBand
from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from hedge_env.baselines.bands.zakamouline import Zakamouline
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.minimum_variance import MinimumVariance
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.baselines.timing.leland import Leland
from hedge_env.baselines.tuning.kept import NOTHING, kept_at_delta
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.tape import record_tape
from tests.baselines.bands.test_delta_threshold import ToEdge

MONTH, QUARTER = "cao-gbm-1m", "cao-gbm-3m"
N_TEST, N_VALIDATION = 40_000, 8192
CRITERION = "mean-std:1.5"


def premium(preset):
    tape = record_tape(load_config(preset), np.arange(1), seed=0, stream="test")
    return -tape.rows[0, field.BOOK_VALUE, 0]


def percent_of_premium(rules, preset, n=N_TEST):
    """Net loss of each rule, in percent of the premium."""
    entries = [(rule, None) for rule in rules]
    tables = evaluate(entries, load_config(preset), n_episodes=n)
    return [100.0 * table.net_loss / premium(preset) for table in tables]


def measure(loss):
    """Y = mean + 1.5 standard deviations, with its standard error."""
    centred = loss - loss.mean()
    sd = loss.std()
    influence = centred + 1.5 * (centred**2 - sd**2) / (2.0 * sd)
    return loss.mean() + 1.5 * sd, influence.std() / sqrt(loss.size)


def tuned(rule_class, preset, kept=NOTHING):
    config = load_config(preset)
    paths = np.arange(N_VALIDATION)
    tape = record_tape(config, paths, seed=0, stream="validation")
    level = config.risk_aversion
    return tune(rule_class, config, level, tape, CRITERION, kept=kept).policy


@pytest.mark.parametrize(
    ("preset", "value"), [(MONTH, 2.2565), (QUARTER, 3.9073), ("derman-kamal", 2.512)]
)
def test_the_premium_is_the_published_one(preset, value):
    assert 100.0 * premium(preset) == pytest.approx(value, abs=5e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "preset", "mean", "sd"),
    [
        (Delta(), MONTH, 107.6, 37.7),
        (Delta(), QUARTER, 90.6, 29.2),
        (NoHedge(), MONTH, 9.9, 158.9),
        (NoHedge(), QUARTER, 17.6, 168.1),
        (Leland(1, 250.0), MONTH, 96.1, 32.1),
        (Leland(1, 250.0), QUARTER, 78.5, 19.6),
    ],
)
def test_rules_without_a_choice_cost_what_is_published(rule, preset, mean, sd):
    (loss,) = percent_of_premium([rule], preset)
    noise = 4.0 * loss.std() / sqrt(loss.size)
    assert loss.mean() == pytest.approx(mean, abs=noise + 0.2)
    squares = (loss - loss.mean()) ** 2
    noise = 4.0 * squares.std() / sqrt(loss.size) / (2.0 * loss.std())
    assert loss.std() == pytest.approx(sd, abs=noise + 0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule_class", "preset", "value"),
    [
        (ToEdge, MONTH, 129.3),
        (ToEdge, QUARTER, 88.9),
        (Zakamouline, MONTH, 127.5),
        (Zakamouline, QUARTER, 86.8),
        (WhalleyWilmott, MONTH, 135.0),
        (WhalleyWilmott, QUARTER, 90.1),
    ],
)
def test_tuned_rules_reach_the_known_measure(rule_class, preset, value):
    centred = tuned(rule_class, preset)
    around_delta = tuned(rule_class, preset, kept_at_delta(rule_class))
    loss, better = percent_of_premium([around_delta, centred], preset)
    reached, error = measure(loss)
    assert reached == pytest.approx(value, abs=4.0 * error + 0.5)
    assert measure(better)[0] < reached + error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("constants", "multiplier", "value"),
    [("efma-2005", 2.1, 128.0), ("qf-2006", 1.9, 127.5)],
)
def test_every_set_of_constants_reaches_its_measure(constants, multiplier, value):
    (loss,) = percent_of_premium([Zakamouline(multiplier, constants)], MONTH)
    reached, error = measure(loss)
    assert reached == pytest.approx(value, abs=4.0 * error + 0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "network"), [(MONTH, 136.9), (QUARTER, 95.4)])
def test_five_tuned_rules_beat_the_published_network(preset, network):
    classes = [DeltaBand, GammaBand, WhalleyWilmott, Zakamouline, MinimumVariance]
    rules = [tuned(rule_class, preset) for rule_class in classes]
    for loss in percent_of_premium(rules, preset):
        reached, error = measure(loss)
        assert reached < network - 2.0 * error


@pytest.mark.slow
@pytest.mark.parametrize(("hedges", "sd"), [(21, 0.427), (84, 0.218), (250, 0.127)])
def test_the_error_of_discrete_hedging_is_that_of_derman_and_kamal(hedges, sd):
    """Per 100 of spot, worth exp(0.05 / 12) more at maturity."""
    settings = [
        f"episode.decisions={hedges}",
        f"episode.decision_interval_hours={21.0 * 24.0 / hedges}",
    ]
    config = load_config("derman-kamal", settings=settings)
    (table,) = evaluate([(Delta(), None)], config, n_episodes=40_000)
    profit = -100.0 * np.exp(0.05 / 12.0) * table.net_loss
    assert abs(profit.mean()) < 4.0 * profit.std() / sqrt(profit.size)
    assert profit.std() == pytest.approx(sd, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "network", "rules"),
    [
        ("cao-sabr-1m", 138.9, [Zakamouline(1.77), DeltaBand(0.118, 0.146)]),
        ("cao-sabr-3m", 103.2, [Zakamouline(1.12), DeltaBand(0.1, 0.1)]),
    ],
)
def test_tuned_rules_beat_the_published_network_in_sabr_too(preset, network, rules):
    for loss in percent_of_premium(rules, preset, n=20_000):
        reached, error = measure(loss)
        assert reached < network - 4.0 * error


@pytest.mark.parametrize("preset", ["cao-sabr-1m", "buehler-heston"])
@pytest.mark.parametrize(
    "rule",
    [Zakamouline(), WhalleyWilmott(), GammaBand(), DeltaBand(), MinimumVariance()],
    ids=lambda rule: rule.name,
)
def test_rules_hedge_under_stochastic_volatility(preset, rule):
    hedged, unhedged = percent_of_premium([rule, NoHedge()], preset, n=512)
    assert np.isfinite(hedged).all()
    assert hedged.std() < 0.8 * unhedged.std()
