"""Policies on common test paths: what each did, and a summary of it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.attribution import attribute
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate
from hedge_env.feeds.tape import paths_that_fit
from hedge_env.policies.policy import Policy
from hedge_env.training.output.console import counter
from hedge_env.training.results.findings import leader
from hedge_env.training.results.investors.chains import chains_entry
from hedge_env.training.results.investors.contagion import contagion_entry
from hedge_env.training.results.investors.pools import pool_parts
from hedge_env.training.results.investors.vault import keeper_entry, pool_entry
from hedge_env.training.results.recorded_market import with_replay
from hedge_env.training.results.summary import (
    Contender,
    PolicyRow,
    Summary,
    build_summary,
)

__all__ = ["Comparison", "is_contested", "measure", "premium_bp"]

_ATTRIBUTED = 4096  # test paths on which the source of profit is looked into


@dataclass(frozen=True)
class Comparison:
    """A summary and what it was made from; the sequences run in parallel.

    Attributes:
        summary: The document.
        config: The hedging problem.
        contenders: What was measured.
        policies: The policies themselves, with tuned parameters.
        tables: What each did on every test path.
    """

    summary: Summary
    config: EnvConfig
    contenders: tuple[Contender, ...]
    policies: tuple[Policy, ...]
    tables: tuple[EpisodeTable, ...]

    def picked(self, row: PolicyRow) -> int:
        """Number of a row's contender; of several seeds, validation picks one.

        Args:
            row: Of the summary.
        """
        members = [
            number
            for number, contender in enumerate(self.contenders)
            if contender.row == (row.name, row.risk_aversion)
        ]
        values = {
            seed["run"]: seed["validation_objective_bp"] for seed in row.seeds or ()
        }

        def value(number: int) -> float:
            found = values.get(self.contenders[number].name)
            return math.inf if found is None else float(found)

        return min(members, key=value)


def measure(
    entries: Sequence[tuple[Contender, Policy]],
    config: EnvConfig,
    *,
    n_episodes: int,
    seed: int,
    threads: int,
    progress: bool,
    criterion: str | None = None,
    validation_episodes: int | None = None,
    attributed: bool = True,
) -> Comparison:
    """Run policies on the test paths and summarise what they did.

    Where there is a choice, between rules or between agents, the validation paths make
    it: the policies are run on those as well.

    Args:
        entries: Policies, with what the summary says about them.
        config: The hedging problem.
        n_episodes: Number of test paths, at least 2.
        seed: Seed of the test paths.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.
        criterion: What tuning minimised, if there was any.
        validation_episodes: Number of paths it was done on, and of those that pick;
            None picks nothing.
        attributed: Whether to say where profit is from, on some of the paths.
    """
    contenders = tuple(contender for contender, _ in entries)
    policies = tuple(policy for _, policy in entries)
    played = [(policy, contender.risk_aversion) for contender, policy in entries]
    validation = None
    if validation_episodes is not None and is_contested(contenders):
        validation = _on_validation_paths(
            entries, config, validation_episodes, seed, threads, progress=progress
        )
    with counter("testing", n_episodes * len(entries), enabled=progress) as report:
        tables = evaluate(
            played,
            config,
            n_episodes=n_episodes,
            seed=seed,
            threads=threads,
            progress=lambda done, total: report(done),
            controlled=True,
        )
    n_looked_into = min(n_episodes, _ATTRIBUTED, paths_that_fit(config))
    attributions = None
    if attributed:
        attributions = attribute(
            played, config, n_episodes=n_looked_into, seed=seed, threads=threads
        )
    summary = build_summary(
        contenders,
        tables,
        preset=config.name,
        seed=seed,
        premium_bp=premium_bp(config, n_episodes, seed),
        config=config.model_dump(mode="json"),
        criterion=criterion,
        validation_episodes=validation_episodes,
        attributions=attributions,
        validation=validation,
    )
    found = Comparison(summary, config, contenders, policies, tuple(tables))
    found = _looked_into(found, n_looked_into, vault=attributed)
    return replace(found, summary=with_replay(found.summary, config))


def _looked_into(found: Comparison, n_paths: int, *, vault: bool) -> Comparison:
    """Add what takes further runs, on some of the test paths.

    Args:
        found: What was measured.
        n_paths: Number of test paths.
        vault: Whether to say what keeper, chains and contagion cost, and what
            depositors get.
    """
    config, seed = found.config, found.summary.seed
    looks = {
        "keeper": (config.execution.keeper is not None, keeper_entry),
        "pool": (config.report.depositors is not None, pool_entry),
        "chains": (config.execution.rollup is not None, chains_entry),
        "contagion": (config.market.contagion is not None, contagion_entry),
    }
    entries: dict[str, list[Mapping[str, Any]]] = {name: [] for name in looks}
    for risk_aversion in found.summary.risk_aversions if vault else ():
        row = leader(found.summary, risk_aversion)
        policy = found.policies[found.picked(row)]
        for name, (is_on, look) in looks.items():
            if is_on:
                entry = look(row, policy, config, n_paths=n_paths, seed=seed)
                entries[name].append(entry)
    summary = replace(
        found.summary,
        liquidity=pool_parts(config, n_paths, seed),
        keeper=tuple(entries["keeper"]),
        pool=tuple(entries["pool"]),
        chains=tuple(entries["chains"]),
        contagion=tuple(entries["contagion"]),
    )
    return replace(found, summary=summary)


def is_contested(contenders: Sequence[Contender]) -> bool:
    """Whether one of several rules, agents or seeds has to be picked anywhere.

    Args:
        contenders: What is measured.
    """
    places = Counter((c.kind, c.risk_aversion) for c in contenders)
    return any(n > 1 for (kind, _), n in places.items() if kind != "optimal")


def _on_validation_paths(
    entries: Sequence[tuple[Contender, Policy]],
    config: EnvConfig,
    n_episodes: int,
    seed: int,
    threads: int,
    *,
    progress: bool,
) -> list[float]:
    """Objective of every policy on the validation paths, without luck if known [bp]."""
    total = n_episodes * len(entries)
    with counter("validating", total, enabled=progress) as report:
        tables = evaluate(
            [(p, c.risk_aversion) for c, p in entries],
            config,
            n_episodes=n_episodes,
            seed=seed,
            stream="validation",
            threads=threads,
            progress=lambda done, total: report(done),
            controlled=True,
        )
    return [_estimate(table) for table in tables]


def _estimate(table: EpisodeTable) -> float:
    """Mean objective, without luck where that is known [bp]."""
    sharp = table.controlled_objective
    return float((table.objective if sharp is None else sharp).mean()) / BASIS_POINT


def premium_bp(config: EnvConfig, n_episodes: int, seed: int) -> float:
    """Mean value of the book at the start of the test paths, received positive [bp].

    Args:
        config: The hedging problem.
        n_episodes: Number of test paths; a few thousand are enough for the mean.
        seed: Seed of the test paths.
    """
    n_paths = min(n_episodes, 4096, paths_that_fit(config))
    batch = HedgeBatch(config, n_paths, seed=seed, stream="test")
    batch.reset(np.arange(n_paths))
    value = float(batch.observables()["book_value"].mean())
    return -value / BASIS_POINT + 0.0  # of an empty book 0, not -0
