"""What a policy saves against what is usual, in currency and by the month."""

from dataclasses import replace

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.training.compare import compare
from hedge_env.training.results import findings
from hedge_env.training.results.practice import (
    Saving,
    amount,
    monthly,
    notional,
    rule_in_words,
    savings,
    savings_text,
    usual_rules,
    with_usual,
)
from hedge_env.training.results.rule_spec import parse_rule
from hedge_env.training.results.summary import Summary
from tests.training.helpers.fabricated import comparison

MINUS = "\N{MINUS SIGN}"
CONFIG = load_config("keeper-vault").model_dump(mode="json")
FOUND = comparison((10.0,), n_paths=400)
USUAL = ("delta-threshold", "time-based")


def saving(objective: float, cost: float, error: float = 0.5) -> Saving:
    return Saving(
        risk_aversion=10.0,
        policy="gamma-band",
        usual="delta-threshold:threshold=0.05",
        objective_bp=objective,
        objective_se=error,
        cost_bp=cost,
        cost_se=error,
    )


def usual_summary(*usual: str) -> Summary:
    report = {"currency": "USD", "usual": list(usual), "depositors": None}
    found = savings(usual, FOUND.contenders, FOUND.tables)
    config = {**FOUND.summary.config, "report": report}
    return replace(FOUND.summary, savings=found, config=config)


def test_a_basis_point_is_so_much_a_month() -> None:
    """By hand: 1e-4 of 100 ETH at 2000 over 30 days; a month is a twelfth of 365."""
    assert monthly(CONFIG) == pytest.approx(20.0 * 365.0 / 12.0 / 30.0, rel=1e-14)
    week = load_config("keeper-vault", settings=["episode.decisions=84"])
    unit = monthly(week.model_dump(mode="json"))
    assert unit == pytest.approx(20.0 * 365.0 / 12.0 / 7.0, rel=1e-14)


@pytest.mark.parametrize(
    ("value", "currency", "error", "text"),
    [
        (1234.56, "USD", None, "USD 1,235"),
        (-4.216, "USD", None, f"USD {MINUS}4.22"),
        (3.0, "", 1.0, "3.00 ± 1.96"),
        (3.0, "EUR", 100.0, "EUR 3 ± 196"),
        (0.0, "USD", None, "USD 0.00"),
    ],
)
def test_amounts_are_written_as_money_is(value, currency, error, text) -> None:
    assert amount(value, currency, error) == text


def test_a_cost_that_is_an_income_is_earned() -> None:
    assert savings_text(CONFIG, (50.0, 1.0), ()).startswith("costs USD 1,014 ± 40 a mo")
    assert savings_text(CONFIG, (-50.0, 1.0), ()) == (
        "earns USD 1,014 ± 40 a month on USD 200,000"
    )


@pytest.mark.parametrize(
    ("objective", "cost", "text"),
    [
        (10.0, 4.0, "saves USD 203 ± 20 a month (USD 81.11 of it in cost) against the"),
        (
            10.0,
            14.0,
            "saves USD 203 ± 20 a month (USD 284 in cost, at USD 81.11 mor",
        ),
        (
            10.0,
            -4.0,
            "saves USD 203 ± 20 a month (USD 284 in risk, at USD 81.11 mor",
        ),
        (
            -10.0,
            4.0,
            "loses USD 203 ± 20 a month (USD 284 in risk, at USD 81.11 les",
        ),
        (
            -10.0,
            -14.0,
            "loses USD 203 ± 20 a month (USD 284 in cost, at USD 81.11 les",
        ),
        (-10.0, -4.0, "loses USD 203 ± 20 a month (USD 81.11 of it in cost) against"),
        (0.5, 4.0, "cannot be told from the usual delta-threshold (threshold 0.05) ("),
    ],
)
def test_what_is_saved_says_how(objective: float, cost: float, text: str) -> None:
    found = savings_text(CONFIG, (50.0, 1.0), (saving(objective, cost),))
    assert f"; risk counted, it {text}" in found


