"""Differences of a study, all of its cells considered."""

import dataclasses
import json
import math

import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.training.results.seeds import half_width
from hedge_env.training.results.summary import build_summary
from hedge_env.training.study.market import StudyMarket
from hedge_env.training.study.page import study_page, study_table
from hedge_env.training.study.result import Study
from hedge_env.training.study.significance import (
    StudyCell,
    holm,
    p_value,
    significances,
)
from tests.training.helpers.fabricated import comparison


def made(*, seeds=1, n_paths=4000, gap=1.0):
    """A summary of two rules and an agent that is so many bp behind the best."""
    names = [f"run_{n}" for n in range(seeds)]
    invented = (
        ("delta", "baseline", 60.0, 100.0),
        ("gas-band", "baseline", 31.0, 140.0),
        *((name, "agent", 31.0 + gap + 0.4 * n, 140.0) for n, name in enumerate(names)),
    )
    found = comparison((10.0,), n_paths=n_paths, invented=invented)
    contenders = [
        dataclasses.replace(c, entry="run", seed=int(c.name[-1]))
        if c.name in names
        else c
        for c in found.contenders
    ]
    return build_summary(
        contenders,
        found.tables,
        preset="reference",
        seed=0,
        premium_bp=900.0,
        config={"description": ""},
        validation_episodes=4000,
        validation=[float(table.objective.mean()) for table in found.tables],
    )


def agent_of(summary):
    return next(row for row in summary.policies if row.kind == "agent")


def with_gap(row, gap, error):
    """The row at another distance from the best rule, by controlled objectives."""
    return dataclasses.replace(row, controlled_gap_bp=gap, controlled_gap_se=error)


def test_holm_by_hand():
    # Rising: .005 x 4, .01 x 3, .03 x 2, .04 x 1, none less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9, 0.4]) == [1.0, 1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_of_nothing_but_luck_seldom_anything_is_claimed():
    p = 2.0 * norm.sf(np.abs(np.random.default_rng(1).standard_normal((2000, 20))))
    claimed = np.array([min(holm(list(row))) < 0.05 for row in p])
    alone = (p < 0.05).any(axis=1)
    assert claimed.mean() == pytest.approx(0.05, abs=3.0 * math.sqrt(0.05 / 2000))
    assert alone.mean() > 0.6


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_p_value_is_the_level_at_which_the_interval_touches_zero(seeds):
    row = agent_of(made(seeds=seeds))
    edge = half_width(row, 0.3)
    assert p_value(with_gap(row, edge, 0.3)) == pytest.approx(0.05, rel=1e-5)
    assert p_value(with_gap(row, -edge, 0.3)) == pytest.approx(0.05, rel=1e-5)
    assert (
        p_value(with_gap(row, 0.9 * edge, 0.3))
        > 0.05
        > p_value(with_gap(row, 1.1 * edge, 0.3))
    )
    assert p_value(with_gap(row, 0.0, 0.3)) == 1.0


def test_one_policy_without_seeds_is_a_normal_test():
    row = with_gap(agent_of(made()), 1.2, 0.5)
    assert p_value(row) == pytest.approx(math.erfc(1.2 / 0.5 / math.sqrt(2.0)))
    assert p_value(with_gap(row, 1e6, 0.5)) >= 0.0
    assert p_value(with_gap(row, 1.0, 0.0)) < 1e-200


def test_few_seeds_are_less_than_many_paths():
    several = agent_of(made(seeds=3))
    alone = dataclasses.replace(several, seeds=None, seed_spread_bp=None)
    assert p_value(several) > p_value(alone)
    huge = with_gap(several, 1e290, 0.3)
    assert 0.0 < p_value(huge) < 1e-100


def test_rules_and_agents_are_families_of_their_own():
    summary = made()
    cells = significances([summary])
    assert {cell.policy for cell in cells} == {"delta", "run_0"}
    chance = cells[StudyCell("reference", 10.0, "run_0")]
    assert chance.p == chance.p_holm == p_value(agent_of(summary))
    two = significances([summary, dataclasses.replace(summary, preset="other")])
    assert two[StudyCell("other", 10.0, "run_0")].p_holm == pytest.approx(
        2.0 * chance.p
    )


def test_page_table_and_document_say_what_survives():
    summary = made(gap=-0.45)
    chance = significances([summary])[StudyCell("reference", 10.0, "run_0")]
    n = math.ceil(0.05 / chance.p)  # so many cells take the claim away
    summaries = [dataclasses.replace(summary, preset=f"m{i}") for i in range(n)]

    def study(chosen):
        return Study(tuple(StudyMarket(s, 1.0) for s in chosen), "", "0", None, 1.0, 1)

    assert chance.p < 0.05
    assert "| **agent** |" in study_page(study(summaries[:1]))
    page = study_page(study(summaries))
    assert "| (agent) |" in page
    assert "**agent**" not in page
    rows = study(summaries).to_document()["markets"][0]["policies"]
    (row,) = (row for row in rows if row["kind"] == "agent")
    assert row["gap_p"] == pytest.approx(chance.p)
    assert row["gap_p_holm"] == pytest.approx(min(1.0, n * chance.p))
    assert json.dumps(row["gap_p_holm"])
    head, *lines = study_table(study(summaries)).splitlines()
    place = head.split(",").index("gap_p_holm")
    values = {line.split(",")[2]: line.split(",")[place] for line in lines}
    assert float(values["run_0"]) == pytest.approx(row["gap_p_holm"])
    assert values["gas-band"] == ""  # the best rule
