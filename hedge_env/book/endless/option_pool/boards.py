"""Constants of pools of options, and what they remember of a path.

Each pool lists a board of options every so many decisions. Options of one pool differ
in strike and kind alone, so that the grid of times left is that of the pool; a board
that has not ended has slots of its own (`book/series`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.european import grid_step
from hedge_env.book.series import SeriesParams, count_slots, struck_series
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.config.sections.liabilities import OptionPoolConfig
from hedge_env.market.engine.processes import MarketParams

_POINT = 0.01  # of volatility
_TOTALS = 4  # rows of a pool: cash, spread earned, lost to informed clients, spot


class BoardParams(NamedTuple):
    """Constants of the pools of a book: arrays over pools, or over their options."""

    quantity: FloatArray  # of the pool that is owned [-]
    first_option: IntArray  # (n_pools + 1,) number of its first option
    first_row: IntArray  # of its memory
    n_slots: IntArray  # boards that have not ended
    every: IntArray  # decisions from board to board
    life: IntArray  # decisions that an option lives
    decisions: int
    n_ages: IntArray  # length of the grid
    years: FloatArray  # (n_pools, grid) time left at each age [year]
    fair: FloatArray  # (n_pools, 5, grid) fair_variance_table of the same
    is_call: FloatArray  # (n_options,) 1 or 0
    log_moneyness: FloatArray  # (n_options,) of strike over spot
    capacity: FloatArray  # options sold, or bought [per contract]
    half_spread: FloatArray  # [1/sqrt(year)]
    board: FloatArray  # of the base volatility, for each option sold
    skew: FloatArray  # of the skew ratio, for each option sold
    utilisation: FloatArray  # of the volatility asked, at full use
    order_size: FloatArray  # [per contract]
    buyers: FloatArray  # expected orders of an option per decision, at the mark
    sellers: FloatArray
    informed: FloatArray
    response: FloatArray  # of orders to relative volatility [-]


class PoolMemory(NamedTuple):
    """What a pool remembers of one option in one slot, arrays over the tile's paths."""

    units: FloatArray  # held, negative if sold [per contract]
    ask: FloatArray  # volatility at which the pool sells until the next decision
    bid: FloatArray  # and buys
    cash: FloatArray  # of the whole pool [notional]
    earned: FloatArray  # spread, of the whole pool
    lost: FloatArray  # to informed clients, of the whole pool
    spot: FloatArray  # at the decision of the quotes [S_0]


def board_params(
    positions: Sequence[OptionPoolConfig], config: EnvConfig, market: MarketParams
) -> BoardParams:
    """Compile the pools of a config."""
    series = [_series(one, config, market) for one in positions]
    options = [option for one in positions for option in one.options]
    counts = [len(one.options) for one in positions]
    rows = [memory_rows([one], config) for one in positions]
    longest = max(each.years.size for each in series)
    years = np.zeros((len(series), longest))
    fair = np.zeros((len(series), 5, longest))
    for k, each in enumerate(series):
        years[k, : each.years.size] = each.years
        fair[k, :, : each.years.size] = each.fair

    def whole(values: Sequence[int]) -> IntArray:
        return np.array(values, dtype=np.int64)

    return BoardParams(
        quantity=np.array([float(one.quantity) for one in positions]),
        first_option=whole(np.concatenate(([0], np.cumsum(counts))).tolist()),
        first_row=whole(np.concatenate(([0], np.cumsum(rows)[:-1])).tolist()),
        n_slots=whole([each.n_slots for each in series]),
        every=whole([each.every for each in series]),
        life=whole([each.life for each in series]),
        decisions=config.episode.decisions,
        n_ages=whole([each.years.size for each in series]),
        years=years,
        fair=fair,
        is_call=np.array([float(option.kind == "call") for option in options]),
        log_moneyness=np.array([float(Decimal(o.moneyness).ln()) for o in options]),
        **_terms(positions, config),
    )


