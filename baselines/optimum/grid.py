"""The grid of spot and gas on which the best policy is solved."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np

from hedge_env.base import field
from hedge_env.base.held import hold
from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.solvable import require_solvable
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig, ExecutionConfig
from hedge_env.feeds.quotes import memory_rows, write_quotes
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine import market_state
from hedge_env.market.engine.market_state import N_STATES
from hedge_env.market.gas.gas_chain import rouwenhorst
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.philox import stream_key
from hedge_env.venues.cost_components import fee_limit

_WIDTH = 7.0  # half-width of the grid of log spot, standard deviations at maturity
_KERNEL_WIDTH = 8.0  # of the Gaussian weights, standard deviations of a step
_POINTS_PER_SD = 3.0  # least resolution of a step
_ROUNDING = 1e-9  # of a lot


@dataclass(frozen=True)
class Grid:
    """A problem on a grid of log spot, gas and holdings.

    Attributes:
        log_moneyness: Log of spot over the mean strike, shape (n_spots,).
        start: Index of the spot at the start.
        weights: Of the moves -m..m of a step on the grid, shape (2 m + 1,).
        holdings: Shape (n_holdings,) [-].
        nothing: Index of no holdings.
        transition: Of gas over a step, shape (n_gas, n_gas).
        stationary: Law of gas at the start, shape (n_gas,).
        spot: Shape (decisions + 1, n_spots) [S_0].
        book: Value of the book, shape of `spot` [notional].
        unit_cost: Proportional cost of a unit of holdings, shape of `spot`.
        limited: The part of it that is a fee with a limit, shape of `spot`.
        fee_limit: Most that it adds up to in a trade, or infinite [notional].
        fixed: Cost of a transaction, shape (decisions + 1, n_gas, n_spots).
        log_gas: Of each state, shape (decisions + 1, n_gas).
        delta: Reference delta, shape of `spot` [-].
    """

    log_moneyness: FloatArray
    start: int
    weights: FloatArray
    holdings: FloatArray
    nothing: int
    transition: FloatArray
    stationary: FloatArray
    spot: FloatArray
    book: FloatArray
    unit_cost: FloatArray
    limited: FloatArray
    fee_limit: float
    fixed: FloatArray
    log_gas: FloatArray
    delta: FloatArray

    def liquidation(self) -> FloatArray:
        """Cost of selling what is held at the end; (n_spots, n_gas, n_holdings)."""
        size, limited = np.abs(self.holdings), self.limited[-1][:, None, None]
        cost = size * (self.unit_cost[-1][:, None, None] - limited)
        cost = cost + np.minimum(size * limited, self.fee_limit)
        charged = self.holdings != 0.0
        found: FloatArray = np.where(charged, cost + self.fixed[-1].T[:, :, None], 0.0)
        return found


def make_grid(config: EnvConfig, n_holdings: int, n_spots: int | None) -> Grid:
    """Lay a grid over a problem; the arguments are those of `solve`.

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    require_solvable(config)
    dt = config.episode.years_per_decision
    step_sd = config.market.volatility.level * sqrt(dt)
    log_spots, weights = _spot_grid(config, step_sd, dt, n_spots)
    holdings = _holdings(config, n_holdings)
    levels, transition, stationary = _gas_states(config)
    quotes = [_quotes_on_grid(config, log_spots, level) for level in levels]
    spot, book, rate = quotes[0][:3]
    return Grid(
        log_moneyness=log_spots - quote_params(config).book.mean_log_strike,
        start=int(np.argmin(np.abs(log_spots))),
        weights=weights,
        holdings=holdings,
        nothing=int(np.argmin(np.abs(holdings))),
        transition=transition,
        stationary=stationary,
        spot=spot,
        book=book,
        unit_cost=rate * spot,
        limited=limited_rate(config.execution) * spot,
        fee_limit=fee_limit(config.execution),
        fixed=np.stack([quote[3] for quote in quotes], axis=1),
        log_gas=np.stack([quote[4][:, 0] for quote in quotes], axis=1),
        delta=quotes[0][5],
    )


