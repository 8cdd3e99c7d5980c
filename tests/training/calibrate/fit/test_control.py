"""Weights of histories take out the luck of calm and stress."""

import numpy as np

from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.fit.control import history_weights, stress_excess
from hedge_env.training.calibrate.fit.model_values import model_values, together
from hedge_env.training.calibrate.statistics.statistic import WEIGHT

REGIME = {"calm_days": 30.0, "stress_days": 10.0, "volatility": 3.0}
CONFIG = load_config("reference", {"market": {"regime": REGIME}})
DAYS = {"spot": 60, "implied": 40}


def stress(n: int, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((n, 1)) < 0.4) * np.ones((n, 24 * 60))


def test_the_weighted_share_of_stress_is_the_expected_one() -> None:
    rng = np.random.default_rng(2)
    rows = (rng.random((40, 24 * 60)) < rng.random((40, 1))).astype(float)
    weights = history_weights(stress_excess(CONFIG, rows, DAYS))
    assert weights is not None
    np.testing.assert_allclose(weights.sum(), 1.0, rtol=1e-12)
    for days in DAYS.values():
        share = weights @ rows[:, : 24 * days].mean(axis=1)
        np.testing.assert_allclose(share, 0.25, rtol=1e-10)
    assert abs(rows.mean() - 0.25) > 0.1


def test_histories_count_alike_where_nothing_is_known() -> None:
    no_regime = load_config(CONFIG, {"market": {"regime": None}})
    begun_calm = load_config(CONFIG, {"market": {"regime": {"start": "calm"}}})
    for config, rows, days in (
        (no_regime, stress(40), DAYS),
        (begun_calm, stress(40), DAYS),
        (CONFIG, stress(40), {"gas": 60}),
        (CONFIG, stress(4), DAYS),
    ):
        assert history_weights(stress_excess(config, rows, days)) is None


def test_a_share_that_never_varies_gives_equal_weights() -> None:
    weights = history_weights(stress_excess(CONFIG, np.zeros((40, 24 * 60)), DAYS))
    np.testing.assert_allclose(weights, 1.0 / 40)


def test_histories_count_alike_if_asked_to() -> None:
    batch = model_values(CONFIG, {"spot": 200}, 8, 1)
    assert WEIGHT in together([batch])
    assert WEIGHT not in together([batch], weighted=False)


def test_weights_bring_the_variance_of_two_seeds_together() -> None:
    # E of the variance is known: .8^2 (1 + share (3^2 - 1)) with share 1/4.
    truth = 0.64 * 3.0
    off = {True: [], False: []}
    for seed in range(6):
        values = together([model_values(CONFIG, {"spot": 200}, 48, seed)])
        square = values["volatility"] ** 2
        off[True].append(values[WEIGHT] @ square - truth)
        off[False].append(square.mean() - truth)
    plain, weighted = (np.sqrt(np.mean(np.square(off[k]))) for k in (False, True))
    assert weighted < 0.5 * plain
