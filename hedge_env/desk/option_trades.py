"""Trades, carries and settles the listed options.

A policy trades the option listed now. When the next one is listed, what is held of
the old one is carried: it is marked every decision, counts in the Greeks of the book,
and is paid out at its expiry. Its profit is profit of the hedge. Units held are in the
last rows, after all that the market writes, one per slot (`book/series`), and obey

    cash + holdings * spot + units * value + book value
        = initial book value + hedge P&L + book P&L - cost.

A trade of `x` units costs `|x| (p / 100 vega + s value)`: `p` volatility points and a
share `s` of the value traded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, copy_row, part
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import DELTA, GAMMA, N_QUOTED, PRICE, VEGA
from hedge_env.book.margin_scenarios import quoted_rows
from hedge_env.book.series import SeriesParams, age_of, slot_now
from hedge_env.config import EnvConfig

_POINT = 0.01  # of volatility


class OptionParams(NamedTuple):
    """Constants of trading listed options."""

    series: SeriesParams  # n_slots is 0 if there are none
    first_units: int  # row of the units held of the first slot
    decisions: int
    spread_vega: float  # half-spread per vega [volatility]
    spread_value: float  # half-spread per value [-]
    limit: float  # largest holdings of the option listed now [-]
    charge_opening: float  # 1 or 0
    charge_liquidation: float  # 1 or 0


def option_params(config: EnvConfig, series: SeriesParams) -> OptionParams:
    """Compile the terms of the listed option; `series` as its market lists it."""
    option, execution = config.execution.option, config.execution
    return OptionParams(
        series=series,
        first_units=field.N_FIELDS + quoted_rows(config),
        decisions=config.episode.decisions,
        spread_vega=0.0 if option is None else option.half_spread_points * _POINT,
        spread_value=0.0 if option is None else float(option.half_spread_share),
        limit=0.0 if option is None else float(option.limit),
        charge_opening=1.0 if execution.charge_opening else 0.0,
        charge_liquidation=1.0 if execution.charge_liquidation else 0.0,
    )


@scalar_kernel
def quote_of(slot: int, which: int) -> int:
    """Row of what is quoted of the option in a slot, `PRICE` and what follows it."""
    return field.N_FIELDS + N_QUOTED * slot + which


@scalar_kernel
def units_of(slot: int, p: OptionParams) -> int:
    """Row of the units held of the option in a slot."""
    return p.first_units + slot


@kernel
def observe_options(here: Tile, p: OptionParams) -> None:
    """Write the rows of the option listed now, and add what is held to the Greeks.

    Args:
        here: Of `count_rows` rows; delta, gamma and vega are those of the clients'
            book before, and of everything after.
        p: Constants.
    """
    rows = here.rows
    for i in range(here.low, here.high):  # the slot differs from path to path
        slot = slot_now(int(rows[field.STEP, i]), p.series)
        price = rows[quote_of(slot, PRICE), i]
        vega = rows[quote_of(slot, VEGA), i]
        rows[field.OPTION_PRICE, i] = price
        rows[field.OPTION_DELTA, i] = rows[quote_of(slot, DELTA), i]
        rows[field.OPTION_GAMMA, i] = rows[quote_of(slot, GAMMA), i]
        rows[field.OPTION_VEGA, i] = vega
        rows[field.OPTION_HALF_SPREAD, i] = p.spread_vega * vega
        rows[field.OPTION_HALF_SPREAD, i] += p.spread_value * price
        rows[field.OPTION_HOLDINGS, i] = rows[units_of(slot, p), i]
        rows[field.OPTION_LIMIT, i] = p.limit
    for slot in range(p.series.n_slots):
        units = part(here, units_of(slot, p))
        for which, goal, sign in (
            (DELTA, field.DELTA, -1.0),
            (GAMMA, field.GAMMA, -1.0),
            (VEGA, field.VEGA, 1.0),
        ):
            unit, total = part(here, quote_of(slot, which)), part(here, goal)
            for i in range(total.size):
                total[i] += sign * units[i] * unit[i]


@kernel
def book_options(
    before: Tile,
    after: Tile,
    target: FloatArray,
    record: Tile,
    totals: Tile,
    p: OptionParams,
) -> None:
    """Trade the option listed now, mark all that is held, and pay out what ends.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; the units of all slots are written.
        target: Holdings asked for of the option listed now, shape (paths,); clipped to
            the limit.
        record: Cost, profit and turnover are added to; the units bought are written.
        totals: Cash is, and a trade in options alone is counted.
        p: Constants.
    """
    for slot in range(p.series.n_slots):
        units = units_of(slot, p)
        copy_row(part(before, units), part(after, units))
    _trade(before, after, target, record, totals, p)
    for slot in range(p.series.n_slots):
        _carry(before, after, record, totals, slot, p)


@kernel
def _trade(
    before: Tile,
    after: Tile,
    target: FloatArray,
    record: Tile,
    totals: Tile,
    p: OptionParams,
) -> None:
    steps, held = part(before, field.STEP), part(before, field.OPTION_HOLDINGS)
    price, half_spread = (
        part(before, field.OPTION_PRICE),
        part(before, field.OPTION_HALF_SPREAD),
    )
    cost, turnover = (
        part(record, account_rows.OPTION_SPREAD),
        part(record, account_rows.TURNOVER),
    )
    traded, trades = (
        part(record, account_rows.TRADED),
        part(totals, account_rows.TOTAL_TRADES),
    )
    cash = part(totals, account_rows.TOTAL_CASH)
    option_traded = part(record, account_rows.OPTION_TRADED)
    for i in range(target.size):
        step = int(steps[i])
        goal = min(max(target[i], -p.limit), p.limit)
        bought = goal - held[i]
        if step >= p.decisions or bought == 0.0:
            continue
        part(after, units_of(slot_now(step, p.series), p))[i] = goal
        option_traded[i] = bought
        spread = abs(bought) * half_spread[i]
        cost[i] += spread * (p.charge_opening if step == 0 else 1.0)
        turnover[i] += abs(bought) * price[i]
        cash[i] -= bought * price[i]
        trades[i] += 1.0 if traded[i] == 0.0 else 0.0


@kernel
def _carry(
    before: Tile, after: Tile, record: Tile, totals: Tile, slot: int, p: OptionParams
) -> None:
    """Book the profit of one slot; sell it at the end, pay it out at its expiry."""
    units = part(after, units_of(slot, p))
    price = part(before, quote_of(slot, PRICE))
    new_price = part(after, quote_of(slot, PRICE))
    vega = part(after, quote_of(slot, VEGA))
    step, due = part(after, field.STEP), np.empty(units.size)
    spread = part(record, account_rows.OPTION_SPREAD)
    turnover = part(record, account_rows.TURNOVER)
    gain = part(record, account_rows.HEDGE_PNL)
    of_options = part(record, account_rows.OPTION_PNL)
    for i in range(units.size):
        gain[i] += units[i] * (new_price[i] - price[i])
        of_options[i] += units[i] * (new_price[i] - price[i])
    for i in range(units.size):
        ends = age_of(int(step[i]), slot, p.series) == p.series.life
        due[i] = units[i] if ends or step[i] >= p.decisions else 0.0
        sold = 0.0 if ends else abs(due[i])
        turnover[i] += sold * new_price[i]
        cost = p.spread_vega * vega[i] + p.spread_value * new_price[i]
        spread[i] += p.charge_liquidation * sold * cost
    cash = part(totals, account_rows.TOTAL_CASH)
    for i in range(units.size):
        cash[i] += due[i] * new_price[i]
        units[i] -= due[i]
