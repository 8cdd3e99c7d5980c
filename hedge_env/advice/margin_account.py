"""The margin account of a desk's state: what it must hold, and what it carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hedge_env.advice.legs import OptionLeg
from hedge_env.advice.scale import Scale
from hedge_env.advice.state import DeskState
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.tile import Tile
from hedge_env.base.types import FloatArray
from hedge_env.book.margin_scenarios import GROSS_DELTA, GROSS_UNITS
from hedge_env.desk.orders import OrderParams
from hedge_env.desk.portfolio_margin import write_use
from hedge_env.desk.portfolio_orders import cut_orders
from hedge_env.desk.step import StepParams
from hedge_env.pricing.portfolio_margin import N_SCENARIOS, MarginedOption, revalue


def margined(state: DeskState, scale: Scale, desk: StepParams) -> list[MarginedOption]:
    """What a portfolio margin weighs, in the units of the environment.

    Raises:
        ConfigError: If the state holds what no scenario of such a margin is known for.
    """
    if not desk.margin.portfolio.on:
        return []
    options = []
    for number, leg in enumerate(state.legs):
        if not isinstance(leg, OptionLeg):
            raise ConfigError(
                f"legs.{number}.kind = {leg.kind}: the portfolio margin of this market "
                "knows calls and puts alone; take a preset without it"
            )
        option = MarginedOption(
            kind=leg.kind,
            quantity=leg.quantity / scale.contracts,
            strike=leg.strike / scale.start_spot,
            volatility=state.volatility_of(leg),
            days=leg.days_left(state.time),
        )
        options.append(option)
    return options


def write_account(
    rows: FloatArray,
    book: Sequence[MarginedOption],
    desk: StepParams,
    days_per_year: float,
) -> None:
    """Write the use of margin, and the scenarios of a portfolio margin.

    Args:
        rows: At some spots; spot, delta, holdings and equity are read. Calls are none.
        book: What is owed, for a portfolio margin.
        desk: Constants of the desk in this market.
        days_per_year: Of implied volatilities.
    """
    margin, price_row = desk.margin, desk.orders.price_row
    if not margin.portfolio.on:
        value = np.abs(rows[field.HOLDINGS]) * rows[price_row]
        rows[field.MARGIN_USE] = margin.maintenance * value / rows[field.MARGIN_EQUITY]
        return
    scenarios = rows[margin.portfolio.first :]
    scenarios[GROSS_UNITS] = sum(abs(option.quantity) for option in book)
    for i, spot in enumerate(rows[field.SPOT]):
        profits, deltas = revalue(book, float(spot), days_per_year)
        scenarios[:N_SCENARIOS, i] = profits.sum(axis=1)
        scenarios[GROSS_DELTA, i] = np.abs(deltas).sum()
    here = Tile(rows, 0, rows.shape[1])
    write_use(here, margin.portfolio, desk.options, price_row)


def carried(
    rows: FloatArray, target: FloatArray, orders: OrderParams, desk: StepParams
) -> FloatArray:
    """Holdings asked for, shape (n,), as far as a portfolio margin carries them."""
    if not desk.margin.portfolio.on:
        return target
    wanted = np.ascontiguousarray(target[None, :])
    cut: FloatArray = cut_orders(
        rows, wanted, desk.margin.portfolio, orders, desk.options
    )
    only: FloatArray = cut[0]
    return only
