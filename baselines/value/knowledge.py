"""What the value of all holdings may know of a state: all of it, in numbers for a net.

Besides what the scene measures, these are how near the book is to its strikes and its
end, volatilities and smile, gas and funding with the factors behind them, the regime,
and the hour and the day of the week. A policy need not see any of it. All are logs,
angles, ratios or factors of the simulator, so that they can be put in standard units.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import Float32Array, FloatArray
from hedge_env.baselines.value.scene import Scene
from hedge_env.market.engine import market_state
from hedge_env.market.engine.market_state import STATES

_NAMES: Final = (
    *("fast", "slow", "intraday", "level", "skew", "curvature", "stress"),
    *("excitation", "gas_slow", "gas_fast", "gas_burst", "premium", "premium_fast"),
    *("trailing_return", "basis", "depth"),
)
FACTORS: Final = tuple(STATES.index(name) for name in _NAMES)
_FARTHEST = 5.0  # standard deviations
_LEAST = 1e-6
_DAYS = 7.0


def knowledge_of(
    left: int, day: float, rows: FloatArray, states: FloatArray, scene: Scene
) -> Float32Array:
    """Describe states of a decision to a network, shape (n, inputs).

    Args:
        left: Decisions that are left, this one among them, at least 1.
        day: Since the start of the episode [day].
        rows: Present rows, shape (rows, n).
        states: Market state of the same paths, shape (N_STATES, n).
        scene: An outline of them.
    """
    implied = np.maximum(rows[field.IMPLIED_VOLATILITY], _LEAST)
    realised = np.maximum(rows[field.REALISED_VOLATILITY], _LEAST)
    true = np.maximum(rows[field.TRUE_VOLATILITY], _LEAST)
    sd = implied * np.sqrt(np.maximum(rows[field.TIME_TO_MATURITY], 1e-5))
    z = rows[field.LOG_MONEYNESS] / sd
    week = states[market_state.START_WEEKDAY] + day
    week = 2.0 * np.pi * (week + states[market_state.START_HOUR] / 24.0) / _DAYS
    ones = np.ones_like(z)
    found = [
        *scene.features,
        np.log(scene.scale),
        scene.centre,
        np.clip(z, -_FARTHEST, _FARTHEST),
        np.exp(-0.5 * z * z),
        rows[field.DELTA],
        np.clip(np.abs(rows[field.GAMMA]) * rows[field.SPOT] * sd, 0.0, 3.0),
        *(np.log(each) for each in (implied, realised, true)),
        np.log(true / implied),
        np.log(realised / implied),
        rows[field.SKEW],
        np.clip(rows[field.LOG_GAS], -_FARTHEST, _FARTHEST),
        rows[field.GAS_SEASON],
        rows[field.HOUR_SIN],
        rows[field.HOUR_COS],
        *(f(k * week) for f in (np.sin, np.cos) for k in (1.0, 2.0)),
        rows[field.FUNDING_RATE],
        np.log(left) * ones,
        float(left) * ones,
        ones / left,
        ones / np.sqrt(left),
        *states[list(FACTORS)],
    ]
    return np.stack(found, axis=1, dtype=np.float32)
