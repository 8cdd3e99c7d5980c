"""One market of a study: its rules tuned and tested, and the result kept."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.training.compare import compare
from hedge_env.training.output.console import log
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.bounding import bound_policies, why_unbounded
from hedge_env.training.results.certificate import Certificate, document
from hedge_env.training.results.contenders import OPTIMA
from hedge_env.training.results.measurement import Comparison
from hedge_env.training.results.summary import PolicyRow, Summary
from hedge_env.training.results.tuned_file import TUNED_FILE
from hedge_env.training.tune import tune_to_file

_FILE = "market.json"


@dataclass(frozen=True)
class StudyMarket:
    """What was measured in one market.

    Attributes:
        summary: All policies at all risk aversions.
        seconds: Time that testing took, and tuning if it was done at once [s].
        bounds: At each risk aversion, how far the best rule is at most from the best
            that anyone could do: an entry of `certificate.document`. Empty where the
            market has no bound, or none was asked for.
        kept: Whether it was there from an earlier run.
    """

    summary: Summary
    seconds: float
    bounds: tuple[Mapping[str, Any], ...] = ()
    kept: bool = field(default=False, compare=False)

    def bound(self, risk_aversion: float) -> Mapping[str, Any] | None:
        """The bound at a risk aversion, if there is one."""
        found = (one for one in self.bounds if one["risk_aversion"] == risk_aversion)
        return next(found, None)


def kept_or_measured(
    config: EnvConfig,
    key: Mapping[str, Any],
    number: int,
    *,
    work: Path,
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
        total: Number of markets.
        threads: For tuning and testing; the result does not depend on it.
        progress: Whether to show progress on standard error.
    """
    folder = work / config.name
    market = _finished(folder / _FILE, key)
    state = "" if market is None else ", kept"
    log(f"study: {config.name} ({number} of {total}){state}")
    if market is not None:
        return market
    return _measure(config, folder, key, threads=threads, progress=progress)


def _measure(
    config: EnvConfig,
    folder: Path,
    key: Mapping[str, Any],
    *,
    threads: int,
    progress: bool,
) -> StudyMarket:
    """Tune, test and keep the result of one market."""
    start = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
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
        seed=seed,
        threads=threads,
        progress=progress,
    )
    comparison = compare(
        config,
        key["policies"],
        key["levels"],
        n_episodes=key["n_episodes"],
        seed=seed,
        threads=threads,
        progress=progress,
        tuned_file=tuned,
    )
    bounds = _bounds(comparison, key["bound_episodes"], seed)
    market = StudyMarket(comparison.summary, time.monotonic() - start, bounds)
    kept = {
        "key": key,
        "seconds": market.seconds,
        "bounds": market.bounds,
        "summary": market.summary.to_document(),
    }
    write_atomically(folder / _FILE, to_json(kept))
    return market


def _bounds(
    comparison: Comparison, n_paths: int, seed: int
) -> tuple[Mapping[str, Any], ...]:
    """What the best rule leaves at most, at every risk aversion."""
    config, found = comparison.config, list[Certificate]()
    if n_paths < 1 or why_unbounded(config) is not None:
        return ()
    for level in comparison.summary.risk_aversions:
        best = comparison.summary.best_rule(level)
        if best is not None:
            policy = comparison.policies[comparison.picked(best)]
            found.append(
                bound_policies(
                    config, level, [policy], n_paths, seed=seed, checked=False
                )
            )
    return tuple(document(config, found)["bounds"])


def _finished(path: Path, key: Mapping[str, Any]) -> StudyMarket | None:
    """What was measured before, if it is the same; None if it has to be done."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] != key:
            return None
        summary = dict(kept["summary"])
        summary["policies"] = tuple(
            PolicyRow.from_document(row) for row in summary["policies"]
        )
        seconds, bounds = float(kept["seconds"]), tuple(kept["bounds"])
        return StudyMarket(Summary(**summary), seconds, bounds, kept=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing, damaged or of another version: measured again
