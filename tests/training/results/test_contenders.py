import csv
import shutil

import pytest

from hedge_env.base.errors import ConfigError, HedgeError, PolicyFileError
from hedge_env.baselines import BASELINES, MAIN_RULES
from hedge_env.config import RiskAversionRange
from hedge_env.config.loading import load_config
from hedge_env.training.cli.commands import CompareOptions
from hedge_env.training.compare import compare
from hedge_env.training.results.contenders import (
    ANYWHERE,
    find_contenders,
    risk_aversions_of,
    rule_contender,
    wanted_optima,
)
from tests.support.checkout import ROOT
from tests.training.helpers.saved_policy import save_random_policy


@pytest.fixture
def saved(tmp_path):
    return save_random_policy(tmp_path / "run" / "policy.safetensors")


def refusal(*entries):
    with pytest.raises(HedgeError) as caught:
        find_contenders(entries)
    assert "\n" not in str(caught.value)
    return caught.value


def test_rules_are_found_by_name_in_the_order_given():
    rules, agents = find_contenders(["whalley-wilmott", "no-hedge"])
    assert [rule.name for rule in rules] == ["whalley-wilmott", "no-hedge"]
    assert all(rule.rule_class is BASELINES[rule.name] for rule in rules)
    assert agents == []


def test_all_means_every_rule():
    rules, _ = find_contenders(["all"])
    assert [rule.name for rule in rules] == list(BASELINES)


def test_main_means_eight_rules_and_those_for_listed_options():
    rules, _ = find_contenders(["main"])
    names = [rule.name for rule in rules]
    assert set(names) == {*MAIN_RULES, "delta-gamma", "delta-vega", "cheapest-chain"}
    rules, _ = find_contenders(["main", "vault"], load_config("ethereum-l1"))
    assert {rule.name for rule in rules} == {*MAIN_RULES, "vault"}
    assert len(MAIN_RULES) == 8
    assert CompareOptions().policies == ("main",)
    assert wanted_optima(["main"], load_config("reference")) == ("optimal",)


def test_whatever_leads_in_the_study_is_a_main_rule_or_solved_for_its_market():
    path = ROOT / "docs" / "study" / "summary.csv"
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "baseline"]
    cells = {(row["preset"], row["risk_aversion"]) for row in rows}
    leaders = {
        min(
            (row for row in rows if (row["preset"], row["risk_aversion"]) == cell),
            key=lambda row: float(row["objective_bp"]),
        )["name"]
        for cell in cells
    }
    assert len(cells) > 10
    assert leaders <= {*MAIN_RULES, *ANYWHERE}


def test_all_leaves_out_what_a_book_is_not_for_and_says_so(capsys):
    legs = [
        {"kind": "call", "moneyness": 1.1},
        {"kind": "put", "moneyness": 0.9, "maturity_days": 14.0},
    ]
    config = load_config("reference", {"book": {"legs": legs}})
    rules, _ = find_contenders(["all"], config)
    names = {rule.name for rule in rules}
    assert not names & {"bartlett", "leland", "zakamouline", "minimum-variance"}
    assert {"delta", "gas-band"} <= names
    said = capsys.readouterr().err
    assert "bartlett, leland, zakamouline (the book has 2 strikes and 2 matur" in said
    assert (
        "left out of all: linear-greeks, minimum-variance (the book has 2 maturities)"
        in said
    )
    named, _ = find_contenders(["bartlett"], config)
    assert [rule.name for rule in named] == ["bartlett"]
    contender = rule_contender(
        "bartlett", named[0].build(), 10.0, config, params_source="default"
    )
    assert contender.notes == (
        "not made for this book: the book has 2 strikes and 2 maturities",
    )
    find_contenders(["all"], load_config("reference"))
    assert capsys.readouterr().err == ""


def test_what_is_given_twice_counts_once(saved):
    rules, agents = find_contenders(
        ["delta", "all", "delta", str(saved), str(saved.parent), str(saved)]
    )
    assert sorted(rule.name for rule in rules) == sorted(BASELINES)
    assert len(agents) == 1


