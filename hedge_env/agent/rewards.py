"""Rewards per decision, in basis points of notional.

What an agent is trained on is a choice; what it is judged by (`evaluation/metrics`) is
not. `expected` and `controlled` have the optimal policies of `objective` and less of
the noise that no policy can act on; docs/rewards.md has argument and figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hedge_env.agent import terminal_rewards
from hedge_env.agent.decision import Decision
from hedge_env.agent.reward_params import RewardParams, require_reward, reward_params
from hedge_env.agent.terminal_rewards import Utility
from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.risk.minimum_variance import MinimumVariance

Reward = Callable[[Decision, RewardParams], FloatArray]


def objective(decision: Decision, params: RewardParams) -> FloatArray:
    r"""Minus the objective's increment, so that returns add up to -J.

    .. math:: r = -(c + \lambda x^2) \cdot 10^4

    with cost :math:`c`, tracking increment :math:`x` (fractions of notional) and
    risk aversion :math:`\lambda`.

    Args:
        decision: On n paths.
        params: Unused; this reward has no parameter of its own.

    Returns:
        Shape (n,) [bp].
    """
    del params
    record, increment = decision.record, decision.record.tracking_increment
    return -(record.cost + decision.risk_aversion * increment * increment) / BASIS_POINT


def expected(decision: Decision, params: RewardParams) -> FloatArray:
    r"""The objective with the squared increment's expectation in its place.

    .. math:: r = -(c + \lambda A(x) (y - y^*(x))^2) \cdot 10^4

    with cost :math:`c`, holdings :math:`y` over the interval, and of the state
    :math:`x` at the decision :math:`A = E[dS^2]`, the mean square of the price's move,
    and :math:`y^* = -E[dS\, dB] / E[dS^2]`, the holdings of least risk. For

    .. math:: E[(y\, dS + dB)^2] = A (y - y^*)^2 + E[(y^* dS + dB)^2],

    and nothing that is held changes the last term. Both functions are regressions
    (`risk/minimum_variance`): the optimum stays as far as they are right.

    Args:
        decision: On n paths.
        params: Holds the fit.

    Returns:
        Shape (n,) [bp].

    Source:
        Rao-Blackwell: an expectation given the state and the action has the mean of
        what it replaces and no more spread; the parabola is Hull and White (2017).
    """
    best = _fit_of(params)
    before, record = decision.before, decision.record
    off = before[field.HOLDINGS] + record.traded - best.holdings(before)
    risk = best.price_variance(before) * off * off
    paid: FloatArray = -(record.cost + decision.risk_aversion * risk) / BASIS_POINT
    return paid


def controlled(decision: Decision, params: RewardParams) -> FloatArray:
    r"""The objective less the squared increment that the best holdings would have had.

    .. math:: r = -(c + \lambda (x^2 - e^2)) \cdot 10^4,
              \quad e = y^*(x_k)\, dS + dB

    with cost :math:`c`, tracking increment :math:`x`, moves :math:`dS` of the price and
    :math:`dB` of the book, and holdings of least risk :math:`y^*`. No decision
    changes :math:`e`, whatever the error of :math:`y^*`: the optimal policies are
    exactly those of `objective`.

    Args:
        decision: On n paths.
        params: Holds the fit.

    Returns:
        Shape (n,) [bp].

    Source:
        A control variate of exogenous inputs: Mao et al. (2019), "Variance reduction
        for reinforcement learning in input-driven environments", ICLR.
    """
    before, record, row = decision.before, decision.record, params.price_row
    move = decision.after[row] - before[row]
    least = _fit_of(params).holdings(before) * move + record.book_pnl
    increment = record.tracking_increment
    risk = increment * increment - least * least
    paid: FloatArray = -(record.cost + decision.risk_aversion * risk) / BASIS_POINT
    return paid


def kolm_ritter(decision: Decision, params: RewardParams) -> FloatArray:
    r"""Profit less a penalty on its square.

    .. math:: r = (p - \tfrac{\kappa}{2} p^2) \cdot 10^4, \quad p = x - c

    with tracking increment :math:`x`, cost :math:`c` and risk weight
    :math:`\kappa` (`reward.kappa`, 1/notional), which takes the place of risk aversion.

    Args:
        decision: On n paths.
        params: Holds kappa.

    Returns:
        Shape (n,) [bp].

    Source:
        Kolm and Ritter (2019), "Dynamic replication and hedging: a reinforcement
        learning approach", Journal of Financial Data Science 1(1).
    """
    profit = decision.record.tracking_increment - decision.record.cost
    return (profit - 0.5 * params.kappa * profit * profit) / BASIS_POINT


def _fit_of(params: RewardParams) -> MinimumVariance:
    if params.best is None:
        raise ValueError("these parameters were compiled for a reward without a fit")
    return params.best


def _of_utility(paid: Callable[[Decision, Utility], FloatArray]) -> Reward:
    """A reward of `terminal_rewards`."""

    def reward(decision: Decision, params: RewardParams) -> FloatArray:
        if params.utility is None:
            raise ValueError("these parameters were compiled for another reward")
        return paid(decision, params.utility)

    reward.__doc__ = paid.__doc__
    return reward


REWARDS: Final[Mapping[str, Reward]] = {
    "objective": objective,
    "expected": expected,
    "controlled": controlled,
    "kolm_ritter": kolm_ritter,
    "accounting": _of_utility(terminal_rewards.accounting),
    "cash_flow": _of_utility(terminal_rewards.cash_flow),
    "mean_std": _of_utility(terminal_rewards.mean_std),
    "entropic": _of_utility(terminal_rewards.entropic),
    "cvar": _of_utility(terminal_rewards.cvar),
}


class RewardOf:
    """The reward that a config names, compiled when the first episode starts.

    Args:
        config: The hedging problem.

    Raises:
        ConfigError: If the reward is not known in the problem.
    """

    def __init__(self, config: EnvConfig) -> None:
        require_reward(config)
        self._config = config
        self._params: RewardParams | None = None

    def prepare(self) -> RewardParams:
        """Compile it; seconds where it is fitted for the first time in a process."""
        if self._params is None:
            self._params = reward_params(self._config)
        return self._params

    def __call__(self, decision: Decision) -> FloatArray:
        """What a decision is paid, shape (n,) [bp], or balanced bp: see `balance`."""
        params = self.prepare()
        paid = REWARDS[self._config.reward.name](decision, params)
        if params.balance is None:
            return paid
        return paid * params.balance.weight(decision.risk_aversion)
