"""The exact optimum as a policy, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.dynamic_programming import Optimum, solve
from hedge_env.baselines.optimum.solvable import require_solvable
from hedge_env.baselines.optimum.trade_regions import look_up
from hedge_env.config import EnvConfig
from hedge_env.policies.policy import PolicyKind


class OptimalPolicy:
    """Acts on the solution of a dynamic programme; see `dynamic_programming`.

    Args:
        optimum: Solution of a problem at one risk aversion.

    Attributes:
        optimum: As given.
    """

    name: ClassVar[str] = "optimal"
    kind: ClassVar[PolicyKind] = "optimal"
    inputs: ClassVar[tuple[str, ...]] = ("log_moneyness", "log_gas", "holdings", "step")

    def __init__(self, optimum: Optimum) -> None:
        self.optimum = optimum

    def reset(self, n_paths: int) -> None:
        """Nothing to forget."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Best holdings, shape (n, 1) [-]."""
        optimum, out = self.optimum, np.empty(observables["holdings"].size)
        grid, regions = optimum.log_moneyness, optimum.regions
        look_up(
            regions.first,
            regions.last,
            regions.target,
            optimum.holdings,
            optimum.log_gas,
            float(grid[0]),
            float(grid[1] - grid[0]),
            grid.size,
            observables["log_moneyness"],
            observables["log_gas"],
            observables["holdings"],
            observables["step"].astype(np.int64),
            out,
        )
        return out[:, None]


class MeanGasPolicy(OptimalPolicy):
    """The optimum of the same problem with the cost of gas always at its mean.

    What the best policy loses that does not look at the price of gas.
    """

    name: ClassVar[str] = "optimal-mean-gas"


def optimal_policy(
    config: EnvConfig,
    risk_aversion: float,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> OptimalPolicy:
    """Solve a problem and return its optimum as a policy.

    Args:
        config: See `dynamic_programming.solve`.
        risk_aversion: lambda, positive [1/notional].
        progress: Called with decisions solved and their number.

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    return OptimalPolicy(solve(config, risk_aversion, progress=progress))


def mean_gas_policy(config: EnvConfig, risk_aversion: float) -> MeanGasPolicy:
    """Solve a problem as if gas always cost its mean.

    Args:
        config: See `dynamic_programming.solve`; gas costs `execution.gas_cost_bp`.
        risk_aversion: lambda, positive [1/notional].

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    require_solvable(config)
    return MeanGasPolicy(solve(at_mean_gas(config), risk_aversion))


def at_mean_gas(config: EnvConfig) -> EnvConfig:
    """The same problem with a constant cost of gas, its long-run mean."""
    execution = config.execution
    fixed = execution.fixed_cost_bp + execution.gas_cost_bp
    return config.model_copy(
        update={
            "execution": execution.model_copy(
                update={"fixed_cost_bp": fixed, "gas_cost_bp": 0.0, "gas_units": 0.0}
            ),
            "market": config.market.model_copy(update={"gas": None}),
        }
    )
