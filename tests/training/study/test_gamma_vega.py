"""Published rows of Cao and others (2023), on fewer paths than the page holds."""

import pytest

from hedge_env.training.study.gamma_vega import (
    PUBLISHED_EPISODES,
    ROWS,
    Result,
    measure,
    table,
)

N = 6_000


@pytest.mark.slow
def test_rules_earn_what_is_published():
    for row, found in zip(ROWS, measure(ROWS, n_episodes=N), strict=True):
        for name in ("mean", "sd", "var95"):
            error = found.with_theirs(getattr(found, f"{name}_se"))
            published = getattr(row, name)
            if published is None:
                continue
            assert getattr(found, name) == pytest.approx(published, abs=3.0 * error), (
                row,
                name,
            )


def test_the_error_of_a_difference_counts_their_paths():
    found = Result(3 * PUBLISHED_EPISODES, 0.0, 0.1, 1.0, 0.1, -1.0, 0.1)
    assert found.with_theirs(0.1) == pytest.approx(0.2)


def test_a_row_becomes_a_line_of_the_table():
    results = [Result(9, 1.0, 0.1, 2.0, 0.2, -3.0, 0.3)] * len(ROWS)
    lines = table(ROWS, results).splitlines()
    assert len(lines) == len(ROWS) + 2
    first = (
        "| `gamma-vega` | none | none | `delta` | 0.05 / 14.99 / -24.29 | 1.00 ± 0.10"
    )
    assert lines[2].startswith(first)
    second = "| `gamma-vega` | 30 d | 0.5 % | `delta-gamma` | -3.41 / 1.44 / -5.78 |"
    assert lines[3].startswith(second)
    assert "| 0.22 / 21.87 |" in lines[6]
