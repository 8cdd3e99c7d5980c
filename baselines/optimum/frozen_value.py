"""The value function of volatilities that stay as they are, one decision at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.bellman import expect, step_moments, trade_best
from hedge_env.baselines.optimum.dynamic_programming import mix_gas
from hedge_env.baselines.optimum.grid import Grid, make_grid, step_weights
from hedge_env.baselines.optimum.trade_regions import Indices
from hedge_env.config import EnvConfig


@dataclass(frozen=True)
class VolatilityLaw:
    """Volatility that stays in a state or moves to another between decisions.

    Attributes:
        levels: Of each state, annualised, positive, shape (n_states,).
        transition: Over one decision, rows add up to 1, shape (n_states, n_states).
    """

    levels: FloatArray
    transition: FloatArray

    def __post_init__(self) -> None:
        """Refuse what is not a law."""
        n = self.levels.size
        rows = self.transition.sum(axis=-1)
        if self.transition.shape != (n, n) or not np.allclose(rows, 1.0, atol=1e-12):
            raise HedgeError(
                f"transition must have shape {(n, n)} and rows that add up to 1"
            )
        if not (self.levels > 0.0).all() or (self.transition < 0.0).any():
            raise HedgeError(
                "levels must be positive and transitions not negative; give annualised "
                "volatilities and probabilities"
            )


class FrozenValue:
    """V of every state of volatility as if it stayed, on its way back from expiry.

    Args:
        config: See `dynamic_programming.solve`.
        risk_aversion: lambda, positive [1/notional].
        law: Of volatility in the market; None for the config's.
        value_volatility: Of the programme of each state of `law`, shape (n_states,);
            None for its levels, which is exact where volatility never moves.
        n_holdings: Points of the grid of holdings, at least 3.
        finer_spots: Times the least points of the grid of log spot, which are three
            to the standard deviation of a step of the least volatility.

    Attributes:
        grid: On which V is known.
        law: Of volatility in the market.
        values: V at the present decision, shape (n_spots, n_gas, n_holdings) each;
            before the first `back` the cost of liquidation.

    Raises:
        HedgeError: If V cannot be found for the market.
    """

    def __init__(
        self,
        config: EnvConfig,
        risk_aversion: float,
        *,
        law: VolatilityLaw | None = None,
        value_volatility: FloatArray | None = None,
        n_holdings: int = 201,
        finer_spots: int = 1,
    ) -> None:
        own = np.array([config.market.volatility.level])
        self.law = law or VolatilityLaw(own, np.ones((1, 1)))
        levels = self.law.levels if value_volatility is None else value_volatility
        if levels.shape != self.law.levels.shape or not (levels > 0.0).all():
            raise HedgeError(
                "value_volatility must have a positive level for each state, shape "
                f"{self.law.levels.shape}"
            )
        self._execution, self._aversion = config.execution, risk_aversion
        least = min(float(self.law.levels.min()), float(levels.min()))
        self.grid = _fine_grid(config, n_holdings, least, finer_spots)
        spacing = float(self.grid.log_moneyness[1] - self.grid.log_moneyness[0])
        dt, drift = config.episode.years_per_decision, config.market.drift
        self._true = [step_weights(v, drift, dt, spacing) for v in self.law.levels]
        self._frozen = [step_weights(v, drift, dt, spacing) for v in levels]
        charged = 1.0 if self._execution.charge_liquidation else 0.0
        self.values = [self.grid.liquidation() * charged for _ in levels]

    def expected(self) -> list[FloatArray]:
        """E_k V_{k+1} under the law of the market, by state; shapes of `values`."""
        mixed = [mix_gas(value, self.grid.transition) for value in self.values]
        found = []
        for weights, shares in zip(self._true, self.law.transition, strict=True):
            ahead = np.zeros_like(mixed[0])
            for share, one in zip(shares, mixed, strict=True):
                ahead += share * one
            found.append(expect(ahead, weights))
        return found

    def moments(self, step: int) -> list[FloatArray]:
        """Second moments of a step of the market, by state; (3, n_spots) each."""
        return [self._moments(step, weights) for weights in self._true]

    def charged(self, step: int) -> float:
        """1 if trades of a decision are charged, else 0."""
        return 1.0 if step > 0 or self._execution.charge_opening else 0.0

    def best(
        self, step: int, expected: FloatArray, moments: FloatArray
    ) -> tuple[FloatArray, Indices]:
        """Best trades at a decision, given what is expected of each holding.

        Returns:
            Value and targets, both of shape (n_spots, n_gas, n_holdings).
        """
        grid, charged, value = self.grid, self.charged(step), expected.copy()
        targets: Indices = np.empty(value.shape, dtype=np.uint16)
        trade_best(
            value,
            moments,
            grid.unit_cost[step] * charged,
            grid.fixed[step] * charged,
            grid.limited[step] * charged,
            grid.fee_limit if charged > 0.0 else np.inf,
            grid.holdings,
            self._aversion,
            targets,
        )
        return value, targets

    def back(self, step: int) -> None:
        """Go from V at decision `step` + 1 to V at `step`."""
        for i, weights in enumerate(self._frozen):
            ahead = expect(mix_gas(self.values[i], self.grid.transition), weights)
            self.values[i], _ = self.best(step, ahead, self._moments(step, weights))

    def _moments(self, step: int, weights: FloatArray) -> FloatArray:
        grid = self.grid
        return step_moments(
            grid.spot[step], grid.book[step], grid.book[step + 1], weights
        )


def _fine_grid(config: EnvConfig, n_holdings: int, least: float, times: int) -> Grid:
    """A grid with three points, times a factor, to a step of the least volatility."""
    coarse = make_grid(config, 3, None)
    finer = max(1.0, config.market.volatility.level / least)
    half = times * int(np.ceil(finer * (coarse.log_moneyness.size // 2)))
    return make_grid(config, n_holdings, 2 * half + 1)
