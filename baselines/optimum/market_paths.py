"""Paths of a market as the bound reads them, and what policies did on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.optimum.grid import limited_rate
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy import Policy


@dataclass(frozen=True)
class MarketPaths:
    """Quotes along paths, at every decision and at the end.

    Attributes:
        spot: Shape (decisions + 1, n) [S_0].
        unit_cost: Proportional cost of a unit of holdings, shape of `spot` [notional].
        fixed: Cost of a transaction, shape of `spot` [notional].
        limited: Part of `unit_cost` that is a fee with a limit, shape of `spot`.
        log_gas: Log price of gas, shape of `spot`.
        volatility_state: Over the step from each decision, shape of `spot`.
        costs: What each policy paid in all, shape (policies, n) [notional].
        holdings: Over the step from each decision, (policies, decisions, n) [-].
    """

    spot: FloatArray
    unit_cost: FloatArray
    fixed: FloatArray
    limited: FloatArray
    log_gas: FloatArray
    volatility_state: IntArray
    costs: FloatArray
    holdings: FloatArray


def simulate_paths(
    config: EnvConfig,
    n_paths: int,
    *,
    policies: Sequence[Policy] = (),
    risk_aversion: float | None = None,
    seed: int = 0,
    stream: str = "test",
) -> MarketPaths:
    """Simulate paths of a config's market and run policies on them.

    Args:
        config: The hedging problem, of constant volatility.
        n_paths: Number of paths.
        policies: Each runs on all paths.
        risk_aversion: lambda that policies act at [1/notional]; None: the config's.
        seed: Of the market.
        stream: training, validation or test.
    """
    ids = np.arange(n_paths, dtype=np.int64)
    tape = record_tape(config, ids, seed=seed, stream=stream)
    rows, decisions = tape.rows, config.episode.decisions
    spot = rows[:, field.SPOT]
    costs = np.empty((len(policies), n_paths))
    holdings = np.empty((len(policies), decisions, n_paths))
    for p, policy in enumerate(policies):
        seen: list[FloatArray] = []

        def look(before: FloatArray, record: StepRecord, after: FloatArray) -> None:
            held = before[field.HOLDINGS]
            move = after[field.SPOT] - before[field.SPOT]
            # The end liquidates: what was held until then shows in its profit.
            moved = np.abs(move) > 0.0
            safe = np.where(moved, move, 1.0)
            held = np.where(moved, record.hedge_pnl / safe, held)
            seen.append(held)  # noqa: B023 (called in this round of the loop alone)

        table = evaluate_on_tape(policy, tape, config, risk_aversion, observer=look)
        costs[p], holdings[p] = table.cost, np.array(seen)
    return MarketPaths(
        spot=spot,
        unit_cost=rows[:, field.PROPORTIONAL_COST] * spot,
        fixed=rows[:, field.FIXED_COST],
        limited=limited_rate(config.execution) * spot,
        log_gas=rows[:, field.LOG_GAS],
        volatility_state=np.zeros(spot.shape, dtype=np.int64),
        costs=costs,
        holdings=holdings,
    )
