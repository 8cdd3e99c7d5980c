r"""A lower bound on J that no policy can beat: the information relaxation.

A player who sees the whole path can only do better than one who does not, and a
penalty of mean zero takes away what the sight of the future is worth. With any
function V of (decision, state, holdings) and
:math:`q_k(y) = \lambda E_k[(y \Delta S + \Delta B)^2]`, every policy has

.. math::
    J \ge E \min_{y_0 \dots y_{N-1}} \sum_k \{ c_k(y_{k-1} \to y_k) + q_k(y_k)
        - (V_{k+1}(s_{k+1}, y_k) - E_k V_{k+1}(\cdot, y_k)) \} + \text{liquidation}

(Brown, Smith and Sun, Operations Research 58(4), 2010). The minimum of a path is a
programme in its holdings alone, two sweeps a decision, in which fixed cost, gas and
liquidation are exact. With the value function of the problem the minimum is J on every
path; with that of a nearby problem the bound is a little lower. It holds only where
paths do not depend on what is held.

Here spot is a geometric Brownian motion whose volatility is constant or a Markov chain,
gas is constant or a chain, and V comes from programmes with a volatility that stays as
it is: exact where it does, and where it is known. V and the bound go back together, so
that only one decision of V is ever in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.optimum.frozen_value import FrozenValue, VolatilityLaw
from hedge_env.baselines.optimum.grid import Grid
from hedge_env.baselines.optimum.market_paths import MarketPaths
from hedge_env.baselines.optimum.relaxed_path import add_step, trade_on_paths
from hedge_env.config import EnvConfig

_ON_GRID = 1e-9  # of the spacing of holdings: nearer is rounding


@dataclass(frozen=True)
class Bound:
    """A bound, path by path, and policies on the same paths.

    Attributes:
        lower: Relaxed minimum of each path, shape (n,) [notional]; its mean bounds J.
        values: J of policies with the same martingale taken off, shape (policies, n).
    """

    lower: FloatArray
    values: FloatArray

    @property
    def gaps(self) -> FloatArray:
        """What each policy may be from the optimum, path by path, shape of `values`.

        Not negative where holdings are on the grid.
        """
        return self.values - self.lower


def lower_bound(
    config: EnvConfig,
    risk_aversion: float,
    paths: MarketPaths,
    *,
    law: VolatilityLaw | None = None,
    value_volatility: FloatArray | None = None,
    n_holdings: int = 201,
    finer_spots: int = 1,
) -> Bound:
    """Bound J from below on given paths, and value the policies that ran on them.

    Args:
        config: See `dynamic_programming.solve`; its volatility is only that of the
            grid where `law` is given.
        risk_aversion: lambda, positive [1/notional].
        paths: Of the market that is bounded, with costs and holdings of policies.
        law: Of volatility; None for the config's.
        value_volatility: Of the programme that gives V in each state of `law`, shape
            (n_states,); None for the levels of `law`.
        n_holdings: Points of the grid of holdings, at least 3.
        finer_spots: Times the least points of the grid of log spot, which are three
            to the standard deviation of a step of the least volatility.

    Raises:
        HedgeError: If paths of the market cannot be bounded here.
    """
    require_exogenous(config)
    value = FrozenValue(
        config,
        risk_aversion,
        law=law,
        value_volatility=value_volatility,
        n_holdings=n_holdings,
        finer_spots=finer_spots,
    )
    charged = 1.0 if config.execution.charge_liquidation else 0.0
    return _go_back(value, paths, risk_aversion, config.episode.decisions, charged)


def require_exogenous(config: EnvConfig) -> None:
    """Refuse a market whose paths depend on what is held.

    Raises:
        HedgeError: With the reason.
    """
    reasons = {
        "a crowd trades with the hedger": config.market.crowd is not None,
        f"the market answers to what is decided ({config.answering_key})": (
            config.answering_key is not None
        ),
    }
    for reason, holds in reasons.items():
        if holds:
            raise HedgeError(
                f"{config.name} has no information-relaxation bound: {reason}, and the "
                "relaxed player's path would depend on what it holds; switch that off"
            )


def _go_back(
    value: FrozenValue,
    paths: MarketPaths,
    risk_aversion: float,
    decisions: int,
    charged_at_end: float,
) -> Bound:
    """All paths and V backwards from the end together."""
    holdings, spent = value.grid.holdings, paths.costs.copy()
    lower = _liquidate(value.grid, paths) * charged_at_end
    place, row = _places(value.grid, paths, decisions)
    for step in reversed(range(decisions)):
        next_place, next_row = place, row
        place, row = _places(value.grid, paths, step)
        change = np.zeros_like(lower)
        moments = np.stack(value.moments(step), axis=1)
        add_step(
            change,
            risk_aversion * np.repeat(moments, value.grid.log_gas.shape[1], axis=1),
            _rows(value.expected()),
            _rows(value.values),
            place,
            next_place,
            row,
            next_row,
            holdings,
        )
        for one, held in zip(spent, paths.holdings[:, step], strict=True):
            one += _at(holdings, change, held)
        charged, kept, lower = value.charged(step), lower + change, change  # reused
        unit_cost, fixed = paths.unit_cost[step], paths.fixed[step]
        trade_on_paths(
            kept,
            unit_cost * charged,
            fixed * charged,
            paths.limited[step] * charged,
            value.grid.fee_limit if charged > 0.0 else np.inf,
            holdings,
            lower,
        )
        value.back(step)
    return Bound(lower[:, value.grid.nothing].copy(), spent)


def _liquidate(grid: Grid, paths: MarketPaths) -> FloatArray:
    size, limited = np.abs(grid.holdings), paths.limited[-1][:, None]
    cost = (paths.unit_cost[-1][:, None] - limited) * size
    cost = cost + np.minimum(limited * size, grid.fee_limit)
    return np.where(size > 0.0, cost + paths.fixed[-1][:, None], 0.0)


def _places(grid: Grid, paths: MarketPaths, step: int) -> tuple[FloatArray, IntArray]:
    """Points of log spot, and rows of states of volatility and gas."""
    log_gas, spots = grid.log_gas[step], np.log(grid.spot[step])
    place: FloatArray = (np.log(paths.spot[step]) - spots[0]) / (spots[1] - spots[0])
    gas = np.abs(paths.log_gas[step][:, None] - log_gas).argmin(axis=1)
    row: IntArray = paths.volatility_state[step] * log_gas.size + gas
    return place, row


def _at(holdings: FloatArray, change: FloatArray, held: FloatArray) -> FloatArray:
    """Read a row of each path at a holding, on a line between points of the grid."""
    width = holdings[1] - holdings[0]
    place = np.clip((held - holdings[0]) / width, 0.0, holdings.size - 1.0)
    near = np.round(place)
    place = np.where(np.abs(place - near) < _ON_GRID, near, place)
    low = np.minimum(place.astype(np.int64), holdings.size - 2)
    share, each = place - low, np.arange(held.size)
    read: FloatArray = (1.0 - share) * change[each, low] + share * change[each, low + 1]
    return read


def _rows(values: list[FloatArray]) -> FloatArray:
    """Stack (n_spots, n_gas, n_holdings) of each state to (rows, n_spots, ...)."""
    stacked = np.stack([value.transpose(1, 0, 2) for value in values])
    return np.ascontiguousarray(stacked.reshape(-1, *stacked.shape[2:]))
