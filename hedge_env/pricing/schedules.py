r"""Schedules of an order that is filled in slices, in closed form.

An order of :math:`X` units is filled in :math:`N` slices, a time :math:`\tau` apart;
after slice :math:`j` there are left

.. math:: x_j = X (1 - j/N) \text{ (TWAP)}, \quad
   x_j = X \frac{\sinh(\kappa (T - t_j))}{\sinh(\kappa T)} \text{ (Almgren and Chriss)}

with :math:`T = N \tau`, :math:`t_j = j \tau` and the urgency :math:`\kappa` of

.. math:: \cosh(\kappa \tau) = 1 + \frac{\lambda \sigma^2 \tau^2}{2 \tilde\eta}, \quad
   \tilde\eta = \eta - \frac{\gamma \tau}{2}

where each slice :math:`n` costs :math:`\epsilon n + \eta n^2 / \tau` and moves the
price by :math:`\gamma n`, the price has the standard deviation :math:`\sigma` per root
of time, and :math:`\lambda` weighs the variance of the cost against its mean. That
schedule has the least :math:`E + \lambda V` of all with

.. math:: E = \frac{\gamma X^2}{2} + \epsilon \sum_j |n_j| +
   \frac{\tilde\eta}{\tau} \sum_j n_j^2, \quad V = \sigma^2 \tau \sum_j x_j^2

TWAP is its limit for :math:`\lambda \to 0`.

Source: Almgren and Chriss (2000), "Optimal execution of portfolio transactions".
"""

from __future__ import annotations

from math import acosh, sqrt
from typing import NamedTuple

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config.sections.execution import SlicingConfig


class Execution(NamedTuple):
    """What filling in slices costs, in any consistent units.

    Attributes:
        spread: epsilon, of every unit traded, at least 0.
        temporary: eta, of the rate of trading, positive.
        permanent: gamma, at least 0, so that eta - gamma tau / 2 is positive.
        volatility: sigma of the price per root of time, at least 0.
        interval: tau, positive.
    """

    spread: float
    temporary: float
    permanent: float
    volatility: float
    interval: float

    @property
    def net_temporary(self) -> float:
        """Temporary impact less what the permanent one counts twice, eta tilde."""
        return self.temporary - 0.5 * self.permanent * self.interval


def twap_schedule(slices: int) -> FloatArray:
    """Shares of an order that are left after each slice, of equal slices.

    Args:
        slices: N, at least 1.

    Returns:
        Shape (slices + 1,), from 1 to 0.

    Raises:
        ValueError: If there is no slice.
    """
    if slices < 1:
        raise ValueError(f"slices = {slices} must be at least 1")
    return np.asarray(1.0 - np.arange(slices + 1) / slices)


def almgren_chriss_schedule(slices: int, urgency: float) -> FloatArray:
    r"""Shares of an order that are left after each slice, the first slices the largest.

    Args:
        slices: N, at least 1.
        urgency: :math:`\kappa \tau`, at least 0 [-]; 0 is TWAP.

    Returns:
        Shape (slices + 1,), from 1 to 0.

    Raises:
        ValueError: If there is no slice, or the urgency is negative.
    """
    if not urgency >= 0.0:
        raise ValueError(f"urgency = {urgency} must be at least 0")
    if urgency < 1e-6:  # the ratio of sinh is that of its arguments to 1e-12
        return twap_schedule(slices)
    left = twap_schedule(slices) * slices * urgency
    whole = left[0]
    # Of sinh(a)/sinh(b) by exponentials of negative numbers, which cannot overflow.
    decay = np.exp(left - whole) * np.expm1(-2.0 * left) / np.expm1(-2.0 * whole)
    return np.asarray(decay)


def almgren_chriss_urgency(risk_aversion: float, execution: Execution) -> float:
    r""":math:`\kappa \tau` of the schedule with the least mean and weighed variance.

    Args:
        risk_aversion: lambda, at least 0 [1/currency].
        execution: What filling in slices costs.

    Returns:
        At least 0 [-].

    Raises:
        ValueError: If lambda is negative, or an argument makes no schedule.
    """
    if not (risk_aversion >= 0.0 and execution.net_temporary > 0.0):
        raise ValueError(
            "risk_aversion must be at least 0, and temporary above permanent * "
            "interval / 2: else all at once, or ever slower, costs least"
        )
    variance = (execution.volatility * execution.interval) ** 2
    return acosh(1.0 + risk_aversion * variance / (2.0 * execution.net_temporary))


def mean_cost(amount: float, left: FloatArray, execution: Execution) -> float:
    """Mean cost of a schedule, E [currency]; see the module.

    Args:
        amount: X, units.
        left: Shares left, shape (slices + 1,).
        execution: What filling in slices costs.
    """
    traded = -amount * np.diff(left)
    cost = 0.5 * execution.permanent * amount**2
    cost += execution.spread * float(np.abs(traded).sum())
    rate = execution.net_temporary / execution.interval
    return cost + rate * float((traded**2).sum())


def cost_deviation(amount: float, left: FloatArray, execution: Execution) -> float:
    """Standard deviation of the cost of a schedule, root of V [currency].

    Args:
        amount: X, units.
        left: Shares left, shape (slices + 1,).
        execution: What filling in slices costs.
    """
    held = float(((amount * left[1:]) ** 2).sum())
    return execution.volatility * sqrt(execution.interval * held)


def slice_shares(slicing: SlicingConfig | None) -> FloatArray:
    """Shares of an order that its slices fill, shape (slices,), adding up to one.

    Args:
        slicing: From a config; None: all at once.
    """
    if slicing is None:
        return np.ones(1)
    if slicing.schedule == "twap":
        left = twap_schedule(slicing.slices)
    else:
        left = almgren_chriss_schedule(slicing.slices, slicing.urgency)
    return np.asarray(-np.diff(left))
