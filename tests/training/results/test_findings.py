from dataclasses import replace

import pytest

from hedge_env.training.results import findings
from hedge_env.training.results.summary import Summary
from tests.training.helpers.fabricated import INVENTED, comparison

BASE = comparison((10.0,), n_paths=200).summary
RULES = tuple(row for row in BASE.policies if row.kind == "baseline")
BEST = BASE.best_rule(10.0)
AGENT = replace(
    next(row for row in BASE.policies if row.kind == "agent"), name="my-agent"
)
OPTIMUM = replace(AGENT, name="optimal", kind="optimal")


def summary_of(*rows) -> Summary:
    ordered = sorted(rows, key=lambda row: (row.risk_aversion, row.objective_bp))
    return replace(BASE, policies=tuple(ordered))


def agent(gap, error, relative=0.0, **changes):
    return replace(
        AGENT,
        objective_bp=BEST.objective_bp + gap,
        objective_gap_bp=gap,
        objective_gap_se=error,
        objective_gap_relative=relative,
        **changes,
    )


def test_an_agent_that_is_better_is_said_to_be_better():
    text = findings.headline(summary_of(*RULES, agent(-1.5, 0.1, -0.0312)))
    assert "At risk aversion 10, the agent my-agent reaches an objective of" in text
    assert "That is 1.50 ± 0.20 bp (3.1 %) better than the best rule" in text
    assert f"best rule, {BEST.name}, path by path." in text


def test_an_agent_that_is_worse_is_said_to_be_worse():
    text = findings.headline(summary_of(*RULES, agent(2.0, 0.5, 0.04)))
    assert "That is 2.00 ± 0.98 bp (4.0 %) worse than the best rule" in text
    assert "better" not in text


def test_the_sharper_difference_is_the_one_that_decides():
    """By squares as they happened nothing is known, by expected ones it is."""
    sharp = {"controlled_gap_bp": -1.4, "controlled_gap_se": 0.1}
    row = agent(-1.0, 0.8, -0.02, **sharp, controlled_gap_relative=-0.028)
    text = findings.headline(summary_of(*RULES, row))
    assert "That is 1.40 ± 0.20 bp (2.8 %) better than the best rule" in text
    minus = findings.MINUS
    assert findings.difference(row) == f"{minus}1.40 ± 0.20 ({minus}2.8 %)"


@pytest.mark.parametrize("gap", [-0.15, 0.0, 0.15])
def test_a_difference_within_its_error_decides_nothing(gap):
    text = findings.headline(summary_of(*RULES, agent(gap, 0.1)))
    assert f"cannot be told from the best rule, {BEST.name}" in text
    assert "better" not in text
    assert "worse" not in text


def test_the_interval_decides_at_1_96_standard_errors():
    inside = findings.headline(summary_of(*RULES, agent(-0.195, 0.1)))
    outside = findings.headline(summary_of(*RULES, agent(-0.197, 0.1)))
    assert "cannot be told" in inside
    assert "better" in outside


def test_of_several_agents_the_one_that_validation_picks_is_spoken_of():
    """Also where another did better on the test paths, which pick nothing."""
    lucky = agent(-1.0, 0.1, name="lucky", validation_objective_bp=61.0)
    picked = agent(4.0, 0.1, name="picked", validation_objective_bp=60.0)
    text = findings.headline(summary_of(*RULES, lucky, picked))
    assert "the agent picked" in text
    assert "lucky" not in text


def test_an_agent_alone_is_compared_with_nothing():
    alone = replace(AGENT, objective_gap_bp=None, objective_gap_se=None)
    text = findings.headline(summary_of(alone))
    assert "the agent my-agent reaches" in text
    assert "best rule" not in text


def test_without_an_agent_the_rules_are_ranked():
    text = findings.headline(summary_of(*RULES))
    assert f"the best rule is {BEST.name}: an objective of" in text
    assert f"; the next, {RULES[1].name}, is " in text
    assert text.endswith("bp behind.")


def test_one_rule_alone_has_no_next():
    text = findings.headline(summary_of(BEST))
    assert "the next" not in text
    assert text.endswith(" bp.")


