"""What the relaxed player is charged at each decision besides the cost of its trades.

Risk and funding that the next step is expected to bring, a parabola in holdings, and
the penalty, what V then is beyond its expectation. Expectations are weighted draws of
the whole simulator from the present state; the path's own next step is none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.feeds.simulated import quote_params
from hedge_env.feeds.tape import MarketTape
from hedge_env.market.engine.draw_plan import DrawPlan, draw_plan, node_plan
from hedge_env.risk.minimum_variance import MinimumVariance
from hedge_env.risk.next_rows import next_rows
from hedge_env.risk.path_moments import only_spot_moves

_NODES = 256  # of spot's shock, where nothing else is random
_MOMENTS = 3  # lot of the draws of risk; V has the first


class Value(Protocol):
    """V of all holdings: by a network, a regression (`fit`) or frozen programmes."""

    @property
    def best(self) -> MinimumVariance:
        """Holdings of least risk over the next step."""

    @property
    def risk_aversion(self) -> float:
        """Lambda [1/notional]."""

    @property
    def price_row(self) -> int:
        """Of the hedge instrument."""

    @property
    def charged_at_end(self) -> float:
        """1 if liquidation is charged, else 0."""

    @property
    def decisions(self) -> int:
        """Of an episode; after the last one V is the cost of liquidation."""

    def add(
        self,
        step: int,
        rows: FloatArray,
        states: FloatArray,
        weights: FloatArray,
        y: FloatArray,
        out: FloatArray,
    ) -> None:
        """Add weighted V before the trade of a decision.

        Args:
            step: Decision, before the end.
            rows: At the decision, shape (rows, n, draws).
            states: Market states, shape (N_STATES, n, draws).
            weights: Shape (n, draws).
            y: Holdings, shape (n_holdings,) [-].
            out: Shape (n, n_holdings), added to [notional].
        """


@dataclass(frozen=True)
class Careful:
    """How finely the bound is computed.

    Attributes:
        n_holdings: Points of the grid of holdings, odd, so that 0 is among them.
        draws: Of each decision, about, for the expectation of V.
        moments: The same for the risk of the next step, which costs a fifth as much.
    """

    n_holdings: int = 201
    draws: int = 512
    moments: int = 1024

    def plan(self, config: EnvConfig, draws: int) -> DrawPlan:
        """The draws of a market, most of them such in which nothing rare happens.

        What is left of the noise is that of usual moves: jumps and changes of regime
        have strata of their own, which weigh little.
        """
        if only_spot_moves(config):
            return node_plan(min(draws, _NODES))
        regime = max(draws // 16, 1)
        jumps = 2 * regime + (1 if regime % 3 == 0 else 0)
        market = quote_params(config).market
        return draw_plan(
            market, still=max(draws - 3 * regime, 1), jumps=jumps, regime=regime
        )


def penalties(
    config: EnvConfig,
    value: Value,
    tape: MarketTape,
    careful: Careful,
    y: FloatArray,
    seed: int,
    stream: str,
) -> FloatArray:
    """E_k V_{k+1} - V_{k+1} at all holdings, shape (decisions, n, n_holdings)."""
    decisions, n = config.episode.decisions, tape.n_paths
    stages, plan = np.zeros((decisions, n, y.size)), careful.plan(config, careful.draws)
    outlooks = next_rows(config, tape.path_ids, plan, seed=seed, stream=stream)
    for step, outlook in enumerate(outlooks):
        after, then = outlook.after[:, :, None], outlook.state_after[:, :, None]
        rows = np.concatenate([outlook.drawn, after], axis=2)
        states = np.concatenate([outlook.drawn_state, then], axis=2)
        signed = np.column_stack([outlook.weights, -np.ones(n)])
        _add_step(value, step + 1, rows, states, signed, y, stages[step])
    return stages


def risk_moments(
    config: EnvConfig,
    value: Value,
    tape: MarketTape,
    careful: Careful,
    seed: int,
    stream: str,
) -> tuple[FloatArray, FloatArray]:
    """The parabola of risk and funding, and the floor.

    Returns:
        Shapes (decisions, 3, n) and (n,).
    """
    decisions, n = config.episode.decisions, tape.n_paths
    moments, floor, exact = (
        np.empty((decisions, 3, n)),
        np.zeros(n),
        only_spot_moves(config),
    )
    paid = 1.0 if config.execution.instrument == "perp" else 0.0
    price, level = value.price_row, value.risk_aversion
    plan = careful.plan(config, careful.moments)
    outlooks = next_rows(
        config, tape.path_ids, plan, seed=seed, stream=stream, lot=_MOMENTS
    )
    for step, outlook in enumerate(outlooks):
        rows, drawn, weights = outlook[:3]
        move = drawn[price] - rows[price][:, None]
        change = drawn[field.BOOK_VALUE] - rows[field.BOOK_VALUE][:, None]
        found = [level * move**2, 2.0 * level * move * change, level * change**2]
        moments[step] = [(weights * each).sum(axis=1) for each in found]
        best = value.best.holdings(rows)
        if exact:
            best = -0.5 * moments[step, 1] / np.maximum(moments[step, 0], 1e-300)
        floor += parabola(moments[step], best[:, None])[:, 0]
        funding = (weights * drawn[field.FUNDING_ACCRUED]).sum(axis=1)
        moments[step, 1] += paid * funding
    return moments, floor


def _add_step(
    value: Value,
    step: int,
    rows: FloatArray,
    states: FloatArray,
    weights: FloatArray,
    y: FloatArray,
    out: FloatArray,
) -> None:
    """Add weighted V of a decision; see `Value.add`."""
    if step == value.decisions:
        for i in range(weights.shape[0]):
            costs = trading_costs(rows[:, i], value.price_row)
            ends = value.charged_at_end * trade_cost(costs, y, 0.0)
            out[i] += weights[i] @ ends
        return
    value.add(step, rows, states, weights, y, out)


def parabola(moments: FloatArray, y: FloatArray) -> FloatArray:
    """Risk and funding of holdings, shape (n, n_holdings)."""
    square, linear, rest = moments[:, :, None]
    found: FloatArray = (square * y + linear) * y + rest
    return found


def trading_costs(rows: FloatArray, price_row: int) -> list[FloatArray]:
    """Per unit, per trade, and impact per unit squared and to 1.5; shape (n,) each."""
    price = rows[price_row]
    return [
        rows[field.PROPORTIONAL_COST] * price,
        rows[field.FIXED_COST],
        rows[field.IMPACT_LINEAR] * price**2,
        rows[field.IMPACT_SQRT] * price**1.5,
    ]


def trade_cost(costs: Sequence[FloatArray], y: FloatArray, goal: float) -> FloatArray:
    """Cost of trading from each holding to a goal, shape (n, n_holdings)."""
    unit, fixed, linear, root = (each[:, None] for each in costs)
    size = np.abs(y - goal)
    found: FloatArray = unit * size + linear * size**2 + root * size**1.5
    return np.where(size > 0.0, found + fixed, 0.0)