def test_a_policy_file_and_its_run_folder_are_the_same_agent(saved):
    for entry in (saved, saved.parent):
        rules, (agent,) = find_contenders([str(entry)])
        assert rules == []
        assert (agent.name, agent.source) == ("run", saved)
        assert agent.policy.kind == "agent"


def test_agents_of_the_same_name_are_told_apart(saved, tmp_path):
    copies = [tmp_path / f"copy-{number}.safetensors" for number in range(2)]
    for copy in copies:
        shutil.copy(saved, copy)
    _, agents = find_contenders([str(path) for path in (saved, *copies)])
    assert [agent.name for agent in agents] == ["run", "copy-0", "copy-1"]


@pytest.mark.parametrize("name", ["delta", "optimal"])
def test_an_agent_cannot_pass_for_a_rule_or_the_optimum(name, tmp_path):
    path = save_random_policy(tmp_path / "p.safetensors", name=name)
    _, (agent,) = find_contenders([str(path)])
    assert agent.name == f"p/{name}"


def test_a_policy_file_may_be_called_like_anything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_random_policy(tmp_path / "delt")
    _, (agent,) = find_contenders(["delt"])
    assert agent.source.name == "delt"


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("delta-treshold", "delta-threshold"),
        ("whaley-wilmott", "whalley-wilmott"),
        ("al", "all"),
        ("optimum", "optimal"),
        ("optimal-gas", "optimal-mean-gas"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_right_one(entry, meant):
    error = refusal(entry)
    assert isinstance(error, ConfigError)
    assert f"did you mean {meant}?" in str(error)


def test_a_name_like_no_other_is_answered_with_all_names():
    message = str(refusal("xyzzy"))
    assert "did you mean" not in message
    assert all(name in message for name in BASELINES)


@pytest.mark.parametrize("entry", ["nothing/policy.safetensors", "a.safetensors"])
def test_a_missing_policy_file_is_named(entry, tmp_path):
    path = tmp_path / entry
    error = refusal(str(path))
    assert isinstance(error, ConfigError)
    assert f"there is no policy file {path}" in str(error)


def test_a_folder_without_a_policy_is_named(tmp_path):
    assert f"{tmp_path / 'policy.safetensors'}" in str(refusal(str(tmp_path)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("prices.csv", "is a table and no policy; recorded days are named by --replay"),
        ("a.yaml", "is no policy; an experiment is trained first, by hedge train"),
        ("tuned.json", "is a file of hedge tune and no policy: name its rules"),
        ("other.json", "is not a formula of hedge distill"),
    ],
)
def test_a_file_of_another_kind_is_said_to_be_one(name, said, tmp_path):
    path = tmp_path / name
    path.write_text('{\n  "format": "hedge-tuned-1"\n}' if name[0] == "t" else "{}")
    error = refusal("delta", str(path))
    assert f"{path} {said}" in str(error)


def test_a_folder_of_hedge_tune_is_said_to_be_one(tmp_path):
    (tmp_path / "tuned.json").write_text('{\n  "format": "hedge-tuned-1"\n}')
    said = f"--policies: {tmp_path} holds a file of hedge tune and no policy"
    assert said in str(refusal(str(tmp_path)))


def test_the_entry_is_named_by_the_words_of_the_command():
    with pytest.raises(ConfigError, match=r"^POLICY: 'xyzzy' is neither a rule"):
        find_contenders(["xyzzy"], option="POLICY")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("xyzzy:snap=0.5", "'xyzzy:snap=0.5' is neither a rule nor a policy file."),
        ("xyzzy:centre=delta,rest=tuned", "'xyzzy:centre=delta,rest=tuned' is neither"),
        (
            "GAS_BAND",
            "'GAS_BAND' is neither a rule nor a policy file; did you mean gas",
        ),
        ("gas-band:snp=0", "has no parameter 'snp', did you mean snap?; allowed: "),
    ],
)
def test_a_spec_is_named_as_it_was_typed(entry, said):
    assert said in str(refusal(entry))


