"""What a keeper costs a vault, and what its depositors get and pay."""

import json

import numpy as np
import pytest

from hedge_env.agent.features import FEATURES
from hedge_env.agent.observations import default_features
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.pool import drawdown, share_prices
from hedge_env.training.compare import compare
from hedge_env.training.report.pool_figure import pool_figure
from hedge_env.training.report.report import render_report
from hedge_env.training.report.style import policy_styles
from hedge_env.training.report.tables import print_summary
from hedge_env.training.results.investors.chains import chains_entry
from hedge_env.training.results.investors.contagion import contagion_entry
from hedge_env.training.results.investors.vault import (
    depositor_costs,
    keeper_entry,
    keeper_sentence,
    pool_entry,
    pool_sentence,
)

N = 60
CONFIG = load_config("keeper-vault", settings=["episode.decisions=24"])
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def found():
    rules = ["delta-threshold:threshold=0.1"]
    return compare(CONFIG, rules, [2.0, 10.0], n_episodes=N, validation_episodes=N)


def picked(found, risk_aversion):
    row = found.summary.best_rule(risk_aversion)
    return row, found.policies[found.picked(row)]


def test_the_keeper_is_compared_with_the_same_rule_by_hand(found):
    by_hand = load_config(CONFIG, {"execution": {"keeper": None}})
    for entry, level in zip(found.summary.keeper, (2.0, 10.0), strict=True):
        row, policy = picked(found, level)
        behind, alone = (
            evaluate([(policy, level)], config, n_episodes=N)[0]
            for config in (CONFIG, by_hand)
        )
        assert (entry["policy"], entry["risk_aversion"]) == (row.name, level)
        gap = (behind.objective - alone.objective) * 1e4
        assert entry["behind_bp"] == pytest.approx(gap.mean(), rel=1e-12)
        assert entry["behind_se"] == pytest.approx(gap.std(ddof=1) / np.sqrt(N))
        cost = (behind.cost - alone.cost) * 1e4
        assert entry["behind_cost_bp"] == pytest.approx(cost.mean(), rel=1e-12)
        assert entry["charged_bp"] == row.cost_components_bp["keeper"] > 0.0
        assert entry["trades"] < entry["trades_by_hand"]


def test_a_share_is_followed_from_its_start_to_its_end(found):
    for entry, level in zip(found.summary.pool, (2.0, 10.0), strict=True):
        _, policy = picked(found, level)
        prices = share_prices(policy, CONFIG, level, n_paths=N)
        assert entry["mean"] == pytest.approx(prices[-1].mean(), rel=1e-12)
        assert entry["below"] == (prices[-1] < 1.0).mean()
        assert entry["drawdown"]["mean"] == pytest.approx(drawdown(prices).mean())
        path = entry["path"]
        assert path["days"][0] == 0.0
        assert path["days"][-1] == 2.0
        assert path["median"][-1] == pytest.approx(np.median(prices[-1]))
        for low, middle, high in zip(
            path["low"], path["median"], path["high"], strict=True
        ):
            assert low <= middle <= high


def test_depositors_share_the_bills_and_pay_for_their_impact():
    """By hand: 1 bp of 200 000 over 30 days is 20; of a month, 20.278."""
    month = 20.0 * 365.0 / 360.0
    config = load_config("keeper-vault")
    parts = dict.fromkeys(("fee", "spread", "funding", "option_spread"), 0.0)
    parts |= dict.fromkeys(("sandwich", "liquidation", "insurance", "front_run"), 0.0)
    parts |= {
        "own_move": 0.0,
        "recentring": 0.0,
        "bridge": 0.0,
        "gas": 6.0,
        "keeper": 3.0,
        "fixed": 0.0,
        "failed_gas": 1.0,
    }
    costs = depositor_costs(parts | {"impact": 0.0}, config, (1, 100, 1000))
    assert costs == pytest.approx([10.0 * month, 0.1 * month, 0.01 * month])
    costs = depositor_costs(
        dict.fromkeys(parts, 0.0) | {"fee": 1.0, "impact": 4.0}, config, (25, 100, 400)
    )
    assert costs == pytest.approx([0.03 * month, 0.05 * month, 0.09 * month])


