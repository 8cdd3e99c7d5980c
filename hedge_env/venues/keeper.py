r"""A keeper: who sends the transactions of a vault, when, and for how much.

It runs at every n-th decision, or at each with probability 1 / n, drawn anew, so that
nobody knows beforehand. It misses a run with probability

.. math:: p(x) = \frac{p_0 e^{k x}}{1 - p_0 + p_0 e^{k x}}

with :math:`p_0` at the median gas price, the log :math:`x` of the gas price over its
median and the congestion :math:`k`. For a transaction it takes, besides the gas
:math:`G` itself,

.. math:: G \, (\pi + \tau(x)), \qquad
          \tau(x) = v \, \frac{N(x)}{1 + N(x)}, \qquad N(x) = N_0 e^{k x}

with a premium :math:`\pi` and a tip :math:`\tau`. The tip is the bid in a first-price
auction for a place in the block. Of :math:`N + 1` bidders, to whom the place is worth
something uniform on :math:`[0, v]`, the one to whom it is worth :math:`b` gains

.. math:: (b - t) \left( \frac{t \, (N + 1)}{N v} \right)^N

from a tip :math:`t` against others who bid the share :math:`N / (N + 1)` of theirs;
that is greatest at :math:`t = b N / (N + 1)`, the same share. The keeper is the one to
whom it is worth most, :math:`v` times its gas. :math:`N` need not be whole.

Premiums are published: Gelato takes 20 % of gas on Ethereum and 50 % on rollups,
Chainlink Automation 50 % on Optimism and 70 % on Polygon. Tips, times of polling and
missed runs are assumptions of a config.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import IntArray
from hedge_env.config import EnvConfig
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import KEEPER_BLOCK
from hedge_env.numerics.special import exp, log
from hedge_env.venues.venue import VenueParams

_LARGEST_EXPONENT = 50.0
_GRID = 0.25  # of the normal number, from -8 to 8: exact to rounding
_N_GRID = 65


class KeeperParams(NamedTuple):
    """Constants of a keeper."""

    on: bool
    every: float  # decisions from one run to the next; on average if random
    random: bool
    missed: float  # probability of a missed run at the median gas price [-]
    premium: float  # of gas [-]
    tip: float  # what a run is worth at most, over its gas [-]
    rivals: float  # at the median gas price [-]
    congestion: float  # of both per log gas price [-]
    mean_cost: float  # of a transaction, in the long run [notional]


NO_KEEPER = KeeperParams(
    on=False,
    every=1.0,
    random=False,
    missed=0.0,
    premium=0.0,
    tip=0.0,
    rivals=0.0,
    congestion=0.0,
    mean_cost=0.0,
)


def keeper_params(
    config: EnvConfig, venue: VenueParams, mean_gas_price: float
) -> KeeperParams:
    """Compile the keeper of a config.

    Args:
        config: The hedging problem.
        venue: What a transaction costs without a keeper.
        mean_gas_price: In the long run [gwei].
    """
    keeper, gas = config.execution.keeper, config.market.gas
    if keeper is None:
        return NO_KEEPER
    p = KeeperParams(
        on=True,
        every=float(keeper.decisions("interval_hours", config.episode)),
        random=keeper.timing == "random",
        missed=float(keeper.missed),
        premium=float(keeper.gas_premium),
        tip=float(keeper.tip),
        rivals=float(keeper.rivals),
        congestion=float(keeper.congestion),
        mean_cost=0.0,
    )
    ratio = 1.0 if gas is None else mean_gas_price / gas.median_gwei
    mean_gas = venue.mean_fixed_cost - venue.fixed
    return p._replace(mean_cost=mean_gas * (p.premium + mean_tip(ratio, p)))


@kernel
def mean_tip(ratio: float, p: KeeperParams) -> float:
    r"""Mean of a tip over that of the gas it is a share of, :math:`E[e^x \tau]/E e^x`.

    For a log-normal gas price, :math:`x \sim N(0, s^2)`, whose mean over its median
    is that of the config's, :math:`e^{s^2 / 2}`. It is the mean of
    :math:`\tau(x + s^2)`.

    Args:
        ratio: Mean of the gas price over its median [-].
        p: Constants.
    """
    variance = 2.0 * log(ratio) if ratio > 1.0 else 0.0
    weighted, weights = 0.0, 0.0
    for k in range(_N_GRID):
        z = (k - (_N_GRID - 1) // 2) * _GRID
        weight = exp(-0.5 * z * z)
        weighted += weight * tip_share(z * float(np.sqrt(variance)) + variance, p)
        weights += weight
    return weighted / weights


@scalar_kernel
def _crowding(log_gas: float, p: KeeperParams) -> float:
    """What congestion multiplies rivals and odds by."""
    x = p.congestion * log_gas
    return exp(_LARGEST_EXPONENT if x > _LARGEST_EXPONENT else x)


@scalar_kernel
def tip_share(log_gas: float, p: KeeperParams) -> float:
    """Tip over gas; see the module.

    Args:
        log_gas: Log of the gas price over its median [-].
        p: Constants.
    """
    rivals = p.rivals * _crowding(log_gas, p)
    return p.tip * rivals / (1.0 + rivals)


@scalar_kernel
def missed_probability(log_gas: float, p: KeeperParams) -> float:
    """Probability that a run does not happen; see the module.

    Args:
        log_gas: Log of the gas price over its median [-].
        p: Constants.
    """
    odds = p.missed * _crowding(log_gas, p)
    return odds / (1.0 - p.missed + odds) if odds > 0.0 else 0.0


@kernel
def write_keeper(
    rows: Tile,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: KeeperParams,
    venue: VenueParams,
) -> None:
    """Write whether the keeper runs now, what it takes, and what a transaction costs.

    Args:
        rows: Of a tile, with quotes; the rows of the keeper are written and those of
            the fixed cost of a transaction, which policies reckon with.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,).
        key: Of the random stream.
        p: Constants.
        venue: What a transaction costs without a keeper.
    """
    away, step = part(rows, field.KEEPER_AWAY), part(rows, field.STEP)
    for i in range(away.size):
        due = step[i] == p.every * np.floor(step[i] / p.every)
        away[i] = 0.0 if due else 1.0
    log_gas, gas = part(rows, field.LOG_GAS), part(rows, field.GAS_COST)
    if p.missed > 0.0 or p.random:
        ids, steps = path_ids[rows.low : rows.high], counters[rows.low : rows.high]
        u = np.empty((4, ids.size))
        fill_uniforms(u, ids, steps, KEEPER_BLOCK, key[0], key[1])
        if p.random:
            for i in range(away.size):
                away[i] = 0.0 if p.every * u[1, i] < 1.0 else 1.0
        for i in range(away.size):
            missed = u[0, i] < missed_probability(log_gas[i], p)
            away[i] = 1.0 if missed else away[i]
    cost, fixed = part(rows, field.KEEPER_COST), part(rows, field.FIXED_COST)
    for i in range(cost.size):
        cost[i] = gas[i] * (p.premium + tip_share(log_gas[i], p))
        fixed[i] = venue.fixed + gas[i] + cost[i]
    part(rows, field.MEAN_FIXED_COST)[:] = venue.mean_fixed_cost + p.mean_cost
