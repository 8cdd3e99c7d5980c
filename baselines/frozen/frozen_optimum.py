r"""The exact optimum of the market as it is now, solved again for every volatility.

Whoever believes that implied volatility and the law of gas stay as they are today has
an exact programme to act on. Here it is solved for a few volatilities :math:`\sigma_i`,
and a decision at :math:`\sigma` is read between the two beside it. What the frozen
market does not know is put back by two tuned things: the least risk stands around
another centre, and jumps weigh more than a diffusion,

.. math:: y = y_i(h - d_i) + d_i, \quad d_i = m - \Delta_i, \quad
          \lambda_i = f \lambda

with :math:`y_i` the optimal target in the market of :math:`\sigma_i`, h the holdings,
m the centre of all rules (:mod:`hedge_env.baselines.rule.centre`), :math:`\Delta_i`
delta in that market, and f the factor on risk aversion that is best on training paths,
as is how far the centre leans to the side that funding pays.
Being exactly flat stays what it is, since it saves the last trade.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.optimize import minimize_scalar

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.frozen.market import GasLaw, frozen_market, gas_law
from hedge_env.baselines.optimum.dynamic_programming import Optimum, solve
from hedge_env.baselines.optimum.grid import make_grid
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.optimum.trade_regions import look_up
from hedge_env.baselines.rule.assumptions import why_nothing_to_hedge
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.tuning.centre_fit import certain_centre
from hedge_env.baselines.tuning.tune import pays_funding
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape, record_tape
from hedge_env.policies.policy import PolicyKind
from hedge_env.pricing.funding_lean import FUNDING_LEAN_INPUTS
from hedge_env.pricing.least_variance import VEGA_TERM_INPUTS

_PATHS = 2048  # of the training stream, on which everything is fitted
_SPACING = 0.2  # largest between neighbouring log volatilities
_MOST_LEVELS = 9
_RARE = 0.002  # share of volatilities left out on either side
_TRIALS = 8  # of the factor on risk aversion
_LEAST_FACTOR, _MOST_FACTOR = 0.1, 10.0
_LEANS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0)
_COARSE, _FINE = 101, 201  # points of the grid of holdings


@dataclass(frozen=True)
class FrozenLevel:
    """The programme of one volatility.

    Attributes:
        optimum: Its solution.
        delta: Of the book in that market, shape (decisions + 1, n_spots) [-].
    """

    optimum: Optimum
    delta: FloatArray

    def delta_at(self, step: IntArray, log_moneyness: FloatArray) -> FloatArray:
        """Delta between the points of the grid, shape (n,) [-]."""
        grid = self.optimum.log_moneyness
        place = (log_moneyness - grid[0]) / (grid[1] - grid[0])
        place = np.clip(place, 0.0, grid.size - 1.000001)
        left: IntArray = place.astype(np.int64)
        share = place - left
        found: FloatArray = (1.0 - share) * self.delta[step, left] + (
            share * self.delta[step, left + 1]
        )
        return found

    def target(
        self, seen: Mapping[str, FloatArray], log_gas: FloatArray, centre: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """Best holdings, and whether there is a trade, shape (n,) each.

        Args:
            seen: Observables of the paths, with what `OptimalPolicy` reads.
            log_gas: Of the frozen market.
            centre: Holdings of least risk in the real one.
        """
        optimum, held = self.optimum, seen["holdings"]
        step: IntArray = seen["step"].astype(np.int64)
        moved = centre - self.delta_at(step, seen["log_moneyness"])
        mine = np.where(held == 0.0, 0.0, held - moved)
        goal, grid = np.empty(held.size), optimum.log_moneyness
        look_up(
            optimum.regions.first,
            optimum.regions.last,
            optimum.regions.target,
            optimum.holdings,
            optimum.log_gas,
            float(grid[0]),
            float(grid[1] - grid[0]),
            grid.size,
            seen["log_moneyness"],
            log_gas,
            mine,
            step,
            goal,
        )
        trades = goal != mine
        return np.where(goal == 0.0, 0.0, goal + moved), trades


class FrozenOptimum:
    """Acts on the programmes of the volatilities beside the present one.

    Args:
        levels: Of each volatility.
        volatilities: Rising, shape (n_levels,) [1/sqrt(year)].
        centre: A rule whose centre is that of least risk.
        gas: Law of gas; None for none.
        seasonal: Whether the programmes know the season of gas.
        factor: f, that risk aversion was scaled by [-].
    """

    name: ClassVar[str] = "frozen-optimum"
    kind: ClassVar[PolicyKind] = "baseline"
    inputs: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(
            (
                *("log_moneyness", "log_gas", "gas_season", "holdings", "step"),
                *("implied_volatility", "delta", *VEGA_TERM_INPUTS),
                *FUNDING_LEAN_INPUTS,
            )
        )
    )

    def __init__(
        self,
        levels: tuple[FrozenLevel, ...],
        volatilities: FloatArray,
        centre: CentredRule,
        gas: GasLaw | None,
        *,
        seasonal: bool,
        factor: float,
    ) -> None:
        self.levels, self.volatilities, self.centre = levels, volatilities, centre
        self.factor = factor
        self._gas, self._seasonal = gas, seasonal

    def leaning(self, kappa: float) -> FrozenOptimum:
        """The same policy around a centre that leans to the side funding pays.

        Args:
            kappa: How far, see `hedge_env.pricing.funding_lean` [-].
        """
        leaned = copy.copy(self)
        leaned.centre = replace(self.centre, centre_funding=kappa)
        return leaned

    def reset(self, n_paths: int) -> None:
        """Nothing to forget."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Best holdings, shape (n, 1) [-]; exactly those held if none is better."""
        seen = {name: np.array(observables[name]) for name in self.inputs}
        log_gas = np.zeros(seen["step"].size)
        if self._gas is not None:
            season = 0.0 if self._seasonal else seen["gas_season"]
            log_gas = seen["log_gas"] - season - self._gas.mean
        centre = self.centre.centre(seen)
        place = self._place(seen["implied_volatility"])
        below: IntArray = np.minimum(
            place.astype(np.int64), max(len(self.levels) - 2, 0)
        )
        ends = np.zeros((2, place.size)), np.zeros((2, place.size), dtype=np.bool_)
        for side in range(min(2, len(self.levels))):
            for number, level in enumerate(self.levels):
                mine = below + side == number
                if mine.any():
                    part = {name: values[mine] for name, values in seen.items()}
                    found = level.target(part, log_gas[mine], centre[mine])
                    ends[0][side, mine], ends[1][side, mine] = found
        return between(*ends, place - below, seen["holdings"])[:, None]

    def _place(self, volatility: FloatArray) -> FloatArray:
        """Number of the level, and how far on the way to the next; shape (n,)."""
        numbers = np.arange(self.volatilities.size, dtype=np.float64)
        logs = np.log(np.maximum(volatility, self.volatilities[0]))
        place: FloatArray = np.interp(logs, np.log(self.volatilities), numbers)
        return place


