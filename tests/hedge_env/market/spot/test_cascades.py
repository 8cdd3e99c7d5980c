from __future__ import annotations

import numpy as np
import pytest

from hedge_env.config import JumpConfig
from hedge_env.config.loading import load_config
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.jump_odds import JumpOdds
from hedge_env.market.spot.cascades import (
    CascadeParams,
    advance_excitation,
    cascade_params,
    jump_probabilities,
)
from tests.hedge_env.market.drive import decisions
from tests.support.examples import full_config

HOUR = 1.0 / 8760.0
N_PATHS = 20_000


def excited(
    excitation: float, calm: float = 0.02, half_life: float = 3.0
) -> CascadeParams:
    """Cascades of jumps whose probability in an hour is `calm`, without a regime."""
    jumps = JumpConfig(
        per_year=1.0, excitation=excitation, excitation_half_life_hours=half_life
    )
    return cascade_params(jumps, JumpOdds(calm, calm, calm), 1.0, HOUR)


def counts(
    p: CascadeParams, n_steps: int, start: float, warm_up: int = 0
) -> np.ndarray:
    """Jumps (0 or 1) of each step, shape (n_steps, N_PATHS)."""
    rng, excitation = np.random.default_rng(11), np.full(N_PATHS, start)
    probability, zero = np.empty(N_PATHS), np.zeros(N_PATHS)
    seen = np.empty((n_steps, N_PATHS))
    for step in range(-warm_up, n_steps):
        jump_probabilities(excitation, zero, probability, p)
        jump = np.where(rng.random(N_PATHS) < probability, 1.0, 0.0)
        advance_excitation(excitation, jump, p)
        if step >= 0:
            seen[step] = jump
    return seen


def test_without_excitation_the_probability_never_moves() -> None:
    p = excited(0.0)
    excitation, probability = np.zeros(3), np.empty(3)
    for _ in range(5):
        jump_probabilities(excitation, np.zeros(3), probability, p)
        np.testing.assert_array_equal(probability, 0.02)
        advance_excitation(excitation, np.ones(3), p)
    assert not market_params(full_config()).parts.cascades


def test_jumps_that_excite_nothing_are_plain_jumps() -> None:
    plain = full_config("episode.decisions=8", "book.legs.2.maturity_days=2")
    faint = load_config(plain, settings=["market.jumps.excitation=1e-13"])
    assert market_params(faint).parts.cascades
    for a, b in zip(decisions(faint, 50), decisions(plain, 50), strict=True):
        for name, values in a.items():
            np.testing.assert_allclose(values, b[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("half_life", [1.0, 6.0])
def test_excitation_halves_in_its_half_life(half_life: float) -> None:
    p, excitation = excited(0.5, half_life=half_life), np.array([0.08])
    for _ in range(int(half_life)):
        advance_excitation(excitation, np.zeros(1), p)
    assert excitation[0] == pytest.approx(0.04, rel=1e-14)


def test_a_jump_is_followed_by_the_jumps_that_the_branching_ratio_says() -> None:
    # No jumps of their own: all come from one jump, n + n^2 + ... of them.
    p = excited(0.6, calm=0.0)
    followers = counts(p, 120, start=p.kick).sum(axis=0)
    error = followers.std() / np.sqrt(N_PATHS)
    assert abs(followers.mean() - 0.6 / 0.4) < 4 * error


def test_rate_variance_and_autocovariance_are_those_of_the_closed_form() -> None:
    n, calm, decay, steps = 0.6, 0.02, 0.5 ** (1 / 3), 24
    seen = counts(excited(n), steps, start=n * calm, warm_up=60)
    kick = n * (1.0 - decay)
    rho, v = decay + kick, calm * (1.0 - calm)
    spread = kick**2 * v / (1.0 - rho**2 + kick**2)
    lags = np.arange(1, steps)
    covariance = rho ** (lags - 1) * (rho * spread + kick * (v - spread))
    in_a_day = seen.sum(axis=0)
    variance = steps * v + 2.0 * ((steps - lags) * covariance).sum()
    assert variance > 3.0 * steps * v  # clustered: three times that of plain jumps
    error = np.sqrt(variance / N_PATHS)
    assert abs(in_a_day.mean() - steps * calm) < 4 * error
    square = (in_a_day - in_a_day.mean()) ** 2
    assert abs(square.mean() - variance) < 4 * square.std() / np.sqrt(N_PATHS)
    for lag in (1, 6):
        product = (seen[0] - calm) * (seen[lag] - calm)
        error = product.std() / np.sqrt(N_PATHS)
        assert abs(product.mean() - covariance[lag - 1]) < 4 * error


def test_the_probability_never_exceeds_one() -> None:
    p = excited(0.95, calm=0.9, half_life=0.5)
    excitation, probability = np.zeros(1), np.empty(1)
    for _ in range(50):
        advance_excitation(excitation, np.ones(1), p)
    jump_probabilities(excitation, np.zeros(1), probability, p)
    assert 0.99 < probability[0] <= 1.0


def test_a_branching_ratio_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        JumpConfig(per_year=10.0, excitation=1.0)
