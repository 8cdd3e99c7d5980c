"""Features of the state against a twin in NumPy, written from the docstring alone."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config.loading import load_config
from hedge_env.feeds.tape import record_tape
from hedge_env.risk.minimum_variance import MinimumVariance
from hedge_env.risk.state_features import BLOCK, N_FEATURES, state_features

LEVEL = 0.7


def log_ratio(x: FloatArray, y: FloatArray) -> FloatArray:
    ratio: FloatArray = np.clip(
        np.log(np.maximum(x, 1e-9) / np.maximum(y, 1e-9)), -2.0, 2.0
    )
    return ratio


def twin(rows: FloatArray, level: float, *, informed: bool) -> FloatArray:
    spot, implied = rows[field.SPOT], np.maximum(rows[field.IMPLIED_VOLATILITY], 1e-9)
    left = np.maximum(rows[field.TIME_TO_MATURITY], 1e-6)
    sd = implied * np.sqrt(left)
    v, g = rows[field.VEGA] * implied / spot, rows[field.GAMMA] * spot * sd
    realised = rows[field.REALISED_VOLATILITY]
    true = rows[field.TRUE_VOLATILITY] if informed else realised
    z = np.clip(rows[field.LOG_MONEYNESS] / sd, -4.0, 4.0) / 2.0
    a, b = log_ratio(true, implied), log_ratio(realised, implied)
    s = np.clip(5.0 * rows[field.SKEW], -4.0, 4.0)
    t = np.clip(np.log(12.0 * left), -4.0, 1.0) / 2.0
    state = (z, a, b, s, t, log_ratio(implied, np.full_like(implied, level)))
    pairs = [x * y for x, y in combinations_with_replacement(state, 2)]
    found = [v, *(v * x for x in state), *(v * x for x in pairs)]
    found += [g * x for x in (np.ones_like(z), z, t, a, z**2, z**3)]
    return np.array([*found, v * z**3, rows[field.DELTA]])


@pytest.fixture(scope="module")
def tape() -> FloatArray:
    config = load_config("ethereum-l1", settings=["episode.decisions=20"])
    return record_tape(config, np.arange(3 * BLOCK + 5), seed=0, stream="test").rows


@pytest.mark.parametrize("informed", [True, False])
def test_features_are_those_of_the_docstring(tape: FloatArray, informed: bool) -> None:
    for rows in (tape[0], tape[7], tape[-1]):
        np.testing.assert_allclose(
            state_features(rows, LEVEL, informed=informed),
            twin(rows, LEVEL, informed=informed),
            rtol=1e-12,
            atol=1e-15,
        )


def test_they_are_finite_where_nothing_is_known() -> None:
    rows = np.zeros((field.N_FIELDS, 3))
    rows[field.SPOT] = 1.0
    found = state_features(rows, LEVEL, informed=True)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, twin(rows, LEVEL, informed=True), atol=1e-15)


def test_a_sum_of_them_has_the_same_bits_in_any_company(tape: FloatArray) -> None:
    rng = np.random.default_rng(0)
    fitted = MinimumVariance(
        tuple(rng.standard_normal(N_FEATURES)), tuple(rng.random(8)), LEVEL, 1e-3, True
    )
    rows = tape[9]
    every = fitted.holdings(rows), fitted.price_variance(rows)
    features = state_features(rows, LEVEL, informed=True)
    plain = rows[field.DELTA] + np.array(fitted.coefficients) @ features
    np.testing.assert_allclose(every[0], plain, rtol=1e-9)
    for n in (1, BLOCK - 1, BLOCK + 1):
        few = np.ascontiguousarray(rows[:, :n])
        np.testing.assert_array_equal(fitted.holdings(few), every[0][:n])
        np.testing.assert_array_equal(fitted.price_variance(few), every[1][:n])
