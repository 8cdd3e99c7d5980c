r"""The value of all holdings in any market, by regression on costs-to-go.

The market does not react to what is held, so that one pass back over a path tells what
a policy costs from every decision on, for *every* holding at once. The pass goes over
many paths together. At decision k, from what keeping a holding y turned out to cost on
each path,

.. math:: T_k(y) = \lambda A_k [(y - y^*_k)^2 - (m_k - y^*_k)^2] + y f_{k+1}
                    + W_{k+1}(y)

with :math:`\lambda A, y^*` the fitted curvature and least of risk and expected funding,
m the centre of the grid, f the funding of a unit beyond what was expected and W the
cost-to-go, its expectation given the state follows by a linear regression for each
point x of a grid around the centre (see `scene`) of

.. math:: \frac{W_{k+1}(y) - W_{k+1}(m) + (y - m) f_{k+1}}{F + c\,\ell (1 + |x|)}
          \quad \text{on features } \varphi_j .

The policy then trades as the expectation says, :math:`W_k` is what that costs on each
path, and the pass goes on (Longstaff and Schwartz 2001, for all holdings; what is
regressed is known after the trade, so that fixed costs stay exact). Sums of products
of later decisions count `_MEMORY` less each decision, which smooths over time.

What holds for all holdings alike is left out: no trade and no bound depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.baselines.value.scene import Ruler, Scene, outline_of, scene_of
from hedge_env.baselines.value.sweeps import act_on_tables, add_values
from hedge_env.baselines.value.tables import (
    POINTS,
    REACH,
    excess_of,
    flat_gain,
    hold_on_paths,
    liquidation_tables,
)
from hedge_env.config import EnvConfig
from hedge_env.desk.orders import order_params
from hedge_env.feeds.tape import record_tape
from hedge_env.risk.minimum_variance import MinimumVariance, fit_minimum_variance

_MEMORY = 0.8  # of the sums of a later decision
_TRUST = 0.8  # of what happens on a path against what is expected
_RIDGE = 1e-4  # of the diagonal


@dataclass(frozen=True)
class HoldingsValue:
    """Expected cost-to-go after the trade, for all holdings, at every decision.

    Attributes:
        coefficients: Shape (decisions, n_features, points + 1); the last column is what
            being exactly flat gains, in fixed costs.
        slow: Holdings of least risk that the grid of a state is around.
        best: Those of the next step, and the variance of the price.
        risk_aversion: lambda [1/notional].
        price_row: Of the hedge instrument.
        charged_at_end: 1 if liquidation is charged, else 0.
        carry: Expected funding of a unit over each step, shape (decisions + 3, 2); the
            last row is that of a usual step.
    """

    coefficients: FloatArray
    slow: MinimumVariance
    best: MinimumVariance
    risk_aversion: float
    price_row: int
    charged_at_end: float
    carry: FloatArray

    @property
    def reach(self) -> float:
        """Largest x of the grid."""
        return REACH

    def scene(self, step: int, rows: FloatArray) -> Scene:
        """Describe states of a decision, shape (rows, n), for this value."""
        return scene_of(rows, self.ruler, self.carry[[step, step + 1, -1]])

    def outline(self, step: int, rows: FloatArray) -> Scene:
        """The scene without the features that this value reads."""
        return outline_of(rows, self.ruler, self.carry[[step, step + 1, -1]])

    @property
    def ruler(self) -> Ruler:
        """What holdings are measured by."""
        return Ruler(
            risk_aversion=self.risk_aversion,
            slow=self.slow,
            best=self.best,
            price_row=self.price_row,
        )

    @property
    def decisions(self) -> int:
        """Of an episode."""
        return int(self.coefficients.shape[0])

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

        It knows no more of the states than the rows tell.
        """
        del states
        scene = self.scene(step, rows.reshape(rows.shape[0], -1))
        add_values(self.ratios(step, scene), REACH, *scene[:7], weights, y, out)

    def ratios(self, step: int, scene: Scene) -> FloatArray:
        """What `sweeps.keep_all` reads, shape (n, points + 1); zeros at the end."""
        if step >= self.coefficients.shape[0]:
            return np.zeros((scene.centre.size, self.coefficients.shape[2]))
        return _read(self.coefficients[step], scene)


