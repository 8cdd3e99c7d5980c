import re

import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.baselines import BASELINES, RULES
from hedge_env.training.results.contenders import find_contenders
from hedge_env.training.results.rule_spec import (
    Rule,
    join_parameters,
    parse_rule,
    require_no_rest,
    rule_class_of,
)


def refusal(entry):
    with pytest.raises(ConfigError) as caught:
        parse_rule(entry)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("separator", [",", ":"])
def test_parameters_are_read_with_their_types(separator):
    rule = parse_rule(f"vault:interval=12{separator}threshold=0.2")
    assert rule.build() == BASELINES["vault"](interval=12, threshold=0.2)
    assert isinstance(rule.build().interval, int)
    assert rule.name.startswith("vault:")
    assert rule.given == {"interval": 12, "threshold": 0.2}


def test_the_centre_of_a_rule_can_be_given():
    rule = parse_rule("deadline-band:centre_vega=.166,snap=0").build()
    assert rule == BASELINES["deadline-band"](snap=0.0, centre_vega=0.166)
    assert "centre_vega = 7 is out of range" in refusal("vault:centre_vega=7")
    assert "must be finite" in refusal("minimum-variance:centre_vega=nan")


def test_a_name_alone_has_nothing_given():
    assert parse_rule("delta") == Rule("delta", BASELINES["delta"])
    assert parse_rule("runs/first") is None
    assert parse_rule("policy:3.safetensors") is None


def test_parameters_that_are_never_tuned_can_be_given_too():
    assert parse_rule("cppi:floor=0.5").build() == RULES["cppi"](floor=0.5)
    text = parse_rule("zakamouline:constants=sinclair").build()
    assert text.constants == "sinclair"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("gas-band:risk_multiplyer=2", "no parameter 'risk_multiplyer'"),
        ("gas-band:risk_multiplier=-1", "risk_multiplier = '-1' is out of range"),
        ("gas-band:risk_multiplier=1e9", "risk_multiplier = 1e+09 is out of range"),
        ("gas-band:risk_multiplier=nan", "is out of range"),
        ("gas-band:risk_multiplier=x", "'x' is out of range"),
        ("gas-band:risk_multiplier=", "is out of range"),
        ("gas-band:risk_multiplier", "is not KEY=VALUE"),
        ("gas-band:", "is not KEY=VALUE"),
        ("gas-band:snap=0.1,worth=1,snap=0.2", "snap is given twice"),
        ("gas-band:snap=0.1:snap=0.1", "snap is given twice"),
    ],
)
def test_what_cannot_be_is_refused_with_all_that_can_be(entry, said):
    message = refusal(entry)
    assert said in message
    assert (
        "allowed: risk_multiplier (0.01 to 100), snap (0 to 0.4), worth (0 to 4)"
        in message
    )


def test_whole_numbers_and_untuned_parameters_are_listed_as_what_they_are():
    assert "interval (whole, 1 to 400)" in refusal("leland:interval=1.5")
    assert "floor (default 0.8)" in refusal("cppi:floor=2")
    assert "it has no parameters" in refusal("delta:threshold=1")
    assert "constants (default qf-2006)" in refusal("zakamouline:constants=x")


def test_a_misspelt_rule_with_parameters_is_answered_with_the_right_one():
    assert "did you mean gas-band:snap=0?" in refusal("gas-bend:snap=0")


def test_a_list_split_at_its_commas_is_put_back_together():
    entries = ["gas-band:risk_multiplier=2", "snap=0", "delta", "runs/a=b/p"]
    assert join_parameters(entries) == [
        "gas-band:risk_multiplier=2,snap=0",
        "delta",
        "runs/a=b/p",
    ]


def test_a_rule_may_stand_beside_itself_with_other_parameters():
    entries = ["gas-band", "gas-band:snap=0", "worth=0"]
    rules, agents = find_contenders(entries)
    assert [rule.name for rule in rules] == ["gas-band", "gas-band:snap=0,worth=0"]
    assert rules[0].given is None
    assert agents == []


def test_the_rest_is_tuned_where_the_command_line_says_so():
    rule = parse_rule("gas-band:snap=0.1,rest=tuned")
    assert rule.given is None  # so that it is tuned
    assert rule.kept == {"snap": 0.1}
    assert rule.name == "gas-band with snap=0.1"
    assert rule.build() == RULES["gas-band"](snap=0.1)
    assert parse_rule("gas-band:rest=tuned") == parse_rule("gas-band")


