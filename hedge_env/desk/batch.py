"""A batch of hedging episodes: physics and accounting, without Gymnasium.

Everything that hedges goes through this class: the vector environment, the single
environment (a batch of one), the evaluation of agents and rules, and tuning.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hedge_env.base import field
from hedge_env.base.account_rows import (
    COST,
    N_RECORD,
    TOTAL_CASH,
    TRACKING_INCREMENT,
)
from hedge_env.base.errors import SimulationError
from hedge_env.base.held import hold
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.config import MOST_OWN_MOVE, EnvConfig, RiskAversionRange
from hedge_env.desk.accounts import StepRecord, Totals, step_record
from hedge_env.desk.band_position import observe_position
from hedge_env.desk.instruments import complete_target, instruments_of
from hedge_env.desk.observables import Observables, observable_index
from hedge_env.desk.option_trades import observe_options
from hedge_env.desk.orders import trades_of
from hedge_env.desk.places.chains import start_chains
from hedge_env.desk.places.routing import require_shares
from hedge_env.desk.portfolio_margin import write_use
from hedge_env.desk.portfolio_orders import cut_orders
from hedge_env.desk.step import settle_decision, step_params
from hedge_env.feeds.feed import Market, MarketWithBook, ResponsiveMarket
from hedge_env.feeds.memory import require_memory
from hedge_env.feeds.old_view import OldView
from hedge_env.feeds.open import open_market
from hedge_env.feeds.simulated import quote_params
from hedge_env.numerics.philox import fill_uniforms, stream_key
from hedge_env.numerics.random_blocks import INITIAL_COUNTER, RISK_AVERSION_BLOCK
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.no_trade_band import fill_effective_risk_aversion


class HedgeBatch:
    """`n_paths` episodes of one hedging problem, each at its own step.

    Args:
        config: The hedging problem.
        n_paths: Size of the batch.
        seed: Of all random streams.
        stream: "training", "validation" or "test".
        market: Market to use instead of the config's own, for example a tape.

    Attributes:
        rows: Present rows, shape (N_FIELDS, n_paths); with listed options more,
            see `fields`.
        path_ids: Shape (n_paths,).
        instruments: What can be traded, in the order of a target's columns.
        n_instruments: Their number. Where a policy moves a range of liquidity, or
            splits orders over venues, a target has more columns, `config.n_columns`.
        totals: Sums over the episode so far.
        first_units: Row of the units held of the first listed option; those of the
            others follow, and end the rows.
        holdings_low: Lowest holdings a target is clipped to [-].
        holdings_high: Highest [-].
    """

    def __init__(
        self,
        config: EnvConfig,
        n_paths: int,
        *,
        seed: int = 0,
        stream: str = "training",
        market: Market | None = None,
    ) -> None:
        require_memory("the number of paths", n_paths, config)
        self.config = config
        self.n_paths = n_paths
        self.n_decisions = config.episode.decisions
        self.instruments = instruments_of(config)
        self.n_instruments = len(self.instruments)
        self._n_orders = config.n_columns - config.n_instruments
        self._n_shares = config.execution.n_shares
        self.holdings_low, self.holdings_high = config.holdings_bounds
        self.path_ids: IntArray = np.zeros(n_paths, dtype=np.int64)
        self.totals = Totals(n_paths)
        self._key = stream_key(seed, stream)
        self._market: Market = market or open_market(
            config, n_paths, seed=seed, stream=stream
        )
        quotes = quote_params(config)
        venue, listed = quotes.venue, quotes.listed
        self._params = step_params(config, listed)
        self._portfolio = self._params.margin.portfolio
        self._constants = hold(self._params)
        self.first_units = self._params.options.first_units
        n_rows = self.first_units + listed.n_slots
        self.rows: FloatArray = np.zeros((n_rows, n_paths))
        self._spare: FloatArray = np.zeros((n_rows, n_paths))
        self._own_impact = venue.impact_permanent
        self._collateral = 0.0
        if config.execution.margin is not None:
            self._collateral = config.execution.margin.collateral
        self._risk_scale = config.action.risk_scale
        self._view = None
        if config.seen_age > 0:
            shape = n_rows, n_paths
            self._view = OldView(config.seen_age, shape, observe_position)
        self._index = observable_index(config)

    @property
    def step(self) -> IntArray:
        """Decisions taken, shape (n_paths,), from 0 to `n_decisions`."""
        step: IntArray = self.rows[field.STEP].astype(np.int64)
        return step

    @property
    def seen(self) -> FloatArray:
        """Rows as whoever decides sees them, shape of `rows`: often the very same."""
        return self.rows if self._view is None else self._view.rows

    def reset(
        self,
        path_ids: IntArray,
        *,
        mask: BoolArray | None = None,
        risk_aversion: float | FloatArray | None = None,
    ) -> None:
        """Start episodes.

        Args:
            path_ids: Path of each episode, shape (n_paths,); read where `mask`.
            mask: Which episodes start, shape (n_paths,); None: all.
            risk_aversion: lambda, positive, scalar or shape (n_paths,)
                [1/notional]; None: as the config says, drawn per path if a range.
        """
        chosen = np.ones(self.n_paths, dtype=np.bool_) if mask is None else mask
        ids = np.asarray(path_ids, dtype=np.int64)
        self.path_ids[chosen] = ids[chosen]
        self._market.start(self.path_ids, chosen, self.rows)
        self.totals.rows[:, chosen] = 0.0
        self._take_over(chosen)
        self.rows[field.STEPS_SINCE_TRADE, chosen] = 0.0
        if self.config.execution.margin is not None:
            self.rows[field.MARGIN_EQUITY : field.MARGIN_CLOSED + 1, chosen] = 0.0
            self.rows[field.MARGIN_EQUITY, chosen] = self._collateral
        self.rows[field.LEARNED, chosen] = 0.0
        self.rows[field.NET_LOSS, chosen] = 0.0
        if self._params.chains is not None:
            start_chains(self.rows, chosen, self._params.chains)
        self.rows[self.first_units :, chosen] = 0.0
        aversion = self._risk_aversion() if risk_aversion is None else risk_aversion
        present = self.rows[field.RISK_AVERSION]
        present[chosen] = np.broadcast_to(aversion, present.shape)[chosen]
        _fill_log(present, self.rows[field.LOG_RISK_AVERSION])
        fill_effective_risk_aversion(
            self.rows[field.LOG_RISK_AVERSION],
            self.rows[field.MEAN_FIXED_COST],
            self._risk_scale,
            self.rows[field.BAND_RISK_AVERSION],
        )
        if self._portfolio.on:
            account = self._portfolio, self._params.options
            write_use(
                Tile(self.rows, 0, self.n_paths),
                *account,
                self._params.orders.price_row,
            )
        if self._params.options.series.n_slots > 0:
            observe_options(Tile(self.rows, 0, self.n_paths), self._params.options)
        observe_position(self.rows)
        self._spare[...] = self.rows
        if self._view is not None:
            self._view.start(self.rows, chosen)

    def _take_over(self, chosen: BoolArray) -> None:
        """Hold what is held at the start, paid at the price of then."""
        held = self.config.holdings.start
        self.rows[field.HOLDINGS, chosen] = held
        if held != 0.0:
            price = self.rows[self._params.orders.price_row, chosen]
            self.totals.rows[TOTAL_CASH, chosen] = -held * price

    def _risk_aversion(self) -> FloatArray | float:
        """Risk aversion of each path as the config says."""
        setting = self.config.risk_aversion
        if not isinstance(setting, RiskAversionRange):
            return float(setting)
        drawn: FloatArray = np.empty((4, self.n_paths))
        counters = np.full(self.n_paths, INITIAL_COUNTER, dtype=np.int64)
        fill_uniforms(drawn, self.path_ids, counters, RISK_AVERSION_BLOCK, *self._key)
        aversion: FloatArray = drawn[0]
        _log_uniform(aversion, setting.low, setting.high)
        return aversion

    def advance(self, target: FloatArray) -> StepRecord:
        """Take one decision on every path and move to the next.

        Args:
            target: Holdings asked for, shape (n_paths, n_columns), finite; clipped
                into the bounds. Equal to the holdings: no trade, no cost. A last
                column, where a policy moves a range of liquidity, is positive to move
                it now; the last ones, where it splits orders over venues, are in
                proportion to what goes where, and all 0 for the split of least cost.
                Ignored on a path whose episode has ended. A policy that knows the
                underlying only may give (n_paths, 1): the rest is held.

        Returns:
            What the decision did.

        Raises:
            ValueError: If the target has another shape.
            SimulationError: If cost or profit of a path is no number; reset then.
        """
        before, after = self.rows, self._spare
        wanted = self.complete(target)
        if self._n_shares > 0:
            require_shares(wanted[-self._n_shares :])
        elif self._n_orders > 0:
            self._order(wanted[-1])
        if self._portfolio.on:
            parts = self._portfolio, self._params.orders, self._params.options
            wanted = wanted.copy()
            n = self.n_instruments
            wanted[:n] = cut_orders(before, wanted[:n], *parts)
        if self._own_impact > 0.0:
            moves = self._own_impact * trades_of(before, wanted[0], self._params.orders)
            moves = np.clip(moves, -MOST_OWN_MOVE, MOST_OWN_MOVE)
            self._responsive_market().displace(moves)
        self._market.advance(after)
        record = np.empty((N_RECORD, self.n_paths))
        totals = self.totals.rows
        settle_decision(before, after, wanted, record, totals, self._constants)
        self.rows, self._spare = after, before
        self._require_numbers(record)
        if self._view is not None:
            self._view.arrive(after)
        return step_record(record, after[field.STEP] >= self.n_decisions)

    def complete(self, target: FloatArray, giver: str = "a policy") -> FloatArray:
        """A target with all of its columns, shape (n_columns, n_paths).

        Args:
            target: See `advance`.
            giver: Who gave it, for the message.

        Raises:
            ValueError: If it has another shape.
        """
        parts = self.rows, self.instruments
        return complete_target(target, *parts, giver, orders=self._n_orders)

    def _order(self, order: FloatArray) -> None:
        """Let the range of the book be moved where asked, and the episode goes on."""
        if not np.isfinite(order).all():
            raise ValueError(
                "the last column of a target says by its sign whether a range of "
                "liquidity is moved: give numbers, not NaN or infinity"
            )
        if not isinstance(self._market, MarketWithBook):
            raise ValueError(
                "book.legs.N.recentre.by = policy needs a market that values the book: "
                "a tape cannot answer to what is decided"
            )
        goes_on = self.rows[field.STEP] < self.n_decisions
        asked = (order > 0.0) & goes_on
        self._market.move_book(asked, self.rows[field.GAS_PRICE])

    def _require_numbers(self, record: FloatArray) -> None:
        """Refuse to hand out cost or profit that is no number."""
        good = np.isfinite(record[COST]) & np.isfinite(record[TRACKING_INCREMENT])
        if not good.all():
            ids = self.path_ids[~good]
            raise SimulationError(
                f"cost or profit of {ids.size} paths (the first is path {ids[0]}) is "
                "no number: a target was none, or the market of this config moves "
                "beyond what a number can hold; bring it closer to a real one and reset"
            )

    def _responsive_market(self) -> ResponsiveMarket:
        if not isinstance(self._market, ResponsiveMarket):
            raise ValueError(
                "execution.permanent_impact needs a simulated market: a recorded one "
                "cannot answer to trades"
            )
        return self._market

    def observables(self) -> Observables:
        """What a policy may see now."""
        return Observables(self.seen, self._index)

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Arrays that `load_state_dict` restores the batch from, bit for bit."""
        market = self._market.state_dict()
        view = {} if self._view is None else self._view.state_dict()
        return {
            "path_ids": self.path_ids.copy(),
            "rows": self.rows.copy(),
            "totals": self.totals.rows.copy(),
            **{f"market.{name}": array for name, array in market.items()},
            **{f"view.{name}": array for name, array in view.items()},
        }

    def load_state_dict(self, state: Mapping[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned for a batch of the same config."""
        self.path_ids[...] = state["path_ids"]
        self.rows[...] = state["rows"]
        self._spare[...] = self.rows
        self.totals.rows[...] = state["totals"]
        self._market.load_state_dict(_under("market.", state))
        if self._view is not None:
            self._view.load_state_dict(_under("view.", state), self.rows)


def _under(
    prefix: str, state: Mapping[str, FloatArray | IntArray]
) -> dict[str, FloatArray | IntArray]:
    """Entries of a state whose names start with `prefix`, without it."""
    return {
        name.removeprefix(prefix): array
        for name, array in state.items()
        if name.startswith(prefix)
    }


@kernel
def _fill_log(x: FloatArray, out: FloatArray) -> None:
    for i in range(x.shape[0]):
        out[i] = log(x[i])


@kernel
def _log_uniform(u: FloatArray, low: float, high: float) -> None:
    """Turn uniforms into log-uniform numbers between two bounds, in place."""
    start, width = log(low), log(high) - log(low)
    for i in range(u.shape[0]):
        u[i] = exp(start + width * u[i])
