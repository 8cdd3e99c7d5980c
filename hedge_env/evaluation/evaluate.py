"""Any policy on common paths, one table of episodes per policy.

Everything that is compared goes through here: rules while they are tuned, agents
while they train, and the tables of a report.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import TypeAlias

import numpy as np

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord, Totals
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.episode_table import (
    EpisodeTable,
    concatenate,
    without_luck,
)
from hedge_env.evaluation.expected_squares import ExpectedSquares
from hedge_env.feeds.tape import MarketTape, paths_that_fit, record_tape
from hedge_env.policies.policy import Policy
from hedge_env.risk.path_moments import PathMoments, path_moments, why_no_moments

__all__ = [
    "Entry",
    "EpisodeTable",
    "Observer",
    "Progress",
    "concatenate",
    "episode_table",
    "evaluate",
    "evaluate_controlled",
    "evaluate_on_tape",
]

Entry: TypeAlias = tuple[Policy, float | None]
Progress: TypeAlias = Callable[[int, int], None]
Chunk: TypeAlias = tuple[list[EpisodeTable], FloatArray | None]
# Called after each decision with the rows before it, its record, and the rows after.
Observer: TypeAlias = Callable[[FloatArray, StepRecord, FloatArray], None]


def evaluate(
    entries: Sequence[Entry],
    config: EnvConfig,
    *,
    n_episodes: int,
    seed: int = 0,
    stream: str = "test",
    first_path: int = 0,
    chunk_size: int = 4096,
    threads: int = 1,
    progress: Progress | None = None,
    controlled: bool = False,
) -> list[EpisodeTable]:
    """Run every policy through the same episodes.

    The results do not depend on `chunk_size` or `threads`; what was luck on a path is
    judged by all of them.

    Args:
        entries: Policies, each with the risk aversion it is to act at [1/notional];
            None means the config's.
        config: The hedging problem.
        n_episodes: Number of paths.
        seed: Seed of the market.
        stream: training, validation or test.
        first_path: Path ids are first_path, first_path + 1, ...
        chunk_size: Paths simulated and kept in memory at a time, per thread; fewer if
            so many do not fit.
        threads: Chunks that run at the same time.
        progress: Called with episodes done and to do, all entries counted.
        controlled: Whether to look into expected squares, floor and luck, once for
            all entries; left out where `why_no_moments` gives a reason.

    Returns:
        One table per entry, in their order.

    Raises:
        HedgeError: If a policy reads what the config does not show.
        ValueError: If a count is not positive, or a policy's target is not usable.
    """
    for name, value in (("n_episodes", n_episodes), ("chunk_size", chunk_size)):
        if value < 1:
            raise ValueError(f"{name} = {value} must be at least 1")
    last = first_path + n_episodes
    chunk_size = min(chunk_size, max(1, paths_that_fit(config) // threads))

    def run(start: int) -> Chunk:
        path_ids = np.arange(start, min(start + chunk_size, last), dtype=np.int64)
        tape = record_tape(config, path_ids, seed=seed, stream=stream)
        moments = None
        if controlled and why_no_moments(config) is None:
            moments = path_moments(config, path_ids, seed=seed, stream=stream)
        tables = [
            evaluate_controlled(policy, tape, config, level, moments)
            for policy, level in entries
        ]
        return tables, None if moments is None else moments.controls

    chunks: list[list[EpisodeTable]] = []
    controls: list[FloatArray] = []
    done = 0
    for tables, surprises in _ordered(
        run, range(first_path, last, chunk_size), threads
    ):
        chunks.append(tables)
        controls += [] if surprises is None else [surprises]
        done += sum(table.n_episodes for table in tables)
        if progress is not None:
            progress(done, n_episodes * len(entries))
    whole = [concatenate(tables) for tables in zip(*chunks, strict=True)]
    return without_luck(whole, np.hstack(controls)) if controls else whole


def evaluate_controlled(
    policy: Policy,
    tape: MarketTape,
    config: EnvConfig,
    risk_aversion: float | None,
    moments: PathMoments | None,
) -> EpisodeTable:
    """Run a policy as `evaluate_on_tape`, with expected squares and floor.

    Args:
        policy: Left as it is.
        tape: From `record_tape` with the same config.
        config: The hedging problem.
        risk_aversion: lambda to act at [1/notional]; None means the config's.
        moments: Of the paths of the tape; None looks into neither.
    """
    if moments is None:
        return evaluate_on_tape(policy, tape, config, risk_aversion)
    seen = ExpectedSquares(config, moments)
    table = evaluate_on_tape(policy, tape, config, risk_aversion, observer=seen)
    return replace(
        table,
        expected_squares=table.squared_increments - seen.surprise,
        floor_squares=moments.floor,
    )


def evaluate_on_tape(
    policy: Policy,
    tape: MarketTape,
    config: EnvConfig,
    risk_aversion: float | None = None,
    *,
    observer: Observer | None = None,
) -> EpisodeTable:
    """Run a policy through the episodes of a recorded market.

    Args:
        policy: Left as it is: a shallow copy runs.
        tape: From `record_tape` with the same config.
        config: The hedging problem.
        risk_aversion: lambda to act at [1/notional]; None means the config's.
        observer: Looks on; the arrays it is given are overwritten afterwards.

    Raises:
        HedgeError: If the policy reads what the config does not show.
        ValueError: If a target has the wrong shape or is not finite.
    """
    policy = copy.copy(policy)  # its state, if it has any, is then its own
    n = tape.path_ids.size
    batch = HedgeBatch(config, n, market=tape.open())
    batch.reset(tape.path_ids, risk_aversion=risk_aversion)
    _check_inputs(policy, batch.observables().keys())
    policy.reset(n)
    aversion = batch.observables()["risk_aversion"].copy()
    for _ in range(batch.n_decisions):
        given = policy.target(batch.observables())
        target = batch.complete(given, policy.name).T
        if not np.isfinite(target).all():
            raise ValueError(f"{policy.name} gave targets that are no finite numbers")
        before = batch.rows
        record = batch.advance(target)
        if observer is not None:
            observer(before, record, batch.rows)
    return episode_table(policy, tape.path_ids, aversion, batch.totals)


def episode_table(
    policy: Policy, path_ids: IntArray, risk_aversion: FloatArray, totals: Totals
) -> EpisodeTable:
    """Name the sums of finished episodes; copies.

    Args:
        policy: What was run.
        path_ids: Shape (n,).
        risk_aversion: lambda of each path, shape (n,) [1/notional].
        totals: Of the episodes.
    """
    return EpisodeTable(
        policy=policy.name,
        kind=policy.kind,
        path_id=path_ids.copy(),
        risk_aversion=risk_aversion.copy(),
        cost_components=totals.cost_components.copy(),
        tracking=totals.hedge_pnl + totals.book_pnl,
        squared_increments=totals.squared_increments.copy(),
        trades=totals.trades.copy(),
        turnover=totals.turnover.copy(),
    )


def _check_inputs(policy: Policy, shown: Iterable[str]) -> None:
    hidden = sorted(set(policy.inputs) - set(shown))
    if hidden:
        raise HedgeError(
            f"{policy.name} reads {', '.join(hidden)}, which this config does not "
            "show to policies"
        )


def _ordered(
    run: Callable[[int], Chunk], starts: Iterable[int], threads: int
) -> Iterable[Chunk]:
    """Results of `run` in the order of `starts`, at most `threads` at a time."""
    if threads <= 1:
        yield from map(run, starts)
        return
    waiting = iter(starts)
    pool = ThreadPoolExecutor(threads)
    try:
        running = [pool.submit(run, start) for start in islice(waiting, threads)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(run, start) for start in islice(waiting, 1)]
    finally:
        pool.shutdown(cancel_futures=True)
