"""Published tables, on fewer paths than their pages hold."""

import json

import numpy as np
import pytest

from hedge_env.training.cli.main import main
from hedge_env.training.study.published import TABLES
from hedge_env.training.study.published.cao_2023 import lower_quantile
from hedge_env.training.study.published.table import (
    MeasuredRow,
    distance,
    measure_rows,
    to_markdown,
)
from tests.support.checkout import ROOT

CAO_2021, CAO_2023 = TABLES["cao-2021"], TABLES["cao-2023"]


def rows_of(preset, interval):
    cell = f"{interval} d"
    return [r for r in CAO_2021.rows if r.preset == preset and cell in r.cells]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "interval"), [("cao-gbm-1m", 5), ("cao-sabr-1m", 3), ("cao-sabr-3m", 5)]
)
def test_rules_cost_what_is_published(preset, interval):
    found = measure_rows(CAO_2021, rows_of(preset, interval), n_episodes=12_000)
    assert max(abs(away) for row in found for away in row.distances) < 4.0


@pytest.mark.slow
def test_rules_earn_what_is_published():
    found = measure_rows(CAO_2023, CAO_2023.rows, n_episodes=6_000)
    known = [away for row in found for away in row.distances if away is not None]
    assert len(known) == 3 * 9 - 1
    assert np.abs(known).max() < 3.0


@pytest.mark.slow
def test_bartletts_delta_is_told_from_the_practitioners_on_the_same_paths():
    rows = rows_of("cao-sabr-3m", 5)
    delta, bartlett = measure_rows(CAO_2021, rows, n_episodes=12_000)
    assert (delta.row.rule, bartlett.row.rule) == ("delta", "bartlett")
    theirs = bartlett.row.figures[1] - delta.row.figures[1]
    found = bartlett.figures[1][0] - delta.figures[1][0]
    assert found == pytest.approx(theirs, abs=0.5)


def test_every_row_is_a_whole_number_of_decisions_and_adds_up():
    rows = CAO_2021.rows
    assert len({(r.problem, r.rule) for r in rows}) == len(rows) == 24
    for row in rows:
        mean, sd, y = row.figures
        assert mean + 1.5 * sd == pytest.approx(y, abs=0.13)
        decisions = int(row.settings[0].partition("=")[2])
        hours = float(row.settings[1].partition("=")[2])
        days = float(row.settings[2].partition("=")[2])
        assert decisions * hours == 24.0 * days


def test_a_row_of_the_first_table_becomes_settings_and_a_line():
    row = next(r for r in CAO_2021.rows if r.cells == ("`delta`", "21", "3 d"))
    assert row.settings == (
        "episode.decisions=7",
        "episode.decision_interval_hours=72",
        "book.legs.0.maturity_days=21",
    )
    found = measure_rows(CAO_2021, [row], n_episodes=16)
    line = to_markdown(CAO_2021, found).splitlines()[2]
    assert line.startswith(
        "| `cao-gbm-1m` | `delta` | 21 | 3 d | 77.9 / 41.9 / 140.8 |"
    )


def test_rows_of_the_second_table_become_lines():
    figures = ((1.0, 0.1), (2.0, 0.2), (-3.0, 0.3))
    found = [MeasuredRow(row, figures, (0.5, -2.25, None)) for row in CAO_2023.rows]
    lines = to_markdown(CAO_2023, found).splitlines()
    assert lines[2].startswith(
        "| `gamma-vega` | none | none | `delta` | 0.05 / 14.99 / -24.29 | 1.00 ± 0.10"
    )
    assert lines[3].startswith(
        "| `gamma-vega` | 30 d | 0.5 % | `delta-gamma` | -3.41 / 1.44 / -5.78 |"
    )
    assert "| 0.22 / 21.87 |" in lines[6]
    assert lines[-1].startswith("Of 18 published figures the farthest is 2.2 standard")


def test_a_distance_counts_their_paths_too():
    n = 3 * CAO_2023.n_episodes
    assert distance(1.0, (2.0, 0.1), n, CAO_2023) == pytest.approx(1.0 / 0.2)


def test_the_error_of_a_quantile_is_that_of_repeated_samples():
    random = np.random.default_rng(3)
    pairs = [lower_quantile(random.standard_normal(4000)) for _ in range(400)]
    values, errors = np.array(pairs).T
    assert values.mean() == pytest.approx(-1.645, abs=0.005)
    assert errors.mean() == pytest.approx(values.std(), rel=0.1)


def test_the_command_prints_a_document(capsys, monkeypatch):
    short = CAO_2021.rows[:1]
    monkeypatch.setitem(
        TABLES, "cao-2021", CAO_2021.__class__(**{**vars(CAO_2021), "rows": short})
    )
    arguments = ["study", "--published", "cao-2021", "--episodes", "16", "--seed", "2"]
    assert main([*arguments, "--json", "--no-progress"]) == 0
    (table,) = json.loads(capsys.readouterr().out)["tables"]
    assert (table["table"], table["n_episodes"], table["seed"]) == ("cao-2021", 16, 2)
    (row,) = table["rows"]
    assert row["mean"]["published"] == 68.7
    assert row["mean"]["se"] > 0.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--published", "cao-2022"], "no table is called cao-2022; use cao-2021"),
        (["--published", "all", "--episodes", "1"], "--episodes"),
    ],
)
def test_a_wrong_table_is_one_line(arguments, says, capsys):
    assert main(["study", *arguments]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert len(written.err.splitlines()) == 1
    assert says in written.err


def test_the_pages_name_the_commands():
    docs = ROOT / "docs"
    for page, table in (("cao.md", "cao-2021"), ("options.md", "cao-2023")):
        assert f"hedge study --published {table} " in (docs / page).read_text()
