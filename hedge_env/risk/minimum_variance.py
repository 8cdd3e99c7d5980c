r"""The holdings that leave the least risk of one interval, fitted by regression.

With the move :math:`dS` of the hedge instrument and the change :math:`dB` of the book's
value over the next decision interval, the holdings

.. math:: y^*(x) = \arg\min_y E_k[(y\, dS + dB)^2] = -E_k[dS\, dB] / E_k[dS^2]

are sought as :math:`\delta + \sum_j b_j \varphi_j(x)`, the reference delta plus a sum
of the features of `state_features`. The coefficients minimise
:math:`\sum (y\, dS + dB)^2` over all decisions of paths that nothing else uses, those
of the training stream: one linear regression of :math:`-(\delta\, dS + dB)` on
:math:`\varphi\, dS`. :math:`A(x) = E_k[dS^2]` is fitted in the same way, as
:math:`S^2` times a sum of squares of volatilities.

Interface::

    fitted = fit_minimum_variance(config)          # seconds; the same numbers each time
    y = fitted.holdings(rows)                      # (n,), y*(x)
    a = fitted.price_variance(rows)                # (n,), A(x) = E_k[dS^2]
    document = fitted.to_document()                # plain numbers for JSON
    fitted = MinimumVariance.from_document(document)

`rows` are those of a batch or a tape at one decision, shape (rows, n). `informed=False`
fits what a policy can know that does not see the diffusive volatility.

Source: Hull and White (2017), "Optimal delta hedging for options", Journal of Banking
and Finance 82, for the one-number form of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.desk.orders import order_params
from hedge_env.feeds.tape import record_tapes
from hedge_env.risk.state_features import (
    BLOCK,
    N_FEATURES,
    add_features,
    add_terms,
    state_features,
)

_RIDGE = 1e-6  # of the diagonal: features may be multiples of each other
_VARIANCES = 8  # terms of the variance of spot
_LEAST_SHARE = 0.05  # of the diffusive variance, below which no variance is fitted
_CHUNK = 4096  # paths kept in memory at a time


@dataclass(frozen=True)
class MinimumVariance:
    """Fitted best holdings without cost, and the variance of the price.

    Attributes:
        coefficients: b, one for each of the features [-].
        variances: Of `price_variance`, one for each of its terms [year].
        level: Volatility that the features are relative to [1/sqrt(year)].
        interval: Between two decisions [year].
        informed: Whether the diffusive volatility of the next step is known.
    """

    coefficients: tuple[float, ...]
    variances: tuple[float, ...]
    level: float
    interval: float
    informed: bool

    def holdings(self, rows: FloatArray) -> FloatArray:
        """Holdings y* of least risk, not clipped to any bounds, shape (n,) [-].

        Args:
            rows: Present rows, shape (rows, n).
        """
        found: FloatArray = rows[field.DELTA].copy()
        coefficients = np.array(self.coefficients)
        add_features(rows, self.level, self.informed, coefficients, found)
        return found

    def price_variance(self, rows: FloatArray) -> FloatArray:
        """Mean square A of the next move of the price, not negative [S_0^2].

        Args:
            rows: Present rows, shape (rows, n).
        """
        found: FloatArray = np.empty(rows.shape[1])
        least, variances = _LEAST_SHARE * self.interval, np.array(self.variances)
        _fill_variance(rows, self.informed, variances, least, found)
        return found

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `to_document` wrote.

        Raises:
            ConfigError: If it is something else.
        """
        try:
            found = cls(
                tuple(float(x) for x in document["coefficients"]),
                tuple(float(x) for x in document["variances"]),
                float(document["level"]),
                float(document["interval"]),
                bool(document["informed"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"these are no fitted holdings of least risk ({error!r}); write them "
                "with to_document"
            ) from None
        sizes = len(found.coefficients), len(found.variances)
        numbers = (*found.coefficients, *found.variances, found.level, found.interval)
        if sizes != (N_FEATURES, _VARIANCES) or not all(map(math.isfinite, numbers)):
            raise ConfigError(
                f"fitted holdings of least risk have {N_FEATURES} coefficients and "
                f"{_VARIANCES} variances, all finite, not {sizes[0]} and {sizes[1]}; "
                "fit them again"
            )
        return found


def fit_minimum_variance(
    config: EnvConfig,
    *,
    seed: int = 0,
    stream: str = "training",
    n_paths: int = 16_384,
    informed: bool = True,
) -> MinimumVariance:
    """Fit holdings of least risk and the price's variance; see the module docstring.

    Args:
        config: The hedging problem; of recorded days those of the stream are fitted.
        seed: Of the paths.
        stream: Of the paths; another one than where the result is used.
        n_paths: Number of paths, at least 1.
        informed: Whether the diffusive volatility of the next step is known.

    Raises:
        ConfigError: If the market reacts to what is held.
    """
    if config.answering_key is not None:
        raise ConfigError(
            f"{config.answering_key} makes the market react to what is decided, so "
            "that no holdings of least risk exist apart from a policy; set it to its "
            "default"
        )
    square = np.zeros((N_FEATURES, N_FEATURES))
    product = np.zeros(N_FEATURES)
    variance_square = np.zeros((_VARIANCES, _VARIANCES))
    variance_product = np.zeros(_VARIANCES)
    level = max(config.market.volatility.level, 1e-6)
    for rows, move, change in _intervals(config, seed, stream, n_paths):
        features = state_features(rows, level, informed=informed) * move
        square += features @ features.T
        product -= features @ (rows[field.DELTA] * move + change)
        terms = _variance_terms(rows, informed=informed)
        weight = 1.0 / np.maximum(terms[:3].max(axis=0), 1e-12) ** 2
        variance_square += (weight * terms) @ terms.T
        variance_product += terms @ (weight * (move / rows[field.SPOT]) ** 2)
    return MinimumVariance(
        tuple(solve_scaled(square, product).tolist()),
        tuple(solve_scaled(variance_square, variance_product).tolist()),
        level,
        interval_years(config),
        informed,
    )


def interval_years(config: EnvConfig) -> float:
    """Time between two decisions [year]."""
    episode = config.episode
    return float(episode.decision_interval_hours) / 24.0 / episode.days_per_year


def solve_scaled(square: FloatArray, product: FloatArray) -> FloatArray:
    """Solve normal equations, each unknown in units of its own size.

    Args:
        square: Symmetric, not negative, shape (m, m).
        product: Shape (m,).

    Returns:
        Shape (m,); zero where nothing is known about an unknown.
    """
    size = np.sqrt(np.diag(square))
    known = size > 0.0
    size = np.where(known, size, 1.0)
    scaled = square / np.outer(size, size) + _RIDGE * np.eye(size.size)
    solution: FloatArray = np.linalg.solve(scaled, product / size) / size
    return np.where(known, solution, 0.0)


def _intervals(
    config: EnvConfig, seed: int, stream: str, n_paths: int
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Rows of every decision of every path, move of the price, change of the book."""
    price = order_params(config).price_row
    for tape in record_tapes(config, n_paths, _CHUNK, seed=seed, stream=stream):
        for rows, after in pairwise(tape.rows):
            change = after[field.BOOK_VALUE] - rows[field.BOOK_VALUE]
            yield rows, after[price] - rows[price], change


def _variance_terms(rows: FloatArray, *, informed: bool) -> FloatArray:
    """Squares of volatilities, the diffusive one with the hour, shape (terms, n)."""
    terms: FloatArray = np.empty((_VARIANCES, rows.shape[1]))
    _fill_terms(Tile(rows, 0, rows.shape[1]), informed, terms)
    return terms


@kernel
def _fill_terms(rows: Tile, informed: bool, out: FloatArray) -> None:
    implied = part(rows, field.IMPLIED_VOLATILITY)
    realised = part(rows, field.REALISED_VOLATILITY)
    true = part(rows, field.TRUE_VOLATILITY) if informed else realised
    sine, cosine = part(rows, field.HOUR_SIN), part(rows, field.HOUR_COS)
    for i in range(implied.size):
        out[0, i] = true[i] * true[i]
        out[1, i] = implied[i] * implied[i]
        out[2, i] = realised[i] * realised[i]
        out[3, i] = true[i] * implied[i]
        out[4, i] = out[0, i] * sine[i]
        out[5, i] = out[0, i] * cosine[i]
        out[6, i] = implied[i] * realised[i]
        out[7, i] = 1.0


@kernel
def _fill_variance(
    rows: FloatArray,
    informed: bool,
    variances: FloatArray,
    least: float,
    found: FloatArray,
) -> None:
    """Write the mean square of the price's move, bounded from below."""
    terms = np.empty((_VARIANCES, BLOCK))
    for low in range(0, found.size, BLOCK):
        tile = Tile(rows, low, min(low + BLOCK, found.size))
        spot, rates = part(tile, field.SPOT), found[tile.low : tile.high]
        _fill_terms(tile, informed, terms)
        rates[:] = 0.0
        add_terms(variances, terms, rates)
        for i in range(rates.size):
            largest = max(terms[0, i], terms[1, i], terms[2, i])
            rates[i] = spot[i] * spot[i] * max(rates[i], least * largest)
