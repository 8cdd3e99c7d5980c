"""Kou's double-exponential jumps.

Source: Kou (2002), "A jump-diffusion model for option pricing", Management
Science 48(8). At most one jump per market step, with the Poisson probability of
at least one; at hourly steps and 40 jumps a year two in one hour happen once in
eleven years.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hedge_env._types import FloatArray
from hedge_env.config import JumpConfig
from hedge_env.kernel import kernel, scalar_kernel
from hedge_env.numerics.special import log


class JumpParams(NamedTuple):
    """Constants of the jumps for one step length."""

    probability: float  # of a jump in one market step [-]
    probability_up: float  # [-]
    mean_up: float  # of log spot [-]
    mean_down: float  # of log spot, positive [-]
    compensator: float  # makes exp(jump + compensator) have mean one [-]
    variance_rate: float  # E[jump^2] per year [1/year]


def jump_params(config: JumpConfig | None, dt: float) -> JumpParams:
    """Compile the jumps for market steps of `dt` years."""
    if config is None:
        return JumpParams(0.0, 0.5, 1.0, 1.0, 0.0, 0.0)
    probability = float(1 - (-Decimal(config.per_year) * Decimal(dt)).exp())
    up, m_up, m_down = config.probability_up, config.mean_up, config.mean_down
    mean_growth = up / (1.0 - m_up) + (1.0 - up) / (1.0 + m_down) - 1.0
    compensator = -float(Decimal(1.0 + probability * mean_growth).ln())
    # E[X^2] of an exponential is twice its squared mean.
    square = 2.0 * (up * m_up * m_up + (1.0 - up) * m_down * m_down)
    return JumpParams(
        probability, up, m_up, m_down, compensator, probability * square / dt
    )


@scalar_kernel
def jump_size(u_occurs: float, u_sign: float, p: JumpParams) -> float:
    """Jump of log spot in one step, zero if none occurs.

    A uniform below the probability, divided by it, is uniform again: one draw
    gives both the occurrence and the exponential size.
    """
    occurs = u_occurs < p.probability
    share = u_occurs / p.probability if occurs else 1.0
    size = -log(share)
    return size * p.mean_up if u_sign < p.probability_up else -size * p.mean_down


@kernel
def draw_jumps(
    u_occurs: FloatArray, u_sign: FloatArray, out: FloatArray, p: JumpParams
) -> None:
    """Fill `out` (n,) with the jumps of one market step."""
    for i in range(out.shape[0]):
        out[i] = jump_size(u_occurs[i], u_sign[i], p)
