r"""Gas price of one transaction.

.. math:: \ln g_t = \ln \bar g + s_t + f_t + b_t
          + A \cos(2\pi (h_t - h_{peak}) / 24) + w_t

with a slow and a fast Ornstein-Uhlenbeck factor, a daily season in the hour
:math:`h_t`, a step :math:`w_t` between weekdays and weekend, whose mean over the week
is zero, and bursts :math:`b_t` that decay within hours and are fed by the
absolute return in units of its local standard deviation (less its mean, so that
quiet hours lower gas a little) and by Poisson spikes of exponential size. That
gas rises when the market moves is what makes it matter to a hedger: it is dear
just when a trade is wanted.
"""

from __future__ import annotations

from decimal import Decimal
from math import sqrt
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import GasConfig, MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import (
    NO_FACTOR,
    STILL,
    OuParams,
    half_life_decay,
    ou_params,
    ou_step,
)
from hedge_env.numerics.random_blocks import Shock, normal, uniform
from hedge_env.numerics.special import exp, log, sincos_two_pi

STATES: Final[dict[str, str]] = {
    "gas_slow": "slow factor of the log gas price",
    "gas_fast": "fast factor of the log gas price",
    "gas_burst": "responses and spikes of the log gas price",
}
SHOCKS: Final[tuple[Shock, ...]] = (
    normal("z_gas_slow", 1, 2, "gas"),
    normal("z_gas_fast", 1, 3, "gas"),
    uniform("u_spike", 3, 2, "gas"),
)
_SLOW, _FAST, _BURST = range(3)  # of STATES; slow and fast of SHOCKS as well
_SPIKE = 2


MEAN_ABSOLUTE_NORMAL = 0.7978845608028654  # sqrt(2 / pi)
LARGEST_MOVE = 6.0  # local standard deviations: a jump does not send gas to the moon
_HOURS_PER_DAY = 24.0


class GasParams(NamedTuple):
    """Constants of the gas price for one step length."""

    median: float  # [gwei]; 0: no gas
    slow: OuParams
    fast: OuParams
    season: float  # amplitude [-]
    peak: float  # as a share of the day [-]
    weekend: float  # log of the gas at weekends over that of weekdays [-]
    response: float  # log gas per local standard deviation of |return| [-]
    burst_decay: float  # [-]
    spike_probability: float  # in one market step [-]
    spike_size: float  # mean [-]
    sqrt_dt: float  # [sqrt(year)]


OFF: Final = GasParams(
    median=0.0,
    slow=NO_FACTOR,
    fast=NO_FACTOR,
    season=0.0,
    peak=0.0,
    weekend=0.0,
    response=0.0,
    burst_decay=0.0,
    spike_probability=0.0,
    spike_size=0.0,
    sqrt_dt=0.0,
)


def gas_params(config: GasConfig | None, dt: float, dt_days: float) -> GasParams:
    """Compile the gas price for market steps of `dt` years, `dt_days` days."""
    if config is None:
        return OFF._replace(sqrt_dt=sqrt(dt))
    spike = 1 - (-Decimal(config.spikes.per_year) * Decimal(dt)).exp()
    decay = half_life_decay(config.burst_half_life_hours, dt_days * _HOURS_PER_DAY)
    fast = ou_params(config.fast.half_life_days, config.fast.sd, dt_days)
    if config.fast_states is not None:  # `gas_chain` moves it
        fast = STILL
    return GasParams(
        median=float(config.median_gwei),
        slow=ou_params(config.slow.half_life_days, config.slow.sd, dt_days),
        fast=fast,
        season=float(config.season),
        peak=config.season_peak_hour / _HOURS_PER_DAY,
        weekend=float(Decimal(config.weekend).ln()),
        response=float(config.return_response),
        burst_decay=decay,
        spike_probability=float(spike),
        spike_size=float(config.spikes.mean_size),
        sqrt_dt=sqrt(dt),
    )


@scalar_kernel
def burst_step(
    burst: float, log_return: float, volatility: float, u_spike: float, p: GasParams
) -> float:
    """Advance the burst factor by one market step."""
    move = abs(log_return) / (volatility * p.sqrt_dt + 1e-12)
    move = LARGEST_MOVE if move > LARGEST_MOVE else move
    kick = p.response * (move - MEAN_ABSOLUTE_NORMAL)
    spikes = u_spike < p.spike_probability
    share = u_spike / p.spike_probability if spikes else 1.0
    return p.burst_decay * burst + kick - p.spike_size * log(share)


@kernel
def advance_gas(
    slow: FloatArray,
    fast: FloatArray,
    burst: FloatArray,
    z_slow: FloatArray,
    z_fast: FloatArray,
    u_spike: FloatArray,
    log_return: FloatArray,
    volatility: FloatArray,
    p: GasParams,
) -> None:
    """Advance the three factors (n,) by one market step."""
    for i in range(slow.shape[0]):
        slow[i] = ou_step(slow[i], z_slow[i], p.slow)
        fast[i] = ou_step(fast[i], z_fast[i], p.fast)
        burst[i] = burst_step(burst[i], log_return[i], volatility[i], u_spike[i], p)


@scalar_kernel
def log_gas_deviation(
    slow: float, fast: float, burst: float, day_share: float, p: GasParams
) -> float:
    """Log of the gas price over its median; `day_share` in [0, 1) is the hour."""
    phase = day_share - p.peak
    phase = phase + 1.0 if phase < 0.0 else phase
    return slow + fast + burst + p.season * sincos_two_pi(phase)[1]


@scalar_kernel
def week_deviation(weekend: bool, p: GasParams) -> float:
    """Log of the day's share in the gas price; over a week its mean is zero."""
    return p.weekend * (5.0 / 7.0 if weekend else -2.0 / 7.0)


@scalar_kernel
def gas_price(deviation: float, p: GasParams) -> float:
    """Gas price [gwei] at a log deviation from its median."""
    return p.median * exp(deviation)


def compile(market: MarketConfig, length: StepLength) -> GasParams:
    """See `market.process`."""
    return gas_params(market.gas, length.years, length.days)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: GasParams) -> None:
    """Draw both factors from their stationary law; no burst."""
    row(own, _SLOW)[0] = p.slow.sd * row(shocks, _SLOW)[0]
    row(own, _FAST)[0] = p.fast.sd * row(shocks, _FAST)[0]


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: GasParams) -> None:
    """See `advance_gas`."""
    advance_gas(
        row(own, _SLOW),
        row(own, _FAST),
        row(own, _BURST),
        row(shocks, _SLOW),
        row(shocks, _FAST),
        row(shocks, _SPIKE),
        step.log_return,
        step.volatility,
        p,
    )
