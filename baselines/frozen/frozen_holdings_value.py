r"""The value of all holdings by programmes of volatilities that stay as they are.

:math:`V_k(s, y) \approx V^{\sigma}_k(\ln S, y - (m - \Delta_\sigma))`, read between the
two volatilities and the two log spots beside the present ones, with m the holdings of
least risk and :math:`\Delta_\sigma` delta in the frozen market; what is exactly flat
stays so. Any V bounds J from below (`value/certify`): this one is near where spot and
implied volatility say all of the state, as in SABR markets, and knows neither gas nor
what implied volatility does not show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.frozen.frozen_optimum import levels_of
from hedge_env.baselines.frozen.market import frozen_market
from hedge_env.baselines.optimum.frozen_value import FrozenValue
from hedge_env.config import EnvConfig
from hedge_env.desk.orders import order_params
from hedge_env.feeds.tape import record_tape
from hedge_env.risk.minimum_variance import MinimumVariance, fit_minimum_variance

_PATHS = 2048


@dataclass(frozen=True)
class Level:
    """The programme of one volatility.

    Attributes:
        log_volatility: Logarithm of it.
        values: V at every decision, shape (decisions + 1, n_spots, n_holdings).
        delta: Of the book, shape (decisions + 1, n_spots) [-].
        log_moneyness: Grid of log spot, shape (n_spots,).
    """

    log_volatility: float
    values: FloatArray
    delta: FloatArray
    log_moneyness: FloatArray


@dataclass(frozen=True)
class FrozenHoldingsValue:
    """V of the present volatility, as if it stayed; a `value.penalties.Value`.

    Attributes:
        levels: Of the volatilities, rising.
        holdings: Grid of holdings, shape (n_holdings,) [-].
        best: Holdings of least risk, m.
        risk_aversion: lambda [1/notional].
        price_row: Of the hedge instrument.
        charged_at_end: 1 if liquidation is charged, else 0.
        decisions: Of an episode.
    """

    levels: tuple[Level, ...]
    holdings: FloatArray
    best: MinimumVariance
    risk_aversion: float
    price_row: int
    charged_at_end: float
    decisions: int

    def add(
        self,
        step: int,
        rows: FloatArray,
        states: FloatArray,
        weights: FloatArray,
        y: FloatArray,
        out: FloatArray,
    ) -> None:
        """Add weighted V of a decision at holdings y; see `penalties.Value`.

        Of the states it reads spot and implied volatility, which are among the rows.
        """
        del states
        flat = np.ascontiguousarray(rows.reshape(rows.shape[0], -1))
        centre, numbers = self.best.holdings(flat), np.arange(len(self.levels))
        known = np.array([level.log_volatility for level in self.levels])
        logs = np.log(np.maximum(flat[field.IMPLIED_VOLATILITY], 1e-9))
        place = np.interp(logs, known, numbers.astype(np.float64))
        for number, level in zip(numbers, self.levels, strict=True):
            near = np.maximum(0.0, 1.0 - np.abs(place - number))
            _add_level(
                level.values[step],
                level.delta[step],
                level.log_moneyness,
                self.holdings,
                flat[field.LOG_MONEYNESS],
                centre,
                near * weights.ravel(),
                weights.shape[1],
                y,
                out,
            )


@kernel
def _add_level(
    value: FloatArray,
    delta: FloatArray,
    grid: FloatArray,
    holdings: FloatArray,
    log_moneyness: FloatArray,
    centre: FloatArray,
    share: FloatArray,
    draws: int,
    y: FloatArray,
    out: FloatArray,
) -> None:
    """Add one level's V, weighted; see `FrozenHoldingsValue.add`.

    Args:
        value: V of the decision, shape (n_spots, n_holdings).
        delta: In the frozen market, shape (n_spots,) [-].
        grid: Of log spot, shape (n_spots,).
        holdings: Shape (n_holdings,) [-].
        log_moneyness: Of the states, shape (n draws,).
        centre: Holdings of least risk, the same shape [-].
        share: Weights, the same shape; 0 skips a state.
        draws: Of each path.
        y: See `FrozenHoldingsValue.add`.
        out: The same.
    """
    n_spots, n_holdings = value.shape
    first, spacing = grid[0], grid[1] - grid[0]
    width = holdings[1] - holdings[0]
    for d in range(share.size):
        if share[d] == 0.0:
            continue
        place = (log_moneyness[d] - first) / spacing
        place = min(max(place, 0.0), n_spots - 1.000001)
        j = int(place)
        b = place - j
        a = 1.0 - b
        moved = centre[d] - (a * delta[j] + b * delta[j + 1])
        i = d // draws
        for h in range(y.size):
            shift = 0.0 if y[h] == 0.0 else moved
            at = (y[h] - shift - holdings[0]) / width
            at = min(max(at, 0.0), n_holdings - 1.000001)
            k = int(at)
            v = at - k
            u = 1.0 - v
            low = u * value[j, k] + v * value[j, k + 1]
            high = u * value[j + 1, k] + v * value[j + 1, k + 1]
            out[i, h] += share[d] * (a * low + b * high)


def suits_frozen_value(config: EnvConfig) -> bool:
    """Whether spot and volatility are the whole state: SABR or Heston without gas."""
    market, execution = config.market, config.execution
    pays_gas = execution.gas_units > 0.0 or execution.gas_cost_bp > 0.0
    moves = market.volatility.model in ("sabr", "heston")
    plain = market.funding is None and market.basis is None
    return moves and plain and not pays_gas and not config.book.others


def solve_frozen_value(
    config: EnvConfig, risk_aversion: float, *, n_holdings: int = 201, seed: int = 0
) -> FrozenHoldingsValue:
    """Solve the frozen programmes of a market and keep V of every decision.

    Args:
        config: A problem for which `suits_frozen_value`.
        risk_aversion: lambda, positive [1/notional].
        n_holdings: Points of the grid of holdings.
        seed: Of the training paths that give range and costs, and the centre.
    """
    ids = np.arange(_PATHS, dtype=np.int64)
    rows = record_tape(config, ids, seed=seed, stream="training").rows
    unit_cost = float(rows[:, field.PROPORTIONAL_COST].mean())
    levels = []
    for volatility in levels_of(rows[:-1, field.IMPLIED_VOLATILITY]).tolist():
        market = frozen_market(config, volatility, None, unit_cost)
        programme = FrozenValue(market, risk_aversion, n_holdings=n_holdings)
        grid, found = programme.grid, [programme.values[0][:, 0].copy()]
        for step in reversed(range(config.episode.decisions)):
            programme.back(step)
            found.append(programme.values[0][:, 0].copy())
        values = np.array(found[::-1])
        levels.append(Level(np.log(volatility), values, grid.delta, grid.log_moneyness))
    return FrozenHoldingsValue(
        levels=tuple(levels),
        holdings=grid.holdings,
        best=fit_minimum_variance(config, seed=seed),
        risk_aversion=risk_aversion,
        price_row=order_params(config).price_row,
        charged_at_end=1.0 if config.execution.charge_liquidation else 0.0,
        decisions=config.episode.decisions,
    )
