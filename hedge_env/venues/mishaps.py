r"""What can befall an order: it fails, or somebody trades around it.

An order fails with probability

.. math:: p = \frac{p_0 e^{k x}}{1 - p_0 + p_0 e^{k x}}

with :math:`p_0` at the median gas price, the log :math:`x` of the gas price over its
median, and the congestion slope :math:`k`: the log odds of a failure rise by
:math:`k` per unit of log gas. A sandwich takes a share of the traded value with a
constant probability. Both are drawn once per path and decision, so that all policies
meet them at the same times.
"""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base.kernel import scalar_kernel
from hedge_env.config import BASIS_POINT, ExecutionConfig
from hedge_env.numerics.special import exp

_LARGEST_EXPONENT = 50.0


class MishapParams(NamedTuple):
    """Constants of failures and sandwiches."""

    fails: bool
    probability: float  # of a failure at the median gas price [-]
    congestion: float  # log odds per log gas price [-]
    sandwiches: bool
    sandwich_probability: float  # [-]
    sandwich_loss: float  # per traded value [-]


def mishap_params(config: ExecutionConfig) -> MishapParams:
    """Compile failures and sandwiches."""
    failure, sandwich = config.failure, config.sandwich
    return MishapParams(
        fails=failure is not None,
        probability=0.0 if failure is None else float(failure.probability),
        congestion=0.0 if failure is None else float(failure.congestion),
        sandwiches=sandwich is not None,
        sandwich_probability=0.0 if sandwich is None else float(sandwich.probability),
        sandwich_loss=0.0 if sandwich is None else sandwich.loss_bp * BASIS_POINT,
    )


@scalar_kernel
def failure_probability(log_gas: float, p: MishapParams) -> float:
    """Probability that an order fails; see the module.

    Args:
        log_gas: Log of the gas price over its median [-].
        p: Constants.
    """
    x = p.congestion * log_gas
    x = _LARGEST_EXPONENT if x > _LARGEST_EXPONENT else x
    odds = p.probability * exp(x)
    return odds / (1.0 - p.probability + odds)
