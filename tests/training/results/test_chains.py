"""What a second chain saves a policy, and what it costs that there are two."""

import json

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.training.compare import compare
from hedge_env.training.report.report import render_report
from hedge_env.training.report.tables import print_summary
from hedge_env.training.results.findings import headline
from hedge_env.training.results.investors.chains import chains_entry, chains_sentence
from hedge_env.training.results.summary import Summary

N = 60
# Gas so dear that the rule for two chains is the one that is looked at closely.
DEAR = ["episode.decisions=24", "execution.gas_units=3000000"]
CONFIG = load_config("two-chains", settings=DEAR)
RULE = "cheapest-chain:threshold=0.05"


@pytest.fixture(scope="module")
def found():
    return compare(CONFIG, [RULE], [10.0], n_episodes=N, validation_episodes=N)


def test_the_same_rule_is_run_on_one_chain_and_where_both_are_one(found):
    (entry,) = found.summary.chains
    row = found.summary.best_rule(10.0)
    policy = found.policies[found.picked(row)]
    nothing = "execution.rollup.inventory={least: 0, most: 0}"
    endless = [
        f"execution.rollup.{treasury}={{least: null, most: null}}"
        for treasury in ("inventory", "home")
    ]
    unsold = "execution.charge_liquidation=false"
    both, alone, kept, as_one = (
        evaluate([(policy, 10.0)], load_config(CONFIG, settings=sets), n_episodes=N)[0]
        for sets in ((), (nothing,), (unsold,), (*endless, unsold))
    )
    for name, gap in (
        ("saved", alone.objective - both.objective),
        ("apart", kept.objective - as_one.objective),
    ):
        assert entry[f"{name}_bp"] == pytest.approx(gap.mean() * 1e4, rel=1e-12)
        error = gap.std(ddof=1) / np.sqrt(N)
        assert entry[f"{name}_se"] == pytest.approx(error * 1e4, rel=1e-9)
    assert entry["bridge_bp"] == row.cost_components_bp["bridge"] > 0.0
    assert (entry["policy"], entry["risk_aversion"]) == (row.name, 10.0)


def test_it_stands_in_report_table_and_document(found, capsys):
    sentence = chains_sentence(found.summary.config, found.summary.chains[0])
    assert "the rollup saves" in sentence
    assert sentence in render_report(found, command="hedge compare")
    print_summary(found.summary)
    printed = " ".join(capsys.readouterr().out.split())
    assert "The rollup" in printed or "the rollup saves" in printed
    document = json.loads(json.dumps(found.summary.to_document()))
    assert Summary.from_document(document).chains == found.summary.chains


def test_the_first_sentence_counts_what_is_saved_against_what_is_usual(found):
    sentence = headline(found.summary)
    assert "a month on USD 200,000" in sentence
    assert "the usual delta-threshold (threshold 0.05)" in sentence
    assert "the usual time-based (interval 12)" in sentence


def test_the_amounts_are_by_hand():
    entry = {
        "policy": "cheapest-chain",
        "risk_aversion": 10.0,
        "saved_bp": 4.0,
        "saved_se": 0.5,
        "apart_bp": 2.0,
        "apart_se": 0.25,
        "bridge_bp": 1.0,
    }
    # 30 days of a year of 365 on 200 000: a basis point is 20.28 a month.
    config = load_config("two-chains").model_dump(mode="json")
    sentence = chains_sentence(config, entry)
    assert "the rollup saves USD 81.11 ± 19.87 a month" in sentence
    assert "costs USD 40.56 ± 9.94 a month" in sentence
    assert "bridges take USD 20.28" in sentence


def test_a_market_of_one_chain_has_no_entry(found):
    row = found.summary.best_rule(10.0)
    policy = found.policies[found.picked(row)]
    with pytest.raises(ValueError, match="has one chain"):
        chains_entry(row, policy, load_config("ethereum-l1"), n_paths=2, seed=0)
