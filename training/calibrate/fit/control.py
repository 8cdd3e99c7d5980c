r"""Weights of simulated histories that take out the luck of their calm and stress.

Months of calm and stress make the statistics of a few hundred years scatter: how long
the market was under stress explains seven eighths of the variance of a history's
volatility. Its expected share is known, so histories are weighted until the weighted
share equals it (a control variate, written as weights so that it serves means, pooled
powers and kurtosis alike),

.. math:: w_i = \frac{1}{n} \left( 1 - (z_i - \bar z)^T S^{-1} \bar z \right)

with :math:`z_i` the excess of the shares over the expected one in history :math:`i`,
:math:`\bar z` its mean and :math:`S` its covariance over the :math:`n` histories. The
weights sum to one, the weighted excess is zero, and some may be negative.

Source: Glasserman (2004), "Monte Carlo Methods in Financial Engineering", section 4.1.2
(weights of the control variate estimator).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.training.calibrate.statistics.statistic import Values

_KEY = "excess of stress"
_LEAST = 8  # histories for each control: fewer say nothing of the covariance


def stress_excess(
    config: EnvConfig, depth: FloatArray, days: Mapping[str, int]
) -> Values:
    """Share of time under stress less its expectation, of each history.

    Args:
        config: The market; without a regime that starts in its long run there is none.
        depth: Of stress in each hour, shape (n, hours): 1 or 0 where volatility moves
            to the level of the regime at once.
        days: Part -> length of its history; spot and implied volatility count.
    """
    regime = config.market.regime
    if regime is None or regime.start != "stationary":
        return {}
    share = regime.stress_days / (regime.calm_days + regime.stress_days)
    lengths = sorted({days[part] for part in ("spot", "implied") if part in days})
    return {
        f"{_KEY}, {length} d": depth[:, : 24 * length].mean(axis=1) - share
        for length in lengths
    }


def history_weights(values: Values) -> FloatArray | None:
    """Weight of each history, shape (n,); None if they count alike.

    Args:
        values: With those of `stress_excess`, if there are any.
    """
    controls = [values[name] for name in values if name.startswith(_KEY)]
    if not controls or controls[0].size < _LEAST * len(controls):
        return None
    excess = np.stack(controls)
    mean = excess.mean(axis=1)
    slope = np.linalg.pinv(np.atleast_2d(np.cov(excess, bias=True))) @ mean
    return np.asarray((1.0 - (excess.T - mean) @ slope) / excess.shape[1])
