r"""Zakamouline's band around a delta at a modified volatility, traded to its edge.

An approximation, fitted to numerical solutions, of the optimal policy of exponential
utility with risk aversion g and proportional cost c:

.. math::
    H_0 &= \frac{c}{g S \sigma^2 \tau} \\
    H_1 &= a_1 \, c^{0.31} \, \tau^{a_2} e^{-a_3 \tau} \sigma^{-1/4}
           \sqrt{|\Gamma| / g} \\
    K &= k_1 \, c^{0.78} \, \tau^{k_2} e^{-k_3 \tau} \sigma^{-1/4}
           (g S^2 |\Gamma|)^{0.15} \\
    \tilde\sigma^2 &= \sigma^2 (1 \pm K)

with plus for short and minus for long gamma; the band is
:math:`\Delta(\tilde\sigma) \pm (H_0 + H_1)`. Three sets of constants have been
published. The powers were fitted for prices around 100 and g around 1 and depend on
the units, so the rule applies them at a spot that starts at 100.

Sources: "efma-2005": Zakamouline (2005), European Financial Management Association,
and (2006), Wilmott Magazine. "sinclair": Sinclair, Volatility Trading, eq. 4.13-4.15.
"qf-2006": Zakamouline (2006), Quantitative Finance 6(5), 435-445. Rates are zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.deltas.smoothed_delta import INPUTS, smoothed_delta
from hedge_env.baselines.rule.assumptions import (
    why_not_a_few_options,
    why_nothing_to_hedge,
)
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.expiry import time_left
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.config import EnvConfig
from hedge_env.numerics.powers import power_of

_SPOT = 100.0  # that the constants are used at
_WIDTH_POWER, _VOLATILITY_POWER = 0.31, 0.78  # of the cost
_GAMMA_POWER = 0.15


class Constants(NamedTuple):
    """Fitted constants; see the module docstring."""

    width: float  # a_1
    width_time: float  # a_2
    width_decay: float  # a_3 [1/year]
    volatility: float  # k_1
    volatility_time: float  # k_2
    volatility_decay: float  # k_3 [1/year]


CONSTANTS: Final[Mapping[str, Constants]] = {
    "efma-2005": Constants(
        width=1.12,
        width_time=0.05,
        width_decay=0.0,
        volatility=4.76,
        volatility_time=-0.02,
        volatility_decay=0.0,
    ),
    "sinclair": Constants(
        width=1.12,
        width_time=0.05,
        width_decay=0.0,
        volatility=5.76,
        volatility_time=-0.02,
        volatility_decay=0.0,
    ),
    "qf-2006": Constants(
        width=1.18,
        width_time=0.10,
        width_decay=0.15,
        volatility=6.85,
        volatility_time=0.10,
        volatility_decay=0.20,
    ),
}


class ZakamoulineInputs(NamedTuple):
    """What the formulas depend on, each of shape (n,), in currency and years."""

    gamma: FloatArray  # positive where the book is short gamma [1/quote]
    spot: FloatArray  # [quote]
    cost_rate: FloatArray  # one way, of traded value [-]
    volatility: FloatArray  # [1/sqrt(year)]
    time: FloatArray  # to maturity, positive [year]
    risk_aversion: FloatArray  # g, positive [1/quote]


def zakamouline_half_width(x: ZakamoulineInputs, constants: Constants) -> FloatArray:
    """Half-width H_0 + H_1 of the band in holdings, shape (n,) [-]."""
    outer = x.cost_rate / (x.risk_aversion * x.spot * x.volatility**2 * x.time)
    shape = power_of(x.time, constants.width_time)
    shape = shape * np.exp(-constants.width_decay * x.time)
    scale = np.sqrt(np.abs(x.gamma) / x.risk_aversion / np.sqrt(x.volatility))
    return outer + constants.width * power_of(x.cost_rate, _WIDTH_POWER) * shape * scale


def zakamouline_variance_ratio(
    x: ZakamoulineInputs, constants: Constants
) -> FloatArray:
    """Modified over the volatility's own variance, shape (n,) [-]."""
    shape = power_of(x.time, constants.volatility_time)
    shape = shape * np.exp(-constants.volatility_decay * x.time)
    curvature = x.risk_aversion * x.spot**2 * np.abs(x.gamma)
    scale = power_of(x.cost_rate, _VOLATILITY_POWER) / np.sqrt(np.sqrt(x.volatility))
    size = constants.volatility * scale * shape * power_of(curvature, _GAMMA_POWER)
    return 1.0 + np.sign(x.gamma) * size


@dataclass(frozen=True)
class Zakamouline(BandRule):
    """Trade to the edge of the band with g = 2 lambda x `risk_multiplier`.

    Like Whalley and Wilmott's band it knows no fixed cost.
    """

    name: ClassVar[str] = "zakamouline"
    inputs: ClassVar[tuple[str, ...]] = (
        *INPUTS,
        "holdings",
        "proportional_cost",
        "risk_aversion",
    )
    reads_sign_of_gamma: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "risk_multiplier": ParameterRange(1e-4, 1e2, "log")
    }

    risk_multiplier: float = 1.0  # [-]; 1 is the formula's own band
    constants: str = "qf-2006"  # a key of CONSTANTS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.constants not in CONSTANTS:
            raise ValueError(
                f"constants {self.constants!r} are unknown; use {', '.join(CONSTANTS)}"
            )

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """See `smoothed_delta`."""
        return why_nothing_to_hedge(config) or why_not_a_few_options(config)

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the modified delta, traded to its edges."""
        constants = CONSTANTS[self.constants]
        time = time_left(observables)
        alive = np.isfinite(time)
        x = ZakamoulineInputs(
            gamma=observables["gamma"] / _SPOT,
            spot=observables["spot"] * _SPOT,
            cost_rate=observables["proportional_cost"],
            volatility=observables["implied_volatility"],
            time=np.where(alive, time, 1.0),  # any: without options there is no band
            risk_aversion=(2.0 * self.risk_multiplier / _SPOT)
            * observables["risk_aversion"],
        )
        delta = smoothed_delta(observables, zakamouline_variance_ratio(x, constants))
        half_width = np.where(alive, zakamouline_half_width(x, constants), 0.0)
        return band_around(
            self.centre(observables, delta), half_width, inner=half_width
        )
