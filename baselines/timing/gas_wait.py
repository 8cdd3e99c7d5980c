"""Waiting for cheap gas, until waiting becomes too risky."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.remembering_rule import RememberingRule


def share_below(past: FloatArray, now: FloatArray, step: FloatArray) -> FloatArray:
    """Share of the remembered past that was below the present, then remember that.

    Args:
        past: Shape (window, n), written; NaN where nothing is remembered. Forgotten
            on a path whose step is 0.
        now: Shape (n,).
        step: Decisions already taken, shape (n,) [-].

    Returns:
        Shape (n,) [-]; 0 without any past.
    """
    share: FloatArray = np.zeros(now.size)
    now, step = np.ascontiguousarray(now), np.ascontiguousarray(step)
    _count_and_remember(past, now, step, share)
    return share


@kernel
def _count_and_remember(
    past: FloatArray, now: FloatArray, step: FloatArray, share: FloatArray
) -> None:
    window, n = past.shape
    for i in range(n):
        if step[i] == 0.0:
            past[:, i] = np.nan
    for row in range(window):
        then = past[row]
        for i in range(n):  # nothing is below, or above, what is not a number
            share[i] += 1.0 if then[i] < now[i] else 0.0
    for i in range(n):
        known = step[i] if step[i] < window else float(window)
        share[i] /= known if known > 0.0 else 1.0
        past[int(step[i]) % window, i] = now[i]


@dataclass(frozen=True)
class GasWait(BandRule, RememberingRule):
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

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre, narrower where gas is cheap."""
        step, price = observables["step"], observables["gas_price"]
        past = self._recall(price.size)
        is_cheap = share_below(past, price, step) <= self.quantile
        wide = self.threshold * max(self.patience, 1.0)
        half_width = np.where(is_cheap, self.threshold, wide)
        return band_around(self.centre(observables), half_width)
