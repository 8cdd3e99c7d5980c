r"""Slopes of cost in a network's actions, from a walk through the market.

Of all decisions of all paths, weighted by how far the centre of the band moves in one
interval, in half-widths,

.. math:: s = |\Gamma| \, \sigma S \sqrt{\Delta t} / \ell,

since an edge is met about as often as :math:`\min(s, 1)` says, and a target
:math:`s \min(s, 1)`. Both are divided by :math:`\sqrt{\min(s, 1)}`: the weights change
no optimum of a network that can be any function, and decisions that are seldom met
learn faster this way.
"""

from __future__ import annotations

import numpy as np

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.band_edges import (
    LOWER,
    LOWER_TARGET,
    N_EDGES,
    SNAP,
    UPPER,
    UPPER_TARGET,
    fill_edges,
    fill_scale,
    pull_back,
)
from hedge_env.agent.features import FEATURES
from hedge_env.base import field
from hedge_env.base.field import FIELDS, N_MARKET_FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.baselines.value.band_slopes import fill_slopes
from hedge_env.config import EnvConfig
from hedge_env.risk.minimum_variance import interval_years
from hedge_env.training.train.sb3.market_walk import Walk

_SNAP_WEIGHT = 0.3  # of a slope that only a target near the snapping distance has
_LEAST_OFTEN = 1e-3  # an edge that is met more seldom learns no faster
_OF_NO_HOLDINGS = (  # rows after the market's that depend on it and lambda alone
    field.RISK_AVERSION,
    field.LOG_RISK_AVERSION,
    field.BAND_RISK_AVERSION,
    field.BAND_HALF_WIDTH,
    field.BAND_INNER,
)


def slopes_of_actions(
    walk: Walk,
    actions: FloatArray,
    config: EnvConfig,
    decoder: ActionDecoder,
    n_holdings: int,
) -> tuple[FloatArray, FloatArray]:
    """Slopes in the actions of a walk, and what its paths cost.

    Args:
        walk: Of n paths.
        actions: Shape (6, (decisions + 1) n), in [-1, 1].
        config: The hedging problem.
        decoder: Of mode `band_edges`.
        n_holdings: Points of the grid of holdings.

    Returns:
        Slopes, shape of `actions` [weighted bp], and costs, shape (n,) [notional].
    """
    rows, params, shape = walk.rows, decoder.params, walk.costs.unit.shape
    edges, scale = np.empty((N_EDGES, rows.shape[1])), np.empty(rows.shape[1])
    fill_edges(rows, decoder.base(rows), actions, params, edges)
    fill_scale(rows, params, scale)
    execution, costs = config.execution, np.empty(shape[1])
    charged = execution.charge_opening, execution.charge_liquidation
    slopes = np.empty((N_EDGES, *shape))
    fill_slopes(
        edges.reshape(slopes.shape),
        scale.reshape(shape),
        np.linspace(params.low, params.high, n_holdings),
        np.array(charged, dtype=np.float64),
        walk.costs,
        slopes,
        costs,
    )
    slopes = slopes.reshape(edges.shape)
    slopes *= _weights(rows, scale, interval_years(config))
    slopes *= np.tile(walk.weight, shape[0])
    found = np.empty_like(actions)
    pull_back(rows, actions, edges, slopes, params, found)
    return found, costs


def _weights(rows: FloatArray, scale: FloatArray, interval: float) -> FloatArray:
    """How often edges and targets are met, shape (5, m); see the module.

    Args:
        rows: Shape (rows, m).
        scale: l, shape (m,) [-].
        interval: Between two decisions [year].
    """
    move = rows[field.IMPLIED_VOLATILITY] * rows[field.SPOT] * np.sqrt(interval)
    share = np.abs(rows[field.GAMMA]) * move / np.maximum(scale, 1e-300)
    often = np.minimum(share, 1.0)
    often = often / np.sqrt(np.maximum(often, _LEAST_OFTEN))
    found = np.empty((N_EDGES, scale.size))
    found[[LOWER, UPPER]] = often / np.maximum(scale, 1e-300)
    found[[LOWER_TARGET, UPPER_TARGET]] = often * share
    found[SNAP] = _SNAP_WEIGHT * found[LOWER]
    return found


def features_of_holdings(names: tuple[str, ...]) -> tuple[int, ...]:
    """Numbers of the features that depend on what is held.

    Args:
        names: Of the features in order.
    """
    numbers = [FIELDS.index(FEATURES[name].observable) for name in names]
    return tuple(
        place
        for place, number in enumerate(numbers)
        if number >= N_MARKET_FIELDS and number not in _OF_NO_HOLDINGS
    )
