import contextlib
import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hedge_env.baselines import ALLOCATIONS, BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.evaluation.wealth import follow_wealth
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.cli.main import main
from hedge_env.training.evaluate import evaluate_policy
from hedge_env.training.results.findings import parameters
from tests.training.helpers.saved_policy import save_random_policy

SHORT = ("episode.decisions=6",)
SMALL = ("--episodes", "50", "--no-progress")


def summary_of(*arguments, **options):
    return evaluate_policy(*arguments, **options).summary


@pytest.fixture
def saved(tmp_path):
    return save_random_policy(
        tmp_path / "run" / "policy.safetensors", risk_aversion=7.0, settings=SHORT
    )


def run(*arguments):
    """Exit code, standard output and standard error of one command."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = main(["evaluate", *arguments])
    return SimpleNamespace(code=code, out=out.getvalue(), error=error.getvalue())


def measured(policy, config, level, **options):
    options = {"n_episodes": 50, "controlled": True} | options
    (table,) = evaluate([(policy, level)], config, **options)
    return summarise(table)


def assert_measures(row, metrics):
    for name, value in vars(metrics).items():
        if name != "n_episodes":
            assert row[name] == value, name


def test_a_saved_policy_is_measured_in_the_preset_asked_for(saved):
    result = run(str(saved), "--preset", "reference", "--json", *SMALL)
    assert (result.code, result.error) == (0, "")
    document = json.loads(result.out)
    assert (document["preset"], document["n_episodes"]) == ("reference", 50)
    assert document["criterion"] is None
    assert document["config"]["episode"]["decisions"] > 6
    (row,) = document["policies"]
    assert (row["name"], row["kind"], row["params"]) == ("run", "agent", {})
    assert (row["risk_aversion"], row["source"]) == (10.0, str(saved))
    assert row["objective_gap_bp"] is None
    config = load_config("reference")
    assert_measures(row, measured(load_policy(saved), config, 10.0))


def test_without_a_preset_it_is_the_market_of_its_training(saved):
    summary = summary_of(str(saved.parent), n_episodes=50)
    assert summary.config == load_policy(saved).config.model_dump(mode="json")
    assert summary.risk_aversions == (7.0,)
    assert summary.policies[0].source == str(saved)


def test_overrides_change_that_market(saved):
    free, dear = (
        summary_of(
            str(saved), settings=(f"execution.fee_bp={fee}",), n_episodes=50
        ).policies[0]
        for fee in (0.0, 20.0)
    )
    assert free.cost_components_bp["fee"] == 0.0 < dear.cost_components_bp["fee"]


def test_a_policy_trained_for_a_range_is_measured_at_three_points_of_it(tmp_path):
    path = save_random_policy(
        tmp_path / "p", risk_aversion={"low": 1.0, "high": 100.0}, settings=SHORT
    )
    summary = summary_of(str(path), n_episodes=20)
    assert summary.risk_aversions == pytest.approx((1.0, 10.0, 100.0))
    asked = summary_of(str(path), n_episodes=20, risk_aversions=(3.0,))
    assert asked.risk_aversions == (3.0,)


def test_a_rule_has_its_default_parameters():
    summary = summary_of("delta-threshold", settings=SHORT, n_episodes=50)
    (row,) = summary.policies
    rule = BASELINES["delta-threshold"]()
    assert row.params == rule.params
    assert not row.best_rule  # of one
    assert row.params_source == "default"
    config = load_config("reference", settings=SHORT)
    level = config.risk_aversion
    assert_measures(vars(row), measured(rule, config, level))


def test_the_seed_chooses_the_paths(saved):
    first, again, other = (
        summary_of(str(saved), n_episodes=50, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first.policies[0].cost_bp != other.policies[0].cost_bp


def test_without_json_a_table_with_intervals_is_printed(saved):
    result = run(str(saved), *SMALL)
    assert result.code == 0
    assert "run" in result.out
    assert "best rule" not in result.out
    assert "±" in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing/policy.safetensors",), "no policy file nothing"),
        (("delta-treshold",), "did you mean delta-threshold?"),
        (("delta", "--preset", "referense"), "reference"),
        (("delta", "--set", "execution.fee=1"), "execution.fee"),
        (("all",), "hedge compare --policies all"),
        (("main",), "hedge compare --policies main"),
        (("optimal",), "hedge compare --policies optimal"),
        (("delta", "--episodes", "1"), "at least 2 paths"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(arguments, said):
    result = run(*arguments, "--json")
    assert result.code == 2
    assert result.out == ""
    assert result.error.startswith("hedge: error: ")
    assert result.error.count("\n") == 1
    assert said in result.error


def test_a_damaged_policy_file_is_refused_in_one_line(saved):
    saved.write_bytes(saved.read_bytes()[:-1])
    result = run(str(saved), "--json", *SMALL)
    assert result.code != 0
    assert result.out == ""
    assert result.error.count("\n") == 1
    assert str(saved) in result.error


def tune_into(folder, policy, risk_aversion):
    with contextlib.redirect_stdout(io.StringIO()):
        code = main(
            [
                *("tune", "--policies", policy, "--risk-aversion", risk_aversion),
                *("--episodes", "40", "--validation-episodes", "40"),
                *("--no-progress", "--out", str(folder)),
                *("--set", *SHORT),
            ]
        )
    assert code == 0


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    tune_into(folder, "delta-threshold", "5,20")
    return folder / "tuned.json"


def test_a_rule_takes_the_parameters_of_a_file(tuned):
    """Market and risk aversions are those of the file as well."""
    summary = summary_of("delta-threshold", tuned=tuned, n_episodes=50)
    entries = {
        entry["risk_aversion"]: entry["params"]
        for entry in json.loads(tuned.read_text())["entries"]
    }
    assert summary.risk_aversions == (5.0, 20.0)
    assert summary.config["episode"]["decisions"] == 6
    for row in summary.policies:
        assert row.params == entries[row.risk_aversion]
        assert row.params_source == str(tuned)
        assert not row.best_rule


def test_a_rule_partly_fixed_takes_what_was_tuned_around_that(tmp_path):
    name = "gas-band:snap=0.1,rest=tuned"
    tune_into(tmp_path, name, "10")
    file = tmp_path / "tuned.json"
    (row,) = summary_of(name, tuned=file, n_episodes=50).policies
    (entry,) = json.loads(file.read_text())["entries"]
    assert (row.name, row.params) == ("gas-band with snap=0.1", entry["params"])
    assert parameters(row).endswith(f" ({file})")
    assert "default" not in parameters(row)


def test_a_rule_takes_parameters_in_its_name():
    summary = summary_of(
        "gas-band:risk_multiplier=2,snap=0", settings=SHORT, n_episodes=50
    )
    (row,) = summary.policies
    rule = BASELINES["gas-band"](risk_multiplier=2.0, snap=0.0)
    assert (row.name, row.params, row.params_source) == (
        "gas-band",
        rule.params,
        "given",
    )
    config = load_config("reference", settings=SHORT)
    assert_measures(vars(row), measured(rule, config, config.risk_aversion))


def test_what_a_rule_leaves_to_its_defaults_is_not_called_given():
    summary = summary_of("gas-band:snap=0.2", settings=SHORT, n_episodes=50)
    (row,) = summary.policies
    assert row.params_given == ("snap",)
    said = parameters(row)
    assert said.startswith("snap 0.2 (given), risk multiplier 1")
    assert said.endswith(" (default)")
    whole = replace(row, params_given=tuple(row.params))
    assert parameters(whole).endswith(" (given)")
    assert "default" not in parameters(whole)
    assert summary.to_document()["policies"][0]["params_given"] == ["snap"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("delta-threshold", "(default)"), ("vault:interval=9", "(given)")],
)
def test_the_table_says_which_parameters_were_used(name, said):
    result = run(name, "--set", *SHORT, *SMALL)
    assert result.code == 0
    assert said in result.out
    assert "best rule" not in result.out


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("delta-threshold:threshold=0.1", (), "has its parameters already"),
        ("vault", (), "has no parameters of vault at risk aversion"),
        ("delta-threshold", ("--risk-aversion", "7"), "it has 5, 20"),
        ("delta-threshold", ("--preset", "deribit"), "with another config"),
    ],
)
def test_parameters_that_are_not_there_are_refused_in_one_line(
    tuned, name, options, said
):
    result = run(name, "--tuned", str(tuned), *options, "--json")
    assert (result.code, result.out) == (2, "")
    assert result.error.count("\n") == 1
    assert said in result.error


def test_an_agent_has_nothing_tuned(tuned, saved):
    result = run(str(saved), "--tuned", str(tuned))
    assert result.code == 2
    assert "is no rule" in result.error


def test_where_nothing_is_hedged_wealth_is_told():
    rule = "cppi:floor=0.9,multiplier=4,leverage=3"
    options = ("--preset", "allocation", "--episodes", "200", "--no-progress")
    told = run(rule, *options)
    assert told.code == 0
    assert "Wealth of cppi, from 1: " in told.out
    (row,) = json.loads(run(rule, *options, "--json").out)["wealth"]
    config = load_config("allocation")
    policy = ALLOCATIONS["cppi"](0.9, 4.0, leverage=3.0)
    outcomes = follow_wealth(policy, config, n_episodes=200)
    assert row["floor"] == 0.9
    assert row["mean"] == pytest.approx(outcomes.final.mean())
    assert row["below"] == np.mean(outcomes.final < 0.9) > 0.0
    # Wealth is one less the net loss of the same paths.
    (table,) = evaluate([(policy, 1.0)], config, n_episodes=200)
    np.testing.assert_allclose(outcomes.final, 1.0 - table.net_loss, atol=1e-12)


def test_where_something_is_hedged_it_is_not():
    document = json.loads(run("delta", "--set", *SHORT, *SMALL, "--json").out)
    assert "wealth" not in document
