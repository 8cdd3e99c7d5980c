"""Rows of a market in which one leg of a state is all of the book, by its kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.advice.scale import Scale
from hedge_env.advice.state import DeskState
from hedge_env.base import field
from hedge_env.base.held import hold
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.european import BookParams
from hedge_env.book.liabilities import KINDS
from hedge_env.book.liability import Paths
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.config.sections.liabilities import LegConfig, Liability
from hedge_env.feeds.quotes import QuoteParams, memory_rows, write_quotes

_KEY = (np.uint32(0), np.uint32(0))  # nothing is drawn that anybody sees


class PresentLeg(NamedTuple):
    """A leg in the units of the environment."""

    position: Liability
    days: float  # that the clock of policies counts from now
    volatility: float  # implied [1/sqrt(year)]


def present_legs(
    state: DeskState, scale: Scale, config: EnvConfig
) -> tuple[int, list[PresentLeg]]:
    """The decision of an episode that the present stands for, and the legs then.

    The longest option ends with the episode, or the first decision is as far as an
    episode goes back. What never ends is looked at, as in an episode, to its end and as
    far beyond it as the volatility looks that it is quoted with; without options the
    episode begins now.

    Returns:
        Decision index, and the legs by the clock, the longest last.
    """
    interval, last = (
        config.episode.decision_interval_hours / HOURS_PER_DAY,
        config.episode.decisions,
    )
    left = [leg.days_left(state.time) for leg in state.legs]
    longest = max((days for days in left if days is not None), default=None)
    index = 0
    if longest is not None:
        index = int(np.clip(last - np.ceil(longest / interval - 1e-6), 0, last - 1))
    legs = []
    for leg, days in zip(state.legs, left, strict=True):
        position = leg.position(state.spot, scale)
        if days is None:
            days = (last - index) * interval + position.tenor_days
        legs.append(PresentLeg(position, days, state.volatility_of(leg)))
    return index, sorted(legs, key=lambda leg: leg.days)


def write_leg(
    rows: FloatArray,
    leg: PresentLeg,
    market: FloatArray,
    index: int,
    quotes: QuoteParams,
    config: EnvConfig,
) -> None:
    """Write the market rows as if a leg were all of the book.

    Args:
        rows: Shape (at least N_FIELDS, n), written.
        leg: On a flat surface of its own.
        market: State of the market, shape (N_STATES, n).
        index: Decision of an episode.
        quotes: Constants of the market and its venue.
        config: The market.
    """
    n, quotes = rows.shape[1], _leg_quotes(leg, quotes, config)
    rows[field.NOTIONAL_RATIO] = 1.0  # the venues are compiled for the state's
    steps: IntArray = np.full(n, index, dtype=np.int64)
    nothing: IntArray = np.zeros(n, dtype=np.int64)
    memory: FloatArray = np.zeros((memory_rows(quotes), n))
    constants = hold(quotes)
    write_quotes(rows, market, memory, steps, nothing, nothing, _KEY, False, constants)
    kind = KINDS.get(leg.position.kind)
    if kind is None:
        return
    positions = [leg.position]
    paths = Paths(
        steps=steps,
        arrived=np.zeros(n, dtype=np.bool_),  # nothing is earned or paid up to now
        path_ids=nothing,
        counters=nothing,
        key=_KEY,
        quoted=memory,
    )
    kind.value(
        rows,
        market,
        np.zeros((kind.memory_rows(positions, config), n)),
        paths,
        kind.compile(positions, config, quotes.market),
        quotes.market,
    )


def _leg_quotes(leg: PresentLeg, quotes: QuoteParams, config: EnvConfig) -> QuoteParams:
    """Constants of a book of one leg, an option or none, on its own flat surface."""
    decisions = config.episode.decisions
    years = leg.days / config.episode.days_per_year
    options = [leg.position] if isinstance(leg.position, LegConfig) else []
    strikes = np.array([option.moneyness for option in options], dtype=np.float64)
    log_strikes: FloatArray = np.log(strikes)
    book = BookParams(
        is_call=np.array([float(option.kind == "call") for option in options]),
        quantity=np.array([option.quantity for option in options], dtype=np.float64),
        strike=strikes,
        log_strike=log_strikes,
        expiry_step=np.full(len(options), decisions + 1.0),
        years=np.full((len(options) + 1, decisions + 1), years),
        least_years=years,
        fair=np.zeros((len(options) + 1, 5, decisions + 1)),
        mean_log_strike=float(np.log(leg.position.strikes).mean()),
    )
    surface = quotes.market.surface._replace(flat_volatility=leg.volatility)
    return quotes._replace(market=quotes.market._replace(surface=surface), book=book)
