r"""Functions of the present state that the best holdings are a sum of.

The holdings that leave the least risk differ from the reference delta by what implied
volatility does when spot moves, and by jumps. So each feature is a scale with the unit
of holdings times a power of what describes the state. Scales are :math:`v = V \sigma /
S` (vega times implied volatility over spot) and :math:`g = \Gamma S \sigma \sqrt\tau`.
What describes the state, each bounded, is

* `z`, log moneyness in standard deviations until expiry, halved,
* `a` and `b`, log of diffusive and of realised over implied volatility,
* `s`, five times the slope of the smile,
* `t`, half of the log of the time left, in months,
* `l`, log of implied volatility over the market's level.

28 features are v times 1, these and their products in pairs; the others are `g` times
1, `z`, `t`, `a`, `z^2` and `z^3`, then `v z^3` and delta.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray

N_FEATURES = 36
_MONTHS = 12.0  # a year
_LEAST = 1e-9


def state_features(rows: FloatArray, level: float, *, informed: bool) -> FloatArray:
    """Features of every path at one decision; see the module docstring.

    Args:
        rows: Present rows, shape (at least those of `field.CERTAIN_ROWS`, n).
        level: Volatility that the market's config names [1/sqrt(year)].
        informed: Whether the diffusive volatility of the next step is known; if not,
            the realised volatility stands in for it.

    Returns:
        Shape (N_FEATURES, n) [-], finite.
    """
    spot, implied = rows[field.SPOT], np.maximum(rows[field.IMPLIED_VOLATILITY], _LEAST)
    left = np.maximum(rows[field.TIME_TO_MATURITY], 1e-6)
    sd = implied * np.sqrt(left)
    vega, gamma = rows[field.VEGA] * implied / spot, rows[field.GAMMA] * spot * sd
    realised = rows[field.REALISED_VOLATILITY]
    true = rows[field.TRUE_VOLATILITY] if informed else realised
    z = np.clip(rows[field.LOG_MONEYNESS] / sd, -4.0, 4.0) / 2.0
    a, b = _log_ratio(true, implied), _log_ratio(realised, implied)
    s = np.clip(5.0 * rows[field.SKEW], -4.0, 4.0)
    t = np.clip(np.log(_MONTHS * left), -4.0, 1.0) / 2.0
    state = (z, a, b, s, t, _log_ratio(implied, np.full_like(implied, level)))
    pairs = [x * y for x, y in combinations_with_replacement(state, 2)]
    found = [vega, *(vega * x for x in state), *(vega * x for x in pairs)]
    found += [gamma * x for x in (np.ones_like(z), z, t, a, z**2, z**3)]
    found += [vega * z**3, rows[field.DELTA]]
    features: FloatArray = np.array(found)
    return features


def _log_ratio(x: FloatArray, y: FloatArray) -> FloatArray:
    """Log of x / y, at most 2 in size; of volatilities that may be zero."""
    ratio: FloatArray = np.log(np.maximum(x, _LEAST) / np.maximum(y, _LEAST))
    return np.clip(ratio, -2.0, 2.0)
