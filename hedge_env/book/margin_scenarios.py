"""What the scenarios of a portfolio margin do to the book, and to every listed option.

The book of the account is that of the desk: European options and forwards of
`book.legs`, and what clients have ordered. Its rows stand behind those of the listed
options (`quoted_rows`): the profit of the book in each scenario of
`pricing/portfolio_margin`, the sizes of its positions' deltas and the positions' own,
added up; then the profit of one unit of each listed option. None of them depends on
what is held, so that a tape can keep them; `desk/portfolio_margin` adds what is.
Options are revalued at their own implied volatilities, each moved by the scale of its
own time left; what has been paid out moves no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import TILE, Tile, part, rows_from
from hedge_env.base.types import FloatArray
from hedge_env.book import european, smile, tile
from hedge_env.book.european import BookParams, book_params
from hedge_env.book.forward import ForwardParams, forward_params
from hedge_env.book.liability import Kind, Paths, rows_each
from hedge_env.book.listed_options import N_QUOTED
from hedge_env.book.option_value import value_option
from hedge_env.book.series import (
    SeriesParams,
    count_listed,
    listed_series,
    orders_params,
)
from hedge_env.book.struck_options import mark_struck
from hedge_env.config import EnvConfig, PortfolioMargin
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.fixing import lost_days
from hedge_env.numerics.special import log
from hedge_env.pricing.black_scholes import call_value, d1_of
from hedge_env.pricing.portfolio_margin import (
    N_SCENARIOS,
    SCENARIOS,
    shocked_sd,
    volatility_scale,
)

GROSS_DELTA: Final = N_SCENARIOS  # rows of the book after those of the scenarios
GROSS_UNITS: Final = N_SCENARIOS + 1
N_BOOK_ROWS: Final = N_SCENARIOS + 2


def quoted_rows(config: EnvConfig) -> int:
    """Rows after those of `field` that a market writes: listed options, scenarios."""
    quoted = N_QUOTED * count_listed(config)
    if not isinstance(config.execution.margin, PortfolioMargin):
        return quoted
    return quoted + N_BOOK_ROWS + N_SCENARIOS * count_listed(config)


def first_scenario_row(n_listed: int) -> int:
    """Row of the book's profit in the first scenario."""
    return field.N_FIELDS + N_QUOTED * n_listed


class ScenarioParams(NamedTuple):
    """Constants of the scenarios; the grid axes are those of what is revalued."""

    first: int  # row of the first scenario
    n_rows: int
    moves: FloatArray  # (N_SCENARIOS,) of spot, as a share of it
    turns: FloatArray  # (N_SCENARIOS,) of volatility, as a share of it
    book: BookParams
    book_scale: FloatArray  # (n_legs, grid) `volatility_scale`
    forwards: ForwardParams
    listed: SeriesParams
    listed_scale: FloatArray  # (grid,)
    orders: SeriesParams
    orders_scale: FloatArray  # (grid,)


def scenario_params(
    positions: Sequence[Any], config: EnvConfig, market: MarketParams
) -> ScenarioParams:
    """Compile the scenarios; `positions` are all legs of the book."""
    book, listed = book_params(config, market), listed_series(config, market)
    orders = orders_params(config, market).series
    year, lost = config.episode.days_per_year, lost_days(config.market)
    forwards = [leg for leg in positions if leg.kind == "forward"]
    n_listed = count_listed(config)
    return ScenarioParams(
        first=first_scenario_row(n_listed),
        n_rows=N_BOOK_ROWS + N_SCENARIOS * n_listed,
        moves=np.array([scenario.spot for scenario in SCENARIOS]),
        turns=np.array([scenario.volatility for scenario in SCENARIOS]),
        book=book,
        book_scale=_scales(book.years[:-1] * year + lost),
        forwards=forward_params(forwards, config, market),
        listed=listed,
        listed_scale=_scales(listed.years * year + lost),
        orders=orders,
        orders_scale=_scales(orders.years * year + lost),
    )


def _scales(days: FloatArray) -> FloatArray:
    scales: FloatArray = np.empty(days.shape)
    _fill_scales(np.ascontiguousarray(days).ravel(), scales.ravel())
    return scales


@kernel
def _fill_scales(days: FloatArray, scales: FloatArray) -> None:
    for i in range(days.shape[0]):
        scales[i] = volatility_scale(days[i])


@kernel
def write_scenarios(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: ScenarioParams,
    market: MarketParams,
) -> None:
    """Write the rows of all scenarios; see `liability.Kind`.

    Args:
        rows: Spot is read. Where they have no place for the scenarios, nobody reads
            them, and nothing is done.
        state: Of the market.
        memory: None.
        paths: Where the paths are, and what the quotes remember.
        p: The scenarios.
        market: Their market.
    """
    n = rows.shape[1]
    if rows.shape[0] < p.first + p.n_rows:
        return
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        here, x = Tile(rows, low, high), Tile(state, low, high)
        scratch = np.empty((tile.N_SCRATCH, high - low))
        smile.read_surface(scratch, x, market)
        rows[p.first : p.first + p.n_rows, low:high] = 0.0
        _shock_legs(here, scratch, x, paths, p, market)
        _shock_forwards(here, paths, p)
        kept = Tile(paths.quoted, low, high)
        struck = rows_from(kept, p.book.quantity.shape[0])
        _shock_listed(here, scratch, x, struck, paths, p, market)
        ordered = rows_from(struck, p.listed.n_slots)
        _shock_orders(here, scratch, x, ordered, paths, p, market)


