"""The page, the tables and the figures of a frontier study."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hedge_env.training.output.folder import Content
from hedge_env.training.output.provenance import to_json
from hedge_env.training.output.source_commit import commit_in_words
from hedge_env.training.report.style import to_png
from hedge_env.training.results.findings import MINUS, with_error
from hedge_env.training.results.summary import Z_95, PolicyRow, Summary
from hedge_env.training.study.agents_table import agent_sections
from hedge_env.training.study.best_rules import best_rules_table
from hedge_env.training.study.certified_table import certified_section, gap_text
from hedge_env.training.study.figure import convex_frontier_figure
from hedge_env.training.study.gap_figure import gap_figure
from hedge_env.training.study.market import StudyMarket
from hedge_env.training.study.result import Study
from hedge_env.training.study.significance import (
    Significance,
    StudyCell,
    significances,
)

__all__ = ["study_files", "study_page"]

_Found: TypeAlias = Mapping[StudyCell, Significance]

_COLUMNS = (
    *("preset", "risk_aversion", "name", "kind"),
    *("objective_bp", "objective_se"),
    *("controlled_objective_bp", "controlled_objective_se"),
    *("objective_gap_bp", "objective_gap_se"),
    *("objective_gap_relative", "objective_gap_relative_se"),
    *("controlled_gap_bp", "controlled_gap_se"),
    *("controlled_gap_relative", "controlled_gap_relative_se"),
    *("gap_p", "gap_p_holm"),
    *("floor_bp", "floor_se", "avoidable_bp", "avoidable_se"),
    *("cost_bp", "cost_se", "tracking_rms_bp", "tracking_rms_se"),
    *("tracking_error_bp", "tracking_error_se", "net_loss_mean_bp"),
    *("net_loss_std_bp", "cvar95_bp", "cvar95_se", "trades", "turnover", "params"),
)


def study_files(study: Study) -> dict[str, Content]:
    """Everything that goes into the folder of a study, by name.

    Args:
        study: What was measured.
    """
    files: dict[str, Content] = {
        "README.md": study_page(study).encode(),
        "summary.json": to_json(study.to_document()).encode(),
        "summary.csv": study_table(study).encode(),
    }
    for market in study.markets:
        summary = market.summary
        files[f"frontier-{summary.preset}.png"] = to_png(
            convex_frontier_figure(summary)
        )
        if any(row.gap is not None for row in summary.policies):
            files[f"gaps-{summary.preset}.png"] = to_png(gap_figure(summary))
    return files


def study_table(study: Study) -> str:
    """All rows as comma-separated values, one per market, risk aversion and policy.

    Args:
        study: What was measured.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    found = significances([market.summary for market in study.markets])
    for market in study.markets:
        for row in market.summary.policies:
            chance = found.get(StudyCell.of(market.summary, row))
            values = {
                **vars(row),
                "gap_p": None if chance is None else chance.p,
                "gap_p_holm": None if chance is None else chance.p_holm,
                "preset": market.summary.preset,
                "params": json.dumps(dict(row.params)),
            }
            writer.writerow([values[column] for column in _COLUMNS])
    return text.getvalue()


def study_page(study: Study) -> str:
    """The page in Markdown.

    Args:
        study: What was measured.
    """
    summaries = [market.summary for market in study.markets]
    first, found = summaries[0], significances(summaries)
    parts = [
        "# Which rule is best where",
        _introduction(first),
        f"```bash\n{study.command}\n```",
        f"Version {study.version}, commit {commit_in_words(study.commit)}; "
        f"{_duration(study)}. Every number is in `summary.csv` and, with the "
        "parameters, in `summary.json`.",
        "## The best rule of each market",
        _best_table(study.markets, found),
        *agent_sections(summaries, found),
        *certified_section(study.markets),
        *_loss_sections(summaries, found),
        *map(_market_section, summaries),
    ]
    return "\n\n".join(parts) + "\n"


def _duration(study: Study) -> str:
    """What this run took, and what was there before."""
    markets, kept = len(study.markets), sum(market.kept for market in study.markets)
    time = _time(study.seconds)
    if study.side_by_side > 1:
        time += f" with {study.side_by_side} markets at a time"
    return f"{time}, {kept} of {markets} markets kept from before" if kept else time


def _time(seconds: float) -> str:
    """A time in minutes, below one of them in seconds."""
    if seconds < 0.5:
        return "less than a second"
    small = seconds < 59.5
    count = round(seconds if small else seconds / 60.0)
    unit = "second" if small else "minute"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _introduction(summary: Summary) -> str:
    return (
        "Every rule was tuned for every market and risk aversion "
        f"λ on {summary.validation_episodes:,} validation paths and measured on "
        f"{summary.n_episodes:,} others, which are the same for all rules. J is the "
        "objective, cost + λ x the sum of squared tracking increments, in bp of "
        "notional; ± is a 95 % confidence interval. Differences are taken path by "
        "path, with control variates where the market can be drawn from. The best "
        "rule is the one with the least J on the validation paths, so that the next "
        'can be ahead of it on the test paths, by a negative "behind by"; one whose '
        "difference from it is not significant is marked \\*: at 5 % for all "
        "differences of the study together, by Holm's procedure, of rules and of "
        "agents each (`gap_p_holm` in `summary.csv`). The floor is the risk "
        "that the best holdings leave where trading is free, avoidable is J less the "
        "floor, and the certified gap is what anyone could at most gain on the best "
        "rule, in bp and as a share of what is avoidable: "
        "[avoidable.md](../avoidable.md), [bound.md](../bound.md)."
    )


