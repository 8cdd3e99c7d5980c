"""Agents and rules on years that they know nothing of, in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from hedge_env.training.results.findings import MINUS, marked_name
from hedge_env.training.results.policy_row import Z_95, PolicyRow
from hedge_env.training.results.seeds import half_width, seed_half_width
from hedge_env.training.results.summary import Summary
from hedge_env.training.study.significance import Significance, StudyCell, significances

__all__ = ["Pooled", "pooled", "years_page"]


class Pooled(NamedTuple):
    """A difference from the rule picked without the year, a mean over years.

    Attributes:
        gap: [bp].
        by_days: Half-width of its 95 % interval, windows as independent as their days
            are, seeds as they are spread [bp].
        by_years: The same with years as units, by Student's t [bp]; nan for one year.
        ahead: Years in which it is below the rule.
        avoidable: Of the rule, a mean over years [bp].
    """

    gap: float
    by_days: float
    by_years: float
    ahead: int
    avoidable: float


def pooled(summaries: Sequence[Summary], name: str, level: float) -> Pooled:
    """A policy's difference over all years.

    Args:
        summaries: Of the years.
        name: Of the policy.
        level: Risk aversion [1/notional].
    """
    pairs = [(_row(s, name, level), s.best_rule(level)) for s in summaries]
    found = [(row, rule) for row, rule in pairs if row.gap is not None and rule]
    gaps = np.array([row.gap.bp for row, _ in found if row.gap is not None])
    halves = [half_width(row, row.gap.se) for row, _ in found if row.gap is not None]
    n = len(gaps)
    spread = float(gaps.std(ddof=1)) if n > 1 else math.nan
    return Pooled(
        gap=float(gaps.mean()),
        by_days=math.sqrt(sum(half**2 for half in halves)) / n,
        by_years=float(student.ppf(0.975, max(n - 1, 1))) * spread / math.sqrt(n),
        ahead=int((gaps < 0.0).sum()),
        avoidable=float(np.mean([rule.avoidable_bp or 0.0 for _, rule in found])),
    )


def _row(summary: Summary, name: str, level: float) -> PolicyRow:
    return next(row for row in summary.at(level) if row.name == name)


def years_page(preset: str, summaries: Sequence[Summary], command: str) -> str:
    """The page.

    Args:
        preset: What was fitted.
        summaries: Of the years.
        command: That repeats it.
    """
    found, first = significances(summaries), summaries[0]
    parts = [
        "# Years that nobody has seen",
        _introduction(preset, first),
        f"```bash\n{command}\n```",
        "## All years together",
        _pooled_text(),
        _pooled_table(summaries, _names(summaries)),
        "## Year by year",
        _year_text(),
        *(_year_table(summaries, level, found) for level in first.risk_aversions),
        "## The days",
        _days_text(first),
    ]
    return "\n\n".join(parts) + "\n"


def _names(summaries: Sequence[Summary]) -> list[str]:
    """Policies of every year: agents, and then rules as they are on average."""
    first = summaries[0]
    rows = {row.name: row for row in first.policies}

    def order(name: str) -> tuple[bool, float]:
        values = [
            _row(s, name, level).objective_bp
            for s in summaries
            for level in s.risk_aversions
        ]
        return rows[name].kind != "agent", float(np.mean(values))

    return sorted(rows, key=order)


def _introduction(preset: str, first: Summary) -> str:
    return (
        f"For each year the market of `{preset}` was fitted to the recorded days of "
        "all other years. Agents were trained and rules tuned in the fitted market "
        f"({first.validation_episodes:,} simulated paths), and the strongest rule of "
        "each cell was picked there too. The days of the year chose nothing. J is cost "
        "+ λ x the sum of squared tracking increments in bp of notional. "
        "Avoidable is J less λ x the squares that the fitted market's holdings of "
        "least risk, free of cost, left on the same days. Windows start daily and "
        "share days: every standard error is widened by the root of how many share one "
        "day."
    )


def _pooled_text() -> str:
    return (
        "Differences are J less that of the rule picked without the year, path by "
        "path, a mean over years and seeds. ± is a 95 % interval over days and seeds; "
        "in brackets with years as units, of which there are few. Years: in how many "
        "it is below the rule."
    )


def _pooled_table(summaries: Sequence[Summary], names: Sequence[str]) -> str:
    lines = [
        "| λ | policy | J | less the picked rule | of its avoidable J | years |",
        "|---|---|---|---|---|---|",
    ]
    for level in summaries[0].risk_aversions:
        for name in names:
            one = pooled(summaries, name, level)
            rows = [_row(s, name, level) for s in summaries]
            value = float(np.mean([row.objective_bp for row in rows]))
            error = math.sqrt(sum(row.objective_se**2 for row in rows)) / len(rows)
            years = "" if math.isnan(one.by_years) else f" (± {one.by_years:.2f})"
            share = 100.0 * one.gap / one.avoidable if one.avoidable > 0.0 else math.nan
            cells = [
                f"{_signed(one.gap)} ± {one.by_days:.2f}{years}",
                f"{_signed(share, 1)} %",
                f"{one.ahead} of {len(rows)}",
            ]
            if all(row.best_rule for row in rows):
                cells = ["picked in every year", "", ""]
            lines.append(
                f"| {level:g} | {marked_name(rows[0])} "
                f"| {value:.1f} ± {Z_95 * error:.1f} | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def _year_text() -> str:
    return (
        "The strongest rule, by simulated paths alone, and what else is less it. p is "
        "that of an agent's difference with all years and λ considered (Holm)."
    )


def _year_table(
    summaries: Sequence[Summary], level: float, found: Mapping[StudyCell, Significance]
) -> str:
    lines = [
        f"| λ = {level:g} | windows | rule | J | avoidable | agent less it | "
        "of avoidable | seeds alone ± | p |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for summary in summaries:
        rule = summary.best_rule(level)
        agents = [row for row in summary.at(level) if row.kind == "agent"]
        for row in agents:
            if rule is None or row.gap is None:
                continue
            chance = found[StudyCell.of(summary, row)]
            left, error = rule.avoidable_bp or math.nan, rule.avoidable_se or math.nan
            lines.append(
                f"| {summary.preset} | {summary.n_episodes} | {rule.name} "
                f"| {rule.objective_bp:.1f} ± {Z_95 * rule.objective_se:.1f} "
                f"| {left:.1f} ± {Z_95 * error:.1f} "
                f"| {_signed(row.gap.bp)} ± {half_width(row, row.gap.se):.2f} "
                f"| {_signed(100.0 * row.gap.bp / left, 1)} % "
                f"| {seed_half_width(row):.2f} | {_chance(chance.p_holm)} |"
            )
    return "\n".join(lines)


def _days_text(summary: Summary) -> str:
    assert summary.replay is not None
    replay = summary.replay
    files = ", ".join(Path(path).name for path in replay["files"].values())
    modelled = ", ".join(name.replace("_", " ") for name in replay["modelled"])
    every = f"windows from every {replay['stride_hours']:g} h"
    text = f"Recorded: {files}, {every}."
    return f"{text} Modelled, for want of a file: {modelled}." if modelled else text


def _chance(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", MINUS)