def fit_value(
    config: EnvConfig,
    risk_aversion: float,
    *,
    informed: bool = True,
    seed: int = 0,
    n_paths: int = 8192,
) -> HoldingsValue:
    """Regress the value of all holdings on paths of the training stream.

    Args:
        config: The hedging problem; its paths must not depend on what is held.
        risk_aversion: lambda, positive [1/notional].
        informed: Whether the diffusive volatility of the next step is known.
        seed: Of the paths.
        n_paths: Number of paths.

    Raises:
        ConfigError: If the market reacts to what is held.
    """
    slow = fit_minimum_variance(config, seed=seed, informed=False)
    best = fit_minimum_variance(config, seed=seed) if informed else slow
    ids = np.arange(n_paths, dtype=np.int64)
    rows = record_tape(config, ids, seed=seed, stream="training").rows
    price_row, decisions = order_params(config).price_row, config.episode.decisions
    paid = 1.0 if config.execution.instrument == "perp" else 0.0
    charged = 1.0 if config.execution.charge_liquidation else 0.0
    carry = _carry(rows, price_row) * paid
    value = HoldingsValue(
        np.empty((0, 0, 0)), slow, best, risk_aversion, price_row, charged, carry
    )
    following = value.scene(decisions, rows[-1])
    went = liquidation_tables(following, charged)
    sums, found = _Sums(following.features.shape[0]), []
    for step in reversed(range(decisions)):
        scene = value.scene(step, rows[step])
        funding = paid * rows[step + 1][field.FUNDING_ACCRUED]
        realised = hold_on_paths(scene, following, went, funding - scene.paid)
        coefficients = sums.regress(scene, realised)
        went = np.empty_like(realised)
        ratios = _read(coefficients, scene)
        act_on_tables(ratios, REACH, *scene[:7], realised, _TRUST, went)
        found.append(coefficients)
        following = scene
    return replace(value, coefficients=np.array(found[::-1]))


def _read(coefficients: FloatArray, scene: Scene) -> FloatArray:
    """Ratios; being flat saves one fixed cost at most."""
    found: FloatArray = scene.features.T @ coefficients
    found[:, -1] = np.maximum(found[:, -1], -1.0)
    return found


def _carry(rows: FloatArray, price_row: int) -> FloatArray:
    """Funding of a unit over each step, of spot and of spot times the present rate.

    Whether a step has a settlement is a matter of the clock alone, so that every step
    has numbers of its own.

    Args:
        rows: Of all decisions, shape (decisions + 1, rows, n).
        price_row: Of the hedge instrument.

    Returns:
        Shape (decisions + 3, 2): two steps after the last one have none, and the last
        row is their mean.
    """
    found = np.zeros((rows.shape[0] + 2, 2))
    for step in range(rows.shape[0] - 1):
        price = rows[step, price_row]
        known = np.array([price, price * rows[step, field.FUNDING_RATE]])
        accrued = rows[step + 1, field.FUNDING_ACCRUED]
        found[step] = np.linalg.lstsq(known.T, accrued, rcond=None)[0]
    found[-1] = found[: rows.shape[0] - 1].mean(axis=0)
    return found


class _Sums:
    """Sums of products of the regressions, fading as the pass goes back."""

    def __init__(self, n_features: int) -> None:
        square = np.zeros((n_features, n_features))
        self._square, self._product = square, np.zeros((n_features, POINTS))
        self._flat_square, self._flat_product = square, np.zeros(n_features)

    def regress(self, scene: Scene, realised: FloatArray) -> FloatArray:
        """Coefficients of a decision, shape (n_features, points + 1)."""
        features, excess = scene.features, excess_of(scene, realised)
        self._square = _MEMORY * self._square + features @ features.T
        self._product = _MEMORY * self._product + features @ excess
        gain, weight = flat_gain(scene, realised)
        weighted = features * weight
        self._flat_square = _MEMORY * self._flat_square + weighted @ features.T
        self._flat_product = _MEMORY * self._flat_product + weighted @ gain
        return np.column_stack(
            [
                _solve(self._square, self._product),
                _solve(self._flat_square, self._flat_product[:, None]),
            ]
        )


def _solve(square: FloatArray, product: FloatArray) -> FloatArray:
    """Normal equations, each unknown in units of its size; 0 where nothing is known."""
    size = np.sqrt(np.diag(square))
    known = size > 1e-9
    size = np.where(known, size, 1.0)
    scaled = square / np.outer(size, size) + _RIDGE * np.eye(size.size)
    solution = np.linalg.solve(scaled, product / size[:, None]) / size[:, None]
    found: FloatArray = np.where(known[:, None], solution, 0.0)
    return found
