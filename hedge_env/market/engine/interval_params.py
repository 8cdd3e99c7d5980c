"""Constants of what happens at a certain time of a decision interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.config import BASIS_POINT, BasisConfig, ExecutionConfig


class IntervalParams(NamedTuple):
    """Constants of fills and halts."""

    market_steps: int  # per decision
    fills: bool  # is there anything to note at the fill?
    latency: int  # from decision to fill [market step]
    basis_mean: float  # log of the hedge instrument's price over spot [-]
    halt: bool
    move: float  # that halts trading, absolute log return [-]
    decisions: float  # that are halted


def interval_params(
    execution: ExecutionConfig, market_steps: int, basis: BasisConfig | None
) -> IntervalParams:
    """Compile fills and halts."""
    halt = execution.halt
    return IntervalParams(
        market_steps=market_steps,
        fills=execution.latency_steps > 0 or execution.permanent_impact > 0.0,
        latency=execution.latency_steps,
        basis_mean=0.0 if basis is None else basis.mean_bp * BASIS_POINT,
        halt=halt is not None,
        move=np.inf if halt is None else float(halt.move),
        decisions=0.0 if halt is None else float(halt.decisions),
    )