@pytest.mark.parametrize(
    "entry",
    [
        "zakamouline:centre=delta,rest=tuned",
        "zakamouline:rest=tuned:centre=delta",
        "zakamouline:centre_funding=0,centre_smile=0,centre_vega=0,rest=tuned",
    ],
)
def test_a_rule_around_delta_is_one_rule_however_it_is_written(entry):
    rule = parse_rule(entry)
    assert rule.name == "zakamouline around delta"
    assert rule.kept == dict.fromkeys(
        ("centre_vega", "centre_smile", "centre_funding"), 0.0
    )
    assert rule_class_of(rule.name) is RULES["zakamouline"]


def test_a_rule_with_a_centre_of_its_own_parameters_is_around_delta_without_them():
    rule = parse_rule("minimum-variance:centre=delta,threshold=0.2").build()
    assert (rule.level, rule.linear, rule.quadratic) == (0.0, 0.0, 0.0)
    name = parse_rule("linear-greeks:centre=delta,trade_back=1,rest=tuned").name
    assert name == "linear-greeks around delta with trade_back=1"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("gas-band:snap=0,tuned", "'tuned' is not rest=tuned, which tunes all"),
        ("gas-band:snap=0,rest=default", "'rest=default' is not rest=tuned"),
        ("gas-band:centre=bartlett", "centre = 'bartlett' is not delta"),
        ("gas-band:centre=delta,centre_vega=.1", "centre=delta sets centre_vega alr"),
        ("gas-band:centre_vega=.1,centre=delta", "centre=delta sets centre_vega alr"),
        ("gas-band:centre_vega=1,centre_vega=1", "centre_vega is given twice"),
        ("gas-band:centre=delta,centre=delta", "centre=delta is given twice"),
        ("gas-band:rest=tuned,rest=tuned", "rest=tuned is given twice"),
        ("delta-threshold:threshold=0.1,centre=delta,rest=tuned", "nothing is left"),
        ("bartlett:centre=delta", "no parameter 'centre'"),
    ],
)
def test_a_rest_or_a_centre_that_is_none_is_refused(entry, said):
    assert said in refusal(entry)


def test_a_rule_stands_beside_itself_around_delta():
    entries = ["gas-band", "gas-band:centre=delta", "rest=tuned", "gas-band:snap=0"]
    rules, _ = find_contenders(entries)
    assert [rule.name for rule in rules] == [
        "gas-band",
        "gas-band around delta",
        "gas-band:snap=0",
    ]


@pytest.mark.parametrize("entry", ["gas-band:rest=tuned", "gas-band:snap=0,rest=tuned"])
def test_a_rest_is_refused_where_nothing_is_tuned(entry):
    with pytest.raises(ConfigError, match="nothing is tuned here"):
        require_no_rest([parse_rule(entry)])
    require_no_rest([parse_rule("gas-band"), parse_rule("gas-band:snap=0")])


@pytest.mark.parametrize(
    "entry",
    [
        "frozen-optimum:centre=delta,rest=tuned",
        "one-step-better:x=1",
        "main:rest=tuned",
        "all:centre=delta",
    ],
)
def test_what_has_no_parameters_says_so(entry):
    name = entry.partition(":")[0]
    with pytest.raises(
        ConfigError, match=f": {name} takes no parameters; write {name} alone"
    ):
        find_contenders([entry])


@pytest.mark.parametrize("entry", ["", " ", "\t"])
def test_a_name_of_nothing_is_refused_as_that(entry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.safetensors").write_bytes(b"")  # not what was asked for
    with pytest.raises(ConfigError, match="no policy is named") as caught:
        find_contenders([entry])
    assert f". Rules: {', '.join(RULES)}; or " in str(caught.value)


def test_sentences_about_an_unknown_policy_are_apart():
    known = re.escape(f" Rules: {', '.join(RULES)}; or ")
    with pytest.raises(ConfigError, match=rf"nor a policy file\.{known}"):
        find_contenders(["qqq"])
    with pytest.raises(ConfigError, match=rf"did you mean delta\?{known}"):
        find_contenders(["Delta"])
