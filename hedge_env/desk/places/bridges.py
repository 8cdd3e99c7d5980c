"""Bridges between two chains: what they carry, when it arrives, what it costs.

A transfer is two legs at once, units one way and their worth in cash the other, so that
what either treasury is worth stays. Each leg pays the fee and the gas of the chain it
leaves from. A bridge carries one transfer at a time; what it can still take on a day is
a room that refills evenly, as the allowance of a burn-and-mint bridge does. What one
cannot take goes over the next, and what none can stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, BridgeConfig, EnvConfig

_GWEI = 1e-9  # of the gas token, which is the underlying
_ROWS: Final = 3  # of a bridge: units, wait, room
_NO_LIMIT: Final = 1e9  # notionals
_TOLERANCE = 1e-9  # decisions


class BridgeParams(NamedTuple):
    """Constants of the bridges, each of shape (n_bridges,)."""

    wait: FloatArray  # from a decision to the one by which it has arrived
    fee: FloatArray  # of both legs, per value [-]
    fixed: FloatArray  # per transfer [notional]
    gas: FloatArray  # cost per gwei and unit of relative spot [notional]
    capacity: FloatArray  # largest room [notional]
    refill: FloatArray  # of the room, per decision [notional]
    opening: float  # share of the cost at the first decision that is charged, 1 or 0


def bridge_params(config: EnvConfig, bridges: Sequence[BridgeConfig]) -> BridgeParams:
    """Compile a list of bridges."""
    contracts = config.book.contracts
    notional = config.market.spot * contracts
    hours = config.episode.decision_interval_hours
    rooms = [
        _NO_LIMIT if one.daily_capacity is None else one.daily_capacity / notional
        for one in bridges
    ]
    waits = [max(ceil(one.delay_hours / hours - _TOLERANCE), 1) for one in bridges]
    gas = [one.gas_units * _GWEI / contracts for one in bridges]
    return BridgeParams(
        wait=np.array(waits, dtype=np.float64),
        fee=np.array([2.0 * one.fee_bp * BASIS_POINT for one in bridges]),
        fixed=np.array([one.fixed_cost_bp * BASIS_POINT for one in bridges]),
        gas=np.array(gas),
        capacity=np.array(rooms),
        refill=np.array(rooms) * (hours / HOURS_PER_DAY),
        opening=1.0 if config.execution.charge_opening else 0.0,
    )


@kernel
def move_inventory(
    before: Tile,
    after: Tile,
    bought: FloatArray,
    moved: FloatArray,
    record: Tile,
    least: float,
    p: BridgeParams,
) -> None:
    """Send what is to be moved, and let arrive what is due by the next decision.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; those of rollup and bridges are written.
        bought: On the first chain and on the rollup, shape (2, n) [-].
        moved: To the rollup, negative from it, shape (n,) [-]; ignored beyond what
            is there.
        record: The cost of bridges is written.
        least: Smallest transfer [-].
        p: Constants.
    """
    there, new_there = (
        part(before, field.ROLLUP_HOLDINGS),
        part(after, field.ROLLUP_HOLDINGS),
    )
    carried, cost = part(after, field.IN_BRIDGE), part(record, account_rows.BRIDGE)
    for i in range(moved.size):
        new_there[i] = there[i] + bought[1, i]
        left, carried[i] = _allowed(before, bought, moved, i), 0.0
        for j in range(p.wait.size):
            first = field.BRIDGE_UNITS + _ROWS * j
            units, wait = part(before, first)[i], part(before, first + 1)[i]
            room = part(before, first + 2)[i]
            if units == 0.0 and left != 0.0:
                units, spent = _send(before, i, left, room, least, j, p)
                left -= units
                room -= abs(units) * part(before, field.SPOT)[i]
                cost[i] += spent
                wait = p.wait[j]
                new_there[i] += units if units < 0.0 else 0.0
            wait = wait - 1.0 if units != 0.0 else 0.0
            if units != 0.0 and wait < 0.5:
                new_there[i] += units if units > 0.0 else 0.0
                units, wait = 0.0, 0.0
            room += p.refill[j]
            part(after, first)[i], part(after, first + 1)[i] = units, wait
            part(after, first + 2)[i] = room if room < p.capacity[j] else p.capacity[j]
            carried[i] += abs(units)


@scalar_kernel
def _allowed(before: Tile, bought: FloatArray, moved: FloatArray, i: int) -> float:
    """What of a transfer the source can send and the other end has room for."""
    size, home, away = abs(moved[i]), bought[0, i], bought[1, i]
    if size == 0.0:
        return 0.0
    out = moved[i] > 0.0
    stock = part(before, field.HOME_STOCK if out else field.ROLLUP_STOCK)[i]
    room = part(before, field.ROLLUP_ROOM if out else field.HOME_ROOM)[i]
    sold, taken = (home, away) if out else (away, home)
    stock += sold if sold < 0.0 else 0.0
    room -= taken if taken > 0.0 else 0.0
    size = stock if stock < size else size
    size = room if room < size else size
    size = 0.0 if size < 0.0 else size
    return size if out else -size


@scalar_kernel
def _send(
    before: Tile,
    i: int,
    left: float,
    room: float,
    least: float,
    j: int,
    p: BridgeParams,
) -> tuple[float, float]:
    """Units that bridge `j` takes of `left`, with their sign, and their cost."""
    spot = part(before, field.SPOT)[i]
    size, most = abs(left), room / spot
    size = most if most < size else size
    if size < least or size <= 0.0:
        return 0.0, 0.0
    cost = p.fee[j] * size * spot + p.fixed[j]
    cost += p.gas[j] * part(before, field.GAS_PRICE)[i] * spot
    cost += part(before, field.ROLLUP_GAS_COST)[i]
    if part(before, field.STEP)[i] == 0.0:
        cost *= p.opening
    return (size if left > 0.0 else -size), cost
