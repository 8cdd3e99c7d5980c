r"""Cost of one trade in the hedge instrument.

A trade of :math:`x` units (per contract) at spot :math:`S` has value
:math:`v = |x| S` and costs

.. math:: f v + s v + a v^2 + b v^{3/2} + (G + F) 1_{x \ne 0}

with fee :math:`f`, half-spread :math:`s`, linear impact :math:`a` (an automated
market maker of one-sided depth :math:`R` charges :math:`v^2 / R`), square-root
impact :math:`b = Y \sigma_{day} \sqrt{N / V}` (notional :math:`N`, daily volume
:math:`V`), gas :math:`G` and any further fixed cost :math:`F`. No trade, no cost.

An order filled in slices, shares :math:`w_k` of it, pays the fixed costs for each, and
:math:`a \sum_k w_k^2`, :math:`b \sum_k w_k^{3/2}` in place of :math:`a`, :math:`b`.

Source of the square-root law: Donier and Bonart (2014), arXiv 1412.4503.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.config import BASIS_POINT, EnvConfig, ExecutionConfig
from hedge_env.pricing.schedules import slice_shares
from hedge_env.venues.cost_components import constant_rates
from hedge_env.venues.route_quotes import usual_fixed_cost

_GWEI = 1e-9  # of the gas token, which is the underlying


class SliceEffect(NamedTuple):
    """What filling in slices makes of the cost of an order; all 1 at once."""

    fixed: float  # times the fixed costs [-]
    linear: float  # times linear impact [-]
    root: float  # times square-root impact [-]


def slice_effect(execution: ExecutionConfig) -> SliceEffect:
    """Compile the effect of slices."""
    shares = slice_shares(execution.slicing)
    return SliceEffect(
        fixed=float(execution.transactions),
        linear=float((shares**2).sum()),
        root=float((shares * np.sqrt(shares)).sum()),
    )


class VenueParams(NamedTuple):
    """Constants of a venue in fractions of notional."""

    proportional: float  # constant rates and expected loss to sandwiches [-]
    half_spread: float  # per traded value at reference liquidity [-]
    fixed: float  # per transaction [notional]
    gas_factor: float  # gas cost per gwei and unit of relative spot [notional]
    gas_toll: float  # gas cost per gwei whatever spot is [notional]
    mean_fixed_cost: float  # long-run mean of fixed and gas cost [notional]
    impact_linear: float  # a, at reference liquidity [1/notional]
    impact_sqrt: float  # b per unit of daily volatility [1/sqrt(notional)]
    sqrt_day: float  # [sqrt(year)]
    impact_permanent: float  # log spot move per traded value [1/notional]


def venue_params(config: EnvConfig, mean_gas_price: float) -> VenueParams:
    """Compile the venue of a config; `mean_gas_price` in gwei."""
    execution, contracts = config.execution, config.book.contracts
    notional, slices = config.market.spot * contracts, slice_effect(execution)
    gas_factor = execution.gas_units * _GWEI / contracts * slices.fixed
    mean_toll = execution.gas_cost_bp * BASIS_POINT * slices.fixed
    per_value, fixed = constant_rates(execution)
    linear = 0.0 if execution.depth is None else notional / execution.depth
    mean_fixed = fixed + gas_factor * mean_gas_price + mean_toll
    if execution.venues:
        mean_fixed = usual_fixed_cost(config, mean_gas_price)
    return VenueParams(
        proportional=per_value + _expected_sandwich(execution),
        half_spread=execution.half_spread_bp * BASIS_POINT,
        fixed=fixed,
        gas_factor=gas_factor,
        gas_toll=mean_toll / mean_gas_price if mean_toll > 0.0 else 0.0,
        mean_fixed_cost=mean_fixed,
        impact_linear=linear * slices.linear,
        impact_sqrt=execution.square_root_impact
        * sqrt(notional / execution.daily_volume)
        * slices.root,
        sqrt_day=sqrt(1.0 / config.episode.days_per_year),
        impact_permanent=execution.permanent_impact * notional / execution.daily_volume,
    )


def _expected_sandwich(execution: ExecutionConfig) -> float:
    """Mean loss to sandwiches per traded value [-]."""
    sandwich = execution.sandwich
    if sandwich is None:
        return 0.0
    return sandwich.probability * sandwich.loss_bp * BASIS_POINT


@scalar_kernel
def impact_cost(value: float, linear: float, root: float) -> float:
    """Market impact of trading `value`, at least 0: a v^2 + b v^1.5 [notional]."""
    return value * (linear * value + root * float(np.sqrt(value)))
