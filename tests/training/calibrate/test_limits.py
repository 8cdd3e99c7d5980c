"""What a market that is called fitted is allowed to be off."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hedge_env.training.calibrate.fit.parameters import STATISTICS, spot_aims
from hedge_env.training.calibrate.statistics.statistic import (
    REACH,
    REACH_RATIO,
    Statistic,
    asked,
)
from hedge_env.training.calibrate.table import as_markdown, as_text, compare, verdict

RATIO = asked("spread", "-", 0.1, ratio=True)
FACTOR = asked("tails", "-", 0.35, ratio=True, factor=True)
DIFFERENCE = asked("shift", "bp", 0.02)


@pytest.mark.parametrize(
    ("statistic", "least", "most"),
    [(RATIO, 1.8, 2.2), (FACTOR, 2.0 / 1.35, 2.7), (DIFFERENCE, 1.98, 2.02)],
)
def test_a_limit_holds_up_to_its_edges(
    statistic: Statistic, least: float, most: float
) -> None:
    for edge, inward in ((least, 1e-9), (most, -1e-9)):
        assert statistic.within(edge + inward, 2.0) is True
        assert statistic.within(edge - inward, 2.0) is False
    assert statistic.within(2.0, math.nan) is None


def test_data_without_an_event_are_met_only_by_a_model_without_one() -> None:
    for statistic in (RATIO, FACTOR):
        assert statistic.within(0.0, 0.0) is True
        assert statistic.within(0.1, 0.0) is False
        assert statistic.within(math.nan, 2.0) is False


def test_a_limit_reads_as_it_is_compared() -> None:
    texts = [s.allowed for s in (RATIO, FACTOR, DIFFERENCE)]
    assert texts == ["10 %", "factor 1.35", "0.02"]
    free = Statistic("free", "-", 1.0)
    others = (free, replace(free, ratio=True), replace(free, reach=3.0))
    assert [s.allowed for s in others] == ["(0.1)", "(35 %)", "(3)"]


def test_where_no_limit_is_asked_a_good_fit_has_a_reach() -> None:
    free = Statistic("free", "-", 1.0)
    assert [free.within(model, 2.0) for model in (2.09, 2.11)] == [True, False]
    ratio = replace(free, ratio=True)
    assert [ratio.within(model, 2.0) for model in (2.69, 2.71)] == [True, False]
    near = replace(free, reach=0.01)
    assert [near.within(model, 2.0) for model in (2.009, 2.011)] == [True, False]
    assert not free.is_asked


def test_every_statistic_has_a_limit_or_a_reach() -> None:
    for statistic in STATISTICS:
        assert 0.0 < statistic.bound < np.inf, statistic.name
        assert statistic.allowed, statistic.name
        # None is excused by a reach that is looser than the rule.
        if not statistic.is_asked and statistic.unit == "-":
            assert statistic.bound <= (REACH_RATIO if statistic.ratio else REACH)


def test_the_limit_on_the_spread_of_the_risk_reversal_is_known() -> None:
    (spread,) = (s for s in STATISTICS if s.name == "30-day risk reversal, sd")
    assert spread.limit == 0.01
    assert [spread.within(sd, 0.022) for sd in (0.0319, 0.0321)] == [True, False]


def test_the_fit_aims_at_a_third_of_the_limit_or_closer() -> None:
    assert asked("x", "-", 0.03).tolerance == pytest.approx(0.01)
    assert asked("x", "-", 0.03, aim=0.5).tolerance == pytest.approx(0.005)
    # On the scale of the fit a factor is a difference of logarithms.
    assert FACTOR.difference(2.7, 2.0) == pytest.approx(3.0)


def test_the_table_marks_what_is_beyond_its_limit() -> None:
    statistics = (RATIO, FACTOR, DIFFERENCE, Statistic("free", "-", 1.0))
    values = {s.name: np.full(3, 2.1) for s in statistics}
    data = {"spread": 2.0, "tails": 2.0, "shift": 2.0}
    table = compare(statistics, data, values, frozenset())
    assert [row.within for row in table] == [True, True, False, None]
    assert "shift" in verdict(table)
    assert "spread" not in verdict(table)
    assert "1 more have no data (free)" in verdict(table)
    for text in (as_text(table), as_markdown(table)):
        marked = [line for line in text.splitlines() if "(!)" in line]
        assert len(marked) == 1
        assert "shift" in marked[0]
    kept = [row for row in table if row.statistic in ("spread", "tails")]
    assert verdict(kept) == "2 of 2 statistics with a limit are within it"


def test_the_sentence_tells_of_what_no_limit_is_asked_for() -> None:
    free = Statistic("sd, daily", "-", 0.1, ratio=True)
    statistics = (RATIO, free, Statistic("share", "-", 0.1), asked("missing", "-", 1))
    values = {s.name: np.full(3, 2.1) for s in statistics}
    data = {"spread": 2.0, "sd, daily": 1.25, "share": 2.1}
    table = compare(statistics, data, values, frozenset())
    marked = [line for line in as_text(table).splitlines() if "(?)" in line]
    assert len(marked) == 1
    assert marked[0].split()[:2] == ["sd,", "daily"]
    assert verdict(table) == (
        "1 of 1 statistics with a limit are within it, 1 more have no data (missing); "
        "1 of 2 statistics without one are within what a good fit reaches, "
        "1 beyond (?) (sd, daily +68.0 %)"
    )


def test_without_any_limit_there_is_no_verdict_of_success() -> None:
    assert verdict([]) == "no statistic to judge"


def test_a_statistic_that_no_history_has_is_an_empty_cell() -> None:
    (row,) = compare(
        (RATIO,), {"spread": 2.0}, {"spread": np.full(3, np.nan)}, frozenset()
    )
    assert (row.model, row.difference, row.within, row.sd) == (None, None, False, None)


def test_beside_two_regimes_what_has_no_limit_counts_for_less() -> None:
    usual, beside = (spot_aims(regime=regime) for regime in (False, True))
    assert [s.name for s in usual] == [s.name for s in beside]
    for one, other in zip(usual, beside, strict=True):
        if one.limit is None:
            assert other.tolerance > 2.0 * one.tolerance
        else:
            assert other == one


@pytest.mark.parametrize("width", [80, 100, 120])
def test_every_row_of_a_table_fits_into_the_terminal(width: int) -> None:
    values = {s.name: np.linspace(0.9, 1.1, 5) for s in STATISTICS}
    data = {s.name: 0.123456 for s in STATISTICS}
    table = compare(STATISTICS, data, values, frozenset())
    text = as_text(table, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert sorted(text.split()) == sorted(as_text(table).split())  # nothing is cut
    assert max(len(line) for line in as_text(table).splitlines()) > 100