@pytest.mark.parametrize("damage", ["truncated", "flipped", "text"])
def test_a_damaged_policy_file_is_refused_in_one_line(damage, saved):
    data = saved.read_bytes()
    saved.write_bytes(
        {
            "truncated": data[: len(data) // 2],
            "flipped": data[:-1] + bytes([data[-1] ^ 1]),
            "text": b"not a policy\n" * 9,
        }[damage]
    )
    error = refusal("delta", str(saved))
    assert isinstance(error, PolicyFileError)
    assert str(saved) in str(error)


def test_an_agent_is_measured_where_it_was_trained(saved, tmp_path):
    _, (single,) = find_contenders([str(saved)])
    assert risk_aversions_of(single, (2.0, 50.0)) == (10.0,)
    path = save_random_policy(
        tmp_path / "wide", risk_aversion={"low": 1.0, "high": 100.0}
    )
    _, (wide,) = find_contenders([str(path)])
    assert isinstance(wide.risk_aversion, RiskAversionRange)
    assert risk_aversions_of(wide, (2.0, 50.0)) == (2.0, 50.0)


def test_the_optimum_is_part_of_all_only_where_it_exists():
    solvable, unsolvable = load_config("reference"), load_config("ethereum-l1")
    assert find_contenders(["optimal"]) == ([], [])
    assert wanted_optima(["optimal"], solvable) == ("optimal",)
    assert wanted_optima(["all"], solvable) == ("optimal",)
    assert wanted_optima(["delta"], solvable) == ()
    assert wanted_optima(["all"], unsolvable) == ()
    with pytest.raises(HedgeError, match="not constant"):
        wanted_optima(["delta", "optimal"], unsolvable)


def test_where_gas_moves_all_shows_what_seeing_it_is_worth():
    config = load_config("reference-gas")
    assert wanted_optima(["all"], config) == ("optimal", "optimal-mean-gas")
    assert wanted_optima(["optimal-mean-gas"], config) == ("optimal-mean-gas",)
    assert find_contenders(["optimal-mean-gas"]) == ([], [])


def test_a_position_that_is_sold_has_an_optimum_of_its_own():
    config = load_config("perp-liquidation", settings=["episode.decisions=8"])
    assert wanted_optima(["all"], config) == ("optimal-liquidation",)
    assert wanted_optima(["all"], load_config("deribit")) == ()
    with pytest.raises(HedgeError, match="nothing is held at the start"):
        wanted_optima(["optimal-liquidation"], load_config("deribit"))
    with pytest.raises(HedgeError, match="perp-liquidation has optimal-liquidation"):
        wanted_optima(["optimal"], config)
    rules, _ = find_contenders(["all"], config)
    assert "liquidation-schedule" in {rule.name for rule in rules}
    found = compare(
        config,
        ["optimal-liquidation", "liquidation-schedule:urgency=1"],
        [10.0],
        n_episodes=40,
        validation_episodes=20,
    )
    rows = {row.name: row for row in found.summary.policies}
    assert rows["optimal-liquidation"].kind == "optimal"
    assert rows["liquidation-schedule:urgency=1"].optimum_gap_bp > 0.0


@pytest.mark.parametrize(
    ("name", "preset", "said"),
    [
        ("frozen-optimum", "squeeth", "its book holds more than European options"),
        ("one-step-better", "cascade", "makes costs or prices answer to what is held"),
    ],
)
def test_what_has_no_solution_in_a_market_is_refused_before_anything_is_tuned(
    name, preset, said, monkeypatch
):
    monkeypatch.setattr("hedge_env.training.compare.tune_rules", pytest.fail)
    with pytest.raises(ConfigError, match=said):
        compare(load_config(preset), ("gas-band", name), (10.0,), n_episodes=20)
    assert wanted_optima([name], load_config("ethereum-l1")) == (name,)