def between(
    goals: FloatArray, trades: BoolArray, share: FloatArray, held: FloatArray
) -> FloatArray:
    """What the two levels want together: a mean of trades, or what the nearer does."""
    near = np.where(share < 0.5, 0, 1)
    one = np.take_along_axis(goals, near[None], axis=0)[0]
    acts = np.take_along_axis(trades, near[None], axis=0)[0]
    mixed = (1.0 - share) * goals[0] + share * goals[1]
    both = trades.all(axis=0) & (goals != 0.0).all(axis=0)
    wanted = np.where(both, mixed, one)
    result: FloatArray = np.where(acts, wanted, held)
    return result


def require_programme(config: EnvConfig) -> None:
    """Refuse a problem without such a programme, before anything is fitted.

    Args:
        config: The hedging problem.

    Raises:
        ConfigError: If the book or the costs have none.
    """
    reason = why_nothing_to_hedge(config)
    if reason is None:  # neither gas nor the numbers change what can be solved
        reason = why_unsolvable(frozen_market(config, 0.5, None, BASIS_POINT))
    if reason is not None:
        raise ConfigError(
            f"frozen-optimum cannot be solved for {config.name}: {reason}"
        )


def frozen_optimum(config: EnvConfig, risk_aversion: float) -> FrozenOptimum:
    """Solve the frozen markets of a problem, and fit what they do not know.

    Everything is fitted on paths of the training stream, the factor on risk aversion
    by what the policy then costs there.

    Args:
        config: The hedging problem; one instrument, European options.
        risk_aversion: lambda [1/notional].

    Raises:
        ConfigError: If the book or the costs have no such programme.
    """
    require_programme(config)
    ids = np.arange(_PATHS, dtype=np.int64)
    tape = record_tape(config, ids, seed=0, stream="training")
    programme = _Programme(config, tape)

    def cost(policy: FrozenOptimum) -> float:
        table = evaluate_on_tape(policy, tape, config, risk_aversion)
        return float(table.objective.mean())

    def of_factor(log_factor: float) -> FrozenOptimum:
        return programme.policy(risk_aversion, float(np.exp(log_factor)), _COARSE)

    lean = 0.0
    if pays_funding(config):
        plain = of_factor(0.0)
        lean = min(_LEANS, key=lambda kappa: cost(plain.leaning(kappa)))
    limits = np.log(_LEAST_FACTOR), np.log(_MOST_FACTOR)
    options = {"maxiter": _TRIALS, "xatol": 0.05}
    found = minimize_scalar(
        lambda log_factor: cost(of_factor(log_factor).leaning(lean)),
        bounds=limits,
        method="bounded",
        options=options,
    )
    best = programme.policy(risk_aversion, float(np.exp(found.x)), _FINE)
    return best.leaning(lean)


class _Programme:
    """What all factors on risk aversion have in common."""

    def __init__(self, config: EnvConfig, tape: MarketTape) -> None:
        self._config = config
        self._gas = gas_law(tape, config)
        self._volatilities = levels_of(tape.rows[:-1, field.IMPLIED_VOLATILITY])
        theta, phi = certain_centre(DeltaThreshold(), tape, config).tolist()
        self._centre = DeltaThreshold(centre_vega=theta, centre_smile=phi)
        unit_cost = float(tape.rows[:, field.PROPORTIONAL_COST].mean())
        self._markets = [
            frozen_market(config, volatility, self._gas, unit_cost)
            for volatility in self._volatilities.tolist()
        ]

    def policy(self, risk_aversion: float, factor: float, points: int) -> FrozenOptimum:
        """The policy of one factor, on so many holdings."""
        levels = tuple(
            FrozenLevel(
                solve(market, factor * risk_aversion, n_holdings=points),
                make_grid(market, 3, None).delta,
            )
            for market in self._markets
        )
        return FrozenOptimum(
            levels,
            self._volatilities,
            self._centre,
            self._gas,
            seasonal=self._config.episode.start_hour is not None,
            factor=factor,
        )


def levels_of(volatility: FloatArray) -> FloatArray:
    """Volatilities to solve for, rising, that cover nearly all of those seen.

    Args:
        volatility: As seen, any shape [1/sqrt(year)].
    """
    low, high = np.quantile(volatility, [_RARE, 1.0 - _RARE])
    if high <= low * (1.0 + 1e-6):
        return np.array([low])
    number = min(2 + int(np.log(high / low) / _SPACING), _MOST_LEVELS)
    levels: FloatArray = np.geomspace(low, high, number)
    return levels
