"""A summary as a table in the terminal."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from hedge_env.training.output.console import fits, result_width, write_table
from hedge_env.training.results.findings import (
    avoidable,
    detailed_risk_aversion,
    difference,
    headline,
    leader,
    marked_name,
    marks,
    objective,
    parameter_text,
    parameters,
    with_error,
)
from hedge_env.training.results.investors.chains import chains_sentence
from hedge_env.training.results.investors.contagion import contagion_sentence
from hedge_env.training.results.investors.pools import liquidity_sentence
from hedge_env.training.results.investors.vault import keeper_sentence, pool_sentence
from hedge_env.training.results.recorded_market import replay_sentence
from hedge_env.training.results.summary import PolicyRow, Summary
from hedge_env.training.results.tuned_file import TunedEntry, TunedFile

__all__ = ["print_summary", "print_tuned", "summary_table"]


_PICKED = (
    " The best rule is the best on the validation paths: on these test paths another "
    "is ahead of it."
)


_CONTROLLED = (
    " J is estimated with control variates; --json has the plain mean beside it."
)


def _is_overtaken(summary: Summary) -> bool:
    """Whether a rule has a lower objective on the test paths than the best rule."""
    return any(
        row.estimate[0] < best.estimate[0]
        for best in summary.policies
        if best.best_rule
        for row in summary.at(best.risk_aversion)
        if row.kind == "baseline"
    )


def _is_controlled(summary: Summary) -> bool:
    return any(row.controlled_objective_bp is not None for row in summary.policies)


def print_summary(summary: Summary) -> None:
    """Print the table on standard output.

    Args:
        summary: What was measured.
    """
    replayed = [] if summary.replay is None else [replay_sentence(summary.replay)]
    warnings = [Text(line, style="bold yellow") for line in marks(summary)]
    whole = summary_table(summary)
    width = _least_width(whole)
    write_table(
        *((whole,) if fits(width) else _narrow_table(summary)),
        f"{summary.preset}, {summary.n_episodes:,} test paths, seed {summary.seed}, "
        f"premium {summary.premium_bp:.1f} bp. In bp of notional; ± is a 95 % "
        f"confidence interval.{_CONTROLLED if _is_controlled(summary) else ''}"
        f"{_PICKED if _is_overtaken(summary) else ''}",
        *([headline(summary)] if summary.savings else []),
        *([] if summary.liquidity is None else [liquidity_sentence(summary.liquidity)]),
        *(keeper_sentence(summary.config, entry) for entry in summary.keeper),
        *(pool_sentence(summary.config, entry) for entry in summary.pool),
        *(chains_sentence(summary.config, entry) for entry in summary.chains),
        *(contagion_sentence(summary.config, entry) for entry in summary.contagion),
        *warnings,
        *replayed,
        least_width=width if fits(width) else 0,
    )


def print_tuned(file: TunedFile) -> None:
    """Print the parameters of tuned rules on standard output.

    Args:
        file: What was tuned.
    """
    entries = sorted(file.entries, key=lambda e: (e.risk_aversion, e.value_bp))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("λ", justify="right", no_wrap=True)
    table.add_column("policy", no_wrap=True)
    for title in (file.criterion, "on test paths", "gain", "gain on test paths"):
        table.add_column(title, justify="right", overflow="fold")
    if not _is_narrow():
        table.add_column("tried", justify="right")
        table.add_column("parameters")
    for entry in entries:
        further = f"{entry.evaluations}", parameter_text(entry.params)
        table.add_row(
            f"{entry.risk_aversion:g}",
            entry.name,
            with_error(entry.value_bp, entry.value_se or 0.0),
            _known(entry.test_bp, entry.test_se),
            _known(entry.gain_bp, entry.gain_se),
            _known(entry.test_gain_bp, entry.test_gain_se),
            *(() if _is_narrow() else further),
        )
    write_table(
        table,
        *(_parameter_lines(entries) if _is_narrow() else ()),
        f"{file.preset}, {file.n_paths:,} validation paths that parameters are tuned "
        f"on, {file.n_test_paths or file.n_paths:,} test paths, seed {file.seed}. In "
        "bp of notional; ± is a 95 % confidence interval. The gain is over the rule's "
        "own defaults, path by path: what of it is not left on the test paths was "
        "luck.",
    )


def _parameter_lines(entries: Sequence[TunedEntry]) -> list[str]:
    """What a narrow table has no room for."""
    return [
        f"{entry.name} at λ {entry.risk_aversion:g}: {parameter_text(entry.params)} "
        f"({entry.evaluations} tried)"
        for entry in entries
    ]


def _known(value: float | None, error: float | None) -> str:
    """A number with its error, or nothing in a file from before it was measured."""
    return "" if value is None else with_error(value, error or 0.0)


_NARROW = 140  # columns of a terminal
_WIDEST = 10_000  # columns of any table


def _least_width(table: Table) -> int:
    """Columns below which a table is cut: parameters alone go into several lines."""
    columns = [replace(column, max_width=column.min_width) for column in table.columns]
    least = copy(table)
    least.columns = columns
    console = Console(width=_WIDEST)
    return Measurement.get(console, console.options, least).maximum


def _is_narrow() -> bool:
    """Whether a terminal has no room for the parameters of tuned rules."""
    return result_width() < _NARROW


def _narrow_table(summary: Summary) -> tuple[Table | str, ...]:
    """What fits into 80 columns, and the parameters in lines below."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("λ", justify="right", no_wrap=True)
    table.add_column("policy", overflow="fold")
    titles = ("objective", "vs best rule", "cost", "tracking", "trades")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    lead = leader(summary, detailed_risk_aversion(summary))
    lines = []
    for row in summary.policies:
        table.add_row(
            f"{row.risk_aversion:g}",
            marked_name(row).replace("[", r"\["),
            objective(row),
            difference(row).split(" (")[0],
            f"{row.cost_bp:.1f}",
            f"{row.tracking_error_bp:.1f}",
            f"{row.trades:.1f}",
            style=_style(row, lead),
        )
        if parameters(row):
            lines.append(f"{row.name} at λ {row.risk_aversion:g}: {parameters(row)}")
    return table, *lines


