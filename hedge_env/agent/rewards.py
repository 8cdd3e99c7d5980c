"""Rewards per decision, in basis points of notional.

What an agent is trained on is a choice; what it is judged by (`evaluation/metrics`) is
not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, RewardConfig
from hedge_env.desk.accounts import StepRecord

Reward = Callable[[StepRecord, FloatArray, RewardConfig], FloatArray]


def objective(
    record: StepRecord, risk_aversion: FloatArray, config: RewardConfig
) -> FloatArray:
    r"""Minus the objective's increment, so that returns add up to -J.

    .. math:: r = -(c + \lambda x^2) \cdot 10^4

    with cost :math:`c`, tracking increment :math:`x` (fractions of notional) and
    risk aversion :math:`\lambda`.

    Args:
        record: What the decision did.
        risk_aversion: Shape (n,) [1/notional].
        config: Unused; this reward has no parameter of its own.

    Returns:
        Shape (n,) [bp].
    """
    del config
    increment = record.tracking_increment
    return -(record.cost + risk_aversion * increment * increment) / BASIS_POINT


def kolm_ritter(
    record: StepRecord, risk_aversion: FloatArray, config: RewardConfig
) -> FloatArray:
    r"""Profit less a penalty on its square.

    .. math:: r = (p - \tfrac{\kappa}{2} p^2) \cdot 10^4, \quad p = x - c

    with tracking increment :math:`x`, cost :math:`c` and risk weight
    :math:`\kappa` (`reward.kappa`, 1/notional).

    Args:
        record: What the decision did.
        risk_aversion: Unused; kappa takes its place.
        config: Holds kappa.

    Returns:
        Shape (n,) [bp].

    Source:
        Kolm and Ritter (2019), "Dynamic replication and hedging: a reinforcement
        learning approach", Journal of Financial Data Science 1(1).
    """
    del risk_aversion
    profit = record.tracking_increment - record.cost
    return (profit - 0.5 * config.kappa * profit * profit) / BASIS_POINT


REWARDS: Final[Mapping[str, Reward]] = {
    "objective": objective,
    "kolm_ritter": kolm_ritter,
}
