"""What is picked is picked on validation paths, and seeds are one entry."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from hedge_env.config.loading import load_config
from hedge_env.training.compare import compare
from hedge_env.training.report.tables import print_summary
from hedge_env.training.results import findings
from hedge_env.training.results.measurement import is_contested
from hedge_env.training.results.seeds import half_width
from hedge_env.training.results.summary import Contender, build_summary
from tests.training.helpers.fabricated import comparison
from tests.training.helpers.saved_policy import save_random_policy
from tests.training.results.test_agents import experiment, save_run

SHORT = ("episode.decisions=6",)
INVENTED = (
    ("delta", "baseline", 60.0, 100.0),
    ("gas-band", "baseline", 30.0, 140.0),
    ("run_0", "agent", 30.0, 141.0),
    ("run_1", "agent", 31.0, 141.0),
    ("run_2", "agent", 35.0, 141.0),
)


@pytest.fixture(scope="module")
def parts():
    made = comparison((10.0,), n_paths=400, invented=INVENTED)
    contenders = [
        replace(c, entry="run", seed=int(c.name[-1])) if c.kind == "agent" else c
        for c in made.contenders
    ]
    return contenders, made.tables


def summary_of(parts, validation=None, contenders=None):
    own, tables = parts
    return build_summary(
        contenders or own,
        tables,
        preset="reference",
        seed=0,
        premium_bp=900.0,
        config={"description": ""},
        validation=validation,
    )


def test_the_best_rule_is_the_best_on_the_validation_paths(parts):
    lucky = summary_of(parts, [30.0, 50.0, 1.0, 1.0, 1.0])
    assert lucky.best_rule(10.0).name == "delta"
    other = next(row for row in lucky.policies if row.name == "gas-band")
    assert other.objective_gap_bp < 0.0  # better here, and not picked for it
    assert "ahead on these paths" in findings.headline(
        replace(lucky, policies=tuple(r for r in lucky.policies if r.kind != "agent"))
    )


def test_without_validation_nothing_is_picked_among_several(parts):
    summary = summary_of(parts)
    assert summary.best_rule(10.0) is None
    one = [c for c in parts[0] if c.name != "delta"]
    tables = [t for c, t in zip(*parts, strict=True) if c.name != "delta"]
    assert summary_of((one, tables)).best_rule(10.0).name == "gas-band"


def test_seeds_are_one_row_with_mean_spread_and_interval(parts):
    summary = summary_of(parts, [50.0, 40.0, 41.0, 43.0, 42.0])
    (row,) = (row for row in summary.policies if row.kind == "agent")
    values = [
        float(table.objective.mean()) * 1e4
        for contender, table in zip(*parts, strict=True)
        if contender.kind == "agent"
    ]
    assert (row.name, row.source) == ("run", None)
    assert row.objective_bp == pytest.approx(np.mean(values))
    assert row.seed_spread_bp == pytest.approx(np.std(values, ddof=1))
    half = student.ppf(0.975, 2) * np.std(values, ddof=1) / np.sqrt(3)
    low, high = row.seed_interval_bp
    assert (low, high) == pytest.approx(
        (np.mean(values) - half, np.mean(values) + half)
    )
    assert row.validation_objective_bp == pytest.approx(42.0)
    assert [entry["seed"] for entry in row.seeds] == [0, 1, 2]
    assert [entry["run"] for entry in row.seeds] == ["run_0", "run_1", "run_2"]
    assert [e["objective_bp"] for e in row.seeds] == pytest.approx(values)
    best = summary.best_rule(10.0)
    assert row.objective_gap_bp == pytest.approx(np.mean(values) - best.objective_bp)
    assert half_width(row, row.objective_se) > max(half, 1.96 * row.objective_se)
    assert sum(row.cost_components_bp.values()) == pytest.approx(row.cost_bp)


def test_the_seeds_decide_whether_a_difference_is_one(parts):
    """A lucky seed would be told apart from the rule; the experiment is not."""
    summary = summary_of(parts, [50.0, 40.0, 1.0, 1.0, 1.0])
    text = findings.headline(summary)
    assert "the agent run (mean of 3 seeds, spread" in text
    assert "cannot be told from the best rule, gas-band" in text


def test_the_table_shows_seeds_in_one_line(parts, capsys):
    print_summary(summary_of(parts, [50.0, 40.0, 41.0, 43.0, 42.0]))
    text = capsys.readouterr().out
    assert "run (3 seeds)" in text
    assert "seeds 0, 1, 2; spread over seeds" in text
    assert "run_1" not in text


def test_a_lone_agent_has_one_seed_and_no_interval(parts):
    contenders = [replace(c, entry=None) for c in parts[0]]
    summary = summary_of(parts, [50.0, 40.0, 41.0, 43.0, 42.0], contenders)
    agents = [row for row in summary.policies if row.kind == "agent"]
    assert len(agents) == 3
    assert all(len(row.seeds) == 1 for row in agents)
    assert all(row.seed_interval_bp is None for row in agents)
    json.dumps(summary.to_document(), allow_nan=False)


def test_a_choice_is_there_where_two_of_a_kind_meet():
    delta = Contender("delta", "baseline", {}, 2.0)
    assert not is_contested([delta, replace(delta, kind="agent")])
    assert not is_contested([delta, replace(delta, risk_aversion=3.0)])
    assert not is_contested([replace(delta, kind="optimal")] * 2)
    assert is_contested([delta, replace(delta, name="no-hedge")])


@pytest.mark.slow
def test_a_comparison_of_seeds_and_rules_from_end_to_end(tmp_path):
    runs = [experiment(seed, SHORT) for seed in (0, 1)]
    paths = [str(save_run(tmp_path / f"r_{run.seed}", run)) for run in runs]
    other = save_random_policy(tmp_path / "mine" / "policy.safetensors", settings=SHORT)
    made = compare(
        load_config("reference", settings=SHORT),
        ["delta", "no-hedge", "gas-band:risk_multiplier=2,snap=0", *paths, str(other)],
        (10.0,),
        n_episodes=60,
        validation_episodes=50,
    )
    rows = {row.name: row for row in made.summary.policies}
    assert rows.keys() == {
        "delta",
        "no-hedge",
        "gas-band:risk_multiplier=2,snap=0",
        "reference",
        "mine",
    }
    given = rows["gas-band:risk_multiplier=2,snap=0"]
    assert given.params == {
        "risk_multiplier": 2.0,
        "snap": 0.0,
        "worth": 1.0,
        "centre_vega": 0.0,
        "centre_smile": 0.0,
        "centre_funding": 0.0,
    }
    assert given.params_source == "given"
    assert made.summary.validation_episodes == 50
    rules = [row for row in rows.values() if row.kind == "baseline"]
    picked = min(rules, key=lambda row: row.validation_objective_bp)
    assert made.summary.best_rule(10.0) is picked
    group = rows["reference"]
    number = made.picked(group)
    seeds = {entry["run"]: entry["validation_objective_bp"] for entry in group.seeds}
    assert made.contenders[number].name == min(seeds, key=seeds.__getitem__)


@pytest.mark.slow
def test_the_report_of_seeds_and_strangers(tmp_path):
    from hedge_env.training.report.report import write_report

    runs = [experiment(seed, SHORT) for seed in (0, 1)]
    paths = [str(save_run(tmp_path / f"r_{run.seed}", run)) for run in runs]
    made = compare(
        load_config("reference", settings=(*SHORT, "execution.fee_bp=7")),
        ["delta", "no-hedge", *paths],
        (10.0,),
        n_episodes=60,
        validation_episodes=50,
    )
    write_report(made, tmp_path / "out", command="x")
    html = (tmp_path / "out" / "report.html").read_text()
    assert "reference (2 seeds) *" in html
    assert (
        "trained for another market, in reference: differs in execution.fee_bp" in html
    )
    document = json.loads((tmp_path / "out" / "summary.json").read_text())
    (row,) = (row for row in document["policies"] if row["kind"] == "agent")
    assert [entry["seed"] for entry in row["seeds"]] == [0, 1]
    assert row["trained_on"]["differs"] == ["execution.fee_bp"]
    import polars as pl

    frame = pl.read_parquet(tmp_path / "out" / "episodes.parquet")
    own = frame.filter(pl.col("policy") == "reference")
    assert sorted(own["run"].unique().to_list()) == ["r_0", "r_1"]
    assert own["objective_bp"].mean() == pytest.approx(row["objective_bp"])
