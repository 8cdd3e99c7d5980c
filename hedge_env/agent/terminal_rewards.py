r"""Rewards whose returns are a utility of the net loss of a whole episode.

A utility u of the final net loss L is paid as it is earned,

.. math:: r_k = -(u(L_{k+1}) - u(L_k)) \cdot 10^4,

with the net loss so far, so that returns add up to :math:`-(u(L) - u(L_0))` whatever
the policy does, and the sum so far is part of the state (feature `net_loss`). When an
amount is booked is a choice of its own: as the book is marked (`entropic`, `cvar`,
`accounting`), as cash moves (`cash_flow`), or all of it at the end (`mean_std`).

What mean and deviation, or the quantile, of the loss are depends on the policy. For any
reference m, s, z the utilities below are bounds from above,

.. math::
    E[L] + K \, \mathrm{sd}(L)
    \le E \left[ L + \frac{K}{2 s} ((L - m)^2 + s^2) \right], \qquad
    \mathrm{CVaR}_q(L) \le E \left[ z + \frac{(L - z)^+}{1 - q} \right],

equal at the policy's own m and s, or z: who minimises the bound of a policy improves on
it, and doing so again from what was found goes on until nothing is gained. By default
the reference is the analytic band, measured once (`reward_params`).

Sources: Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk",
Journal of Risk 2(3); Cao, Chen, Hull and Poulos (2021), "Deep hedging of derivatives
using reinforcement learning", Journal of Financial Data Science 3(1), for accounting
and cash flows; the first bound is :math:`2 \, \mathrm{sd} \le \mathrm{var} / s + s`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.agent.decision import Decision
from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, RewardConfig

MEAN_STD = ("accounting", "cash_flow", "mean_std")  # one utility, paid at other times
TERMINAL = (*MEAN_STD, "entropic", "cvar")


class Utility(NamedTuple):
    """Constants of a utility of the net loss."""

    deviations: float  # K
    mean: float  # m [notional]
    deviation: float  # s [notional]
    threshold: float  # z [notional]
    worst: float  # 1 - q
    price_row: int  # of the hedge instrument


def utility_of(reward: RewardConfig, losses: FloatArray, price_row: int) -> Utility:
    """Compile a utility.

    Args:
        reward: Its settings; what is None there is measured.
        losses: Net losses of a reference, shape (n,) [notional].
        price_row: Of the hedge instrument.
    """
    share = 0.01 * reward.quantile

    def given(value: float | None, measured: float) -> float:
        return measured if value is None else value * BASIS_POINT

    return Utility(
        deviations=reward.deviations,
        mean=given(reward.mean_bp, float(losses.mean())),
        deviation=max(given(reward.deviation_bp, float(losses.std())), BASIS_POINT),
        threshold=given(reward.threshold_bp, float(np.quantile(losses, share))),
        worst=1.0 - share,
        price_row=price_row,
    )


def quadratic(loss: FloatArray, p: Utility) -> FloatArray:
    r"""U of mean + K standard deviations, :math:`L + K (L - m)^2 / (2 s)`."""
    off = loss - p.mean
    found: FloatArray = loss + 0.5 * p.deviations / p.deviation * off * off
    return found


def entropic(decision: Decision, utility: Utility) -> FloatArray:
    r"""Exponential utility, paid as the book is marked.

    .. math:: r_k = u(L_k) - u(L_{k+1}), \quad u(L) = (e^{g L} - 1) / g,
              \quad g = 2 \lambda

    Args:
        decision: On n paths.
        utility: Unused: there is no other constant.

    Returns:
        Shape (n,) [bp].
    """
    del utility
    g = 2.0 * decision.risk_aversion
    before, after = _losses(decision)
    rise = np.expm1(g * after) - np.expm1(g * before)
    paid: FloatArray = -rise / g / BASIS_POINT
    return paid


def cvar(decision: Decision, utility: Utility) -> FloatArray:
    r"""Mean of the worst losses, paid as the book is marked.

    .. math:: r_k = u(L_k) - u(L_{k+1}), \quad u(L) = (L - z)^+ / (1 - q)

    Args:
        decision: On n paths.
        utility: Threshold z and share 1 - q.

    Returns:
        Shape (n,) [bp].
    """
    before, after = _losses(decision)
    beyond = [np.maximum(loss - utility.threshold, 0.0) for loss in (before, after)]
    paid: FloatArray = -(beyond[1] - beyond[0]) / utility.worst / BASIS_POINT
    return paid


def accounting(decision: Decision, utility: Utility) -> FloatArray:
    r"""Mean + K standard deviations, paid as the book is marked.

    .. math:: r_k = u(L_k) - u(L_{k+1}), \quad
              u(L) = L + \tfrac{K}{2 s} (L - m)^2

    Args:
        decision: On n paths.
        utility: K, m and s.

    Returns:
        Shape (n,) [bp].
    """
    before, after = _losses(decision)
    return -(quadratic(after, utility) - quadratic(before, utility)) / BASIS_POINT


def cash_flow(decision: Decision, utility: Utility) -> FloatArray:
    r"""Mean + K standard deviations, paid as cash moves.

    .. math:: r_k = u(C_k) - u(C_{k+1}), \quad
              u(C) = C + \tfrac{K}{2 s} (C - m)^2

    with C what has been paid so far, and the value of what is held at the end alone.

    What holdings and book are worth counts when it is paid: the premium at the start,
    trades when they are made, payoff and liquidation at the end.

    Args:
        decision: On n paths.
        utility: K, m and s.

    Returns:
        Shape (n,) [bp].
    """
    before, after = _losses(decision)
    spent = _positions(decision.before, utility) + before
    kept = np.where(decision.record.done, 0.0, _positions(decision.after, utility))
    first = decision.before[field.STEP] == 0.0
    was = np.where(first, before, spent)  # the premium is no reward of a decision
    now = after + kept
    return -(quadratic(now, utility) - quadratic(was, utility)) / BASIS_POINT


def mean_std(decision: Decision, utility: Utility) -> FloatArray:
    r"""Mean + K standard deviations, all of it at the end.

    .. math:: r_{N-1} = u(0) - u(L_N), \quad u(L) = L + \tfrac{K}{2 s} (L - m)^2

    Args:
        decision: On n paths.
        utility: K, m and s.

    Returns:
        Shape (n,) [bp].
    """
    _, after = _losses(decision)
    rise = quadratic(after, utility) - quadratic(np.zeros_like(after), utility)
    return np.where(decision.record.done, -rise / BASIS_POINT, 0.0)


def _losses(decision: Decision) -> tuple[FloatArray, FloatArray]:
    """Net loss so far, before and after, each of shape (n,) [notional]."""
    return decision.before[field.NET_LOSS], decision.after[field.NET_LOSS]


def _positions(rows: FloatArray, p: Utility) -> FloatArray:
    """Value of holdings and book, shape (n,) [notional]."""
    held = rows[field.HOLDINGS] * rows[p.price_row]
    found: FloatArray = held + rows[field.BOOK_VALUE]
    return found
