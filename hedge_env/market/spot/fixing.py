r"""The price that options are settled at: the mean of spot over the last minutes.

Exchanges settle on a mean of their index, against a price that is pushed at the last
moment: of 30 minutes. With window W and market steps no longer than it, the log of the
fixing is the mean of those of the last :math:`k = W / \Delta` steps. Within a step the
path is a Brownian bridge between its ends, whose mean is normal,

.. math:: x_1 - \tfrac12 f r + \sigma \sqrt{\Delta \, f \, (1/3 - f/4)} \; Z,

with the log price :math:`x_1` after the step, its return r, the volatility
:math:`\sigma` before it, and f = 1. Where a step is longer than the window, k = 1 and
:math:`f = W / \Delta < 1`: the window is the end of the step, and its mean has the law
of a diffusion's, given both ends. A jump counts as if it were spread over its step.
The variance is the mean of a bridge's covariance,
:math:`\sigma^2 (u \wedge v - u v / \Delta)`, over the window.

The mean is of logarithms; that of prices is above it by about :math:`\sigma^2 W / 12`,
3e-6 for half an hour at volatility .8.

Sources of the window: Deribit, "Expiration Price"
(www.deribit.com/docs/expiration-price), a mean of 300 index prices; Lyra, "Settlements"
(docs.lyra.finance/docs/settlements).
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.config import MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.random_blocks import Shock, normal

STATES: Final[dict[str, str]] = {
    "log_fixing": "log of spot averaged over the last minutes of the decision interval",
}
SHOCKS: Final[tuple[Shock, ...]] = (normal("z_fixing", 6, 3, "fixing"),)
USES: Final = ("start_hour",)
_TOLERANCE = 1e-9  # of a market step


class FixingParams(NamedTuple):
    """Constants of the fixing for one step length."""

    on: bool
    per_decision: int  # market steps
    steps: int  # k, of the window
    share: float  # f, of a step that lies in the window [-]
    sd: float  # of the mean given both ends, per volatility [sqrt(year)]
    lost_days: float  # by which an average is less uncertain than the last price


OFF: Final = FixingParams(
    on=False, per_decision=1, steps=1, share=0.0, sd=0.0, lost_days=0.0
)


def compile(market: MarketConfig, length: StepLength) -> FixingParams:
    """See `market.process`."""
    if market.settlement == "spot":
        return OFF
    window = market.settlement_minutes / 60.0 / length.hours
    steps = max(1, round(window))
    share = min(1.0, window)
    return FixingParams(
        on=True,
        per_decision=length.per_decision,
        steps=steps,
        share=share,
        sd=sqrt(length.years * share * (1.0 / 3.0 - share / 4.0)),
        lost_days=lost_days(market),
    )


def lost_days(market: MarketConfig) -> float:
    r"""Time that the variance of a mean falls short of the last price's [day].

    Before the window, the variance to its mean is that of :math:`\tau - 2W/3`: it grows
    with the time to the window, and a third of the window.
    """
    if market.settlement == "spot":
        return 0.0
    return 2.0 / 3.0 * market.settlement_minutes / (24.0 * 60.0)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: FixingParams) -> None:
    """Nothing has been averaged yet: the row is zero."""


@kernel
def average(own: Rows, shocks: Rows, step: Step, p: FixingParams) -> None:
    """Add a step to the mean, if it is one of the last of its decision interval."""
    log_fixing, start_hour, z = row(own, 0), row(own, 1), row(shocks, 0)
    for i in range(log_fixing.size):
        taken = int(np.floor((step.hours[i] - start_hour[i]) / step.dt_hours + 0.5))
        place = taken % p.per_decision - (p.per_decision - p.steps)
        mean = step.log_spot[i] - 0.5 * p.share * step.log_return[i]
        mean += step.volatility[i] * p.sd * z[i]
        log_fixing[i] = 0.0 if place <= 0 else log_fixing[i]
        log_fixing[i] += mean / p.steps if place >= 0 else 0.0


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: FixingParams) -> None:
    """See `average`."""
    if p.on:
        average(own, shocks, step, p)
