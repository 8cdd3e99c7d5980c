"""How many histories a table has, and that they are not those of the fit."""

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.data.history import History
from hedge_env.training.calibrate.fit import final_values as module
from hedge_env.training.calibrate.fit.effort import Effort
from hedge_env.training.calibrate.fit.final_values import final_values
from hedge_env.training.calibrate.fit.fitting import Fitted
from hedge_env.training.calibrate.fit.moments import Estimate

DAYS = 100


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(first, last) history of every batch that a table simulates."""
    batches: list[tuple[int, int]] = []

    def record(config, days, n, seed, *, first):
        batches.append((first, first + n))
        return {"volatility of gas": np.ones(n)}

    monkeypatch.setattr(module, "model_values", record)
    return batches


def history() -> History:
    return History(np.zeros((1, 24 * DAYS)), 0, values={}, days={"spot": DAYS})


def fitted(*parts: str) -> Fitted:
    some = Estimate({}, {}, 0.0, 1)
    return Fitted(load_config("ethereum-l1"), estimates=dict.fromkeys(parts, some))


@pytest.mark.parametrize(
    ("effort", "number"),
    [
        (Effort(), 100),
        (Effort(histories=3), 100),
        (Effort(table=7), 7),
        (Effort(years=1), round(365 / DAYS)),
    ],
)
def test_a_table_has_as_many_histories_as_are_asked_for(
    seen: list[tuple[int, int]], effort: Effort, number: int
) -> None:
    values = final_values(fitted(), history(), effort)
    assert seen[0][0] == 0
    assert seen[-1][1] == number
    assert [first for first, _ in seen[1:]] == [last for _, last in seen[:-1]]
    assert values["volatility of gas"].size == number


def test_a_table_is_of_other_histories_than_the_fit(
    seen: list[tuple[int, int]],
) -> None:
    final_values(fitted("spot"), history(), Effort(histories=24))
    assert (seen[0][0], seen[-1][1]) == (24, 124)
