import itertools

import numpy as np
import pytest

from hedge_env.pricing import ssvi
from tests.hedge_env.pricing.evaluate import Smile, call, smile

# States of the surface as far out as a double allows: no path gets there, and none
# of them may be worth an arbitrage all the same.
FACTORS = (-1e6, -50.0, -3.0, -0.5, 0.0, 0.5, 3.0, 50.0, 1e6)
VARIANCES = (0.0, 1e-12, 1e-6, 1e-3, 0.05, 0.5, 2.0, 1e6)
STATES = list(itertools.product(FACTORS, (-0.99, 0.0, 0.9), FACTORS, (1e-6, 0.6, 1.4)))


def smiles(x: np.ndarray) -> tuple[Smile, np.ndarray]:
    """Every state and variance at strikes k = x sqrt(theta); shape (states, x)."""
    states = np.array([(*s, v) for s in STATES for v in VARIANCES])
    skew, skew_mean, curvature, curvature_mean, variance = states.T[..., None]
    theta = np.clip(variance, ssvi.SMALLEST_VARIANCE, ssvi.LARGEST_VARIANCE)
    k = x * np.sqrt(theta)
    surface = smile(k, variance, skew, skew_mean, curvature, curvature_mean)
    return Smile(*(a.reshape(k.shape) for a in surface)), k


def test_parameters_stay_in_their_bounds_in_every_state() -> None:
    surface, _ = smiles(np.zeros(1))
    assert np.abs(surface.rho).max() <= ssvi.LARGEST_CORRELATION
    assert 0.0 <= surface.eta.min() <= surface.eta.max() <= ssvi.LARGEST_WING
    assert surface.theta.min() >= ssvi.SMALLEST_VARIANCE
    assert surface.theta.max() <= ssvi.LARGEST_VARIANCE


def test_the_sufficient_conditions_of_gatheral_and_jacquier_hold() -> None:
    # Theorem 4.2: theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4.
    surface, _ = smiles(np.zeros(1))
    slant = 1.0 + np.abs(surface.rho)
    assert (np.sqrt(surface.theta) * surface.eta * slant).max() < 4.0
    assert (surface.eta**2 * slant).max() <= 4.0


def durrleman(surface: Smile, k: np.ndarray) -> np.ndarray:
    """g(k), whose sign is that of the density, from exact derivatives of w."""
    x = surface.eta * k / np.sqrt(surface.theta)
    rho, root = surface.rho, np.sqrt((x + surface.rho) ** 2 + 1.0 - surface.rho**2)
    first = 0.5 * surface.eta * np.sqrt(surface.theta) * (rho + (x + rho) / root)
    second = 0.5 * surface.eta**2 * (1.0 - rho**2) / root**3
    w = surface.w
    g = (1.0 - 0.5 * k * first / w) ** 2
    return np.asarray(g - 0.25 * first**2 * (1.0 / w + 0.25) + 0.5 * second)


def test_no_state_of_the_surface_has_a_butterfly_arbitrage() -> None:
    surface, k = smiles(np.linspace(-40.0, 40.0, 401))
    assert (surface.w > 0.0).all()
    assert durrleman(surface, k).min() >= -1e-12


def test_calls_are_convex_in_strike_and_fall_with_it_in_every_state() -> None:
    # Prices as the book is marked, in strikes equally far apart.
    strikes = np.linspace(0.02, 4.0, 400)
    for variance in (0.05, 0.5, 2.0):
        for skew, curvature in itertools.product((-50.0, -0.5, 0.3, 50.0), (-1, 0, 9)):
            w = smile(np.log(strikes), variance, skew, 0.0, curvature, 0.8).w
            value = call(1.0, strikes, np.sqrt(w)).value
            slope = np.diff(value) / np.diff(strikes)
            assert -1.0 - 1e-12 <= slope.min() <= slope.max() <= 1e-12
            assert np.diff(value, 2).min() > -1e-14


def test_total_variance_rises_with_maturity_at_every_strike() -> None:
    variances, k = np.linspace(1e-4, 2.0, 300), np.linspace(-3.0, 3.0, 41)
    for skew, curvature in itertools.product((-50.0, -0.3, 0.4, 50.0), (-2.0, 0.0, 9)):
        grid = smile(k[:, None], variances, skew, 0.0, curvature).w.reshape(41, 300)
        assert np.diff(grid, axis=1).min() > 0.0


def test_at_the_money_the_total_variance_is_theta() -> None:
    surface, _ = smiles(np.zeros(1))
    np.testing.assert_allclose(surface.w, surface.theta, rtol=1e-14)


def test_slope_and_curvature_at_the_money_are_as_documented() -> None:
    theta, h = 0.04, 1e-3
    surface = smile(np.array([-h, 0.0, h]) * np.sqrt(theta), theta, -0.3, 0.0, 0.1)
    rho, eta = surface.rho[0], surface.eta[0]
    relative = np.sqrt(surface.w / theta)
    slope = (relative[2] - relative[0]) / (2 * h)
    bend = (relative[2] - 2.0 * relative[1] + relative[0]) / h**2
    assert slope == pytest.approx(rho * eta / 2.0, rel=1e-5)
    # Twice the coefficient of x^2.
    assert bend == pytest.approx(eta**2 * (1.0 - 2.0 * rho**2) / 4.0, rel=1e-5)


@pytest.mark.parametrize("variance", [1e-4, 0.05, 1.0])
def test_a_smile_without_wings_or_slope_is_flat(variance: float) -> None:
    k = np.linspace(-2.0, 2.0, 101)
    w = smile(k, variance, curvature_mean=1e-12).w
    np.testing.assert_allclose(w, variance, rtol=1e-12)


def test_formula_agrees_with_numpy_and_with_raw_svi() -> None:
    k = np.linspace(-1.0, 1.0, 51)
    surface = smile(k, 0.09, skew=0.2, skew_mean=-0.7, curvature=0.3)
    rho = 0.95 * np.tanh((-0.7 + 0.2) / 0.95)
    eta = 0.6 * np.exp(0.3)
    np.testing.assert_allclose(surface.rho, rho, rtol=1e-14)
    np.testing.assert_allclose(surface.eta, eta, rtol=1e-14)
    # SSVI is the raw SVI a + b (rho (k - m) + sqrt((k - m)^2 + s^2)) with
    theta, phi = 0.09, eta / 0.3
    a, b = 0.5 * theta * (1 - rho**2), 0.5 * theta * phi
    m, s = -rho / phi, np.sqrt(1 - rho**2) / phi
    raw = a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + s**2))
    np.testing.assert_allclose(surface.w, raw, rtol=1e-13)