def test_sentences_are_in_currency_and_an_income_is_earned(found):
    summary = found.summary
    keeper = keeper_sentence(summary.config, summary.keeper[1])
    assert keeper.startswith("The keeper, at risk aversion 10 behind ")
    assert "against the same rule run by hand, risk counted" in keeper
    entry = dict(summary.pool[1]) | {"numbers": [1, 100], "cost": [120.0, -4.2]}
    text = pool_sentence(summary.config, entry)
    assert text.startswith("A share, from 1, at risk aversion 10 behind ")
    assert "A depositor of USD 2,000, by the month, pays USD 120 among 1, " in text
    assert text.endswith(" earns USD 4.20 among 100.")
    assert MINUS not in text
    assert "depositor of" not in pool_sentence(summary.config, entry | {"cost": None})


def test_the_document_the_report_and_the_terminal_show_it(found, capsys):
    document = json.loads(json.dumps(found.summary.to_document(), allow_nan=False))
    assert len(document["keeper"]) == len(document["pool"]) == 2
    assert {one["usual"] for one in document["savings"]} == set(CONFIG.report.usual)
    page = render_report(found, command="hedge compare")
    assert "Keeper and depositors" in page
    assert 'class="headline">At risk aversion 2, ' in page
    assert "against the usual" in page or "cannot be told" in page
    print_summary(found.summary)
    shown = " ".join(capsys.readouterr().out.split())
    assert "The keeper, at risk aversion 2 behind" in shown
    assert "A share, from 1," in shown
    assert "a month on USD 200,000" in shown


def test_the_picture_names_every_number_of_depositors(found):
    style = policy_styles([("a", "baseline")])["a"]
    entry = dict(found.summary.pool[1])
    figure = pool_figure(entry, "USD", style)
    figure.draw_without_rendering()
    left, right = figure.axes
    shown = [label.get_text() for label in right.get_xticklabels(which="both")]
    assert shown == ["1", "10", "100", "1,000", "10,000"]
    assert left.get_lines()[0].get_xdata()[-1] == entry["path"]["days"][-1]
    alone = pool_figure(entry | {"cost": None}, "", style)
    assert len(alone.axes) == 1


def test_without_keeper_and_depositors_nothing_is_said():
    config = load_config("reference", settings=["episode.decisions=4"])
    summary = compare(config, ["delta"], [10.0], n_episodes=8).summary
    assert summary.keeper == summary.pool == summary.savings == ()


class Watchful:
    """Delta, by a policy that reads everything a market shows to agents."""

    name, kind = "watchful", "agent"

    def __init__(self, config):
        names = (*default_features(config), "delta")
        self.inputs = tuple(dict.fromkeys(FEATURES[n].observable for n in names))

    def reset(self, n_paths):
        """Nothing is remembered."""

    def target(self, observables):
        return observables["delta"][:, None].copy()


@pytest.mark.parametrize(
    ("preset", "look"),
    [
        ("keeper-vault", keeper_entry),
        ("covered-call-vault", pool_entry),
        ("two-chains", chains_entry),
        ("cascade", contagion_entry),
    ],
)
def test_an_agent_that_reads_all_it_is_shown_can_be_looked_into(preset, look):
    """What is taken away for a comparison, it still sees: nothing, at rest."""
    config = load_config(preset, settings=["episode.decisions=24"])
    found = compare(config, ["delta"], [10.0], n_episodes=8, attributed=False)
    row = found.summary.policies[0]
    entry = look(row, Watchful(config), config, n_paths=8, seed=0)
    assert (entry["policy"], entry["risk_aversion"]) == (row.name, 10.0)
