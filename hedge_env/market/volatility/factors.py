r"""Volatility: a median times the exponential of a fast and a slow factor.

.. math:: \sigma_t = \bar\sigma \exp(f_t + s_t + d_t)

with Ornstein-Uhlenbeck factors :math:`f` (days), :math:`s` (months) and, if it is
on, :math:`d` (hours): the bursts that make squared hourly returns alike for a few
hours and the realised volatility of a day noisy. Returns and shocks of the fast and
the intraday factor have correlation `leverage`; a price jump adds
`jump_shift` to the fast one, compensated so that its mean stays zero; its variance is
the shifts' on top of that of the Ornstein-Uhlenbeck process. Two time scales are
what the autocorrelation of log realised variance shows for Ether and Bitcoin;
with both standard deviations zero it is constant volatility, exactly.

SABR with beta 1 is the same with a fast factor that does not revert,

.. math:: f_{t + dt} = f_t - \nu^2 dt / 2 + \nu \sqrt{dt} z, \quad f_0 = 0

with volatility of volatility :math:`\nu`; `leverage` is then its correlation
:math:`\rho`. The step is exact for :math:`\sigma`.

The fair variance over a time :math:`\tau` follows in closed form up to one
integral, see `fair_variance`.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import (
    JumpConfig,
    LogOuVolatility,
    MarketConfig,
    SabrVolatility,
    VolatilityConfig,
)
from hedge_env.market.jump_odds import jump_odds
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
    "volatility": "diffusive volatility of the next market step [1/sqrt(year)]",
    "fast": "fast factor of log volatility; of Heston the variance [1/year]",
    "slow": "slow factor of log volatility",
    "intraday": "intraday factor of log volatility",
}
SHOCKS: Final[tuple[Shock, ...]] = (
    normal("z_fast", 0, 1),
    normal("z_slow", 0, 2),
    normal("z_intraday", 2, 1, "intraday"),
)


_VOLATILITY, _FAST, _SLOW, _INTRADAY = range(4)  # of STATES
_Z_FAST, _Z_SLOW, _Z_INTRADAY = range(3)  # of SHOCKS


class VolatilityParams(NamedTuple):
    """Constants of the volatility for one step length."""

    level: float  # median [1/sqrt(year)]
    fast: OuParams  # its sd includes the shifts at jumps
    slow: OuParams
    leverage: float  # [-]
    leverage_rest: float  # sqrt(1 - leverage^2) [-]
    jump_shift: float  # of the fast factor at a jump [-]
    mean_shift: float  # per step, takes the mean of the shifts away [-]
    intraday: OuParams


OFF: Final = VolatilityParams(
    level=0.0,
    fast=NO_FACTOR,
    slow=NO_FACTOR,
    leverage=0.0,
    leverage_rest=1.0,
    jump_shift=0.0,
    mean_shift=0.0,
    intraday=NO_FACTOR,
)


def volatility_params(
    config: VolatilityConfig,
    jumps: JumpConfig | None,
    jump_probability: float,
    dt_days: float,
    days_per_year: float = 365.0,
) -> VolatilityParams:
    """Compile the volatility for market steps of `dt_days`.

    Args:
        config: Volatility model.
        jumps: Jumps of spot, whose shift of the fast factor is taken in.
        jump_probability: Of a jump in one step [-].
        dt_days: Length of a market step [day].
        days_per_year: For SABR, whose constants are per year.
    """
    if isinstance(config, SabrVolatility):
        return _sabr_params(config, dt_days / days_per_year)
    if not isinstance(config, LogOuVolatility):
        return OFF._replace(level=float(config.level))
    hours = config.intraday
    shift = 0.0 if jumps is None else jumps.volatility_jump
    fast = ou_params(config.fast.half_life_days, config.fast.sd, dt_days)
    shifts = shift**2 * jump_probability * (1.0 - jump_probability)
    shifts /= 1.0 - fast.decay**2
    return VolatilityParams(
        level=float(config.level),
        fast=fast._replace(sd=sqrt(fast.sd**2 + shifts)),
        slow=ou_params(config.slow.half_life_days, config.slow.sd, dt_days),
        leverage=float(config.leverage),
        leverage_rest=sqrt(1.0 - config.leverage**2),
        jump_shift=float(shift),
        mean_shift=-shift * jump_probability,
        intraday=NO_FACTOR
        if hours is None
        else ou_params(hours.half_life_days, hours.sd, dt_days),
    )


def _sabr_params(config: SabrVolatility, dt: float) -> VolatilityParams:
    """A fast factor that keeps all of its past; `dt` in years."""
    nu = config.volatility_of_volatility
    return OFF._replace(
        level=float(config.level),
        fast=OuParams(decay=1.0, scale=nu * sqrt(dt), sd=0.0),
        leverage=float(config.correlation),
        leverage_rest=sqrt(1.0 - config.correlation**2),
        mean_shift=-0.5 * nu * nu * dt,
    )


@scalar_kernel
def fast_factor_step(
    fast: float, z_spot: float, z: float, jump: float, p: VolatilityParams
) -> float:
    """Advance the fast factor by one market step."""
    shock = p.leverage * z_spot + p.leverage_rest * z
    shift = p.jump_shift if jump != 0.0 else 0.0
    return ou_step(fast, shock, p.fast) + shift + p.mean_shift


@kernel
def advance_intraday(
    intraday: FloatArray, z_spot: FloatArray, z: FloatArray, p: VolatilityParams
) -> None:
    """Advance the intraday factor (n,) by one step; it has the leverage of the fast."""
    for i in range(intraday.shape[0]):
        shock = p.leverage * z_spot[i] + p.leverage_rest * z[i]
        intraday[i] = ou_step(intraday[i], shock, p.intraday)


@kernel
def advance_volatility(
    volatility: FloatArray,
    fast: FloatArray,
    slow: FloatArray,
    intraday: FloatArray,
    z_spot: FloatArray,
    z_fast: FloatArray,
    z_slow: FloatArray,
    jump: FloatArray,
    p: VolatilityParams,
) -> None:
    """Advance fast and slow factor (n,) by one step and write the new volatility."""
    for i in range(fast.shape[0]):
        fast[i] = fast_factor_step(fast[i], z_spot[i], z_fast[i], jump[i], p)
        slow[i] = ou_step(slow[i], z_slow[i], p.slow)
        volatility[i] = p.level * exp(fast[i] + slow[i] + intraday[i])


def compile(market: MarketConfig, length: StepLength) -> VolatilityParams:
    """See `market.process`."""
    return volatility_params(
        market.volatility,
        market.jumps,
        jump_odds(market, length.years).mean,
        length.days,
        length.days_per_year,
    )


@scalar_kernel
def start(own: Rows, shocks: Rows, p: VolatilityParams) -> None:
    """Draw the factors from their stationary law."""
    fast = p.fast.sd * row(shocks, _Z_FAST)[0]
    slow = p.slow.sd * row(shocks, _Z_SLOW)[0]
    intraday = p.intraday.sd * row(shocks, _Z_INTRADAY)[0]
    row(own, _FAST)[0], row(own, _SLOW)[0] = fast, slow
    row(own, _INTRADAY)[0] = intraday
    row(own, _VOLATILITY)[0] = p.level * exp(fast + slow + intraday)


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: VolatilityParams) -> None:
    """See `advance_intraday` and `advance_volatility`."""
    if p.intraday.sd > 0.0:
        shock = row(shocks, _Z_INTRADAY)
        advance_intraday(row(own, _INTRADAY), step.z_spot, shock, p)
    advance_volatility(
        row(own, _VOLATILITY),
        row(own, _FAST),
        row(own, _SLOW),
        row(own, _INTRADAY),
        step.z_spot,
        row(shocks, _Z_FAST),
        row(shocks, _Z_SLOW),
        step.jump,
        p,
    )