def _best_table(markets: Sequence[StudyMarket], found: _Found) -> str:
    lines = [
        "| market | λ | best rule | J | floor | avoidable | next | behind by | "
        "certified gap | above the optimum |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for market in markets:
        summary = market.summary
        for risk_aversion in summary.risk_aversions:
            best = summary.best_rule(risk_aversion)
            if best is not None:
                cells = _best_cells(market, best, risk_aversion, found)
                lines.append(
                    f"| {summary.preset} | {risk_aversion:g} | {' | '.join(cells)} |"
                )
    return "\n".join(lines)


def _best_cells(
    market: StudyMarket, best: PolicyRow, risk_aversion: float, found: _Found
) -> list[str]:
    summary = market.summary
    rows = summary.at(risk_aversion)
    second = summary.second_rule(risk_aversion)
    optimum = next((row for row in rows if row.kind == "optimal"), None)
    behind = "" if second is None else f"{second.name}{_star(summary, second, found)}"
    return [
        best.name,
        with_error(*best.estimate, 2),
        _known(best.floor_bp, best.floor_se),
        _known(best.avoidable_bp, best.avoidable_se),
        behind,
        "" if second is None else _gap(second),
        _certified(market.bound(risk_aversion)),
        _above(optimum) if optimum is not None else "",
    ]


def _known(value: float | None, error: float | None) -> str:
    """A number with its interval, or nothing where it is not known."""
    return "" if value is None or error is None else with_error(value, error, 2)


def _certified(bound: Mapping[str, Any] | None) -> str:
    """What could at most be gained on the best rule [bp], and the share of it."""
    return "" if bound is None else gap_text(bound["policies"][0])


def _gap(row: PolicyRow) -> str:
    """Paired difference from the best rule [bp], and in percent."""
    if row.gap is None:
        return ""
    text = with_error(row.gap.bp, row.gap.se, 2)
    return f"{text} ({_percent(row)})"


def _above(optimum: PolicyRow) -> str:
    """How far the best rule is above the optimum, from the optimum's own row."""
    if optimum.gap is None:
        return ""
    share = 100.0 * -optimum.gap.bp / optimum.estimate[0]
    half = 100.0 * Z_95 * optimum.gap.se / optimum.estimate[0]
    return f"{share:.2f} ± {half:.2f} %".replace("-", MINUS)


def _percent(row: PolicyRow) -> str:
    if row.gap is None or row.gap.relative is None:
        return ""
    return f"{100.0 * row.gap.relative:.1f} %".replace("-", MINUS)


def _star(summary: Summary, row: PolicyRow, found: _Found) -> str:
    """A star where the difference from the best rule is not significant."""
    chance = found.get(StudyCell.of(summary, row))
    return "" if chance is None or chance.survives else "\\*"


def _loss_sections(markets: Sequence[Summary], found: _Found) -> list[str]:
    """For each rank of risk aversion, what each rule loses against the best."""
    most = max(len(summary.risk_aversions) for summary in markets)
    sections = ["## Loss against the best rule, in percent"]
    for rank in range(most):
        there = [s for s in markets if rank < len(s.risk_aversions)]
        sections.append(_loss_table(there, rank, found))
    return sections


def _loss_table(markets: Sequence[Summary], rank: int, found: _Found) -> str:
    """One row per rule, one column per market at its risk aversion of this rank."""
    names: dict[str, None] = {}
    cells: dict[tuple[str, str], str] = {}
    titles = []
    for summary in markets:
        risk_aversion = summary.risk_aversions[rank]
        titles.append(f"{summary.preset}, λ = {risk_aversion:g}")
        for row in summary.at(risk_aversion):
            names[row.name] = None
            cells[row.name, summary.preset] = _loss_cell(summary, row, found)
    lines = [f"| rule | {' | '.join(titles)} |", f"|---|{'---|' * len(titles)}"]
    for name in names:
        values = [cells.get((name, summary.preset), "") for summary in markets]
        lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(lines)


def _loss_cell(summary: Summary, row: PolicyRow, found: _Found) -> str:
    if row.best_rule:
        return "**best**"
    if row.gap is None or row.gap.relative is None:
        return ""
    text = f"{100.0 * row.gap.relative:.1f}".replace("-", MINUS)
    return f"{text}{_star(summary, row, found)}"


def _market_section(summary: Summary) -> str:
    lines = [
        f"## {summary.preset}",
        f"{summary.config['description']}. Premium {summary.premium_bp:.1f} bp.",
        f"![cost against tracking error](frontier-{summary.preset}.png)",
        f"![what each rule loses](gaps-{summary.preset}.png)",
        "The best rules, what they pay and what they leave:",
        best_rules_table(summary),
    ]
    return "\n\n".join(lines)
