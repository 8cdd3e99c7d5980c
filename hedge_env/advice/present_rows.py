"""Turns a desk's state into the rows that policies read, by the environment's kernels.

Each leg is quoted by `feeds/quotes`, and by the kernel of its kind, as a book of its
own on a flat surface at its own implied volatility (`leg_rows`); value and Greeks add
up. Costs are those that `venues` quotes. The scale is that of the environment: spot
over `start_spot`, amounts per notional (`contracts * start_spot`), holdings per
contract.
"""

from __future__ import annotations

import numpy as np

from hedge_env.advice.leg_rows import PresentLeg, present_legs, write_leg
from hedge_env.advice.legs import one_side
from hedge_env.advice.margin_account import margined, write_account
from hedge_env.advice.scale import Scale
from hedge_env.advice.state import DeskState
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.book.margin_scenarios import quoted_rows
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.desk.band_position import observe_position
from hedge_env.desk.step import step_params
from hedge_env.feeds.quotes import QuoteParams
from hedge_env.feeds.simulated import quote_params, usual_gas_price
from hedge_env.market.engine import market_state
from hedge_env.pricing.no_trade_band import fill_effective_risk_aversion
from hedge_env.venues.routes import RouteParams, route_params, several_venues
from hedge_env.venues.venue import venue_params

_BOOK = (field.BOOK_VALUE, field.DELTA, field.GAMMA, field.VEGA)
_HOURS_PER_WEEK = 168.0
_LEAST_GAS = 1e-9  # [gwei]: its logarithm is a number


def require_describable(config: EnvConfig) -> None:
    """Refuse a market that trades, or decides about, what a state does not describe.

    Args:
        config: The market.

    Raises:
        ConfigError: If it does; the message has the key to change.
    """
    if config.execution.option is not None:
        raise ConfigError(
            "execution.option: a state does not describe it, so that no advice "
            "can be given; switch it off with --set execution.option=null"
        )
    if config.execution.rollup is not None:
        raise ConfigError(
            "execution.rollup: a state does not say what is on which chain or in "
            "a bridge, so that no advice can be given; switch it off with "
            "--set execution.rollup=null"
        )
    if config.book.recentring_keys:
        raise ConfigError(
            f"{config.book.recentring_keys[0]}: a state does not say where a range "
            "of liquidity stands, so that no advice can be given; set it to rule"
        )


