r"""The venues that an order is split over: what they cost now, and what befalls it.

At each decision the curve of every venue (`cost_curve`) follows the market: half-spread
and impact are multiplied by the row `liquidity`, as those of a single venue are, by
which a pool is the shallower; the square-root law is a multiple of volatility; gas is
bought at its price. An order that is not filled is reckoned to be sent again until it
is, so that it costs no less, and what it risks meanwhile is counted as the objective
counts it,

.. math:: \lambda \sigma^2 \tau \frac{1 - q}{q} v^2

with risk aversion :math:`\lambda`, volatility :math:`\sigma`, decision interval
:math:`\tau` and the probability :math:`q` of a fill: :math:`(1 - q)/q` intervals are
waited on average. Orders are split by that, and the ledger is charged without it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.venues import cost_curve
from hedge_env.venues.kinds import Scale, Venues, compile_venues

MISSED: Final = 0  # what becomes of a venue's part
FILLED: Final = 1
IMPROVED: Final = 2
_OUTCOMES: Final = 4  # a digit of the row `venue_luck` for each venue, base four


class RouteParams(NamedTuple):
    """Constants of several venues.

    Where there is one venue None stands in its place. That is another type, for which
    kernels are compiled without what several venues need: `if routes is None`, of an
    argument, is decided when they are.
    """

    venues: Venues
    places: IntArray  # random number of each venue, shape (n_venues,); -1: none
    single: bool  # an order goes to the best venue alone
    by_policy: bool  # a target's last rows say how an order is shared out
    quoted: float  # order that rules see the cost of [notional]
    interval: float  # between decisions [year]


def route_params(config: EnvConfig) -> RouteParams | None:
    """Compile the venues of a config; None where there is one."""
    return several_venues(config) if config.execution.venues else None


def several_venues(config: EnvConfig) -> RouteParams:
    """Compile a list of venues."""
    execution, contracts = config.execution, config.book.contracts
    year = config.episode.days_per_year
    scale = Scale(
        notional=config.market.spot * contracts, contracts=contracts, day=1.0 / year
    )
    chances = np.cumsum([venue.kind == "intents" for venue in execution.venues]) - 1
    drawn = [venue.kind == "intents" for venue in execution.venues]
    hours = config.episode.decision_interval_hours
    return RouteParams(
        venues=compile_venues(execution.venues, scale),
        places=np.where(drawn, chances, -1).astype(np.int64),
        single=execution.split == "single",
        by_policy=execution.split == "policy",
        quoted=float(execution.quoted_order),
        interval=hours / HOURS_PER_DAY / year,
    )


@kernel
def write_curves(
    curves: FloatArray,
    v: Venues,
    liquidity: float,
    size: float,
    volatility: float,
    gas: float,
) -> None:
    """Write what each venue costs now; see the module.

    Args:
        curves: Shape (N_TERMS, n_venues), written.
        v: The venues.
        liquidity: Multiple of half-spread and impact [-].
        size: Notional over the one that the venues were compiled for [-].
        volatility: Of the square-root law [1/sqrt(year)].
        gas: Its price times relative spot [gwei].
    """
    depth = liquidity * size
    root = liquidity * volatility * np.sqrt(size)
    for j in range(curves.shape[1]):
        spread = v.half_spread[j] - v.improvement[j] * v.improves[j]
        curves[cost_curve.FIXED, j] = v.fixed[j] + v.gas_factor[j] * gas
        curves[cost_curve.LINEAR, j] = v.fee[j] + spread * liquidity
        curves[cost_curve.QUADRATIC, j] = v.quadratic[j] * depth
        curves[cost_curve.ROOT, j] = v.root[j] * root
        curves[cost_curve.RESERVE, j] = v.reserve[j] / depth
        curves[cost_curve.KEPT, j] = v.kept[j]


@kernel
def curves_at(rows: Tile, i: int, curves: FloatArray, v: Venues) -> None:
    """Write the curves of one path of a tile, from its market rows."""
    write_curves(
        curves,
        v,
        part(rows, field.LIQUIDITY)[i],
        part(rows, field.NOTIONAL_RATIO)[i],
        part(rows, field.TRUE_VOLATILITY)[i],
        part(rows, field.GAS_PRICE)[i] * part(rows, field.SPOT)[i],
    )


@kernel
def count_waiting(
    curves: FloatArray, risk_aversion: float, volatility: float, p: RouteParams
) -> None:
    """Add the risk of not being filled at once to the curves; see the module."""
    risk = risk_aversion * volatility * volatility * p.interval
    for j in range(curves.shape[1]):
        q = p.venues.fills[j]
        curves[cost_curve.QUADRATIC, j] += risk * (1.0 - q) / q


@kernel
def leave_out_uncertain(curves: FloatArray, v: Venues) -> None:
    """Have only venues that fill every order, for what has to be closed."""
    for j in range(curves.shape[1]):
        if v.fills[j] < 1.0:
            curves[cost_curve.FIXED, j] = np.inf


@scalar_kernel
def encode_luck(uniforms: FloatArray, i: int, p: RouteParams) -> float:
    """What befalls an order at each venue, as one number.

    Args:
        uniforms: Shape (4, n).
        i: Which path.
        p: Constants.
    """
    luck, digit = 0.0, 1.0
    for j in range(p.places.size):
        outcome = FILLED
        if p.places[j] >= 0:
            u, q = uniforms[p.places[j], i], p.venues.fills[j]
            outcome = FILLED if u < q else MISSED
            outcome = IMPROVED if u < q * p.venues.improves[j] else outcome
        luck += digit * outcome
        digit *= _OUTCOMES
    return luck


@scalar_kernel
def outcome_at(luck: float, j: int) -> int:
    """What befalls an order at venue `j`: MISSED, FILLED or IMPROVED."""
    return (int(luck) >> 2 * j) % _OUTCOMES
