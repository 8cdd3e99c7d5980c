"""Waiting for cheap gas, until waiting becomes too risky."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.delta_threshold import is_outside
from baselines.memory import RememberingRule
from baselines.parameters import ParameterRange
from baselines.rule import trade_where
from hedge_env._types import FloatArray


def share_below(past: FloatArray, now: FloatArray) -> FloatArray:
    """Share of the past that was below the present.

    Args:
        past: Shape (window, n); NaN where there is none.
        now: Shape (n,).

    Returns:
        Shape (n,) [-]; 0 without any past.
    """
    known = np.count_nonzero(~np.isnan(past), axis=0)
    below = np.count_nonzero(past < now, axis=0)
    return np.asarray(below / np.maximum(known, 1))


@dataclass(frozen=True)
class GasWait(RememberingRule):
    r"""Trade to delta from outside a wide band; from a narrow one if gas is cheap.

    .. math:: |h - \Delta| > m \theta, \quad \text{or} \quad
              |h - \Delta| > \theta \text{ and } g \le Q_q(\text{past } g)

    where g is the gas price. Between `threshold` :math:`\theta` and `patience`
    :math:`m` times it, a trade waits until gas is not above the quantile `quantile` of
    its last `window` prices. Where the price of gas is constant it is the delta
    threshold.
    """

    name: ClassVar[str] = "gas-wait"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "gas_price", "step")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "threshold": ParameterRange(0.005, 1.0, "log"),
        "patience": ParameterRange(1.0, 5.0, "log"),
        "quantile": ParameterRange(0.0, 1.0),
    }

    threshold: float = 0.1  # theta [-], holdings per contract
    patience: float = 1.5  # m [-]
    quantile: float = 0.4  # q [-]
    window: int = 42  # [decisions]; 7 days of 4 hours

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window < 1:
            raise ValueError(f"window = {self.window} must be at least 1")

    def _rows(self) -> int:
        """One number for each price of the window."""
        return self.window

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Delta where gas is cheap or the error is large, shape (n, 1) [-]."""
        delta, holdings = observables["delta"], observables["holdings"]
        step, price = observables["step"], observables["gas_price"]
        past = self._recall(price.size)
        past[:, step == 0.0] = np.nan
        is_cheap = share_below(past, price) <= self.quantile
        oldest = np.mod(step, self.window).astype(np.int64)
        past[oldest, np.arange(price.size)] = price
        trade = is_outside(delta, holdings, self.patience * self.threshold)
        trade |= is_outside(delta, holdings, self.threshold) & is_cheap
        return trade_where(trade, delta, holdings)
