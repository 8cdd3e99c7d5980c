"""Kou's double-exponential jumps.

Source: Kou (2002), "A jump-diffusion model for option pricing", Management
Science 48(8). At most one jump per market step, with the Poisson probability of
at least one; at hourly steps and 40 jumps a year two in one hour happen once in
eleven years.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import JumpConfig, MarketConfig
from hedge_env.market.jump_odds import step_probability
from hedge_env.market.process import StepLength
from hedge_env.numerics.random_blocks import Shock, uniform
from hedge_env.numerics.special import log

STATES: Final[dict[str, str]] = {}
SHOCKS: Final[tuple[Shock, ...]] = (
    uniform("u_jump", 3, 0, "jumps", "regime"),
    uniform("u_sign", 3, 1, "jumps", "regime"),
)


class JumpParams(NamedTuple):
    """Constants of the jumps for one step length."""

    probability: float  # of a jump in one market step [-]
    probability_up: float  # [-]
    mean_up: float  # of log spot [-]
    mean_down: float  # of log spot, positive [-]
    compensator: float  # makes exp(jump + compensator) have mean one [-]
    variance_rate: float  # E[jump^2] per year [1/year]
    mean_growth: float  # E[exp(jump)] - 1, of one jump [-]
    mean_square: float  # E[jump^2], of one jump [-]


OFF: Final = JumpParams(
    probability=0.0,
    probability_up=0.5,
    mean_up=1.0,
    mean_down=1.0,
    compensator=0.0,
    variance_rate=0.0,
    mean_growth=0.0,
    mean_square=0.0,
)


def jump_params(config: JumpConfig | None, dt: float) -> JumpParams:
    """Compile the jumps for market steps of `dt` years."""
    if config is None:
        return OFF
    probability = step_probability(config.per_year, dt)
    up, m_up, m_down = config.probability_up, config.mean_up, config.mean_down
    mean_growth = up / (1.0 - m_up) + (1.0 - up) / (1.0 + m_down) - 1.0
    constant = -float(Decimal(1.0 + probability * mean_growth).ln())
    # E[X^2] of an exponential is twice its squared mean.
    square = 2.0 * (up * m_up * m_up + (1.0 - up) * m_down * m_down)
    variance = probability * square / dt
    return JumpParams(
        probability=probability,
        probability_up=up,
        mean_up=m_up,
        mean_down=m_down,
        compensator=constant,
        variance_rate=variance,
        mean_growth=mean_growth,
        mean_square=square,
    )


def compile(market: MarketConfig, length: StepLength) -> JumpParams:
    """See `market.process`."""
    return jump_params(market.jumps, length.years)


@scalar_kernel
def compensator(probability: float, p: JumpParams) -> float:
    """What makes exp(jump + compensator) have mean one [-]."""
    return -log(1.0 + probability * p.mean_growth)


@scalar_kernel
def scaled_compensator(scale: float, probability: float, p: JumpParams) -> float:
    """Compensator of jumps that are all `scale` times as large."""
    growth = p.probability_up / (1.0 - scale * p.mean_up)
    growth += (1.0 - p.probability_up) / (1.0 + scale * p.mean_down)
    return -log(1.0 + probability * (growth - 1.0))


@scalar_kernel
def jump_size(
    u_occurs: float, u_sign: float, probability: float, p: JumpParams
) -> float:
    """Jump of log spot in one step, zero if none occurs.

    A uniform below the probability, divided by it, is uniform again: one draw
    gives both the occurrence and the exponential size.
    """
    occurs = u_occurs < probability
    share = u_occurs / probability if occurs else 1.0
    size = -log(share)
    return size * p.mean_up if u_sign < p.probability_up else -size * p.mean_down


@kernel
def draw_jumps(
    u_occurs: FloatArray, u_sign: FloatArray, out: FloatArray, p: JumpParams
) -> None:
    """Fill `out` (n,) with the jumps of one market step."""
    for i in range(out.shape[0]):
        out[i] = jump_size(u_occurs[i], u_sign[i], p.probability, p)


@kernel
def draw_jumps_with(
    u_occurs: FloatArray,
    u_sign: FloatArray,
    probability: FloatArray,
    out: FloatArray,
    p: JumpParams,
) -> None:
    """Fill `out` (n,) with the jumps of one market step, each path with its own odds.

    The probability of `p` is not used.
    """
    for i in range(out.shape[0]):
        out[i] = jump_size(u_occurs[i], u_sign[i], probability[i], p)


@kernel
def compensate_scaling(
    jump: FloatArray, excess: FloatArray, odds: FloatArray, p: JumpParams
) -> None:
    """Add what keeps the mean growth where jumps are 1 + `excess` times as large.

    Args:
        jump: Of log spot in this step, already larger, shape (n,), updated.
        excess: Shape (n,) [-].
        odds: Probability of a jump in this step, shape (n,) [-].
        p: Constants.
    """
    for i in range(jump.shape[0]):
        larger = scaled_compensator(1.0 + excess[i], odds[i], p)
        jump[i] += larger - scaled_compensator(1.0, odds[i], p)
