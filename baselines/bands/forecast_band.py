r"""The deadline band that waits while gas is about to become cheaper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.rule.parameter_range import ParameterRange


def waiting_multiplier(gas_forecast: FloatArray, exponent: float) -> FloatArray:
    r"""How much wider a band is if gas will be cheap, and narrower if it will be dear.

    .. math:: (\hat g_{t+h} / \bar g)^{-b}

    Times the power a of today's price it is a power of today's price over that of
    :math:`\bar g^{1 - \theta} \hat g_{t+h}^{\theta}`, with b = a theta.

    Args:
        gas_forecast: ln of the price of gas some hours ahead, as forecast, over its
            median, shape (n,) [-].
        exponent: b [-]; 0 pays no heed to the forecast.

    Returns:
        Shape (n,) [-].
    """
    return np.exp(-exponent * gas_forecast)


@dataclass(frozen=True)
class ForecastBand(DeadlineBand):
    """The deadline band, times what waiting for cheaper gas is worth.

    Source:
        Derived for this project; see `waiting_multiplier` and `market/gas/forecast`.
    """

    name: ClassVar[str] = "forecast-band"
    inputs: ClassVar[tuple[str, ...]] = (
        *DeadlineBand.inputs,
        "gas_forecast",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        **DeadlineBand.parameters,
        "heed": ParameterRange(0.0, 1.0),
    }

    heed: float = 0.1  # theta [-]; 0: today's price is held against its median

    def half_width(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Of the deadline band, times what waiting is worth, shape (n,) [-]."""
        return super().half_width(observables) * waiting_multiplier(
            observables["gas_forecast"], self.gas_exponent * self.heed
        )
