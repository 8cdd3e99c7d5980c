"""Everything that knows nothing of a year, on the recorded days of that year."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hedge_env.base import field
from hedge_env.base.files import write_atomically
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT
from hedge_env.desk.orders import order_params
from hedge_env.evaluation.episode_table import EpisodeTable
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy import Policy
from hedge_env.risk.minimum_variance import fit_minimum_variance
from hedge_env.training.output.console import counter
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.contenders import (
    OPTIMA,
    SOLVERS,
    agent_contender,
    find_contenders,
    rule_contender,
    wanted_optima,
)
from hedge_env.training.results.measurement import premium_bp
from hedge_env.training.results.policy_row import Contender
from hedge_env.training.results.recorded_market import (
    episodes_in,
    with_replay,
)
from hedge_env.training.results.summary import Summary, build_summary
from hedge_env.training.results.tuned_file import TUNED_FILE, rules_of
from hedge_env.training.study.agent_seeds import AgentSeeds
from hedge_env.training.study.years.fold import Fold
from hedge_env.training.tune.rules import tune_to_file

__all__ = ["kept_or_measured_year"]

_FILE, _RUNS = "year.json", "runs"
_ALL_WINDOWS = 10**9


def kept_or_measured_year(
    fold: Fold, key: Mapping[str, Any], agents: AgentSeeds, folder: Path, **how: Any
) -> Summary:
    """Take a year's result from the folder, or measure and keep it.

    Args:
        fold: The year, and the market that knows nothing of it.
        key: All that the result depends on: `policies`, `levels`, paths, seed, digests.
        agents: What is trained in the market.
        folder: Of the year.
        how: `threads` and `progress`.
    """
    path = folder / _FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] == key:
            return Summary.from_document(kept["summary"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # missing, damaged or of another version: measured again
    folder.mkdir(parents=True, exist_ok=True)
    summary = _measure(fold, key, agents, folder, **how)
    document = {"key": key, "summary": summary.to_document()}
    write_atomically(path, to_json(document))
    return summary


def _measure(
    fold: Fold,
    key: Mapping[str, Any],
    agents: AgentSeeds,
    folder: Path,
    *,
    threads: int,
    progress: bool,
) -> Summary:
    """Train and tune where the year is unknown, and play its days."""
    how: dict[str, Any] = {"threads": threads, "progress": progress}
    entries = [*_rules(fold, key, folder, **how), *_solved(fold, key)]
    entries += _agents(fold, key, agents.trained(fold.market, folder / _RUNS))
    seed, n_paths = key["seed"], key["validation_episodes"]
    validation = _play(entries, fold, "validation", n_paths, seed, **how)
    tables = _play(entries, fold, "test", _ALL_WINDOWS, seed, **how)
    contenders = [contender for contender, _ in entries]
    summary = build_summary(
        contenders,
        tables,
        preset=str(fold.year),
        seed=seed,
        premium_bp=premium_bp(fold.days, tables[0].n_episodes, seed),
        config=fold.days.model_dump(mode="json"),
        criterion="objective",
        validation_episodes=n_paths,
        validation=[float(t.objective.mean()) / BASIS_POINT for t in validation],
    )
    floor = _floor(fold, tables[0].n_episodes, seed)
    return _with_floor(with_replay(summary, fold.days), contenders, tables, floor)


def _rules(
    fold: Fold, key: Mapping[str, Any], folder: Path, **how: Any
) -> list[tuple[Contender, Policy]]:
    """Rules, tuned in the fitted market."""
    names = [name for name in key["policies"] if name not in OPTIMA]
    path, levels = folder / TUNED_FILE, key["levels"]
    file = tune_to_file(
        fold.market,
        names,
        levels,
        path,
        n_episodes=key["validation_episodes"],
        validation_episodes=key["validation_episodes"],
        seed=key["seed"],
        **how,
    )
    tuned = rules_of(path, file, fold.market, "objective")
    named = {rule.name for rule in find_contenders(names, fold.market)[0]}
    entries: list[tuple[Contender, Policy]] = []
    for (name, level), best in tuned.items():
        if name in named and level in levels:
            policy, kept = best.policy, best.kept or None
            contender = rule_contender(
                name, policy, level, fold.days, params_source="tuned", given=kept
            )
            entries.append((contender, policy))
    return entries


def _solved(fold: Fold, key: Mapping[str, Any]) -> list[tuple[Contender, Policy]]:
    """Programmes, solved in the fitted market."""
    entries: list[tuple[Contender, Policy]] = []
    for name in wanted_optima(key["policies"], fold.market):
        for level in key["levels"]:
            policy = SOLVERS[name](fold.market, level)
            entries.append((Contender(name, policy.kind, {}, level), policy))
    return entries


def _agents(
    fold: Fold, key: Mapping[str, Any], runs: Sequence[Path]
) -> list[tuple[Contender, Policy]]:
    """Agents at every risk aversion."""
    found = find_contenders([str(run) for run in runs])[1] if runs else []
    return [
        (agent_contender(agent, level, fold.days), agent.policy)
        for agent in found
        for level in key["levels"]
    ]


def _play(
    entries: Sequence[tuple[Contender, Policy]],
    fold: Fold,
    stream: str,
    n_paths: int,
    seed: int,
    *,
    threads: int,
    progress: bool,
) -> list[EpisodeTable]:
    """The test windows of the year, or simulated validation paths."""
    config = fold.days if stream == "test" else fold.market
    n_paths = episodes_in(config, n_paths, stream)
    words = f"{fold.year}, {stream}"
    with counter(words, n_paths * len(entries), enabled=progress) as report:
        return evaluate(
            [(policy, contender.risk_aversion) for contender, policy in entries],
            config,
            n_episodes=n_paths,
            seed=seed,
            stream=stream,
            threads=threads,
            progress=lambda done, total: report(done),
        )


def _floor(fold: Fold, n: int, seed: int) -> FloatArray:
    r"""Squares that least risk without cost left on the same days, shape (n,).

    Holdings :math:`y^*` are those of least risk in the fitted market, from what is
    observed; :math:`\sum_k (y^*_k dS + dB)^2` is what happened. No policy can know
    better holdings from that market; on days that are unlike it, one may by luck.

    Args:
        fold: The year.
        n: Windows.
        seed: Of what is modelled.
    """
    best = fit_minimum_variance(fold.market, seed=seed, informed=False)
    tape = record_tape(fold.days, np.arange(n), seed=seed, stream="test")
    price = order_params(fold.days).price_row
    total = np.zeros(n)
    for now, then in zip(tape.rows[:-1], tape.rows[1:], strict=True):
        change = then[field.BOOK_VALUE] - now[field.BOOK_VALUE]
        held = best.holdings(np.ascontiguousarray(now))
        total += (held * (then[price] - now[price]) + change) ** 2
    return total


def _with_floor(
    summary: Summary,
    contenders: Sequence[Contender],
    tables: Sequence[EpisodeTable],
    floor: FloatArray,
) -> Summary:
    """Add floor and avoidable part, with errors as wide as the others."""
    wider = _overlap_of(summary) / np.sqrt(floor.size) / BASIS_POINT
    rows = []
    for row in summary.policies:
        mine = [
            table.objective
            for contender, table in zip(contenders, tables, strict=True)
            if contender.row == (row.name, row.risk_aversion)
        ]
        least = row.risk_aversion * floor
        left = np.mean(mine, axis=0) - least
        rows.append(
            replace(
                row,
                floor_bp=float(least.mean()) / BASIS_POINT,
                floor_se=float(least.std(ddof=1) * wider),
                avoidable_bp=float(left.mean()) / BASIS_POINT,
                avoidable_se=float(left.std(ddof=1) * wider),
            )
        )
    return replace(summary, policies=tuple(rows))


def _overlap_of(summary: Summary) -> float:
    """How much wider errors are for the days that windows share."""
    assert summary.replay is not None
    return float(summary.replay["error_factor"])
