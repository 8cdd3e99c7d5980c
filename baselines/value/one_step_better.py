"""A rule that looks a step ahead: it trades best as if a regressed value were right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.value.fit import HoldingsValue, fit_value
from hedge_env.baselines.value.sweeps import keep_all, read_table
from hedge_env.config import EnvConfig
from hedge_env.policies.policy import PolicyKind

_READ = (
    "spot",
    "delta",
    "gamma",
    "vega",
    "log_moneyness",
    "implied_volatility",
    "realised_volatility",
    "skew",
    "fixed_cost",
    "mean_fixed_cost",
    "proportional_cost",
    "impact_linear",
    "impact_sqrt",
    "log_gas",
    "gas_season",
    "hour_sin",
    "hour_cos",
    "funding_rate",
    "time_to_maturity",
    "step",
    "holdings",
)


class OneStepBetter:
    """Greedy on the value of all holdings that a regression expects.

    Improves on the policy that the value belongs to, as a step of policy iteration
    does. Reads what any rule may see: realised stands in for diffusive volatility.

    Args:
        value: Fitted by `fit_value(informed=False)`; an informed one makes it read
            the diffusive volatility, which few markets show.
    """

    name: ClassVar[str] = "one-step-better"
    kind: ClassVar[PolicyKind] = "baseline"

    def __init__(self, value: HoldingsValue) -> None:
        self.value = value
        extra = [] if value.price_row == field.SPOT else [field.FIELDS[value.price_row]]
        extra += ["true_volatility"] if value.best.informed else []
        self.inputs: tuple[str, ...] = (*_READ, *extra)

    def reset(self, n_paths: int) -> None:
        """Nothing to forget."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Best holdings, shape (n, 1) [-]; exactly those held if none is better."""
        held = observables["holdings"]
        rows = np.zeros((field.N_MARKET_FIELDS, held.size))
        for name in self.inputs:
            if name != "holdings":
                rows[field.FIELDS.index(name)] = observables[name]
        steps: IntArray = rows[field.STEP].astype(np.int64)
        out = np.empty(held.size)
        for step in np.unique(steps).tolist():
            at = steps == step
            scene = self.value.scene(step, rows[:, at])
            ratios, found = self.value.ratios(step, scene), np.empty(held[at].size)
            best_targets(ratios, self.value.reach, *scene[:7], held[at], found)
            out[at] = found
        return out[:, None]


@kernel
def best_targets(
    ratios: FloatArray,
    reach: float,
    centre: FloatArray,
    scale: FloatArray,
    curvature: FloatArray,
    lean: FloatArray,
    unit_cost: FloatArray,
    fixed: FloatArray,
    gauge: FloatArray,
    held: FloatArray,
    out: FloatArray,
) -> None:
    """Where to trade to from what is held; see `sweeps.act_on_tables`.

    Args:
        ratios: Shape (n, m + 1).
        reach: Largest x of the grids.
        centre: Shape (n,), as the six after it.
        scale: l.
        curvature: Of risk.
        lean: Of its least.
        unit_cost: Proportional cost.
        fixed: Fixed cost.
        gauge: Fixed cost that the ratios are of.
        held: Shape (n,) [-].
        out: Shape (n,), written.
    """
    m = ratios.shape[1] - 1
    step = 2.0 * reach / (m - 1)
    keep = np.empty(m + 1)
    for i in range(centre.size):
        c, f = unit_cost[i], fixed[i]
        keep_all(
            ratios[i],
            reach,
            centre[i],
            scale[i],
            curvature[i],
            lean[i],
            c,
            gauge[i],
            keep,
        )
        best = read_table(keep, reach, centre[i], scale[i], c, held[i])
        x = (held[i] - centre[i]) / scale[i]
        if abs(x) > reach and held[i] != 0.0:
            edge = reach if x > 0.0 else -reach
            risk = scale[i] * (x * x - edge * edge) - 2.0 * lean[i] * (x - edge)
            best += curvature[i] * scale[i] * risk
        out[i] = held[i]
        for j in range(m + 1):
            y = centre[i] + scale[i] * (step * j - reach) if j < m else 0.0
            trade = keep[j] + f + c * abs(y - held[i])
            if trade < best:
                best, out[i] = trade, y


def one_step_better(config: EnvConfig, risk_aversion: float) -> OneStepBetter:
    """Fit the value on training paths, and act on it.

    Args:
        config: The hedging problem.
        risk_aversion: lambda [1/notional].

    Raises:
        ConfigError: If the market reacts to what is held.
    """
    return OneStepBetter(fit_value(config, risk_aversion, informed=False))
