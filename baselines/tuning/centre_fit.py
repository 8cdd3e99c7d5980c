r"""Where the centre of a rule should be, by a regression instead of a search.

A centre that is linear in its parameters, :math:`y = n + \sum_j p_j f_j`, leaves the
least risk where the increments :math:`y \, dS + dB` of the recorded market have the
least sum of squares: an ordinary regression of :math:`-(n \, dS + dB)` on
:math:`f_j \, dS`, over every decision of every path. What a trade costs plays no part.
Millions of increments fit a handful of numbers, so that they are not fitted to luck.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.field import N_MARKET_FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.config import EnvConfig
from hedge_env.desk.observables import observable_index
from hedge_env.feeds.tape import MarketTape

_CHUNK = 1000  # paths at a time
_LEAST_EIGENVALUE = 1e-10  # of the normalised moments; below, a term tells nothing


def least_variance_centre(
    rule: CentredRule, tape: MarketTape, config: EnvConfig
) -> FloatArray:
    """Values of the rule's `centre_parameters` that leave the least variance.

    Args:
        rule: What the centre is one of; its own values of them are not used.
        tape: Recorded paths of the problem.
        config: The hedging problem.

    Returns:
        One value per parameter, 0 where no increment tells anything of it; all 0 if
        the market reacts to the hedger and nothing is recorded.
    """
    size = len(rule.centre_parameters)
    moments, products = np.zeros((size, size)), np.zeros(size)
    if tape.live is not None:
        return products
    price = field.SPOT if config.market.basis is None else field.HEDGE_PRICE
    names = {
        n: row for n, row in observable_index(config).items() if row < N_MARKET_FIELDS
    }
    for low in range(0, tape.n_paths, _CHUNK):
        rows = tape.rows[:, :, low : low + _CHUNK]
        now = {
            name: rows[:-1, row].ravel()
            for name, row in names.items()
            if row < rows.shape[1]
        }
        move = np.diff(rows[:, price], axis=0).ravel()
        left = np.diff(rows[:, field.BOOK_VALUE], axis=0).ravel()
        left += rule.neutral(now) * move
        moved = rule.centre_terms(now) * move
        moments += moved @ moved.T
        products -= moved @ left
    return _solve(moments, products)


def _solve(moments: FloatArray, products: FloatArray) -> FloatArray:
    """Least-squares solution; directions without any variance stay at 0."""
    scale = np.sqrt(np.diag(moments))
    scale = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(moments / np.outer(scale, scale))
    kept = values > _LEAST_EIGENVALUE
    inverse = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    solution: FloatArray = (
        (vectors * inverse) @ (vectors.T @ (products / scale)) / scale
    )
    return solution