def _terms(
    positions: Sequence[OptionPoolConfig], config: EnvConfig
) -> dict[str, FloatArray]:
    """What the pools quote and who comes, by the names of `BoardParams`."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    orders = np.array([one.orders_per_day * days for one in positions])
    informed = np.array([float(one.informed_share) for one in positions])
    buy = np.array([float(one.probability_buy) for one in positions])
    standard = np.array([float(one.standard_size) for one in positions])

    def each(name: str) -> FloatArray:
        return np.array([float(getattr(one, name)) for one in positions])

    return {
        "capacity": each("capacity"),
        "half_spread": each("half_spread_points") * _POINT,
        "board": each("board_points") * _POINT / standard,
        "skew": each("skew_share") / standard,
        "utilisation": each("utilisation_points") * _POINT,
        "order_size": each("order_size"),
        "buyers": orders * (1.0 - informed) * buy,
        "sellers": orders * (1.0 - informed) * (1.0 - buy),
        "informed": orders * informed,
        "response": each("price_response"),
    }


def _schedule(one: OptionPoolConfig, config: EnvConfig) -> tuple[int, int, int]:
    """First board, decisions from board to board, last decision with one."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    return 0, int(grid_step(one.board_days / days)), config.episode.decisions - 1


def _series(
    one: OptionPoolConfig, config: EnvConfig, market: MarketParams
) -> SeriesParams:
    """Schedule and grid of a pool, for a call at the money."""
    terms = "call", 1.0, one.maturity_days
    return struck_series(config, market, _schedule(one, config), terms)


def memory_rows(positions: Sequence[OptionPoolConfig], config: EnvConfig) -> int:
    """Rows that the pools remember of each path."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    rows = 0
    for one in positions:
        life = int(grid_step(one.maturity_days / days))
        slots = count_slots(*_schedule(one, config), life)
        rows += 2 * len(one.options) * (slots + 1) + _TOTALS
    return rows


def totals_of(
    memory: FloatArray, positions: Sequence[OptionPoolConfig], config: EnvConfig
) -> tuple[FloatArray, FloatArray]:
    """Spread earned and what informed clients took until now, shape (n,) [notional].

    Args:
        memory: Of the pools, shape (memory_rows, n).
        positions: The pools.
        config: Their problem.
    """
    earned: FloatArray = np.zeros(memory.shape[1])
    lost, last = earned.copy(), 0
    for one in positions:
        last += memory_rows([one], config)
        earned += one.quantity * memory[last - 3]
        lost += one.quantity * memory[last - 2]
    return earned, lost


@scalar_kernel
def series_of(number: int, pool: int, p: BoardParams) -> SeriesParams:
    """The series of one option of a pool."""
    ages = p.n_ages[pool]
    return SeriesParams(
        n_slots=p.n_slots[pool],
        first=0,
        every=p.every[pool],
        last=p.decisions - 1,
        life=p.life[pool],
        is_call=p.is_call[number],
        log_moneyness=p.log_moneyness[number],
        years=p.years[pool, :ages],
        fair=p.fair[pool, :, :ages],
    )


@scalar_kernel
def kept_by(
    memory: Tile, place: int, slot: int, pool: int, p: BoardParams
) -> PoolMemory:
    """What a pool remembers of one of its options in one slot.

    The rows of a pool: log strikes, and units, of each option and slot; ask and bid of
    each option; its totals.

    Args:
        memory: Its rows.
        place: Which of its options.
        slot: Which board.
        pool: Which pool.
        p: The pools.
    """
    options = p.first_option[pool + 1] - p.first_option[pool]
    struck = options * p.n_slots[pool]
    quoted, totals = 2 * struck, 2 * (struck + options)
    return PoolMemory(
        units=part(memory, struck + place * p.n_slots[pool] + slot),
        ask=part(memory, quoted + place),
        bid=part(memory, quoted + options + place),
        cash=part(memory, totals),
        earned=part(memory, totals + 1),
        lost=part(memory, totals + 2),
        spot=part(memory, totals + 3),
    )
