"""One step of the desk, in one place: what a decision leads to, from order to account.

Whoever hedges is booked here: `batch` for the environments and for the evaluation of
any policy, and `fused_episodes` for rules that are tuned. For each path there are cost
by component, the profit of hedge and book, and an independent cash account, so that

    cash + holdings * price + book value
        = initial book value + hedge P&L + book P&L - cost

can be checked to rounding; the price is that of the hedge instrument. All amounts are
fractions of notional.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.held import Held
from hedge_env.base.kernel import inlined_kernel, kernel
from hedge_env.base.tile import TILE, Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book.series import NO_SERIES, SeriesParams
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import add_loss, add_up, clear
from hedge_env.desk.band_position import write_position
from hedge_env.desk.charges import ChargeParams, charge_params, charge_trade, pay
from hedge_env.desk.closing import liquidate
from hedge_env.desk.margin import (
    MarginParams,
    call_margin,
    margin_params,
    write_equity,
)
from hedge_env.desk.option_trades import (
    OptionParams,
    book_options,
    observe_options,
    option_params,
)
from hedge_env.desk.orders import OrderParams, fill_orders, order_params
from hedge_env.desk.places.chains import (
    ChainParams,
    chain_params,
    liquidate_on_chains,
    trade_on_chains,
)
from hedge_env.desk.settlement import (
    HoldingParams,
    charge_own_move,
    charge_recentring,
    hold,
    mark_book,
    own_move,
)
from hedge_env.venues.front_runner import (
    FrontRunnerParams,
    front_runner_params,
    trade_ahead,
)


class StepParams(NamedTuple):
    """Constants of one step, by the part that reads them."""

    n_components: int  # of cost that can occur: the first ones
    looks: bool  # whether what the next decision sees of holdings and loss is written
    orders: OrderParams
    charges: ChargeParams
    holding: HoldingParams
    options: OptionParams
    margin: MarginParams
    adversary: FrontRunnerParams
    chains: ChainParams | None  # where there are two
    moves_range: bool  # whether a target's last row says to move one of liquidity


def step_params(
    config: EnvConfig, listed: SeriesParams = NO_SERIES, *, looks: bool = True
) -> StepParams:
    """Compile the step.

    Args:
        config: The hedging problem.
        listed: The options that can be traded.
        looks: Whether anybody reads where the holdings stand in their band, and the
            net loss so far.
    """
    execution = config.execution
    return StepParams(
        n_components=account_rows.count_components(config),
        looks=looks,
        orders=order_params(config),
        charges=charge_params(config),
        holding=HoldingParams(
            pays_funding=1.0 if execution.instrument == "perp" else 0.0,
            is_late=execution.fills_late,
            own_move=own_move(config),
        ),
        options=option_params(config, listed),
        margin=margin_params(config),
        adversary=front_runner_params(config),
        chains=chain_params(config),
        moves_range=config.book.recentred_by_policy is not None,
    )


@kernel
def settle_decision(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    totals: FloatArray,
    constants: Held[StepParams],
) -> None:
    """Take one step on all paths, tile by tile.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next decision: market rows read, the others written.
        target: Holdings asked for, shape (n_columns, n), finite; clipped into the
            bounds. A last row may say where a range of liquidity has been moved, or
            the last ones how orders are shared out over venues.
        record: Shape (N_RECORD, n), written.
        totals: Shape (N_TOTALS, n), added to.
        constants: Of the step.
    """
    p = constants.value
    n = before.shape[1]
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        settle_tile(
            Tile(before, low, high),
            Tile(after, low, high),
            target,
            Tile(record, low, high),
            Tile(totals, low, high),
            p,
        )


@inlined_kernel
def settle_tile(
    before: Tile,
    after: Tile,
    target: FloatArray,
    record: Tile,
    totals: Tile,
    p: StepParams,
) -> None:
    """Take one step on one tile of paths; see the docstring of `HedgeEnv`.

    The market has moved already: `after` holds it one interval later, because nothing
    that is decided now changes it. What is decided was decided on `before`. `target` is
    that of all paths, an instrument a row.
    The functions loop shortly, one output each, so that the compiler vectorises them.
    """
    clear(record)
    _settle(before, after, target, record, totals, p, p.chains)
    add_up(record, totals, p.n_components)
    observe(before, after, record, p)


@inlined_kernel
def _settle(
    before: Tile,
    after: Tile,
    target: FloatArray,
    record: Tile,
    totals: Tile,
    p: StepParams,
    chains: ChainParams | None,
) -> None:
    """Trade, hold, mark and close, on one chain or on two."""
    if chains is not None:
        trade_on_chains(
            before, after, target, record, totals, p.orders, p.charges, chains
        )
        mark_book(before, after, record, p.orders.decisions)
        liquidate_on_chains(after, record, totals, p.orders, p.charges, chains)
        return
    price_row = p.orders.price_row
    price = part(before, price_row)
    fill_price = part(after, field.FILL_PRICE) if p.holding.is_late else price
    failed, traded = np.empty(price.size), part(record, account_rows.TRADED)
    underlying = target[0, before.low : before.high]

    fill_orders(before, after, underlying, failed, record, p.orders)
    charge_trade(
        before, after, target, fill_price, failed, record, price_row, p.charges
    )
    if p.moves_range:
        moved = target[-1, before.low : before.high]
        charge_recentring(before, moved, record, p.orders.decisions)
    if p.adversary.on:
        trade_ahead(before, after, record, p.adversary)
    hold(before, after, fill_price, record, price_row, p.holding)
    if p.holding.own_move > 0.0:
        charge_own_move(before, fill_price, after, record, totals, price_row, p.holding)
    if p.options.series.n_slots > 0:
        option = target[1, before.low : before.high]
        book_options(before, after, option, record, totals, p.options)
    mark_book(before, after, record, p.orders.decisions)
    pay(fill_price, traded, totals)
    if p.margin.on:
        call_margin(
            before, after, record, totals, p.margin, p.orders, p.charges, p.options
        )
    liquidate(after, record, totals, p.orders, p.charges)


@kernel
def observe(before: Tile, after: Tile, record: Tile, p: StepParams) -> None:
    """Write what the next decision sees of what is held.

    Args:
        before: Rows at the decision.
        after: Rows at the next one, written.
        record: What the decision did.
        p: Constants.
    """
    if p.margin.on:
        write_equity(before, after, record, p.margin, p.orders.price_row, p.options)
    if p.options.series.n_slots > 0:
        observe_options(after, p.options)
    if p.looks:
        add_loss(before, after, record)
        write_position(after)
