"""Quantiles of the beta distribution against those of scipy."""

import numpy as np
import pytest
from scipy.stats import beta

from hedge_env.numerics.beta import beta_quantiles


@pytest.mark.parametrize(
    ("a", "b"), [(0.05, 0.3), (0.3, 1.2), (2.0, 0.7), (1.0, 1.0), (30.0, 5.0)]
)
def test_they_are_those_of_the_distribution(a: float, b: float) -> None:
    table = beta_quantiles(a, b)
    levels = np.linspace(0.0, 1.0, table.size)
    np.testing.assert_allclose(table, beta.ppf(levels, a, b), atol=1e-4)
    assert (np.diff(table) >= 0.0).all()
    assert table[0] >= 0.0
    assert table[-1] <= 1.0


@pytest.mark.parametrize(("a", "b", "point"), [(1e-18, 1.0, 0.0), (1.0, 1e-18, 1.0)])
def test_a_vanishing_parameter_puts_all_at_one_end(
    a: float, b: float, point: float
) -> None:
    np.testing.assert_allclose(beta_quantiles(a, b)[1:-1], point, atol=1e-15)


def test_large_parameters_put_all_near_the_mean() -> None:
    table = beta_quantiles(8000.0, 2000.0)
    levels = np.linspace(0.0, 1.0, table.size)[1:-1]
    np.testing.assert_allclose(table[1:-1], beta.ppf(levels, 8000.0, 2000.0), atol=1e-3)
