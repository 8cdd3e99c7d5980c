r"""What a pool of options earned and lost, when its net book is hedged at delta.

From one decision to the next, with the Greeks of the book as a desk reads them (what
neutralises it), its hedged profit is

.. math:: \Delta B + \Delta \, dS = \text{spread} - \text{adverse selection}
          - \tfrac12 \Gamma \, dS^2 + \tfrac12 \Gamma \sigma^2 S^2 \, dt + \text{rest},

the *spread* being price less mark of what clients traded who know nothing, *adverse
selection* mark less price of those who did (:mod:`hedge_env.book.endless.option_pool`),
and the two terms of gamma what it costs and what time brings at the implied volatility
at the money. The rest is volatility, skew, jumps and higher orders; by its definition
the sum is exact. What a policy's own holdings add is in
:mod:`hedge_env.evaluation.attribution`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.endless.option_pool.boards import totals_of
from hedge_env.book.margin_scenarios import quoted_rows
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.sections.liabilities import OptionPoolConfig
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.feeds.open import open_market

POOL_PARTS: Final = ("spread", "adverse_selection", "gamma", "theta", "rest", "hedged")
_CHUNK = 1024  # paths


def is_option_pool(config: EnvConfig) -> bool:
    """Whether a book is pools of options and nothing else, on recordable paths."""
    kinds = {leg.kind for leg in config.book.legs}
    answers = config.answering_key is not None
    alone = config.book.arrivals is None and config.book.margin == "quote"
    return kinds == {"option_pool"} and alone and not answers


def option_pool_parts(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str = "test"
) -> Mapping[str, float]:
    """Means of `POOL_PARTS` over episodes and their standard errors [bp].

    Args:
        config: A problem for which `is_option_pool`.
        path_ids: At least 2, shape (n,).
        seed: Of the market.
        stream: training, validation or test.

    Returns:
        Under `<part>_bp` and `<part>_se`.
    """
    chunks = [path_ids[low : low + _CHUNK] for low in range(0, path_ids.size, _CHUNK)]
    found = [parts_of_paths(config, ids, seed=seed, stream=stream) for ids in chunks]
    document: dict[str, float] = {}
    for name, part in zip(POOL_PARTS, np.concatenate(found, axis=1), strict=True):
        mean, error = mean_and_error(part / BASIS_POINT)
        document |= {f"{name}_bp": mean, f"{name}_se": error}
    return document


def parts_of_paths(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str
) -> FloatArray:
    """`POOL_PARTS` of each path, shape (6, n) [notional]."""
    pools = [leg for leg in config.book.legs if isinstance(leg, OptionPoolConfig)]
    market = open_market(config, path_ids.size, seed=seed, stream=stream)
    rows: FloatArray = np.zeros((field.N_FIELDS + quoted_rows(config), path_ids.size))
    market.start(path_ids, np.ones(path_ids.size, dtype=np.bool_), rows)
    parts: FloatArray = np.zeros((len(POOL_PARTS), path_ids.size))
    for _ in range(config.episode.decisions):
        before = rows.copy()
        market.advance(rows)
        move = rows[field.SPOT] - before[field.SPOT]
        gamma = before[field.GAMMA]
        sd = before[field.IMPLIED_VOLATILITY] * before[field.SPOT]
        parts[2] -= 0.5 * gamma * move**2
        parts[3] += 0.5 * gamma * sd**2 * config.episode.years_per_decision
        parts[5] += rows[field.BOOK_VALUE] - before[field.BOOK_VALUE]
        parts[5] += before[field.DELTA] * move
    memory = market.state_dict()["memory.option_pool"]
    earned, lost = totals_of(np.asarray(memory, dtype=np.float64), pools, config)
    parts[0], parts[1] = earned, -lost
    parts[4] = parts[5] - parts[:4].sum(axis=0)
    return parts
