r"""The fast factor of the log gas price as a Markov chain of a few states.

With finitely many states the best policy can be computed exactly. The chain counts
how many of :math:`n - 1` independent two-state switches are up: each stays as it is
with probability :math:`p = (1 + a) / 2`, so that the count minus its middle has the
autocorrelation :math:`a` of the mean-reverting factor it stands for, and equidistant
states :math:`s \sqrt{n - 1}` at either end give it the deviation :math:`s`.

Source:
    Rouwenhorst (1995), "Asset pricing implications of equilibrium business cycle
    models"; the construction by switches is the recursion written out.
"""

from __future__ import annotations

from math import comb, log, sqrt
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import GasConfig, MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.random_blocks import Shock, uniform

STATES: Final[dict[str, str]] = {}
SHOCKS: Final[tuple[Shock, ...]] = (uniform("u_chain", 7, 0, "gas_chain"),)
USES: Final = ("gas_fast",)  # the factor that it moves


class GasChainParams(NamedTuple):
    """Constants of the chain for one step length; no states: it is off."""

    lowest: float  # log gas of the first state [-]
    spacing: float  # of the states [-]
    cumulative: FloatArray  # rows: from each state, then the start; (n + 1, n)
    log_mean: float  # log of the mean of the exponential [-]


OFF: Final = GasChainParams(
    lowest=0.0, spacing=1.0, cumulative=np.zeros((1, 0)), log_mean=0.0
)


def gas_chain_params(config: GasConfig | None, dt_days: float) -> GasChainParams:
    """Compile the chain for market steps of `dt_days` days."""
    if config is None or config.fast_states is None:
        return OFF
    levels, transition, stationary = rouwenhorst(
        config.fast_states,
        half_life_decay(config.fast.half_life_days, dt_days),
        config.fast.sd,
    )
    cumulative = np.cumsum(np.vstack([transition, stationary]), axis=1)
    cumulative[:, -1] = 1.0
    spacing = float(levels[1] - levels[0])
    mean = float(stationary @ np.exp(levels))
    return GasChainParams(
        lowest=float(levels[0]),
        spacing=spacing,
        cumulative=cumulative,
        log_mean=log(mean),
    )


def rouwenhorst(
    n_states: int, autocorrelation: float, sd: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """States, transition matrix and stationary law of the chain.

    Args:
        n_states: At least 2.
        autocorrelation: Over one step, in (-1, 1) [-].
        sd: Stationary standard deviation, at least 0.

    Returns:
        Levels, shape (n_states,); probabilities from row to column, shape
        (n_states, n_states); stationary probabilities, shape (n_states,).
    """
    n, stay = n_states - 1, (1.0 + autocorrelation) / 2.0
    transition = np.zeros((n_states, n_states))
    for up in range(n_states):
        remain = _binomial(up, stay)  # of the switches that are up
        turn = _binomial(n - up, 1.0 - stay)  # of those that are down
        transition[up] = np.convolve(remain, turn)
    levels = sd * sqrt(n) * np.linspace(-1.0, 1.0, n_states)
    return levels, transition, _binomial(n, 0.5)


def _binomial(n: int, p: float) -> FloatArray:
    return np.array([comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(n + 1)])


@scalar_kernel
def chain_state(level: float, p: GasChainParams) -> int:
    """Index of the state at a level."""
    return int((level - p.lowest) / p.spacing + 0.5) if p.spacing > 0.0 else 0


@kernel
def draw_state(row: int, u: float, p: GasChainParams) -> float:
    """Level drawn from a row of the cumulative probabilities by a uniform number."""
    state = 0
    while u > p.cumulative[row, state]:
        state += 1
    return p.lowest + state * p.spacing


@kernel
def advance_gas_chain(level: FloatArray, u: FloatArray, p: GasChainParams) -> None:
    """Advance the factor of all paths (n,) by one market step, in place."""
    for i in range(level.shape[0]):
        level[i] = draw_state(chain_state(level[i], p), u[i], p)


def compile(market: MarketConfig, length: StepLength) -> GasChainParams:
    """See `market.process`."""
    return gas_chain_params(market.gas, length.days)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: GasChainParams) -> None:
    """Draw the state from its stationary law."""
    n_states = p.cumulative.shape[1]
    if n_states > 0:
        row(own, 0)[0] = draw_state(n_states, row(shocks, 0)[0], p)


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: GasChainParams) -> None:
    """See `advance_gas_chain`."""
    advance_gas_chain(row(own, 0), row(shocks, 0), p)
