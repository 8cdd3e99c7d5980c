"""What a pool of options asks and bids; formulas and sources in `pool`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.book import tile
from hedge_env.book.endless.option_pool.boards import BoardParams
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.black_scholes import call_value, d1_of

_FARTHEST = 5.0  # volatility quoted over that of the mark, or one over it
_MOST_DEMAND = 10.0  # over that at the mark


class Unit(NamedTuple):
    """One option on one path."""

    spot: float  # [S_0]
    strike: float  # [S_0]
    log_moneyness: float  # log of spot over strike
    root: float  # of the time left [year^(1/2)]
    volatility: float  # that it is marked at [1/sqrt(year)]
    value: float  # at that volatility [S_0]
    put: float  # 1 for a put, 0 for a call


@scalar_kernel
def unit_of(scratch: FloatArray, spot: FloatArray, put: float, i: int) -> Unit:
    """What `mark_struck` wrote of an option that runs, on one path."""
    root = float(np.sqrt(scratch[tile.YEARS, i]))
    return Unit(
        spot=spot[i],
        strike=scratch[tile.STRIKE, i],
        log_moneyness=scratch[tile.LOG_MONEYNESS, i],
        root=root,
        volatility=scratch[tile.SD, i] / root,
        value=scratch[tile.VALUE, i],
        put=put,
    )


@scalar_kernel
def unit_before(
    scratch: FloatArray, spot: float, put: float, i: int, k: int, p: BoardParams
) -> Unit:
    """What an option of pool k was at the decision before, but for its mark."""
    strike, age = scratch[tile.STRIKE, i], int(scratch[tile.AGE, i])
    return Unit(
        spot=spot,
        strike=strike,
        log_moneyness=log(spot / strike),
        root=float(np.sqrt(p.years[k, age - 1])),
        volatility=0.0,
        value=0.0,
        put=put,
    )


@scalar_kernel
def worth(unit: Unit, volatility: float) -> float:
    """Value of one unit at a volatility [S_0]."""
    sd = volatility * unit.root
    d1 = d1_of(unit.log_moneyness, sd)
    call = call_value(unit.spot, unit.strike, d1, sd)
    return call - unit.put * (unit.spot - unit.strike)


@scalar_kernel
def asked(
    mark: float, board: float, own: float, sold: float, k: int, p: BoardParams
) -> float:
    """Volatility at which a pool sells [1/sqrt(year)].

    Args:
        mark: Volatility that the option is marked at.
        board: Options of its board that are sold, net [per contract].
        own: Of this option.
        sold: Of all boards, not net.
        k: Which pool.
        p: The pools.
    """
    middle = _middle(mark, board, own, k, p)
    use = sold / p.capacity[k]
    return _within(middle + p.half_spread[k] + p.utilisation[k] * use, mark)


@scalar_kernel
def bid(mark: float, board: float, own: float, k: int, p: BoardParams) -> float:
    """Volatility at which a pool buys; see `asked`."""
    return _within(_middle(mark, board, own, k, p) - p.half_spread[k], mark)


@scalar_kernel
def _middle(mark: float, board: float, own: float, k: int, p: BoardParams) -> float:
    """Base volatility times skew ratio, each moved by what is sold."""
    return float((mark + p.board[k] * board) * (1.0 + p.skew[k] * own))


@scalar_kernel
def _within(volatility: float, mark: float) -> float:
    """The volatility cut off to what is still quoted."""
    return float(min(max(volatility, mark / _FARTHEST), mark * _FARTHEST))


@scalar_kernel
def demand(orders: float, distance: float, k: int, p: BoardParams) -> float:
    """Expected orders at a distance of the quote from the mark.

    Args:
        orders: Expected at the mark.
        distance: Of the quote's volatility, over that of the mark, against the client.
        k: Which pool.
        p: The pools.
    """
    return float(orders * min(exp(-p.response[k] * distance), _MOST_DEMAND))
