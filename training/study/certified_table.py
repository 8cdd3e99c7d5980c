"""What is certified of the best rules and of the agents beside them, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hedge_env.training.results.findings import MINUS, marked_name, with_error
from hedge_env.training.study.market import StudyMarket

__all__ = ["certified_section", "gap_text"]

_HEAD = (
    *("market", "λ", "bound", "avoidable", "agent", "its gap", "strongest rule"),
    *("its gap", "of the rule's gap closed"),
)


def gap_text(row: Mapping[str, Any]) -> str:
    """What could at most be gained on a policy [bp], and its share of avoidable J.

    Args:
        row: Of a policy, see `certificate.document`.
    """
    text = with_error(row["gap_bp"], row["gap_se_bp"], 2)
    share = row.get("gap_percent_of_avoidable")
    return text if share is None else f"{text} ({share:.1f} %)"


def certified_section(markets: Sequence[StudyMarket]) -> list[str]:
    """A heading, sentences and a table; nothing where no agent was bounded.

    Args:
        markets: With the bounds that were found.
    """
    lines = [
        f"| {' | '.join(_cells(market, bound, agent))} |"
        for market in markets
        for bound in market.bounds
        for agent in bound["policies"][1:]
    ]
    if not lines:
        return []
    head = [f"| {' | '.join(_HEAD)} |", f"|{'---|' * len(_HEAD)}"]
    return [
        "## How near to the best anyone could be",
        "What anyone could at most gain on an agent, and on the strongest rule, in bp "
        "and as a share of what that policy could avoid; of several seeds the first. "
        "Both and the bound are of the same, fewer, paths; avoidable is the agent's J "
        "there less the floor. ± is a 95 % interval.",
        "\n".join([*head, *lines]),
    ]


def _cells(
    market: StudyMarket, bound: Mapping[str, Any], agent: Mapping[str, Any]
) -> list[str]:
    rule = bound["policies"][0]
    avoidable = agent["objective_bp"] - bound["floor_bp"]
    closed = ""
    if rule["gap_bp"] > 0.0:
        share = 100.0 * (1.0 - agent["gap_bp"] / rule["gap_bp"])
        closed = f"{share:+.0f} %".replace("-", MINUS)
    return [
        market.summary.preset,
        f"{bound['risk_aversion']:g}",
        with_error(bound["bound_bp"], bound["bound_se_bp"], 1),
        f"{avoidable:.1f}".replace("-", MINUS),
        _shown(market, bound["risk_aversion"], agent["policy"]),
        gap_text(agent),
        rule["policy"],
        gap_text(rule),
        closed,
    ]


def _shown(market: StudyMarket, risk_aversion: float, agent: str) -> str:
    """An agent as other tables call it, with its seeds and marks."""
    rows = market.summary.at(risk_aversion)
    return next((marked_name(row) for row in rows if row.name == agent), agent)
