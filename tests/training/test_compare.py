import contextlib
import functools
import io
import json
import shlex
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation import evaluate as evaluation
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.training import compare as compare_module
from hedge_env.training.cli.main import main
from hedge_env.training.compare import compare
from hedge_env.training.results import measurement, tuned_rules
from hedge_env.training.results.measurement import premium_bp
from tests.training.helpers.saved_policy import save_random_policy

SMALL = ("--episodes", "200", "--validation-episodes", "200", "--no-progress")
COMMAND = (
    *("compare", "--preset", "reference", "--policies", "no-hedge,delta-threshold"),
    *("--risk-aversion", "10", *SMALL),
)
SHORT = ("episode.decisions=6",)


def run(*arguments):
    """Exit code, standard output and standard error of one command."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = main(list(arguments))
    return SimpleNamespace(code=code, out=out.getvalue(), error=error.getvalue())


def quick(policies, risk_aversions=(10.0,), settings=SHORT, **options):
    config = load_config("reference", settings=settings)
    counts = {"n_episodes": 60, "validation_episodes": 60}
    return compare(config, policies, risk_aversions, **(counts | options))


def refused(*arguments):
    """The one line with which a command line is refused."""
    result = run("compare", *arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.error.startswith("hedge: error: ")
    assert result.error.count("\n") == 1
    return result.error


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare") / "new" / "report"
    result = run(*COMMAND, "--json", "--out", str(folder))
    return SimpleNamespace(**vars(result), folder=folder)


@pytest.fixture(scope="module")
def document(made):
    return json.loads(made.out)


@pytest.mark.slow
def test_standard_output_is_the_document_that_is_written(made):
    assert made.code == 0
    assert made.out == (made.folder / "summary.json").read_text()
    json.loads(made.out, parse_constant=pytest.fail)  # NaN is no JSON


@pytest.mark.slow
def test_the_folder_holds_what_is_promised_and_standard_error_says_where(made):
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "episodes.parquet",
        "frontier.png",
        "report.html",
        "summary.json",
    ]
    assert made.error == f"report: {made.folder / 'report.html'}\n"


@pytest.mark.slow
def test_the_document_says_what_was_measured(document):
    assert document["preset"] == "reference"
    assert (document["seed"], document["n_episodes"]) == (0, 200)
    assert (document["criterion"], document["validation_episodes"]) == (
        "objective",
        200,
    )
    rows = {row["name"]: row for row in document["policies"]}
    assert rows.keys() == {"no-hedge", "delta-threshold"}
    assert [row["kind"] for row in rows.values()] == ["baseline"] * 2
    assert rows["no-hedge"]["params"] == {}
    assert rows["delta-threshold"]["params"].keys() == {
        "threshold",
        "centre_vega",
        "centre_smile",
        "centre_funding",
    }
    assert rows["no-hedge"]["cost_bp"] == 0.0
    assert rows["delta-threshold"]["best_rule"]


@pytest.mark.slow
def test_the_table_of_episodes_has_the_means_of_the_summary(made, document):
    frame = pl.read_parquet(made.folder / "episodes.parquet")
    assert frame.height == 2 * 1 * 200
    for row in document["policies"]:
        part = frame.filter(
            (pl.col("policy") == row["name"])
            & (pl.col("risk_aversion") == row["risk_aversion"])
        )
        assert part["path_id"].to_list() == list(range(200))
        for column in ("cost_bp", "objective_bp", "trades", "turnover"):
            assert part[column].mean() == pytest.approx(row[column], abs=1e-9)
        assert part["net_loss_bp"].mean() == pytest.approx(row["net_loss_mean_bp"])
        assert part["tracking_bp"].std() == pytest.approx(row["tracking_error_bp"])
        squares = part["squared_increments"].mean()
        assert 1e4 * squares**0.5 == pytest.approx(row["tracking_rms_bp"])
        for name, value in row["cost_components_bp"].items():
            mean = part[f"cost_{name}_bp"].mean()
            assert mean == pytest.approx(value, abs=1e-9)


@pytest.mark.slow
def test_a_row_is_what_the_tuned_rule_does_on_the_test_paths(document):
    row = next(r for r in document["policies"] if r["name"] == "delta-threshold")
    rule = BASELINES["delta-threshold"](**row["params"])
    config = load_config("reference")
    (table,) = evaluate([(rule, 10.0)], config, n_episodes=200, controlled=True)
    for name, value in vars(summarise(table)).items():
        assert row[name] == value, name


@pytest.mark.slow
def test_the_report_repeats_the_command(made):
    html = (made.folder / "report.html").read_text()
    command = (
        "hedge compare --preset reference --policies no-hedge,delta-threshold "
        "--risk-aversion 10 --episodes 200 --validation-episodes 200 --seed 0 "
        f"--criterion objective --out {shlex.quote(str(made.folder))}"
    )
    assert f"{command}</pre>" in html


@pytest.mark.slow
def test_the_same_seed_gives_the_same_document_on_any_number_of_threads(
    made, monkeypatch
):
    in_chunks = functools.partial(evaluate, chunk_size=64)
    monkeypatch.setattr(measurement, "evaluate", in_chunks)
    again = run(*COMMAND, "--json", "--threads", "2")
    assert again.error == ""
    assert again.out == made.out


@pytest.mark.slow
def test_another_seed_gives_other_paths(document):
    config = load_config("reference")
    other = compare(
        config, ["no-hedge"], [10.0], n_episodes=200, validation_episodes=200, seed=1
    ).summary
    (row,) = (r for r in document["policies"] if r["name"] == "no-hedge")
    assert other.policies[0].objective_bp != row["objective_bp"]


def test_rules_are_tested_on_other_paths_than_they_are_tuned_on(monkeypatch):
    tapes = []
    for module in (tuned_rules, evaluation):
        original = module.record_tape

        def spy(*args, original=original, **options):
            tape = original(*args, **options)
            tapes.append((options["stream"], tape))
            return tape

        monkeypatch.setattr(module, "record_tape", spy)
    quick(["delta-threshold"], (2.0, 50.0))
    assert [stream for stream, _ in tapes] == ["validation", "test"]
    rows = [np.asarray(tape.rows).reshape(-1) for _, tape in tapes]
    assert rows[0].shape == rows[1].shape
    assert not np.array_equal(rows[0], rows[1])


def test_every_policy_is_run_on_the_same_paths():
    tables = quick(["no-hedge", "delta", "time-based"], (2.0, 10.0)).tables
    assert len(tables) == 6
    for table in tables:
        np.testing.assert_array_equal(table.path_id, np.arange(60))


@pytest.mark.slow
def test_rules_are_tuned_for_each_risk_aversion():
    made = quick(["delta-threshold"], (2.0, 10.0, 50.0), settings=())
    levels = [row.risk_aversion for row in made.summary.policies]
    thresholds = [row.params["threshold"] for row in made.summary.policies]
    assert levels == [2.0, 10.0, 50.0]
    assert thresholds == sorted(thresholds, reverse=True)
    assert len(set(thresholds)) == 3
    assert [policy.threshold for policy in made.policies] == thresholds


@pytest.mark.slow
def test_the_criterion_changes_what_is_tuned_and_not_what_is_measured():
    made = quick(["delta-threshold"], criterion="cvar:90", settings=())
    plain = quick(["delta-threshold"], settings=())
    assert made.summary.criterion == "cvar:90"
    assert made.summary.policies[0].params != plain.summary.policies[0].params
    # A rule tuned for something else cannot be much better at the objective.
    one, other = (c.summary.policies[0].objective_bp for c in (made, plain))
    assert one > 0.9 * other


def test_an_agent_brings_its_own_risk_aversion_with_it(tmp_path, capsys):
    path = save_random_policy(
        tmp_path / "run" / "policy.safetensors", risk_aversion=7.0, settings=SHORT
    )
    summary = quick(["delta", str(path.parent)], (2.0,)).summary
    measured = [(row.name, row.risk_aversion) for row in summary.policies]
    assert sorted(measured) == [("delta", 2.0), ("delta", 7.0), ("run", 7.0)]
    agent = next(row for row in summary.policies if row.kind == "agent")
    assert (agent.source, agent.params) == (str(path), {})
    assert agent.objective_gap_bp is not None
    assert "trained for risk aversion 7" in capsys.readouterr().err


def test_agents_alone_are_not_tuned(tmp_path):
    path = save_random_policy(tmp_path / "p", settings=SHORT)
    summary = quick([str(path)]).summary
    assert summary.criterion is None
    assert summary.validation_episodes is None
    assert summary.policies[0].objective_gap_bp is None


@pytest.mark.slow
def test_no_policy_is_better_than_the_optimum():
    made = quick(
        ["optimal", "whalley-wilmott", "delta"],
        settings=("episode.decisions=12",),
        n_episodes=2000,
    )
    rows = made.summary.policies
    assert (rows[0].name, rows[0].kind, rows[0].params) == ("optimal", "optimal", {})
    assert rows[0].objective_gap_bp < 0.0
    assert made.summary.best_rule(10.0).name == "whalley-wilmott"


def test_the_premium_is_the_value_of_the_book_in_basis_points():
    config = load_config("reference")
    assert premium_bp(config, 10, 0) == pytest.approx(912.98, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--preset", "referense"), "reference"),
        (("--policies", "delta-treshold"), "did you mean delta-threshold?"),
        (("--policies", "nothing/policy.safetensors"), "no policy file"),
        (("--criterion", "sharpe"), "sharpe"),
        (("--episodes", "1"), "at least 2"),
        (("--validation-episodes", "1"), "at least 2"),
        (("--set", "execution.fee=3"), "execution.fee"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(arguments, said):
    assert said in refused(*SMALL, *arguments)


def test_an_optimum_that_does_not_exist_is_refused_in_one_line():
    result = run("compare", "--preset", "ethereum-l1", "--policies", "optimal", *SMALL)
    assert result.code in (1, 2)
    assert result.error.count("\n") == 1
    assert "not constant" in result.error


def test_a_refused_comparison_leaves_no_folder(tmp_path):
    refused(*SMALL, "--policies", "x", "--out", str(tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_found_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"mine")
    monkeypatch.setattr(compare_module, "compare", pytest.fail)
    result = run(*COMMAND, "--json", "--out", str(tmp_path / "file"))
    assert result.code == 1
    assert result.out == ""
    assert result.error.count("\n") == 1
    assert str(tmp_path / "file") in result.error
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_without_json_a_table_is_printed():
    result = run(
        *("compare", "--policies", "delta,no-hedge", "--risk-aversion", "10", *SMALL),
        *("--set", *SHORT),
    )
    assert result.code == 0
    assert "best rule" in result.out
    assert "200 test paths" in result.out
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.out)
