r"""Self-exciting jumps: each jump makes further ones likelier for a while.

.. math:: p_k = (1 - n) P_k + e_k, \quad
          e_{k+1} = d e_k + n (1 - d) \mathbf{1}[\text{jump in step } k]

with :math:`p_k` the probability of a jump in market step :math:`k`, :math:`P_k` what
it is without excitation (it may depend on the regime), the branching ratio :math:`n`
and :math:`d = 2^{-dt/h}` for a half-life :math:`h`. This is a Hawkes process with an
exponential kernel in steps of the market: a jump is followed by :math:`n` jumps of its
own on average, as liquidations follow a fall. The probability is linear in the past, so
that with constant :math:`P` its mean is :math:`P` exactly, and it never exceeds one; at
most one jump a step remains the rule. The excitation is a first-order autoregression
with coefficient :math:`\rho = d + n (1 - d)`; hence, with
:math:`c = n (1 - d)` and :math:`v = P (1 - P)`,

.. math:: \mathrm{var}\, p = \frac{c^2 v}{1 - \rho^2 + c^2}, \quad
          \mathrm{cov}(N_k, N_{k+l}) = \rho^{l-1}
          (\rho\, \mathrm{var}\, p + c (v - \mathrm{var}\, p))

for jump counts :math:`N_k` of zero or one and lags :math:`l \ge 1`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import JumpConfig, MarketConfig
from hedge_env.market.jump_odds import JumpOdds, jump_odds
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.random_blocks import Shock

STATES: Final[dict[str, str]] = {
    "excitation": "probability of a jump in the next market step, due to past ones",
}
SHOCKS: Final[tuple[Shock, ...]] = ()


class CascadeParams(NamedTuple):
    """Constants of the jumps' probability for one step length."""

    calm: float  # P in calm [-]
    stress: float  # P under stress [-]
    mean: float  # of P in the long run [-]
    branching: float  # n [-]
    decay: float  # d [-]
    kick: float  # n (1 - d) [-]
    rate: float  # at which excitation is forgotten, -ln(rho) / dt [1/year]


OFF: Final = CascadeParams(
    calm=0.0, stress=0.0, mean=0.0, branching=0.0, decay=0.0, kick=0.0, rate=0.0
)


def cascade_params(
    config: JumpConfig | None, odds: JumpOdds, dt_hours: float, dt: float
) -> CascadeParams:
    """Compile the excitation.

    Args:
        config: Jumps; None if there are none.
        odds: Of a jump in one market step, without excitation.
        dt_hours: Length of a market step [hour].
        dt: The same [year].
    """
    if config is None:
        return OFF
    decay = half_life_decay(config.excitation_half_life_hours, dt_hours)
    kick = config.excitation * (1.0 - decay)
    rate = -float(Decimal(max(decay + kick, 1e-12)).ln()) / dt
    return CascadeParams(
        calm=odds.calm,
        stress=odds.stress,
        mean=odds.mean,
        branching=float(config.excitation),
        decay=decay,
        kick=kick,
        rate=rate,
    )


@scalar_kernel
def jump_probability(excitation: float, stress: float, p: CascadeParams) -> float:
    """Probability of a jump in the present step; see the module docstring."""
    own = 1.0 - p.branching
    return own * (p.calm + (p.stress - p.calm) * stress) + excitation


@kernel
def jump_probabilities(
    excitation: FloatArray, stress: FloatArray, out: FloatArray, p: CascadeParams
) -> None:
    """Write the probability of a jump in the present step to `out` (n,)."""
    for i in range(out.shape[0]):
        out[i] = jump_probability(excitation[i], stress[i], p)


@kernel
def advance_excitation(
    excitation: FloatArray, jump: FloatArray, p: CascadeParams
) -> None:
    """Advance the excitation (n,) by one market step with its jumps."""
    for i in range(excitation.shape[0]):
        kick = p.kick if jump[i] != 0.0 else 0.0
        excitation[i] = p.decay * excitation[i] + kick


def compile(market: MarketConfig, length: StepLength) -> CascadeParams:
    """See `market.process`."""
    odds = jump_odds(market, length.years)
    return cascade_params(market.jumps, odds, length.hours, length.years)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: CascadeParams) -> None:
    """Begin with the mean excitation."""
    row(own, 0)[0] = p.branching * p.mean


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: CascadeParams) -> None:
    """See `advance_excitation`."""
    advance_excitation(row(own, 0), step.jump, p)