def test_every_risk_aversion_has_its_sentence():
    summary = comparison(n_paths=100).summary
    text = findings.headline(summary)
    for level in (2, 10, 50):
        assert text.count(f"At risk aversion {level},") == 1


def test_the_distance_to_the_optimum_is_told_where_it_is_known():
    optimum = replace(OPTIMUM, objective_bp=40.0, objective_se=0.1)
    contender = agent(0.0, 0.1)
    contender = replace(contender, objective_bp=42.0)
    text = findings.headline(summary_of(optimum, contender))
    assert "The exact optimum is 40.0 ± 0.2 bp" in text
    assert "my-agent is 5.0 % above it" in text
    assert "optimum" not in findings.headline(summary_of(*RULES, contender))


def test_the_optimum_alone_is_described_without_comparison():
    text = findings.headline(summary_of(OPTIMUM))
    assert "optimal has an objective of" in text
    assert "above" not in text


def test_the_headline_is_where_an_agent_is_or_else_the_middle():
    assert findings.detailed_risk_aversion(comparison(n_paths=50).summary) == 10.0
    rules = comparison((2.0, 10.0, 50.0, 70.0, 90.0), n_paths=50, invented=INVENTED[:2])
    assert findings.detailed_risk_aversion(rules.summary) == 50.0
    elsewhere = replace(AGENT, risk_aversion=90.0)
    policies = (*rules.summary.policies, elsewhere)
    assert (
        findings.detailed_risk_aversion(replace(rules.summary, policies=policies))
        == 90.0
    )


def test_the_leader_is_an_agent_or_else_the_best_rule():
    assert findings.leader(summary_of(*RULES, agent(9.0, 0.1)), 10.0).name == "my-agent"
    assert findings.leader(summary_of(*RULES), 10.0) is BEST


def test_numbers_have_a_95_percent_interval_and_a_real_minus_sign():
    assert findings.with_error(12.34, 0.5) == "12.3 ± 1.0"
    assert findings.with_error(-12.34, 0.5, 2) == "\N{MINUS SIGN}12.34 ± 0.98"


def test_a_difference_says_its_sign_its_error_and_its_share():
    minus = "\N{MINUS SIGN}"
    better, worse = agent(-1.0, 0.1, -0.02), agent(1.0, 0.1, 0.02)
    assert findings.difference(better) == f"{minus}1.00 ± 0.20 ({minus}2.0 %)"
    assert findings.difference(worse) == "+1.00 ± 0.20 (+2.0 %)"
    assert findings.difference(replace(worse, objective_gap_relative=None)) == (
        "+1.00 ± 0.20"
    )
    assert findings.difference(replace(worse, objective_gap_bp=None)) == ""
    assert findings.difference(BEST) == "best rule"


def test_parameters_are_written_in_words_and_rounded():
    row = replace(BEST, params={"half_width": 0.123456, "snap": True, "kind": "a"})
    assert findings.parameters(row) == "half width 0.123, snap True, kind a"
    assert findings.parameters(AGENT) == "seed not recorded"
    assert findings.parameters(replace(AGENT, seeds=({"seed": 3},))) == "seed 3"
    assert findings.parameters(replace(row, params={})) == ""


def test_parameters_that_were_given_and_are_not_shown_leave_nothing_behind():
    """The 0 of a centre is left out, be it given or a default."""
    centre, own = {"centre_vega": 0.0}, {"threshold": 0.05}
    row = replace(BEST, params={**centre, **own}, params_source="given")
    around = replace(row, params_given=("centre_vega",))
    assert findings.parameters(around) == "threshold 0.05 (default)"
    usual = replace(row, params_given=("threshold",))
    assert findings.parameters(usual) == "threshold 0.05 (given)"
    both = replace(usual, params={**usual.params, "snap": 0.2})
    assert findings.parameters(both) == "threshold 0.05 (given), snap 0.2 (default)"


def test_parameters_of_a_file_are_of_the_file_although_some_were_not_tuned():
    row = replace(BEST, params={"snap": 0.1, "worth": 2.0}, params_given=("snap",))
    from_file = replace(row, params_source="a/tuned.json")
    assert findings.parameters(from_file) == "snap 0.1, worth 2 (a/tuned.json)"
