import io
from dataclasses import replace

import pytest
from rich.console import Console

from hedge_env.training.report.tables import print_summary, summary_table
from tests.training.helpers.fabricated import INVENTED, comparison

SUMMARY = comparison(n_paths=200).summary


def render(summary, width=200):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(summary_table(summary))
    return console.file.getvalue()


Z = 1.959964  # of a 95 % interval


def test_every_row_shows_its_policy_and_its_intervals():
    text = render(SUMMARY)
    for row in SUMMARY.policies:
        (line,) = [
            line
            for line in text.splitlines()
            if f" {row.name} " in line
            and line.lstrip().startswith(f"{row.risk_aversion:g} ")
        ]
        for value, error in (
            (row.objective_bp, row.objective_se),
            (row.cost_bp, row.cost_se),
            (row.tracking_error_bp, row.tracking_error_se),
        ):
            assert f" {value:.1f} ± {Z * error:.1f} " in line
        assert f" {row.cvar95_bp:.0f} ± {Z * row.cvar95_se:.0f} " in line


def test_rows_stand_in_the_order_of_the_summary():
    cells = [line.split()[:2] for line in render(SUMMARY).splitlines() if "±" in line]
    assert [cell[0] for cell in cells] == [
        f"{row.risk_aversion:g}" for row in SUMMARY.policies
    ]
    assert [cell[1] for cell in cells] == [
        row.name.split()[0] for row in SUMMARY.policies
    ]


def test_the_best_rule_is_named_once_a_risk_aversion():
    lines = [
        line
        for line in render(SUMMARY).splitlines()
        if "±" in line and " best rule " in line
    ]
    assert [line.split()[1] for line in lines] == [
        SUMMARY.best_rule(level).name for level in SUMMARY.risk_aversions
    ]


def test_without_rules_there_is_no_column_of_gaps():
    agents = tuple(row for row in SUMMARY.policies if row.kind == "agent")
    alone = [replace(row, objective_gap_bp=None, best_rule=False) for row in agents]
    assert "vs best rule" in render(SUMMARY)
    assert "vs best rule" not in render(replace(SUMMARY, policies=tuple(alone)))


@pytest.mark.parametrize("name", ["[bold]x[/bold]", "[/]", "a[red]"])
def test_brackets_in_a_name_are_shown_as_they_are(name):
    invented = (*INVENTED[:2], (name, "agent", 30.0, 140.0))
    summary = comparison((10.0,), n_paths=50, invented=invented).summary
    assert f" {name} " in render(summary)


def test_what_was_measured_stands_below_the_table(capsys):
    print_summary(SUMMARY)
    text = capsys.readouterr().out
    for part in ("reference", "200 test paths", "seed 0", "premium 914.3 bp", "95 %"):
        assert part in " ".join(text.split())
    assert "\x1b" not in text  # no colours where there is no terminal


def test_a_rule_ahead_of_the_best_rule_is_explained(capsys):
    sentence = "The best rule is the best on the validation paths"
    print_summary(SUMMARY)
    assert sentence not in " ".join(capsys.readouterr().out.split())
    luckier = [
        replace(row, objective_bp=0.5 * row.objective_bp)
        if row.kind == "baseline" and not row.best_rule
        else row
        for row in SUMMARY.policies
    ]
    print_summary(replace(SUMMARY, policies=tuple(luckier)))
    assert sentence in " ".join(capsys.readouterr().out.split())


def test_no_figure_is_cut_in_a_terminal_of_eighty_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_summary(SUMMARY)
    text = capsys.readouterr().out
    assert "…" not in text
    for row in SUMMARY.policies:
        assert f"{row.objective_bp:.1f}".replace("-", "\N{MINUS SIGN}") in text
        assert f"{row.trades:.1f}" in text


@pytest.mark.parametrize("width", [100, 150, None])
def test_no_figure_is_cut_however_wide_the_numbers_are(width, monkeypatch, capsys):
    if width is not None:
        monkeypatch.setenv("COLUMNS", f"{width}")
    params = {"risk_multiplier": 1.23456, "gas_exponent": -0.0839012}
    rules = [row for row in SUMMARY.policies if row.kind == "baseline"]
    rows = [
        replace(
            row,
            name=f"{row.name}-of-a-long-name:interval=12",
            params=params,
            avoidable_bp=-1234567.8,
            avoidable_se=12345.6,
        )
        for row in rules
    ]
    print_summary(replace(SUMMARY, policies=tuple(rows)))
    words = capsys.readouterr().out.replace(",", " ").split()
    for part in ("multiplier", "1.23", "exponent", "-0.0839"):
        assert words.count(part) == len(rows), part
    for row in rows:
        assert f"{row.trades:.1f}" in words