@kernel
def _shock_legs(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    paths: Paths,
    p: ScenarioParams,
    market: MarketParams,
) -> None:
    spot, steps = part(rows, field.SPOT), paths.steps[rows.low : rows.high]
    quantity, scale = np.empty(spot.size), np.empty(spot.size)
    relative, strike = scratch[tile.LOG_MONEYNESS], scratch[tile.STRIKE]
    log_spot = part(x, market_state.LOG_SPOT)
    for leg in range(p.book.quantity.shape[0]):
        european.read_leg(scratch, steps, leg, p.book)
        for i in range(spot.size):
            relative[i] = log_spot[i] - p.book.log_strike[leg]
            scale[i] = p.book_scale[leg, steps[i]]
            quantity[i] = p.book.quantity[leg]
            strike[i] = p.book.strike[leg]
        smile.total_sd(scratch, x, relative, 0.0, market)
        put = 1.0 - p.book.is_call[leg]
        value_option(spot, scratch, put)
        _add_size(rows, scratch, quantity, p)
        _add_profits(rows, scratch, quantity, scale, put, p.first, p)


@kernel
def _shock_forwards(rows: Tile, paths: Paths, p: ScenarioParams) -> None:
    spot, steps = part(rows, field.SPOT), paths.steps[rows.low : rows.high]
    delta, units = (
        part(rows, p.first + GROSS_DELTA),
        part(rows, p.first + GROSS_UNITS),
    )
    for k in range(p.forwards.quantity.shape[0]):
        quantity, delivery = p.forwards.quantity[k], p.forwards.delivery[k]
        for i in range(spot.size):
            size = abs(quantity) if steps[i] < delivery else 0.0
            delta[i] += size
            units[i] += size
        for s in range(p.moves.size):
            profit = part(rows, p.first + s)
            for i in range(spot.size):
                gain = quantity * spot[i] * p.moves[s]
                profit[i] += gain if steps[i] < delivery else 0.0


@kernel
def _shock_listed(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    strikes: Tile,
    paths: Paths,
    p: ScenarioParams,
    market: MarketParams,
) -> None:
    one, scale = np.ones(rows.high - rows.low), np.empty(rows.high - rows.low)
    for slot in range(p.listed.n_slots):
        mark_struck(rows, scratch, x, strikes, paths.steps, slot, p.listed, market)
        _read_scale(scratch, scale, p.listed_scale)
        first = p.first + N_BOOK_ROWS + N_SCENARIOS * slot
        _add_profits(rows, scratch, one, scale, 1.0 - p.listed.is_call, first, p)


@kernel
def _shock_orders(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    memory: Tile,
    paths: Paths,
    p: ScenarioParams,
    market: MarketParams,
) -> None:
    """Add what clients have ordered; `memory` as of `client_orders._add_orders`."""
    n_slots, scale = p.orders.n_slots, np.empty(rows.high - rows.low)
    for slot in range(n_slots):
        mark_struck(rows, scratch, x, memory, paths.steps, slot, p.orders, market)
        _read_scale(scratch, scale, p.orders_scale)
        quantity = part(memory, n_slots + slot)
        _add_size(rows, scratch, quantity, p)
        put = 1.0 - p.orders.is_call
        _add_profits(rows, scratch, quantity, scale, put, p.first, p)


@kernel
def _read_scale(scratch: FloatArray, scale: FloatArray, scales: FloatArray) -> None:
    """Scale of an option struck at a time of its own, by its age on each path."""
    for i in range(scale.size):
        age = int(scratch[tile.AGE, i])
        scale[i] = scales[min(max(age, 0), scales.size - 1)]


@kernel
def _add_size(
    rows: Tile, scratch: FloatArray, quantity: FloatArray, p: ScenarioParams
) -> None:
    """Add the size of a position's delta, and of the position."""
    alive, unit = scratch[tile.ALIVE], scratch[tile.UNIT_DELTA]
    delta = part(rows, p.first + GROSS_DELTA)
    for i in range(delta.size):
        delta[i] += abs(quantity[i] * unit[i]) if alive[i] > 0.0 else 0.0
    units = part(rows, p.first + GROSS_UNITS)
    for i in range(units.size):
        units[i] += abs(quantity[i]) if alive[i] > 0.0 else 0.0


@kernel
def _add_profits(
    rows: Tile,
    scratch: FloatArray,
    quantity: FloatArray,
    scale: FloatArray,
    put: float,
    first: int,
    p: ScenarioParams,
) -> None:
    """Add the profit of `quantity` options in every scenario to the rows from `first`.

    `scratch` is as `value_option` left it, which wrote the value without a move.
    """
    spot, alive = part(rows, field.SPOT), scratch[tile.ALIVE]
    relative, strike = scratch[tile.LOG_MONEYNESS], scratch[tile.STRIKE]
    sd, value, d1 = scratch[tile.SD], scratch[tile.VALUE], scratch[tile.D1]
    moved = np.empty(spot.size)
    for s in range(p.moves.size):
        profit, rise, turn = part(rows, first + s), 1.0 + p.moves[s], p.turns[s]
        shift = log(rise)
        for i in range(spot.size):
            moved[i] = shocked_sd(sd[i], turn, scale[i])
            d1[i] = d1_of(relative[i] + shift, moved[i])
        for i in range(spot.size):
            there = spot[i] * rise
            worth = call_value(there, strike[i], d1[i], moved[i])
            gain = worth - put * (there - strike[i]) - value[i]
            profit[i] += quantity[i] * gain if alive[i] > 0.0 else 0.0


SCENARIO_ROWS: Final = Kind(scenario_params, rows_each(0), write_scenarios)
