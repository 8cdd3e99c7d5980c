"""A formula, where it is from, and what share of the advantage it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import hedge_env
from hedge_env.base.types import FloatArray
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.distilled_file import DistilledFile, describe_band
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig
from hedge_env.evaluation.policy_band import PolicyBand
from hedge_env.training.distill.kept_share import KeptShare, Z
from hedge_env.training.output.source_commit import git_commit
from hedge_env.training.results.agents import Agent

__all__ = ["Distillation"]


@dataclass(frozen=True)
class Distillation:
    """A formula and what it is worth.

    Attributes:
        band: The formula.
        config: The hedging problem.
        agent: What it was taken from.
        best: The best tuned rule at each risk aversion.
        kept: What is left of the agent's advantage over that, on test paths.
        objectives: Mean objectives on test paths at each risk aversion: of the rule, of
            the agent and of the formula [bp].
        states: Rows of states, shape (N_FIELDS, n).
        own: The agent's band in them.
    """

    band: DistilledBand
    config: EnvConfig
    agent: Agent
    best: Mapping[float, TunedRule]
    kept: Mapping[float, KeptShare]
    objectives: Mapping[float, tuple[float, float, float]]
    states: FloatArray
    own: PolicyBand

    def file(self) -> DistilledFile:
        """What is kept of it."""
        config, recorded = self.config.without_files()
        return DistilledFile(
            name=f"distilled {self.agent.name}"[:200],
            **describe_band(self.band),
            preset=self.config.name,
            config=config.model_dump(mode="json"),
            recorded=tuple(recorded),
            distilled_from={
                "name": self.agent.name,
                "algorithm": self.agent.policy.metadata.algorithm,
                "sha256": sha256(self.agent.source.read_bytes()).hexdigest(),
            },
            kept=tuple(self.rows()),
            version=hedge_env.__version__,
            git_commit=git_commit(),
            date=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def rows(self) -> list[dict[str, Any]]:
        """One line of figures for each risk aversion."""
        return [
            {
                "risk_aversion": level,
                "best_rule": self.best[level].name,
                "rule_bp": self.objectives[level][0],
                "agent_bp": self.objectives[level][1],
                "formula_bp": self.objectives[level][2],
                "advantage_bp": kept.advantage,
                "advantage_se": kept.advantage_error,
                "kept_bp": kept.kept,
                "kept_se": kept.kept_error,
                "share": kept.share,
                "share_low": kept.low,
                "share_high": kept.high,
            }
            for level, kept in self.kept.items()
        ]

    def lines(self) -> list[str]:
        """The formula, and a sentence for each risk aversion."""
        return [*self.band.formula(), "", *map(_sentence, self.rows())]


def _sentence(row: Mapping[str, Any]) -> str:
    """What is left of the advantage at one risk aversion, in words."""
    start = (
        f"risk aversion {row['risk_aversion']:g}: J {row['rule_bp']:.2f} bp of the "
        f"best rule ({row['best_rule']}), {row['agent_bp']:.2f} of the agent, "
        f"{row['formula_bp']:.2f} of the formula; "
    )
    lead = f"{row['advantage_bp']:.2f} ± {Z * row['advantage_se']:.2f} bp"
    own = f"{row['kept_bp']:.2f} ± {Z * row['kept_se']:.2f} bp"
    if row["share"] is None:
        return (
            f"{start}the agent's advantage, {lead}, is not surely above zero on these "
            f"paths: there is no share to give (the formula's is {own})"
        )
    low, high = 100.0 * row["share_low"], 100.0 * row["share_high"]
    return (
        f"{start}the formula has {100.0 * row['share']:.0f} % ({low:.0f} to {high:.0f} "
        f"%) of the agent's advantage: {own} of {lead}"
    )