class PresentRows:
    """Rows of the present in one market.

    Args:
        config: The market: its venue, clock and risk scale; its own book is not used.

    Raises:
        ConfigError: If it trades what a state does not describe.
    """

    def __init__(self, config: EnvConfig) -> None:
        require_describable(config)
        self.config = config
        self._desk = step_params(config)
        self._quotes = quote_params(config)
        market = self._quotes.market
        if self._quotes.orders.series.n_slots > 0:
            raise ConfigError(
                "a market with orders of clients: a state lists the book as it is; "
                "take a preset without them"
            )
        self._usual_gas = usual_gas_price(config, market)
        parts = market.parts._replace(surface=False, sabr=False, heston_surface=False)
        self._market = market._replace(parts=parts)
        episode = config.episode
        self.interval_years = (
            episode.decision_interval_hours / HOURS_PER_DAY / episode.days_per_year
        )

    def scale(self, state: DeskState) -> Scale:
        """Units of a state."""
        contracts = state.contracts or float(self.config.book.contracts)
        return Scale(contracts, state.start_spot or state.spot)

    def bounds(self, state: DeskState) -> tuple[float, float]:
        """Lowest and highest holdings per contract [-].

        Of the hedge of the state's own legs at any spot. Bounds that the market sets
        count where its own book is of options, which needs none, so that they are a
        wish; those of any other book were made for its size, and do not. The net
        delta of an inverse put, (K/S) N(-d2), has no bound.
        """
        scale, own = self.scale(state), self.config.holdings
        ends = [leg.hedge_bounds(state.spot, scale) for leg in state.legs]
        if self.config.book.margin == "coin":
            puts = (leg.quantity for leg in state.legs if leg.kind == "put")
            ends += [one_side(quantity) for quantity in puts]
        low, high = (sum(side) for side in zip(*ends, strict=True))
        if not self.config.book.others:
            low = low if own.low is None else own.low
            high = high if own.high is None else own.high
        return low, high

    def write(
        self,
        state: DeskState,
        risk_aversion: float,
        spots: FloatArray,
        gas_prices: FloatArray | None = None,
    ) -> FloatArray:
        """Rows of a state at several spots or gas prices, all else as it is.

        Args:
            state: The present.
            risk_aversion: lambda [1/notional].
            spots: Shape (n,) [currency].
            gas_prices: Shape (n,) [gwei]; None: that of the state.

        Returns:
            Shape (N_FIELDS, n); with a portfolio margin the rows of its scenarios more.
        """
        n = spots.size
        rows: FloatArray = np.zeros((field.N_FIELDS + quoted_rows(self.config), n))
        scale, quotes = self.scale(state), self._quotes_of(state)
        index, legs = present_legs(state, scale, self.config)
        market = self._start(state, spots / scale.start_spot, index)
        if self.config.market.gas is not None and state.fixed_cost is None:
            gas = np.full(n, state.gas_price) if gas_prices is None else gas_prices
            usual = self._gas_without(legs[-1], market, index, quotes)
            market[market_state.GAS_SLOW] = np.log(np.maximum(gas, _LEAST_GAS) / usual)
        book = np.zeros((len(_BOOK), n))
        for leg in legs:  # the longest last: it gives the rows of the clock
            write_leg(rows, leg, market, index, quotes, self.config)
            book += rows[list(_BOOK)]
        if self.config.book.margin == "coin":  # the net delta of `book/coin_margin`
            book[_BOOK.index(field.DELTA)] += book[0] / rows[field.SPOT]
        rows[list(_BOOK)] = book
        strikes = np.log([strike for leg in legs for strike in leg.position.strikes])
        rows[field.LOG_MONEYNESS] = market[market_state.LOG_SPOT] - strikes.mean()
        self._add_given(rows, state)
        _want(rows, state.holdings / scale.contracts, risk_aversion, self.config)
        if state.margin_equity is not None and self._desk.margin.on:
            year = self.config.episode.days_per_year
            rows[field.MARGIN_EQUITY] = state.margin_equity / scale.notional
            book_at_risk = margined(state, scale, self._desk)
            write_account(rows, book_at_risk, self._desk, year)
        return rows

    def routes(self, state: DeskState) -> RouteParams:
        """Constants of several venues, at the notional of a state."""
        return several_venues(self._market_of(state))

    def _market_of(self, state: DeskState) -> EnvConfig:
        """The market with what the state says of the venue, at its notional."""
        scale, config = self.scale(state), self.config
        given = {
            key: value
            for key in ("fee_bp", "half_spread_bp")
            if (value := getattr(state, key)) is not None
        }
        update = {
            "market": config.market.model_copy(update={"spot": scale.start_spot}),
            "book": config.book.model_copy(update={"contracts": scale.contracts}),
            "execution": config.execution.model_copy(update=given),
        }
        return config.model_copy(update=update)

    def _quotes_of(self, state: DeskState) -> QuoteParams:
        """Constants of that market."""
        config, scale = self._market_of(state), self.scale(state)
        venue = venue_params(config, self._usual_gas)
        if state.fixed_cost is not None:
            fixed = state.fixed_cost / scale.notional
            venue = venue._replace(fixed=fixed, gas_factor=0.0, gas_toll=0.0)
        conditions = self._quotes.conditions._replace(routes=route_params(config))
        return self._quotes._replace(
            market=self._market, venue=venue, conditions=conditions
        )

    def _start(self, state: DeskState, spots: FloatArray, index: int) -> FloatArray:
        """Market state at the present, without gas."""
        market: FloatArray = np.zeros((market_state.N_STATES, spots.size))
        market[market_state.LOG_SPOT] = np.log(spots)
        volatility = state.realised_volatility or state.implied_volatility
        volatility = volatility or state.volatility_of(state.legs[0])
        market[market_state.VOLATILITY] = volatility
        market[market_state.REALISED_VARIANCE] = volatility**2
        time = state.time
        hour = time.weekday() * HOURS_PER_DAY + time.hour + time.minute / 60.0
        hour -= index * self.config.episode.decision_interval_hours
        days, hours = divmod(hour % _HOURS_PER_WEEK, HOURS_PER_DAY)
        market[market_state.START_HOUR] = hours
        market[market_state.START_WEEKDAY] = days
        return market

    def _gas_without(
        self, leg: PresentLeg, market: FloatArray, index: int, quotes: QuoteParams
    ) -> float:
        """Gas price at this hour with all factors at their means [gwei]."""
        rows: FloatArray = np.zeros((field.N_FIELDS, 1))
        write_leg(rows, leg, market[:, :1].copy(), index, quotes, self.config)
        return float(rows[field.GAS_PRICE, 0])

    def _add_given(self, rows: FloatArray, state: DeskState) -> None:
        """Write what a state says outright, and nothing of chance."""
        rows[field.ORDER_FAILS] = 0.0
        for stopping in field.STOPPING_ROWS:  # advice is for a trade now
            rows[stopping.number] = 0.0
        for row, value in (
            (field.SKEW, state.skew),
            (field.FUNDING_RATE, state.funding_rate),
            (field.STEPS_SINCE_TRADE, state.decisions_since_trade),
        ):
            if value is not None:
                rows[row] = value
        if state.net_loss is not None:
            rows[field.NET_LOSS] = state.net_loss / self.scale(state).notional


def _want(
    rows: FloatArray, holdings: float, risk_aversion: float, config: EnvConfig
) -> None:
    """Write what is held and wanted, as `desk/batch` does at a reset."""
    rows[field.HOLDINGS] = holdings
    rows[field.RISK_AVERSION] = risk_aversion
    rows[field.LOG_RISK_AVERSION] = np.log(risk_aversion)
    fill_effective_risk_aversion(
        rows[field.LOG_RISK_AVERSION],
        rows[field.MEAN_FIXED_COST],
        config.action.risk_scale,
        rows[field.BAND_RISK_AVERSION],
    )
    observe_position(rows)
