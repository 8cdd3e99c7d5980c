r"""What each decision of each path may see next: weighted draws of the next rows.

For every decision of simulated paths, `next_rows` gives the present rows and, of the
same market state, many draws of the rows one decision later, with their weights. The
draws are those of `market/engine/inner_draws`, from a stream of random numbers of its
own: none of them is the path's own next step, so that

.. math:: f(x_{k+1}) - \sum_d w_d f(x^d_{k+1})

has mean zero for every function f that may depend on the path up to decision k.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.listed_options import least_rows
from hedge_env.config import EnvConfig
from hedge_env.feeds.quoted_paths import QuotedPaths
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.draw_plan import DrawPlan
from hedge_env.market.engine.inner_draws import advance_draws
from hedge_env.numerics.philox import STREAMS, stream_key


class Outlook(NamedTuple):
    """One decision of a batch of paths and what may come of it.

    Attributes:
        rows: Present rows, shape (rows, n); overwritten by the next decision.
        drawn: Draws of the next rows, shape (rows, n, draws); overwritten as well.
        weights: Of the draws, shape (n, draws); their sum is one in expectation.
        after: The path's own next rows, shape (rows, n).
        state: Market state of the present rows, shape (N_STATES, n); overwritten too.
        drawn_state: That of the draws, shape (N_STATES, n, draws).
        state_after: That of the path's own next rows, shape (N_STATES, n).
    """

    rows: FloatArray
    drawn: FloatArray
    weights: FloatArray
    after: FloatArray
    state: FloatArray
    drawn_state: FloatArray
    state_after: FloatArray


def inner_key(seed: int, stream: str, lot: int = 1) -> tuple[np.uint32, np.uint32]:
    """Key of the inner draws, which share no numbers with any stream of paths.

    Args:
        seed: Of all streams.
        stream: Of the paths.
        lot: Another one has other draws; 2 are the starts of `risk/surprises`.
    """
    spawned = np.random.SeedSequence(seed, spawn_key=(STREAMS.index(stream), lot))
    words = spawned.generate_state(2, np.uint32)
    return words[0], words[1]


def why_no_draws(config: EnvConfig) -> str | None:
    """What keeps a market from being drawn from a present state; None if nothing."""
    if config.replay is not None:
        return "recorded days happened once"
    if config.answering_key is not None:
        return f"it answers to what is decided ({config.answering_key})"
    return None


def next_rows(
    config: EnvConfig,
    path_ids: IntArray,
    plan: DrawPlan,
    *,
    seed: int,
    stream: str,
    lot: int = 1,
) -> Iterator[Outlook]:
    """Every decision of some paths, with draws of what comes next.

    Args:
        config: The hedging problem.
        path_ids: Shape (n,); all draws of all of them are in memory at a time.
        plan: The draws, see `draw_plan`.
        seed: Of all streams.
        stream: training, validation or test.
        lot: Of the draws, see `inner_key`.

    Yields:
        One outlook per decision, in their order.

    Raises:
        ConfigError: If the market cannot be drawn from a present state.
    """
    reason = why_no_draws(config)
    if reason is not None:
        raise ConfigError(f"{config.name}: no draws of what comes next: {reason}")
    quotes, n = quote_params(config), path_ids.size
    draws = plan.still + plan.jumps + plan.regime
    n_rows = least_rows(quotes.listed.n_slots)
    paths = QuotedPaths(quotes, n, stream_key(seed, stream), config)
    rows, after = np.zeros((n_rows, n)), np.zeros((n_rows, n))
    everyone = np.ones(n, dtype=np.bool_)
    paths.start(path_ids, everyone)
    paths.quote_start(after, everyone)
    drawn, weights = np.zeros((n_rows, n * draws)), np.zeros(n * draws)
    copies = QuotedPaths(quotes, n * draws, inner_key(seed, stream, lot), config)
    copies.path_ids[...] = (path_ids[:, None] * draws + np.arange(draws)).ravel()
    state = np.empty_like(paths.state)
    for _ in range(config.episode.decisions):
        rows[...], state[...] = after, paths.state
        copies.branch_off(paths, draws)
        arrays = copies.state, copies.path_ids, copies.counters
        advance_draws(*arrays, weights, copies.key, plan, quotes.market)
        copies.steps += 1
        copies.quote(drawn, advance=False)
        paths.quote(after, advance=True)
        yield Outlook(
            rows=rows,
            drawn=drawn.reshape(n_rows, n, draws),
            weights=weights.reshape(n, draws),
            after=after,
            state=state,
            drawn_state=copies.state.reshape(-1, n, draws),
            state_after=paths.state,
        )
