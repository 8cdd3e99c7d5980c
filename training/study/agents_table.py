"""Agents against the strongest rule of each market and risk aversion, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from hedge_env.training.results.findings import MINUS, marked_name
from hedge_env.training.results.seeds import half_width
from hedge_env.training.results.summary import PolicyRow, Summary
from hedge_env.training.study.significance import LEVEL, Significance, StudyCell

__all__ = ["agent_sections"]

_HEAD = (
    *("market", "λ", "strongest rule", "J", "avoidable"),
    *("agent less it", "of avoidable", "seeds", "p", "ahead"),
)
_OPTIMUM_HEAD = (
    *("market", "λ", "J of the optimum", "strongest rule above it"),
    *("agent above it", "seeds, median", "of the rule's gap closed"),
)


def agent_sections(
    summaries: Sequence[Summary], found: Mapping[StudyCell, Significance]
) -> list[str]:
    """Headings, sentences and tables; nothing where no agent was trained.

    Args:
        summaries: Of the markets.
        found: How far differences are from luck.
    """
    rows = [
        (summary, row)
        for summary in summaries
        for row in summary.policies
        if row.kind == "agent"
    ]
    if not rows:
        return []
    names = ", ".join(dict.fromkeys(marked_name(row) for _, row in rows))
    sections = [
        "## Agents against the strongest rule",
        f"{names}: one network for all λ of a market, trained there. The strongest "
        "rule is the one with the least J on the validation paths, its parameters and "
        "its centre tuned for the cell. Differences are the agent's J less the rule's, "
        "path by path, in bp of notional, a mean over seeds; ± is a 95 % interval over "
        "paths and seeds. Seeds: least to largest difference. p is that of the "
        "difference with all of the table considered (Holm), and nobody is ahead where "
        "it is .05 or more; in brackets who is by the cell's own interval alone.",
        _table(_HEAD, [_rule_cells(s, row, found) for s, row in rows]),
    ]
    known = [(s, row) for s, row in rows if row.optimum_gap_bp is not None]
    if known:
        cells = [_optimum_cells(s, row) for s, row in known]
        sections += ["Where the optimum is known:", _table(_OPTIMUM_HEAD, cells)]
    return sections


def _rule_cells(
    summary: Summary, row: PolicyRow, found: Mapping[StudyCell, Significance]
) -> list[str]:
    rule, gap = summary.best_rule(row.risk_aversion), row.gap
    about = [summary.preset, f"{row.risk_aversion:g}"]
    chance = found.get(StudyCell.of(summary, row))
    if rule is None or gap is None or chance is None:
        return [*about, *[""] * (len(_HEAD) - len(about))]
    half = half_width(row, gap.se)
    floor = rule.avoidable_bp
    return [
        *about,
        rule.name,
        f"{rule.estimate[0]:.2f}",
        "" if floor is None else f"{floor:.2f}",
        f"{_number(gap.bp)} ± {half:.2f}",
        "" if not floor else f"{_number(100.0 * gap.bp / floor, 1)} %",
        _span([seed["gap_bp"] for seed in row.seeds or ()]),
        _chance(chance.p_holm),
        _ahead(gap.bp, chance, rule),
    ]


def _chance(p: float) -> str:
    """A p-value in three digits, or what it is below."""
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _ahead(gap: float, chance: Significance, rule: PolicyRow) -> str:
    name = "**agent**" if gap < 0.0 else rule.name
    if chance.survives:
        return name
    return f"({name.strip('*')})" if chance.p < LEVEL else "nobody"


def _optimum_cells(summary: Summary, row: PolicyRow) -> list[str]:
    """Percent of the optimum's J; the gap closed is what the rule leaves and we do not.

    Args:
        summary: Of the market.
        row: An agent's, whose distance from the optimum is known.
    """
    rule = summary.best_rule(row.risk_aversion)
    gap, error = row.optimum_gap_bp or 0.0, row.optimum_gap_se or 0.0
    best = row.estimate[0] - gap
    middle = median(seed["optimum_gap_bp"] for seed in row.seeds or ())
    half = 100.0 * half_width(row, error) / best
    left = None if rule is None else rule.optimum_gap_bp
    return [
        summary.preset,
        f"{row.risk_aversion:g}",
        f"{best:.2f}",
        "" if left is None else f"{_plain(100.0 * left / best)} %",
        f"{_plain(100.0 * gap / best)} ± {half:.2f} %",
        f"{_plain(100.0 * middle / best)} %",
        "" if not left else f"{_number(100.0 * (left - gap) / left, 0)} %",
    ]


def _span(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    return f"{_number(min(known))} to {_number(max(known))}"


def _number(value: float, digits: int = 2) -> str:
    """With its sign, and a real minus."""
    return f"{value:+.{digits}f}".replace("-", MINUS)


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])