def summary_table(summary: Summary) -> Table:
    """One row per policy and risk aversion, the best objective first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("λ", justify="right")
    table.add_column("policy", no_wrap=True)
    compared = any(row.best_rule for row in summary.policies)
    has_floor = any(row.avoidable_bp is not None for row in summary.policies)
    titles = ("objective", *(("avoidable",) if has_floor else ()))
    for title in (*titles, *(("vs best rule",) if compared else ())):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("cost", "tracking error", "CVaR 95 %", "trades"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("parameters", min_width=24)
    lead = leader(summary, detailed_risk_aversion(summary))
    for risk_aversion in summary.risk_aversions:
        rows = summary.at(risk_aversion)
        for row in rows:
            table.add_row(
                f"{risk_aversion:g}",
                *_cells(row, compared=compared, has_floor=has_floor),
                style=_style(row, lead),
                end_section=row is rows[-1],
            )
    return table


def _cells(row: PolicyRow, *, compared: bool, has_floor: bool) -> list[str]:
    return [
        marked_name(row).replace("[", r"\["),  # rich would read markup into it
        objective(row),
        *([avoidable(row)] if has_floor else []),
        *([difference(row)] if compared else []),
        with_error(row.cost_bp, row.cost_se),
        with_error(row.tracking_error_bp, row.tracking_error_se),
        with_error(row.cvar95_bp, row.cvar95_se, 0),
        f"{row.trades:.1f}",
        parameters(row),
    ]


def _style(row: PolicyRow, lead: PolicyRow) -> str:
    if row.kind == "agent" or row is lead:
        return "bold"
    if row.kind == "optimal":
        return "italic"
    return "cyan" if row.best_rule else ""
