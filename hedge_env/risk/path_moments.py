r"""Conditional moments of the next move along simulated paths, by inner draws.

With :math:`e = \delta\, dS + dB`, the increment of the reference delta, the risk of any
holdings over the next interval is a parabola in their distance from delta,

.. math:: q_k(y) = E_k[(y\, dS + dB)^2]
          = (y - \delta)^2 E_k[dS^2] + 2 (y - \delta) E_k[dS\, e] + E_k[e^2],

so that three numbers of a path's decision say everything about it. They do not depend
on what is held: computed once, they serve every policy and every risk aversion. Two
things come of them, and the surprises of the same draws stand beside:

* the *floor*, :math:`\sum_k q_k(y^*_k)`, the risk that the best holdings leave. Those
  are fitted on other paths, by `minimum_variance`: the minimum of a parabola with the
  noise of a few draws would be far too low. Where nothing but spot is random, the draws
  are quadrature nodes, the parabola is exact, and so is its minimum;
* a *control variate*: the expected instead of the squared increments of what was held,
  :math:`\sum_k q_k(y_k)`, have the same mean and a fraction of the spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.desk.orders import order_params
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.draw_plan import DrawPlan, draw_plan, node_plan
from hedge_env.risk.minimum_variance import MinimumVariance, fit_minimum_variance
from hedge_env.risk.next_rows import Outlook, next_rows, why_no_draws
from hedge_env.risk.state_functions import N_FUNCTIONS
from hedge_env.risk.surprises import N_CONTROLS, Surprises, start_surprises

_CHUNK = 512  # paths whose draws are in memory at a time
_NODES = 48  # of the shock of spot, where nothing else is random
_FITTED = 16_384  # training paths that the best holdings are fitted on


@dataclass(frozen=True)
class PathMoments:
    """Moments of every decision of some paths; unbiased, with the noise of the draws.

    Attributes:
        path_ids: Shape (n,).
        square: E_k[dS^2], shape (decisions, n) [S_0^2].
        product: E_k[dS e], the same shape [S_0 x notional].
        risk: E_k[e^2], the same shape [notional^2].
        best_offset: y* - delta, the best holdings without cost, the same shape [-].
        controls: Numbers of mean zero that tell how lucky each path was, shape
            (N_CONTROLS, n) [-]; see `surprises`.
    """

    path_ids: IntArray
    square: FloatArray
    product: FloatArray
    risk: FloatArray
    best_offset: FloatArray
    controls: FloatArray

    @property
    def floor(self) -> FloatArray:
        """Sum of the risk that the best holdings leave, shape (n,) [notional^2]."""
        steps = range(self.risk.shape[0])
        left = [self.risk_at(step, self.best_offset[step]) for step in steps]
        total: FloatArray = np.sum(left, axis=0)
        return total

    def risk_at(self, step: int, offset: FloatArray) -> FloatArray:
        """Mean square of the next increment, q_k, shape (n,) [notional^2].

        Args:
            step: Decision k.
            offset: Holdings minus the reference delta, shape (n,) [-].
        """
        slope = offset * self.square[step] + 2.0 * self.product[step]
        found: FloatArray = offset * slope + self.risk[step]
        return found


def why_no_moments(config: EnvConfig) -> str | None:
    """What keeps a problem from a floor and expected squares; None if nothing."""
    if config.execution.option is not None:
        return "options are traded too, of which these moments know nothing"
    return why_no_draws(config)


def path_moments(
    config: EnvConfig,
    path_ids: IntArray,
    *,
    seed: int,
    stream: str,
    plan: DrawPlan | None = None,
) -> PathMoments:
    """Conditional moments along paths.

    Args:
        config: The hedging problem.
        path_ids: Shape (n,).
        seed: Of all streams.
        stream: training, validation or test.
        plan: Draws of each decision; None: those of `draw_plan`.

    Raises:
        ConfigError: If the problem has none, see `why_no_moments`.
    """
    reason = why_no_moments(config)
    if reason is not None:
        raise ConfigError(f"{config.name}: no expected squares: {reason}")
    exact = only_spot_moves(config)
    if plan is None:
        market = quote_params(config).market
        plan = node_plan(_NODES) if exact else draw_plan(market)
    best = None if exact else _fitted(config.model_dump_json(), seed)
    price, decisions = order_params(config).price_row, config.episode.decisions
    moments = np.empty((4, decisions, path_ids.size))
    controls = np.empty((N_CONTROLS, path_ids.size))
    for low in range(0, path_ids.size, _CHUNK):
        part = slice(low, min(low + _CHUNK, path_ids.size))
        ids = path_ids[part]
        surprises = Surprises(ids.size, decisions)
        outlooks = next_rows(config, ids, plan, seed=seed, stream=stream)
        for step, outlook in enumerate(outlooks):
            rows = outlook.rows
            moments[:3, step, part] = _moments(outlook, price)
            if best is not None:
                moments[3, step, part] = best.holdings(rows) - rows[field.DELTA]
            surprises.add(outlook)
        controls[:N_FUNCTIONS, part] = surprises.total.T
        others = start_surprises(config, ids, seed=seed, stream=stream)
        controls[N_FUNCTIONS:, part] = others.T
    if exact:
        moments[3] = -moments[1] / np.maximum(moments[0], 1e-300)
    square, product, risk, offset = moments
    return PathMoments(
        path_ids=path_ids.copy(),
        square=square,
        product=product,
        risk=risk,
        best_offset=offset,
        controls=controls,
    )


def _moments(outlook: Outlook, price: int) -> list[FloatArray]:
    """E_k of dS^2, dS e and e^2, shape (n,) each."""
    rows, drawn, weights = outlook.rows, outlook.drawn, outlook.weights
    move = drawn[price] - rows[price][:, None]
    change = drawn[field.BOOK_VALUE] - rows[field.BOOK_VALUE][:, None]
    error = rows[field.DELTA][:, None] * move + change
    found = [weights * move**2, weights * move * error, weights * error**2]
    return [each.sum(axis=1) for each in found]


def only_spot_moves(config: EnvConfig) -> bool:
    """Whether the next price and book value are functions of one normal number."""
    parts = quote_params(config).market.parts
    others = (parts.jumps, parts.volatility, parts.surface, parts.sabr, parts.heston)
    book = config.book
    drawn = book.arrivals is not None or any(leg.is_drawn for leg in book.legs)
    crowded = parts.crowd or config.market.contagion is not None
    return not (any(others) or parts.basis or crowded or drawn)


@lru_cache(maxsize=8)
def _fitted(document: str, seed: int) -> MinimumVariance:
    """Best holdings of a problem, fitted once."""
    config = EnvConfig.model_validate_json(document)
    return fit_minimum_variance(config, seed=seed, n_paths=_FITTED)
