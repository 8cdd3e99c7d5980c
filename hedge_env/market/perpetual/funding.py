r"""Funding of a perpetual: premium process through the exchange's clamp and cap.

.. math:: F = P + \mathrm{clamp}(I - P, -c, c) = \mathrm{clamp}(I, P - c, P + c)

with premium :math:`P`, interest :math:`I` (1 bp per 8 hours) and clamp :math:`c`
(5 bp): whenever :math:`|I - P| \le c` funding is exactly :math:`I`, the mass point
of the data (to the last bit, by the second form). Then it is cut off at a cap; a
settlement pays the share of it that is its part of the period that rates are of, and
where funding is paid all the time, a market step pays its part of a settlement, at the
rate and spot at its end. Deribit's damper,

.. math:: F = \max(c, P) + \min(-c, P),

is this formula with :math:`I = 0`. Derive adds interest to the premium and has no
clamp: :math:`F = P + I` is the formula for that sum with :math:`c = 0`.

The premium is an Ornstein-Uhlenbeck factor, or the sum of a slow and a fast one, plus a
multiple of the trailing return (traders pay to be long after a rally). Rates of history
remember a week and forget a fifth of themselves within a settlement: two time scales.

Where the premium is the basis of the market, P is the log of the perpetual's price over
spot, plus the multiple of the trailing return, and there is no factor.

Sources: Binance, "Introduction to Funding Rates"; the others in docs/market.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import (
    BASIS_POINT,
    HOURS_PER_DAY,
    BasisConfig,
    FundingConfig,
    MarketConfig,
)
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import (
    NO_FACTOR,
    OuParams,
    ou_params,
    ou_step,
)
from hedge_env.numerics.random_blocks import Shock, normal
from hedge_env.numerics.special import exp

STATES: Final[dict[str, str]] = {
    "premium": "factors of the premium over the index [fraction]",
    "premium_fast": "the fast one of them [fraction]",
    "trailing_return": "exponentially weighted sum of log returns",
    "funding_accrued": "funding paid per unit held since the last decision [S_0]",
}
SHOCKS: Final[tuple[Shock, ...]] = (
    normal("z_premium", 2, 0, "funding", "basis"),
    normal("z_premium_fast", 2, 2, "funding"),
)
USES: Final = ("basis",)
_PREMIUM, _FAST, _TRAILING, _ACCRUED = range(4)  # of STATES
_BASIS: Final = 4  # of USES, after them


class FundingParams(NamedTuple):
    """Constants of the funding rate for one step length."""

    interest: float  # per period [-]
    clamp: float  # [-]
    cap: float  # of the absolute rate per period [-]
    share: float  # of a rate per period, paid at a settlement [-]
    continuous: bool  # paid all the time
    premium: OuParams  # [-]
    fast: OuParams  # second factor of the premium [-]
    premium_mean: float  # [-]
    response: float  # premium per unit of trailing log return [-]
    trailing_decay: float  # per market step [-]
    settlement_hours: float  # [hour]
    of_basis: bool  # the premium is the basis, and no factor


OFF: Final = FundingParams(
    interest=0.0,
    clamp=0.0,
    cap=np.inf,
    share=1.0,
    continuous=False,
    premium=NO_FACTOR,
    fast=NO_FACTOR,
    premium_mean=0.0,
    response=0.0,
    trailing_decay=0.0,
    settlement_hours=HOURS_PER_DAY,
    of_basis=False,
)


def funding_params(
    config: FundingConfig | None, dt_hours: float, basis: BasisConfig | None = None
) -> FundingParams:
    """Compile the funding rate for market steps of `dt_hours`; `basis` may be its P."""
    if config is None:
        return OFF
    of_basis = config.premium == "basis"
    mean_bp = config.premium_mean_bp
    if of_basis:
        mean_bp = 0.0 if basis is None else basis.mean_bp
    sd = config.premium_sd_bp * BASIS_POINT
    trailing = Decimal(dt_hours) / Decimal(config.trailing_days * HOURS_PER_DAY)
    return FundingParams(
        interest=config.interest_bp * BASIS_POINT,
        clamp=config.clamp_bp * BASIS_POINT,
        cap=np.inf if config.cap_bp is None else config.cap_bp * BASIS_POINT,
        share=config.share,
        continuous=config.is_continuous,
        premium=ou_params(config.premium_half_life_hours, sd, dt_hours),
        fast=ou_params(
            config.fast_half_life_hours, config.fast_sd_bp * BASIS_POINT, dt_hours
        ),
        premium_mean=(mean_bp + config.added_bp) * BASIS_POINT,
        response=config.return_response_bp * BASIS_POINT,
        trailing_decay=float((-trailing).exp()),
        settlement_hours=float(config.settlement_hours),
        of_basis=of_basis,
    )


@scalar_kernel
def funding_rate(premium: float, trailing_return: float, p: FundingParams) -> float:
    """Rate that would be settled now, from the factor and the trailing return."""
    total = p.premium_mean + premium + p.response * trailing_return
    low, high = total - p.clamp, total + p.clamp
    rate = low if p.interest < low else p.interest
    rate = high if rate > high else rate
    rate = p.cap if rate > p.cap else rate
    return p.share * (-p.cap if rate < -p.cap else rate)


@kernel
def advance_funding(
    premium: FloatArray,
    fast: FloatArray,
    trailing_return: FloatArray,
    accrued: FloatArray,
    z: FloatArray,
    z_fast: FloatArray,
    log_return: FloatArray,
    log_spot: FloatArray,
    hours_before: FloatArray,
    dt_hours: float,
    p: FundingParams,
) -> None:
    """Advance the premium (n,) by one step and settle what falls into it.

    Args:
        premium: Sum of its factors, updated in place [-].
        fast: The fast one of them, updated in place [-].
        trailing_return: Exponentially weighted sum of returns, updated [-].
        accrued: Funding per unit held, added to [S_0].
        z: Standard normals.
        z_fast: Standard normals of the fast factor.
        log_return: Returns of this step [-].
        log_spot: Log spot after this step.
        hours_before: Clock before this step [hour].
        dt_hours: Length of the step [hour].
        p: Constants.
    """
    for i in range(premium.shape[0]):
        slow = ou_step(premium[i] - fast[i], z[i], p.premium)
        fast[i] = ou_step(fast[i], z_fast[i], p.fast)
        premium[i] = slow + fast[i]
        trailing_return[i] = p.trailing_decay * trailing_return[i] + log_return[i]
        settlements = settlements_between(hours_before[i], dt_hours, p)
        rate = funding_rate(premium[i], trailing_return[i], p)
        accrued[i] += settlements * rate * exp(log_spot[i])


@kernel
def settle_basis(own: Rows, step: Step, p: FundingParams) -> None:
    """Settle what falls into a step where the premium is the basis before it."""
    basis, trailing = row(own, _BASIS), row(own, _TRAILING)
    accrued = row(own, _ACCRUED)
    for i in range(accrued.size):
        trailing[i] = p.trailing_decay * trailing[i] + step.log_return[i]
        settlements = settlements_between(step.hours[i], step.dt_hours, p)
        rate = funding_rate(basis[i], trailing[i], p)
        accrued[i] += settlements * rate * exp(step.log_spot[i])


@scalar_kernel
def settlements_between(hours: float, dt_hours: float, p: FundingParams) -> float:
    """Count settlements in (hours, hours + dt_hours]; parts, if they never stop."""
    if p.continuous:
        return dt_hours / p.settlement_hours
    # A nanohour of slack: the clock is a product of floats.
    before = np.floor((hours + 1e-9) / p.settlement_hours)
    after = np.floor((hours + dt_hours + 1e-9) / p.settlement_hours)
    return float(after - before)


def compile(market: MarketConfig, length: StepLength) -> FundingParams:
    """See `market.process`."""
    return funding_params(market.funding, length.hours, market.basis)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: FundingParams) -> None:
    """Draw both factors of the premium from their stationary law."""
    fast = p.fast.sd * row(shocks, 1)[0]
    row(own, _FAST)[0] = fast
    row(own, _PREMIUM)[0] = p.premium.sd * row(shocks, 0)[0] + fast


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: FundingParams) -> None:
    """See `advance_funding` and `settle_basis`."""
    if p.of_basis:
        settle_basis(own, step, p)
        return
    advance_funding(
        row(own, _PREMIUM),
        row(own, _FAST),
        row(own, _TRAILING),
        row(own, _ACCRUED),
        row(shocks, 0),
        row(shocks, 1),
        step.log_return,
        step.log_spot,
        step.hours,
        step.dt_hours,
        p,
    )
