"""The policy that is greedy on a value function: one step looked ahead."""

from __future__ import annotations

from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.dynamic_programming import Optimum
from hedge_env.baselines.optimum.frozen_value import FrozenValue, VolatilityLaw
from hedge_env.baselines.optimum.lower_bound import require_exogenous
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.optimum.trade_regions import RegionWriter
from hedge_env.config import EnvConfig


class GreedyPolicy(OptimalPolicy):
    """Trades best as if V were right from the next decision on."""

    name: ClassVar[str] = "greedy"


def greedy_policies(
    config: EnvConfig,
    risk_aversion: float,
    *,
    law: VolatilityLaw | None = None,
    value_volatility: FloatArray | None = None,
    n_holdings: int = 201,
    finer_spots: int = 1,
) -> list[GreedyPolicy]:
    """Best trades under the law of the market, given V at the next decision.

    Args:
        config: See `lower_bound.lower_bound`, as the others.
        risk_aversion: lambda, positive [1/notional].
        law: Of volatility; None for the config's.
        value_volatility: Of the programme that gives V in each state.
        n_holdings: Points of the grid of holdings, at least 3.
        finer_spots: Times the least points of the grid of log spot.

    Returns:
        One for each state of volatility. Their `optimum.value` is what V and one step
        of the market promise, not what the policy reaches.

    Raises:
        HedgeError: If V cannot be found for the market.
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
    grid, decisions = value.grid, config.episode.decisions
    shape = (decisions, *value.values[0].shape[:2])
    writers = [RegionWriter(shape) for _ in value.values]
    promised = [0.0 for _ in value.values]
    for step in reversed(range(decisions)):
        expected, moments = value.expected(), value.moments(step)
        for i, writer in enumerate(writers):
            best, targets = value.best(step, expected[i], moments[i])
            writer.add(targets)
            promised[i] = float(best[grid.start, :, grid.nothing] @ grid.stationary)
        value.back(step)
    return [
        GreedyPolicy(
            Optimum(
                start,
                grid.log_moneyness,
                grid.holdings,
                grid.log_gas[:-1],
                writer.regions(),
            )
        )
        for start, writer in zip(promised, writers, strict=True)
    ]
