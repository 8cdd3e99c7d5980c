"""What clients of a pool of options do; formulas and sources in `pool`."""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.book import tile
from hedge_env.book.client_orders import poisson_of
from hedge_env.book.endless.option_pool.boards import BoardParams, PoolMemory
from hedge_env.book.endless.option_pool.quotes import (
    Unit,
    asked,
    bid,
    demand,
    unit_before,
    unit_of,
    worth,
)
from hedge_env.book.series import SeriesParams, slot_now

# Rows of what is in use: options sold, net, of the board; sold, and bought, in all.
BOARD, SOLD, BOUGHT = range(3)
N_USE: Final = 3
_BUYERS, _SELLERS, _INFORMED = range(3)  # places of the uniform numbers


class Slot(NamedTuple):
    """One option of one pool, on one of its boards; arrays over a tile's paths."""

    pool: int
    number: int  # of the board's slot
    series: SeriesParams
    kept: PoolMemory
    spot: FloatArray
    scratch: FloatArray  # as `mark_struck` left it
    steps: IntArray
    now: IntArray  # slot of the board that is quoted at this decision
    arrived: BoolArray


@scalar_kernel
def _move(bought: float, of: Slot, use: FloatArray, i: int) -> None:
    """Add to what the pool holds of an option, and count again."""
    before = of.kept.units[i]
    after = before + bought
    of.kept.units[i] = after
    use[SOLD, i] += max(-after, 0.0) - max(-before, 0.0)
    use[BOUGHT, i] += max(after, 0.0) - max(before, 0.0)
    if of.number == of.now[i]:
        use[BOARD, i] -= bought


@scalar_kernel
def _filled(
    wanted: float, buys: bool, of: Slot, use: FloatArray, i: int, p: BoardParams
) -> float:
    """What of an order of clients is within the capacity."""
    held, used = of.kept.units[i], use[SOLD, i] if buys else use[BOUGHT, i]
    closing = max(held, 0.0) if buys else max(-held, 0.0)
    return float(min(wanted, closing + max(p.capacity[of.pool] - used, 0.0)))


@kernel
def serve_informed(
    of: Slot, use: FloatArray, uniform: FloatArray, p: BoardParams
) -> None:
    """Trade, at the quotes before, with those who knew the value of now."""
    kept, k, put = of.kept, of.pool, 1.0 - of.series.is_call
    if p.informed[k] == 0.0:
        return
    for i in range(of.spot.size):
        if not of.arrived[i]:
            continue
        orders = poisson_of(uniform[_INFORMED, i], p.informed[k])
        if orders == 0 or of.number != slot_now(of.steps[i] - 1, of.series):
            continue
        unit, value = (
            unit_before(of.scratch, kept.spot[i], put, i, k, p),
            of.scratch[tile.VALUE, i],
        )
        price = worth(unit, kept.ask[i])
        buys = value > price
        price = price if buys else worth(unit, kept.bid[i])
        if not buys and value >= price:
            continue
        size = _filled(orders * p.order_size[k], buys, of, use, i, p)
        bought = -size if buys else size
        kept.cash[i] -= bought * price
        kept.lost[i] += bought * (price - value)
        _move(bought, of, use, i)


@kernel
def pay_out(of: Slot, use: FloatArray) -> None:
    """Turn what has just ended into cash."""
    kept = of.kept
    for i in range(of.spot.size):
        if of.arrived[i] and of.scratch[tile.AGE, i] == of.series.life:
            kept.cash[i] += kept.units[i] * of.scratch[tile.VALUE, i]
            _move(-kept.units[i], of, use, i)


@kernel
def serve_others(
    of: Slot, use: FloatArray, uniform: FloatArray, p: BoardParams
) -> None:
    """Trade with those who know nothing at the quotes of now, and keep the next."""
    k, put = of.pool, 1.0 - of.series.is_call
    for i in range(of.spot.size):
        step = of.steps[i]
        if step == p.decisions or of.number != of.now[i]:
            continue
        if not (of.arrived[i] or step == 0):
            continue  # has been quoted at this decision, and changes no more
        unit = unit_of(of.scratch, of.spot, put, i)
        if of.arrived[i]:
            mark, own = unit.volatility, -of.kept.units[i]
            ask = asked(mark, use[BOARD, i], own, use[SOLD, i], k, p)
            buyers = demand(p.buyers[k], ask / mark - 1.0, k, p)
            cheap = 1.0 - bid(mark, use[BOARD, i], own, k, p) / mark
            sellers = demand(p.sellers[k], cheap, k, p)
            bought = poisson_of(uniform[_BUYERS, i], buyers)
            sold = poisson_of(uniform[_SELLERS, i], sellers)
            if bought > 0:
                _sell(bought, unit, of, use, i, p)
            if sold > 0:
                _buy(sold, unit, of, use, i, p)
        mark, own = unit.volatility, -of.kept.units[i]
        of.kept.ask[i] = asked(mark, use[BOARD, i], own, use[SOLD, i], k, p)
        of.kept.bid[i] = bid(mark, use[BOARD, i], own, k, p)


@scalar_kernel
def _sell(
    orders: int, unit: Unit, of: Slot, use: FloatArray, i: int, p: BoardParams
) -> None:
    """Sell to clients, at the quote midway of what their orders move."""
    size = _filled(orders * p.order_size[of.pool], True, of, use, i, p)
    half = 0.5 * size
    board, own = use[BOARD, i] + half, half - of.kept.units[i]
    closing = max(of.kept.units[i], 0.0)
    sold = use[SOLD, i] + max(half - closing, 0.0)
    price = worth(unit, asked(unit.volatility, board, own, sold, of.pool, p))
    of.kept.cash[i] += size * price
    of.kept.earned[i] += size * (price - unit.value)
    _move(-size, of, use, i)


@scalar_kernel
def _buy(
    orders: int, unit: Unit, of: Slot, use: FloatArray, i: int, p: BoardParams
) -> None:
    """Buy from clients, at the quote midway of what their orders move."""
    size = _filled(orders * p.order_size[of.pool], False, of, use, i, p)
    half = 0.5 * size
    board, own = use[BOARD, i] - half, -half - of.kept.units[i]
    price = worth(unit, bid(unit.volatility, board, own, of.pool, p))
    of.kept.cash[i] -= size * price
    of.kept.earned[i] += size * (unit.value - price)
    _move(size, of, use, i)
