r"""Mean-reverting Gaussian factor, stepped exactly.

.. math:: x_{t+dt} = a x_t + s \sqrt{1 - a^2} z, \quad a = 2^{-dt / h}

with half-life :math:`h`, stationary standard deviation :math:`s` and a standard
normal :math:`z`; exact for any step, since the transition of an
Ornstein-Uhlenbeck process is Gaussian.
"""

from __future__ import annotations

from decimal import Decimal
from math import sqrt
from typing import Final, NamedTuple

from hedge_env.base.kernel import scalar_kernel


class OuParams(NamedTuple):
    """Constants of one factor for one step length; every field a plain float."""

    decay: float  # a [-]
    scale: float  # s sqrt(1 - a^2), in the factor's unit
    sd: float  # s, in the factor's unit


NO_FACTOR: Final = OuParams(decay=0.0, scale=0.0, sd=0.0)  # of a process that is off
STILL: Final = OuParams(decay=1.0, scale=0.0, sd=0.0)  # it stays where it is put


@scalar_kernel
def ou_step(x: float, z: float, p: OuParams) -> float:
    """Advance one factor by one step; see the module docstring."""
    return p.decay * x + p.scale * z


def ou_params(half_life: float, sd: float, dt: float) -> OuParams:
    """Compile half-life and stationary standard deviation for steps of `dt`.

    Args:
        half_life: Time after which half of a deviation is left, unit of `dt`.
        sd: Stationary standard deviation, at least 0.
        dt: Step length.

    Returns:
        The constants of `ou_step`.
    """
    decay = half_life_decay(half_life, dt)
    return OuParams(decay, sd * sqrt(1.0 - decay * decay), float(sd))


def half_life_decay(half_life: float, dt: float) -> float:
    """Share of a deviation that is left after `dt`: 2^(-dt / half_life).

    In decimal arithmetic, because libm's `exp` and `pow` differ in the last bit
    between processors and these constants reach every simulated number.
    """
    return float(Decimal(2) ** (-Decimal(dt) / Decimal(half_life)))
