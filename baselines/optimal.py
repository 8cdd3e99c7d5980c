"""The exact optimum as a policy, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from baselines.dynamic_programming import Optimum, look_up, solve
from hedge_env._types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.policy import PolicyKind


class OptimalPolicy:
    """Acts on the solution of the dynamic programme; see `dynamic_programming`.

    Args:
        optimum: Solution of a problem at one risk aversion.

    Attributes:
        optimum: As given.
    """

    name: ClassVar[str] = "optimal"
    kind: ClassVar[PolicyKind] = "optimal"
    inputs: ClassVar[tuple[str, ...]] = ("log_moneyness", "holdings", "step")

    def __init__(self, optimum: Optimum) -> None:
        self.optimum = optimum

    def reset(self, n_paths: int) -> None:
        """Nothing to forget."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Best holdings, shape (n, 1) [-]."""
        optimum, out = self.optimum, np.empty(observables["holdings"].size)
        grid = optimum.log_moneyness
        look_up(
            optimum.targets,
            optimum.holdings,
            float(grid[0]),
            float(grid[1] - grid[0]),
            observables["log_moneyness"],
            observables["holdings"],
            observables["step"].astype(np.int64),
            out,
        )
        return out[:, None]


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
