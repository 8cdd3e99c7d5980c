"""One market of a study: its rules tuned and tested, and the result kept."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.feeds.tape import require_tape_fits
from hedge_env.training.compare import compare
from hedge_env.training.output.console import log
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.contenders import OPTIMA, wanted_optima
from hedge_env.training.results.summary import Summary
from hedge_env.training.results.tuned_file import TUNED_FILE
from hedge_env.training.study.agent_seeds import AgentSeeds
from hedge_env.training.study.bounds import kept_or_bounded
from hedge_env.training.tune.rules import rules_to_tune, tune_to_file

_FILE, _BOUNDS, _RUNS = "market.json", "bounds.json", "runs"


@dataclass(frozen=True)
class StudyMarket:
    """What was measured in one market.

    Attributes:
        summary: All policies at all risk aversions.
        seconds: Time that it took, as far as it was done at once [s].
        bounds: At each risk aversion, how far the best rule and each agent are at most
            from the best that anyone could do: an entry of `certificate.document`,
            the rule first. Empty where the market has no bound, or none was asked for.
        kept: Whether it was there from an earlier run.
    """

    summary: Summary
    seconds: float = field(compare=False)
    bounds: tuple[Mapping[str, Any], ...] = ()
    kept: bool = field(default=False, compare=False)

    def bound(self, risk_aversion: float) -> Mapping[str, Any] | None:
        """The bound at a risk aversion, if there is one."""
        found = (one for one in self.bounds if one["risk_aversion"] == risk_aversion)
        return next(found, None)


def require_measurable(
    config: EnvConfig, key: Mapping[str, Any], work: Path, agents: AgentSeeds
) -> None:
    """Refuse what cannot be measured in a market, before any is; nothing if it is kept.

    Args:
        config: The market.
        key: As of `kept_or_measured`, and so the next two.
        work: Folder for what is finished.
        agents: What is trained in the market.

    Raises:
        HedgeError: If a policy is unknown or has no place in the market, an agent
            cannot be trained there, or the paths do not fit into memory.
    """
    if _finished(work / config.name / _FILE, key) is not None:
        return
    policies = key["policies"]
    rules_to_tune([name for name in policies if name not in OPTIMA], config)
    wanted_optima(policies, config)
    require_tape_fits(config, key["validation_episodes"], "--validation-episodes")
    agents.require_trainable(config)


def kept_or_measured(
    config: EnvConfig,
    key: Mapping[str, Any],
    number: int,
    *,
    work: Path,
    agents: AgentSeeds,
    bound_episodes: int,
    total: int,
    threads: int,
    progress: bool,
) -> StudyMarket:
    """Take a market's result from the work folder, or measure and keep it.

    Args:
        config: The market.
        key: All that the result depends on: package version, policies, numbers of
            paths, seed, risk aversions and the config's digest.
        number: Of the market among all, for the message.
        work: Folder for what is finished.
        agents: What is trained in the market, and how often.
        bound_episodes: Number of test paths of the certified gap; 0 leaves it out.
        total: Number of markets.
        threads: For tuning and testing; the result does not depend on it.
        progress: Whether to show progress on standard error.
    """
    folder = work / config.name
    market = _finished(folder / _FILE, key)
    state = "" if market is None else ", kept"
    log(f"study: {config.name} ({number} of {total}){state}")
    if market is None:
        market = _measure(
            config, folder, key, agents, threads=threads, progress=progress
        )
    start = time.monotonic()
    bounds = kept_or_bounded(
        config,
        market.summary,
        folder / _BOUNDS,
        bound_episodes,
        key["seed"],
        # Trained again if they are gone, as from a result that came without them.
        runs=lambda: agents.trained(config, folder / _RUNS, progress=progress),
    )
    seconds = market.seconds + time.monotonic() - start
    return replace(market, bounds=bounds, seconds=seconds)


def _measure(
    config: EnvConfig,
    folder: Path,
    key: Mapping[str, Any],
    agents: AgentSeeds,
    *,
    threads: int,
    progress: bool,
) -> StudyMarket:
    """Train, tune, test and keep the result of one market."""
    start = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    runs = agents.trained(config, folder / _RUNS, progress=progress)
    # A file of its own for whatever the parameters depend on.
    digest, version = str(key["config_sha256"])[:12], key["version"]
    paths, seed = key["validation_episodes"], key["seed"]
    tuned = folder / f"{digest}-{version}-{paths}-{seed}-{TUNED_FILE}"
    tune_to_file(
        config,
        [name for name in key["policies"] if name not in OPTIMA],
        key["levels"],
        tuned,
        n_episodes=paths,
        validation_episodes=paths,
        seed=seed,
        threads=threads,
        progress=progress,
    )
    comparison = compare(
        config,
        [*key["policies"], *map(str, runs)],
        key["levels"],
        n_episodes=key["n_episodes"],
        seed=seed,
        threads=threads,
        progress=progress,
        tuned_file=tuned,
    )
    market = StudyMarket(comparison.summary, time.monotonic() - start)
    kept = {
        "key": key,
        "seconds": market.seconds,
        "summary": market.summary.to_document(),
    }
    write_atomically(folder / _FILE, to_json(kept))
    return market


def _finished(path: Path, key: Mapping[str, Any]) -> StudyMarket | None:
    """What was measured before, if it is the same; None if it has to be done."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] != key:
            return None
        summary = Summary.from_document(kept["summary"])
        return StudyMarket(summary, float(kept["seconds"]), kept=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing, damaged or of another version: measured again
