r"""What share of a policy's advantage another keeps, with an interval.

On common paths, with the objectives of the rule, the policy and its formula,

.. math:: r = \frac{E[J_{rule} - J_{formula}]}{E[J_{rule} - J_{policy}]},

and Fieller's interval of a ratio of two means: all r at which the mean of
:math:`(J_{rule} - J_{formula}) - r (J_{rule} - J_{policy})` is within 1.96 standard
errors of zero. Where the denominator itself is not surely positive, there is no
advantage to keep a share of and no interval.

Source: Fieller's theorem, https://en.wikipedia.org/wiki/Fieller%27s_theorem
"""

import math
from dataclasses import dataclass

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT
from hedge_env.evaluation.episode_table import EpisodeTable
from hedge_env.evaluation.metrics import mean_and_error

__all__ = ["KeptShare", "Z", "kept_share"]

Z = 1.96  # standard errors of a 95 % interval


@dataclass(frozen=True)
class KeptShare:
    """Two advantages over one rule on the same paths.

    Attributes:
        advantage: Objective of the rule minus that of the policy [bp].
        advantage_error: Its standard error [bp].
        kept: Objective of the rule minus that of the formula [bp].
        kept_error: Its standard error [bp].
        share: Second over first [-]; None where the first is not surely positive.
        low: Lower end of its 95 % interval [-].
        high: Upper end [-].
    """

    advantage: float
    advantage_error: float
    kept: float
    kept_error: float
    share: float | None
    low: float | None
    high: float | None


def kept_share(
    rule: EpisodeTable,
    policy: EpisodeTable,
    formula: EpisodeTable,
    *,
    overlap: float = 1.0,
) -> KeptShare:
    """Compare a policy and its formula with a rule, path by path.

    Args:
        rule: What the rule did.
        policy: What the policy did on the same paths.
        formula: What its formula did on the same paths.
        overlap: Variance of a mean over that of as many independent paths, at least 1.

    Raises:
        ValueError: If the paths are not the same.
    """
    for other in (policy, formula):
        if not np.array_equal(rule.path_id, other.path_id):
            raise ValueError(
                f"{rule.policy} and {other.policy} were not evaluated on the same paths"
            )
    base = sharpest(rule)
    ours, theirs = base - sharpest(formula), base - sharpest(policy)
    wider = math.sqrt(overlap)
    kept, kept_error = mean_and_error(ours)
    advantage, advantage_error = mean_and_error(theirs)
    kept_error, advantage_error = wider * kept_error, wider * advantage_error
    share = low = high = None
    if advantage > Z * advantage_error:
        share = kept / advantage
        low, high = _fieller(ours, theirs, Z * wider)
    return KeptShare(advantage, advantage_error, kept, kept_error, share, low, high)


def sharpest(table: EpisodeTable) -> FloatArray:
    """Objective path by path with least spread, shape (n,) [bp]."""
    controlled = table.controlled_objective
    chosen = table.objective if controlled is None else controlled
    return chosen / BASIS_POINT


def _fieller(ours: FloatArray, theirs: FloatArray, z: float) -> tuple[float, float]:
    """Both roots r of (mean x - r mean y)^2 = z^2 var(mean of x - r y)."""
    n = ours.size
    covariance = np.cov(np.array([ours, theirs])) / n
    mean, base = float(ours.mean()), float(theirs.mean())
    a = base**2 - z**2 * covariance[1, 1]
    b = mean * base - z**2 * covariance[0, 1]
    c = mean**2 - z**2 * covariance[0, 0]
    root = math.sqrt(max(b * b - a * c, 0.0))
    return (b - root) / a, (b + root) / a
