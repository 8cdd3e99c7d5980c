r"""Composes what comes in clusters: regime, cascades, and what feels them.

Where jumps become likelier their compensator follows, so that spot keeps its drift; so
does the compensation of the shifts that jumps give the fast factor of volatility.

The surface expects what the chain and the cascades expect. Over a time :math:`\tau`
the mean probability of a jump in a step is, with :math:`g(x) = (1 - e^{-x}) / x`, the
regime's deviation :math:`y = s_t - \pi` and that of the excitation
:math:`x = e_t - n \bar P`,

.. math:: \bar P + (1 - n) \Delta y\, g(k\tau) + x\, g(\kappa\tau)
          + \frac{\kappa n \Delta}{\kappa - k}\, y\, (g(k\tau) - g(\kappa\tau))

where :math:`\Delta` is the difference stress makes to :math:`P`, and :math:`k, \kappa`
are the rates at which regime and excitation are forgotten: the solution of the two
linear equations for the expected values. The diffusive part of fair variance is
multiplied by :math:`1 + (m^2 - 1) \bar q` for a multiple :math:`m` of volatility
(:math:`\bar y` of `regime` in place of :math:`\bar q` if variance takes its time), as
if the regime were spread evenly over the time left: exact for constant volatility.
"""

from __future__ import annotations

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.gas.gas_price import week_deviation
from hedge_env.market.spot.jumps import compensator
from hedge_env.market.spot.regime import RegimeParams, in_stress, volatility_at
from hedge_env.market.volatility.season import is_weekend
from hedge_env.numerics.special import exp


@kernel
def compensate_price(
    x: Tile, log_return: FloatArray, odds: FloatArray, p: MarketParams
) -> None:
    """Correct returns for the jumps that were likely, and add the drift of stress."""
    log_spot, stress = part(x, market_state.LOG_SPOT), part(x, market_state.STRESS)
    drift = p.regime.drift * p.price.dt
    for i in range(log_spot.size):
        extra = compensator(odds[i], p.jumps) - p.jumps.compensator
        log_return[i] += extra + drift * stress[i]
        log_spot[i] += extra + drift * stress[i]


@kernel
def scale_volatility(x: Tile, odds: FloatArray, p: MarketParams) -> None:
    """Let the new volatility feel the depth of stress and how likely jumps were.

    Args:
        x: State, after all processes have advanced; updated in place.
        odds: Probability of a jump in this step, shape (paths of the tile,) [-].
        p: Constants.
    """
    depth, fast = part(x, market_state.DEPTH), part(x, market_state.FAST)
    volatility = part(x, market_state.VOLATILITY)
    for i in range(volatility.size):
        excess = p.volatility.jump_shift * (odds[i] - p.cascades.mean)
        fast[i] -= excess
        volatility[i] *= exp(-excess) * volatility_at(depth[i], p.regime.volatility)


@kernel
def shift_gas(
    out: FloatArray, burst: FloatArray, decisions: FloatArray, x: Tile, p: MarketParams
) -> None:
    """Write the burst of gas plus what day of the week and regime add to log gas."""
    weekday = part(x, market_state.START_WEEKDAY)
    hour, stress = part(x, market_state.START_HOUR), part(x, market_state.STRESS)
    interval = p.clock.market_steps * p.clock.hours_per_step
    for i in range(hour.size):
        weekend = is_weekend(weekday[i], hour[i] + decisions[i] * interval)
        shift = week_deviation(weekend, p.gas) + p.regime.log_gas * stress[i]
        out[i] = burst[i] + shift


@scalar_kernel
def _mean_decay(x: float) -> float:
    """Mean of e^(-x s) over s from 0 to 1."""
    small = x < 1e-6
    return 1.0 - 0.5 * x if small else (1.0 - exp(-x)) / (1.0 if small else x)


@scalar_kernel
def _mean_depth(
    deviation: float, depth: float, calmed: float, years: float, p: RegimeParams
) -> float:
    """Expected mean depth of stress over a time.

    Args:
        deviation: Of the chain from its share under stress [-].
        depth: At present [-].
        calmed: Mean of what is left of that deviation over the time [-].
        years: The time [year].
        p: Constants.
    """
    if p.depth_rate == 0.0:
        return p.share + deviation * calmed
    gap = p.depth_rate - p.rate
    gap = 1e-6 * p.rate if abs(gap) < 1e-6 * p.rate else gap
    arrived = _mean_decay(p.depth_rate * years)
    drawn = deviation * p.depth_rate / gap * (calmed - arrived)
    return p.share + (depth - p.share) * arrived + drawn


@kernel
def expect_clustering(
    jump_variance: FloatArray,
    diffusive: FloatArray,
    years: FloatArray,
    stress: FloatArray,
    depth: FloatArray,
    excitation: FloatArray,
    p: MarketParams,
) -> None:
    """Let a fair variance expect regime and cascades.

    Args:
        jump_variance: Of jumps as likely as in calm, shape (n,), updated [1/year].
        diffusive: Of calm, shape (n,), updated [1/year].
        years: Time left, shape (n,) [year].
        stress: 1 or 0, shape (n,).
        depth: Of stress, 0 to 1, shape (n,).
        excitation: Shape (n,) [-].
        p: Constants.
    """
    c, k = p.cascades, p.regime.rate
    gap = c.rate - k
    gap = 1e-6 * c.rate if abs(gap) < 1e-6 * c.rate else gap
    change = c.stress - c.calm
    coupling = c.rate * c.branching * change / gap if c.branching > 0.0 else 0.0
    square = p.regime.volatility * p.regime.volatility
    usual = c.branching * c.mean
    per_year = p.jumps.mean_square / p.price.dt
    for i in range(years.shape[0]):
        calmed, forgotten = _mean_decay(k * years[i]), _mean_decay(c.rate * years[i])
        seen = depth[i] if p.surface.sees_depth else stress[i]
        deviation = seen - p.regime.share
        mean = c.mean + (1.0 - c.branching) * change * deviation * calmed
        mean += (excitation[i] - usual) * forgotten
        mean += coupling * deviation * (calmed - forgotten)
        jump_variance[i] += (mean - c.calm) * per_year
        expected = _mean_depth(deviation, depth[i], calmed, years[i], p.regime)
        diffusive[i] *= in_stress(expected, square)
