"""How far spot falls, and what of it others and a policy's own orders add."""

import json

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.evaluation.contagion import day_of, falls, tails
from hedge_env.training.compare import compare
from hedge_env.training.report.report import render_report
from hedge_env.training.report.tables import print_summary
from hedge_env.training.results.investors.contagion import contagion_sentence, tail
from hedge_env.training.results.summary import Summary

N = 80
CONFIG = load_config("cascade", settings=["episode.decisions=42"])
RULE = "delta-threshold:threshold=0.05"


@pytest.fixture(scope="module")
def found():
    return compare(CONFIG, [RULE], [10.0], n_episodes=N, validation_episodes=N)


def test_a_fall_is_the_largest_within_the_window():
    spots = np.array([[1.0, 1.0], [0.9, 1.1], [0.95, 0.8], [0.7, 1.2]])
    one = np.log([0.95 / 0.7, 1.1 / 0.8])
    np.testing.assert_allclose(falls(spots, 1), one, rtol=1e-14)
    two = np.log([0.95 / 0.7, 1.1 / 0.8])
    np.testing.assert_allclose(falls(spots, 2), two, rtol=1e-14)
    np.testing.assert_allclose(falls(spots, 9)[0], np.log(1.0 / 0.7), rtol=1e-14)
    assert (falls(np.array([[1.0], [2.0]]), 3) == 0.0).all()
    assert day_of(CONFIG) == 6


def test_the_mean_of_the_tail_is_that_of_the_worst_paths():
    values = np.random.default_rng(0).standard_normal(1000)
    worst = np.sort(values)[-50:].mean()
    assert tail(values, 0.95).mean() == pytest.approx(worst, rel=2e-3)
    np.testing.assert_allclose(tail(values, 0.0), values, rtol=1e-12, atol=1e-12)


def test_the_own_share_is_the_difference_to_orders_that_do_not_move_spot(found):
    (entry,) = found.summary.contagion
    row = found.summary.at(10.0)[0]
    policy = found.policies[found.picked(row)]
    here, others, nobody = (
        tails(policy, load_config(CONFIG, settings=sets), 10.0, n_paths=N)
        for sets in (
            (),
            ("execution.permanent_impact=0",),
            ("execution.permanent_impact=0", "market.contagion=null"),
        )
    )
    for name, gap in (
        ("fall", here.falls),
        ("fall_others", others.falls - nobody.falls),
        ("fall_own", here.falls - others.falls),
    ):
        assert entry[name] == pytest.approx(100.0 * gap.mean(), rel=1e-9)
        error = gap.std(ddof=1) / np.sqrt(N)
        assert entry[f"{name}_se"] == pytest.approx(100.0 * error, rel=1e-9)
    loss = (tail(here.losses, 0.95) - tail(others.losses, 0.95)).mean()
    assert entry["loss_own"] == pytest.approx(1e4 * loss, rel=1e-9)
    assert entry["fall_others"] > 0.0
    assert entry["fall"] > entry["fall_own"] > 0.0


def test_it_stands_in_report_table_and_document(found, capsys):
    sentence = contagion_sentence(found.summary.config, found.summary.contagion[0])
    assert "spot's largest fall within a day is" in sentence
    page = render_report(found, command="hedge compare").replace("&#39;", "'")
    assert sentence in page
    print_summary(found.summary)
    printed = " ".join(capsys.readouterr().out.split())
    assert "Others with triggers, at risk aversion 10 beside" in printed
    document = json.loads(json.dumps(found.summary.to_document()))
    assert Summary.from_document(document).contagion == found.summary.contagion
