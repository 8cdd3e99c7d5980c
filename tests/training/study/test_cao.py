"""Published rows of Cao and others (2021), on fewer paths than the page holds."""

import pytest

from hedge_env.training.study.cao import ROWS, Benchmark, measure, settings_of, table

N = 12_000
FAST = {("cao-gbm-1m", 5), ("cao-sabr-1m", 3), ("cao-sabr-3m", 5)}


def problems():
    """Rows of one problem together, those of `FAST` only."""
    keys = sorted({(row.preset, row.interval) for row in ROWS} & FAST)
    return [[r for r in ROWS if (r.preset, r.interval) == key] for key in keys]


@pytest.mark.slow
@pytest.mark.parametrize("rows", problems(), ids=lambda rows: rows[0].preset)
def test_rules_cost_what_is_published(rows):
    for row, found in zip(rows, measure(rows, n_episodes=N), strict=True):
        # 100 001 paths have a third of the error, and are common to many rows.
        for name in ("mean", "sd", "y"):
            error = 4.0 * getattr(found, f"{name}_se")
            published = getattr(row, name)
            assert getattr(found, name) == pytest.approx(published, abs=error), name


@pytest.mark.slow
def test_bartletts_delta_is_told_from_the_practitioners_on_the_same_paths():
    rows = [r for r in ROWS if (r.preset, r.interval) == ("cao-sabr-3m", 5)]
    delta, bartlett = measure(rows, n_episodes=N)
    assert bartlett.sd - delta.sd == pytest.approx(36.0 - 34.6, abs=0.5)


def test_every_row_is_a_whole_number_of_decisions():
    assert len({(r.preset, r.rule, r.interval) for r in ROWS}) == len(ROWS) == 24
    assert all(row.days % row.interval == 0 for row in ROWS)
    for row in ROWS:
        assert row.mean + 1.5 * row.sd == pytest.approx(row.y, abs=0.13)


def test_a_row_becomes_settings_and_a_line_of_the_table():
    row = Benchmark("cao-gbm-1m", 21, 3, "delta", 77.9, 41.9, 140.8)
    assert settings_of(row) == [
        "episode.decisions=7",
        "episode.decision_interval_hours=72",
        "book.legs.0.maturity_days=21",
    ]
    (found,) = measure([row], n_episodes=16)
    last = table([row], [found]).splitlines()[-1]
    assert last.startswith(
        "| `cao-gbm-1m` | `delta` | 21 | 3 d | 77.9 / 41.9 / 140.8 |"
    )
