"""The certified gap of a market's best rules and agents, kept as it is found."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError
from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.policies.policy import Policy
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.output.console import log
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.agents import POLICY_FILE
from hedge_env.training.results.bounds.bounding import (
    VALUE,
    bound_policies,
    why_unbounded,
)
from hedge_env.training.results.bounds.certificate import document
from hedge_env.training.results.contenders import SOLVERS
from hedge_env.training.results.rule_spec import rule_class_of
from hedge_env.training.results.summary import PolicyRow, Summary

__all__ = ["kept_or_bounded"]


def kept_or_bounded(
    config: EnvConfig,
    summary: Summary,
    path: Path,
    n_paths: int,
    seed: int,
    *,
    runs: Callable[[], Sequence[Path]],
) -> tuple[Mapping[str, Any], ...]:
    """How far the best rule and each agent are at most from the best there can be.

    An agent of several seeds is bounded with the first of them. A bound that was kept
    is known by what was measured of the agents, so that it needs no file of theirs.

    Args:
        config: The market.
        summary: What was measured there, with the best rules' parameters.
        path: File of what is found, written after every risk aversion.
        n_paths: Number of test paths; 0 finds nothing.
        seed: Of the paths.
        runs: Gives the run folders of the agents; called once, and only if a bound
            is to be found beside one.

    Returns:
        An entry of `certificate.document` for each risk aversion, its best rule before
        its agents; none where prices answer to what is held, which has no bound.

    Raises:
        ConfigError: If an agent is from none of the runs.
        PolicyFileError: If an agent's file is damaged.
    """
    if n_paths < 1 or why_unbounded(config) is not None:
        return ()
    kept, found, folders = _kept(path), [], cache(runs)
    for level in summary.risk_aversions:
        best = summary.best_rule(level)
        if best is None:
            continue
        key = {
            "policy": best.name,
            "params": dict(best.params),
            "risk_aversion": level,
            "n_paths": n_paths,
            "seed": seed,
            "config": summary.config,
            "value": VALUE,  # another one is another bound
        }
        rows = _agents(summary, level)
        if rows:
            key["agents"] = [[row.name, _first(row)["objective_bp"]] for row in rows]
        entry = next((one["bound"] for one in kept if one["key"] == key), None)
        if entry is None:
            log(f"study: {config.name}, bound at risk aversion {level:g}")
            policies = [(best.name, _rebuilt(best, config))]
            policies += [(row.name, _loaded(row, folders())) for row in rows]
            one = bound_policies(
                config, level, policies, n_paths, seed=seed, checked=False
            )
            (entry,) = document(config, [one])["bounds"]
            kept.append({"key": key, "bound": entry})
            write_atomically(path, to_json(kept))
        found.append(entry)
    return tuple(found)


def _rebuilt(row: PolicyRow, config: EnvConfig) -> Policy:
    """The policy of a row: solved again, or with the parameters it had."""
    if row.name in SOLVERS:
        return SOLVERS[row.name](config, row.risk_aversion)
    return rule_class_of(row.name)(**row.params)


def _agents(summary: Summary, level: float) -> list[PolicyRow]:
    """The row of every agent at a risk aversion."""
    return [row for row in summary.at(level) if row.kind == "agent" and row.seeds]


def _first(row: PolicyRow) -> Mapping[str, Any]:
    """What is known of an agent's first seed."""
    return (row.seeds or ())[0]


def _loaded(row: PolicyRow, runs: Sequence[Path]) -> Policy:
    """The agent of a row, of its first seed, out of the run that it was measured of.

    The folder of runs may be another one by now, or be called from another folder:
    experiment and seed are in the last two names.
    """
    source = Path(_first(row)["source"])
    for run in runs:
        if run.parts[-2:] == source.parent.parts[-2:]:
            return load_policy(run / POLICY_FILE, row.name)
    raise ConfigError(
        f"{row.name} was measured from {source}, which is none of the study's runs; "
        "delete the market's kept result to measure it again"
    )


def _kept(path: Path) -> list[dict[str, Any]]:
    """What was found before; nothing if the file is missing or damaged."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return [{"key": dict(one["key"]), "bound": dict(one["bound"])} for one in kept]
    except (OSError, ValueError, KeyError, TypeError):
        return []