def limited_rate(execution: ExecutionConfig) -> float:
    """The rate of a fee that has a limit, 0 without one [-]."""
    return 0.0 if execution.fee_limit_bp is None else execution.fee_bp * BASIS_POINT


def _holdings(config: EnvConfig, n_holdings: int) -> FloatArray:
    """Holdings to choose from: whole lots, or an even grid where there are none."""
    low, high = config.holdings_bounds
    lot = config.execution.lot / config.book.contracts
    holdings: FloatArray = np.linspace(low, high, n_holdings)
    if lot > 0.0:
        first, last = ceil(low / lot - _ROUNDING), floor(high / lot + _ROUNDING)
        holdings = np.arange(first, last + 1, dtype=np.float64) * lot
    holdings[np.abs(holdings) < 1e-12] = 0.0  # no holdings, no liquidation
    return holdings


def _spot_grid(
    config: EnvConfig, step_sd: float, dt: float, n_spots: int | None
) -> tuple[FloatArray, FloatArray]:
    """Log spots with zero among them, and the weights of a step between them."""
    half_width = _WIDTH * step_sd * sqrt(config.episode.decisions)
    least = ceil(half_width / step_sd * _POINTS_PER_SD)
    half = least if n_spots is None else max(least, n_spots // 2)
    spacing = half_width / half
    log_spots = spacing * np.arange(-half, half + 1, dtype=np.float64)
    level = config.market.volatility.level
    return log_spots, step_weights(level, config.market.drift, dt, spacing)


def step_weights(
    volatility: float, drift: float, dt: float, spacing: float
) -> FloatArray:
    """Gaussian weights of the moves -m..m of log spot over a step; they add up to 1.

    Args:
        volatility: Annualised, positive.
        drift: Of spot, annualised.
        dt: Length of the step [years].
        spacing: Of the grid of log spot, at most a third of the standard deviation of
            a step for the sum to be exact to double precision.

    Returns:
        Shape (2 m + 1,).
    """
    step_sd = volatility * sqrt(dt)
    mean = (drift - 0.5 * volatility**2) * dt
    reach = ceil(_KERNEL_WIDTH * step_sd / spacing)
    moves = np.arange(-reach, reach + 1) * spacing
    weights: FloatArray = np.exp(-0.5 * ((moves - mean) / step_sd) ** 2)
    weights /= weights.sum()
    return weights


def _gas_states(config: EnvConfig) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Levels of the fast factor of gas, transitions over a decision, law at first."""
    gas, hours = config.market.gas, config.episode.decision_interval_hours
    if gas is None or gas.fast_states is None or gas.fast.sd == 0.0:
        return np.zeros(1), np.ones((1, 1)), np.ones(1)
    left = half_life_decay(gas.fast.half_life_days, hours / HOURS_PER_DAY)
    return rouwenhorst(gas.fast_states, left, gas.fast.sd)


def _quotes_on_grid(
    config: EnvConfig, log_spots: FloatArray, gas_level: float
) -> FloatArray:
    """Spot, book value, proportional and fixed cost, log gas, delta, of each decision.

    Returns:
        Shape (6, decisions + 1, n_spots).
    """
    n, decisions = log_spots.size, config.episode.decisions
    quotes = quote_params(config)
    constants = hold(quotes)
    rows = np.zeros((field.N_MARKET_FIELDS, n))
    state = np.zeros((N_STATES, n))
    state[market_state.LOG_SPOT] = log_spots
    state[market_state.VOLATILITY] = config.market.volatility.level
    state[market_state.GAS_FAST] = gas_level
    state[market_state.START_HOUR] = config.episode.start_hour or 0.0
    state[market_state.START_WEEKDAY] = config.episode.start_weekday or 0
    settled = np.zeros((memory_rows(quotes), n))
    steps, unused = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    which = (
        field.SPOT,
        field.BOOK_VALUE,
        field.PROPORTIONAL_COST,
        field.FIXED_COST,
        field.LOG_GAS,
        field.DELTA,
    )
    found = np.empty((len(which), decisions + 1, n))
    key = stream_key(0, "test")
    for step in range(decisions + 1):
        steps[:] = step
        write_quotes(rows, state, settled, steps, unused, unused, key, False, constants)
        found[:, step] = rows[list(which)]
    return found