def test_rules_of_the_command_line_are_put_into_words() -> None:
    assert rule_in_words("delta") == "delta"
    assert rule_in_words("vault:interval=6,dead_zone=0.1") == (
        "vault (interval 6, dead zone 0.1)"
    )


def test_savings_are_the_differences_path_by_path() -> None:
    tables = {
        contender.name: table
        for contender, table in zip(FOUND.contenders, FOUND.tables, strict=True)
    }
    found = {(one.policy, one.usual): one for one in savings(USUAL, *members())}
    assert len(found) == 2 * len(tables) - 2  # none against itself
    mine, theirs = tables["delta"], tables["time-based"]
    one = found["delta", "time-based"]
    gap = (theirs.objective - mine.objective) * 1e4
    assert one.objective_bp == pytest.approx(gap.mean(), rel=1e-12)
    assert one.objective_se == pytest.approx(gap.std(ddof=1) / 20.0, rel=1e-12)
    cost = (theirs.cost - mine.cost) * 1e4
    assert one.cost_bp == pytest.approx(cost.mean(), rel=1e-12)
    other = found["time-based", "delta-threshold"]
    assert other.objective_bp == pytest.approx(
        (tables["delta-threshold"].objective - theirs.objective).mean() * 1e4
    )


def members():
    return FOUND.contenders, FOUND.tables


def test_several_seeds_are_one_row_and_their_mean() -> None:
    agent = next(c for c in FOUND.contenders if c.kind == "agent")
    table = FOUND.tables[FOUND.contenders.index(agent)]
    twice = replace(table, cost_components=2.0 * table.cost_components)
    seeds = [replace(agent, name=f"{n}", entry="agent", seed=n) for n in (0, 1)]
    rules = [c for c in FOUND.contenders if c.kind == "baseline"]
    tables = [FOUND.tables[FOUND.contenders.index(c)] for c in rules]
    found = savings(("delta",), [*rules, *seeds], [*tables, table, twice])
    (one,) = (one for one in found if one.policy == "agent")
    delta = tables[[c.name for c in rules].index("delta")]
    expected = (delta.cost - 1.5 * table.cost).mean() * 1e4
    assert one.cost_bp == pytest.approx(expected, rel=1e-12)


def test_the_first_sentence_names_rule_cost_and_savings() -> None:
    rules = usual_summary(*USUAL)
    rows = tuple(row for row in rules.policies if row.kind == "baseline")
    text = findings.headline(replace(rules, policies=rows))
    first = text.split(". ")[0]
    best = rules.best_rule(10.0).name
    assert first.startswith(f"At risk aversion 10, the best rule, {best} (half width ")
    assert "costs USD" in first
    assert "a month on USD" in first
    assert first.count("the usual") == 2
    assert ". It has an objective of" in text


def test_a_usual_rule_that_is_the_best_says_so() -> None:
    best = FOUND.summary.best_rule(10.0).name
    summary = usual_summary(best, "delta")
    rows = tuple(row for row in summary.policies if row.kind == "baseline")
    first = findings.headline(replace(summary, policies=rows)).split(". ")[0]
    assert f"the best rule, {best} (half width 0.123), a usual one, costs" in first
    assert first.count("the usual") == 1


def test_of_an_agent_too() -> None:
    text = findings.headline(usual_summary(*USUAL))
    assert text.startswith("At risk aversion 10, the agent an <agent> & $x$ costs USD")
    assert ". It reaches an objective of" in text


@pytest.mark.parametrize("kind", ["agent", "baseline"])
def test_with_a_currency_it_says_what_a_month_costs_without_usual_rules(kind) -> None:
    summary = usual_summary()
    assert summary.savings == ()
    rows = tuple(row for row in summary.policies if row.kind == kind)
    first, second = findings.headline(replace(summary, policies=rows)).split(". ")[:2]
    start = {"agent": "the agent an <agent>", "baseline": "the best rule, "}[kind]
    assert first.startswith(f"At risk aversion 10, {start}")
    assert first.endswith(f"a month on USD {notional(summary.config):,.0f}")
    assert " costs USD " in first
    verb = {"agent": "It reaches an ", "baseline": "It has an "}[kind]
    assert second.startswith(f"{verb}objective of")


