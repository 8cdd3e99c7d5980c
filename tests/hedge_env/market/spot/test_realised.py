"""The estimate of variance that a hedger sees."""

from __future__ import annotations

import numpy as np

from hedge_env.market.spot.realised import RealisedParams, estimate_variance

DT = 1.0 / 365.0


def test_it_forgets_by_its_half_life_and_learns_what_is_there() -> None:
    p = RealisedParams(decay=0.5**0.1)  # half a life in ten steps
    realised, log_return = np.array([0.0, 0.36]), np.full(2, 0.6 * np.sqrt(DT))
    for _ in range(10):
        estimate_variance(realised, log_return, DT, p)
    np.testing.assert_allclose(realised, [0.18, 0.36], rtol=1e-13)
    still = np.zeros(2)
    for _ in range(10):
        estimate_variance(realised, still, DT, p)
    np.testing.assert_allclose(realised, [0.09, 0.18], rtol=1e-13)
