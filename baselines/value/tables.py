"""Tables of the value of all holdings on paths whose end is known.

A table of a path, see `sweeps`, holds what having or keeping each of `POINTS` holdings
around a centre costs from a decision on, and exactly 0.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.value.scene import Scene
from hedge_env.baselines.value.sweeps import hold_tables

POINTS = 61  # of the grid in x
REACH = 3.0  # largest x
_NEAR = 3.0  # half-widths: farther, nobody cares what being flat is worth
_TINY = 1e-12


def grid_of(scene: Scene) -> FloatArray:
    """Holdings of the points of every path, shape (n, points) [-]."""
    x = np.linspace(-REACH, REACH, POINTS)
    found: FloatArray = scene.centre[:, None] + scene.scale[:, None] * x
    return found


def liquidation_tables(scene: Scene, charged: float) -> FloatArray:
    """Cost of liquidation from all holdings, shape (n, points + 1) [notional]."""
    size, found = np.abs(grid_of(scene)), np.zeros((scene.centre.size, POINTS + 1))
    found[:, :-1] = charged * (scene.unit_cost[:, None] * size + scene.fixed[:, None])
    return found


def risk_of(scene: Scene, off: FloatArray) -> FloatArray:
    """Expected risk of holdings off the centre over that of the centre, (n, m)."""
    curvature, lean = scene.curvature[:, None], scene.lean[:, None]
    found: FloatArray = curvature * off * (off - 2.0 * lean)
    return found


def hold_on_paths(
    scene: Scene, following: Scene, went: FloatArray, funding: FloatArray
) -> FloatArray:
    """What keeping every holding over a decision costs from there on, T_k.

    Args:
        scene: Of the decision; its risk is what is counted.
        following: Of the next one.
        went: What having every holding before the trade there costs, a table a path.
        funding: Of a unit, beyond what the scene expects, shape (n,) [notional].
    """
    realised = np.empty_like(went)
    hold_tables(went, REACH, *scene[:2], *following[:2], following.unit_cost, realised)
    grid = grid_of(scene)
    off, flat = grid - scene.centre[:, None], scene.centre
    realised[:, :-1] += risk_of(scene, off) + funding[:, None] * off
    realised[:, -1] += risk_of(scene, -flat[:, None])[:, 0] - funding * flat
    return realised


def excess_of(scene: Scene, realised: FloatArray) -> FloatArray:
    """What `sweeps.keep_all` adds to risk, from what keeping cost, (n, points)."""
    x = np.linspace(-REACH, REACH, POINTS)
    reach = scene.scale[:, None] * (1.0 + np.abs(x))
    trade = scene.gauge[:, None] + scene.unit_cost[:, None] * reach + _TINY
    off = scene.scale[:, None] * x
    excess = realised[:, :-1] - risk_of(scene, off)
    found: FloatArray = (excess - excess[:, [POINTS // 2]]) / trade
    return found


def flat_gain(scene: Scene, realised: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What being flat gains over being next to it, in fixed costs; and weights."""
    beside = np.empty_like(realised)
    here = np.zeros_like(scene.centre)
    # The tables read at a grid whose middle point is a hair beside zero.
    hold_tables(
        realised,
        REACH,
        here + _TINY,
        here + _TINY,
        *scene[:2],
        scene.unit_cost,
        beside,
    )
    near = beside[:, POINTS // 2]
    gain = (realised[:, -1] - near) / np.maximum(scene.gauge, _TINY)
    distance = scene.centre / scene.scale
    weight = np.where(np.abs(distance) < _NEAR, np.exp(-(distance**2) / 4.0), 0.0)
    return np.clip(gain, -2.0, 1.0), weight * (scene.fixed > 0.0)