def test_elsewhere_the_first_sentence_is_as_it_was() -> None:
    assert findings.headline(FOUND.summary).startswith(
        "At risk aversion 10, the agent an <agent> & $x$ reaches an objective"
    )


@pytest.mark.parametrize(
    ("cost", "text"),
    [(35.5, "paying 35.5 bp"), (-35.5, "earning 35.5 bp"), (-0.01, "paying 0.0 bp")],
)
def test_an_income_is_not_paid(cost: float, text: str) -> None:
    row = next(row for row in FOUND.summary.policies if row.name == "delta")
    alone = replace(FOUND.summary, policies=(replace(row, cost_bp=cost),))
    assert text in findings.headline(alone)


@pytest.mark.parametrize(
    ("optimum", "text"), [(40.0, "5.0 % above"), (-40.0, "82.00 bp above")]
)
def test_above_an_optimum_that_is_an_income_there_are_no_percent(optimum, text) -> None:
    row = next(row for row in FOUND.summary.policies if row.kind == "agent")
    exact = replace(row, name="optimal", kind="optimal", objective_bp=optimum)
    rows = replace(row, objective_bp=42.0), exact
    assert f"is {text} it" in findings.headline(replace(FOUND.summary, policies=rows))


def test_what_is_usual_is_compared_as_well() -> None:
    config = load_config("keeper-vault")
    usual = list(config.report.usual)
    assert with_usual(["delta"], config) == ["delta", *usual]
    assert with_usual(["delta", usual[1]], config) == ["delta", usual[1], usual[0]]
    assert with_usual(["delta"], load_config("reference")) == ["delta"]


@pytest.mark.parametrize("entry", ["nothing", "runs/policy.safetensors"])
def test_what_is_usual_must_be_a_rule(entry: str) -> None:
    config = load_config("reference", {"report": {"usual": [entry]}})
    with pytest.raises(ConfigError, match=r"report\.usual: .* is no rule"):
        with_usual([], config)


def moving(*usual: str) -> EnvConfig:
    """A market whose range the policy moves, and what is usual there."""
    settings = {"report": {"usual": list(usual)}}
    plain = load_config("lp-recentred", settings)
    return load_config(plain, settings=["book.legs.0.recentre.by=policy"])


def test_what_is_usual_may_say_when_a_range_is_moved() -> None:
    entries = ("gamma-band:recentre_at=1", "gamma-band:recentre_at=1,rest=tuned")
    config = moving(*entries)
    assert with_usual([], config) == list(config.report.usual)
    assert usual_rules(config.model_dump(mode="json")) == (
        "gamma-band:recentre_at=1",
        "gamma-band with recentre_at=1",
    )


def test_what_is_wrong_with_a_usual_rule_is_said_with_the_key() -> None:
    config = moving("gamma-band:recentre_at=99")
    said = (
        r"^report\.usual: gamma-band:recentre_at=99: recentre_at = 99 is out of range"
    )
    with pytest.raises(ConfigError, match=said):
        with_usual([], config)
    with pytest.raises(ConfigError, match=said):
        usual_rules(config.model_dump(mode="json"))


@pytest.mark.parametrize("preset", ["ethereum-l1", "deribit", "crash", "two-chains"])
def test_the_fitted_presets_are_on_ether_in_dollars(preset: str) -> None:
    assert load_config(preset).report.currency == "USD"


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_name_rules_that_there_are(preset: str) -> None:
    for entry in load_config(preset).report.usual:
        assert parse_rule(entry) is not None


def test_no_result_depends_on_what_is_reported() -> None:
    settings = {"episode": {"decisions": 4}, "report": {"currency": "EUR"}}
    plain, other = (
        compare(load_config("reference", one), ["delta"], [10.0], n_episodes=20)
        for one in ({"episode": {"decisions": 4}}, settings)
    )
    np.testing.assert_array_equal(plain.tables[0].cost, other.tables[0].cost)
