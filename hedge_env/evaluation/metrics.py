"""From episodes to numbers with standard errors, in basis points of notional.

The metrics are the same whatever reward an agent was trained on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT
from hedge_env.evaluation.evaluate import EpisodeTable


@dataclass(frozen=True)
class Metrics:
    """What a policy did over many episodes; `_se` fields are standard errors.

    Attributes:
        cost_bp: Mean of everything friction took [bp].
        cost_components_bp: The same by component [bp].
        tracking_error_bp: Standard deviation of the summed tracking increments [bp].
        tracking_rms_bp: Root of the mean sum of squared increments [bp].
        objective_bp: Mean of cost + lambda x squared increments [bp].
        net_loss_mean_bp: Mean of minus the profit after cost [bp].
        net_loss_std_bp: Its standard deviation [bp].
        cvar95_bp: Mean of its worst 5 % [bp].
        cvar99_bp: Mean of its worst 1 % [bp].
        trades: Mean number of decisions that traded.
        turnover: Mean value traded, liquidation included [notional].
        expected_objective_bp: The objective's mean by expected squares, which take the
            surprises of each interval off: an estimate of the same number [bp]; None
            where they are not known, as the following.
        controlled_objective_bp: The same with the luck of the paths taken off as well,
            an estimate of the same number with the least error [bp].
        floor_bp: Mean of the part of the objective that nobody can avoid [bp].
        avoidable_bp: Objective less floor, both controlled, path by path [bp].
    """

    cost_bp: float
    cost_se: float
    cost_components_bp: dict[str, float]
    tracking_error_bp: float
    tracking_error_se: float
    tracking_rms_bp: float
    tracking_rms_se: float
    objective_bp: float
    objective_se: float
    net_loss_mean_bp: float
    net_loss_mean_se: float
    net_loss_std_bp: float
    net_loss_std_se: float
    cvar95_bp: float
    cvar95_se: float
    cvar99_bp: float
    cvar99_se: float
    trades: float
    trades_se: float
    turnover: float
    turnover_se: float
    expected_objective_bp: float | None = None
    expected_objective_se: float | None = None
    controlled_objective_bp: float | None = None
    controlled_objective_se: float | None = None
    floor_bp: float | None = None
    floor_se: float | None = None
    avoidable_bp: float | None = None
    avoidable_se: float | None = None


def summarise(table: EpisodeTable) -> Metrics:
    """Metrics of one policy, at the risk aversions of its episodes.

    Raises:
        ValueError: If there are fewer than two episodes.
    """
    cost = mean_and_error(table.cost / BASIS_POINT)
    tracking = deviation_and_error(table.tracking / BASIS_POINT)
    rms = root_mean_and_error(table.squared_increments / BASIS_POINT**2)
    objective = mean_and_error(table.objective / BASIS_POINT)
    net_loss = table.net_loss / BASIS_POINT
    mean, deviation = mean_and_error(net_loss), deviation_and_error(net_loss)
    cvar95, cvar99 = tail_and_error(net_loss, 0.95), tail_and_error(net_loss, 0.99)
    trades, turnover = mean_and_error(table.trades), mean_and_error(table.turnover)
    components = table.cost_components.mean(axis=1) / BASIS_POINT
    return Metrics(
        cost_bp=cost[0],
        cost_se=cost[1],
        cost_components_bp=dict(zip(COST_COMPONENTS, components.tolist(), strict=True)),
        tracking_error_bp=tracking[0],
        tracking_error_se=tracking[1],
        tracking_rms_bp=rms[0],
        tracking_rms_se=rms[1],
        objective_bp=objective[0],
        objective_se=objective[1],
        net_loss_mean_bp=mean[0],
        net_loss_mean_se=mean[1],
        net_loss_std_bp=deviation[0],
        net_loss_std_se=deviation[1],
        cvar95_bp=cvar95[0],
        cvar95_se=cvar95[1],
        cvar99_bp=cvar99[0],
        cvar99_se=cvar99[1],
        trades=trades[0],
        trades_se=trades[1],
        turnover=turnover[0],
        turnover_se=turnover[1],
        **_avoidable(table),
    )


def _avoidable(table: EpisodeTable) -> dict[str, float]:
    """Floor and what is above it, where the expected squares are known."""
    expected, best = table.expected_objective, table.controlled_objective
    floor = table.controlled_floor
    if expected is None or best is None or floor is None:
        return {}
    found: dict[str, float] = {}
    for name, values in (
        ("expected_objective", expected),
        ("controlled_objective", best),
        ("floor", floor),
        ("avoidable", best - floor),
    ):
        mean, error = mean_and_error(values / BASIS_POINT)
        found |= {f"{name}_bp": mean, f"{name}_se": error}
    return found


def mean_and_error(values: FloatArray) -> tuple[float, float]:
    """Mean and its standard error, s / sqrt(n).

    Args:
        values: Shape (n,).

    Raises:
        ValueError: If there are fewer than two values.
    """
    n = values.size
    if n < 2:
        raise ValueError("a standard error needs at least two episodes")
    return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n)


def deviation_and_error(values: FloatArray) -> tuple[float, float]:
    r"""Standard deviation and its standard error by the delta method.

    .. math:: \mathrm{se}(s) = \frac{1}{2 s} \sqrt{\frac{m_4 - m_2^2}{n}}

    with central moments :math:`m_k`; no normal distribution is assumed.

    Args:
        values: Shape (n,).
    """
    deviation = float(values.std(ddof=1))
    squares = (values - values.mean()) ** 2
    if not deviation > 0.0:
        return deviation, 0.0
    return deviation, float(squares.std()) / (2 * deviation * math.sqrt(values.size))


def root_mean_and_error(squares: FloatArray) -> tuple[float, float]:
    """Root of a mean, and its standard error by the delta method.

    Args:
        squares: Not negative, shape (n,).
    """
    mean, error = mean_and_error(squares)
    root = math.sqrt(mean)
    return root, error / (2.0 * root) if root > 0.0 else 0.0


def tail_and_error(losses: FloatArray, level: float) -> tuple[float, float]:
    r"""Conditional value at risk, the mean of the worst losses, and its error.

    .. math:: \mathrm{CVaR}_q = v + \frac{E[(L - v)^+]}{1 - q}

    with the `level` :math:`q` and its quantile :math:`v`. The choice of :math:`v`
    minimises this expression (Rockafellar and Uryasev), so the quantile's own error
    does not enter at first order.

    Args:
        losses: Shape (n,).
        level: q in (0, 1).
    """
    quantile = np.quantile(losses, level, method="inverted_cdf")
    excess, error = mean_and_error(np.maximum(losses - quantile, 0.0))
    return float(quantile) + excess / (1.0 - level), error / (1.0 - level)


@dataclass(frozen=True)
class Difference:
    """How much more one policy's objective is than another's on the same paths.

    Attributes:
        mean_bp: Mean difference of the objective [bp].
        se_bp: Its standard error [bp].
        relative: Difference over the other's objective [-].
        relative_se: Its standard error [-].
        controlled: The same by controlled objectives; None where they are not known.
    """

    mean_bp: float
    se_bp: float
    relative: float
    relative_se: float
    controlled: Difference | None = None


def paired_difference(policy: EpisodeTable, other: EpisodeTable) -> Difference:
    r"""Difference of objectives, path by path: common luck cancels.

    The squares of two policies' increments differ by what they hold differently, times
    the luck of the next interval. The difference of what was expected of them,

    .. math:: E_k[(y\, dS + dB)^2] - E_k[(y'\, dS + dB)^2]
              = (y - y') \left( (y + y' - 2 \delta) E_k[dS^2]
                + 2 E_k[dS\, e] \right),

    has the same mean and nothing of that luck; :math:`\delta, e` as in
    `risk/path_moments`. What else of the difference was luck goes off with `luck`.

    Raises:
        ValueError: If the tables are not of the same paths in the same order.
    """
    if not np.array_equal(policy.path_id, other.path_id):
        raise ValueError(
            f"{policy.policy} and {other.policy} were not evaluated on the same paths"
        )
    plain = _difference(policy.objective, other.objective)
    mine, theirs = policy.controlled_objective, other.controlled_objective
    if mine is None or theirs is None:
        return plain
    return replace(plain, controlled=_difference(mine, theirs))


def _difference(mine: FloatArray, theirs: FloatArray) -> Difference:
    a, b = mine / BASIS_POINT, theirs / BASIS_POINT
    mean, error = mean_and_error(a - b)
    base = float(b.mean())
    if not base > 0.0:
        return Difference(mean, error, math.nan, math.nan)
    ratio = float(a.mean()) / base
    _, residual = mean_and_error(a - ratio * b)  # delta method for a ratio of means
    return Difference(mean, error, ratio - 1.0, residual / base)
