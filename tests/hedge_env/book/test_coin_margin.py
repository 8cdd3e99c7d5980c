"""Books that are quoted and margined in the underlying."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch

N = 400


def problem(*legs: dict[str, object], margin: str = "coin") -> EnvConfig:
    book = {"legs": list(legs) or [{"kind": "call"}], "margin": margin}
    document = {"book": book, "holdings": {"low": -3.0, "high": 3.0}}
    return load_config("reference", document)


def started(config: EnvConfig, n: int = N) -> HedgeBatch:
    batch = HedgeBatch(config, n, seed=0, stream="test")
    batch.reset(np.arange(n))
    return batch


def test_the_published_example_of_net_delta() -> None:
    """At the money, volatility .6, 30 days: 3426.970359 of 50 000, .06853941 coins."""
    settings = ["market.volatility.level=0.6", "market.surface.volatility=0.6"]
    config = load_config(problem(), settings=settings)
    rows = started(config, 1).rows[:, 0]
    assert -rows[field.BOOK_VALUE] == pytest.approx(0.0685394072, abs=5e-11)
    assert rows[field.DELTA] == pytest.approx(0.46573030, abs=5e-9)
    plain = started(load_config(config, {"book": {"margin": "quote"}}), 1).rows[:, 0]
    assert plain[field.DELTA] == pytest.approx(0.53426970, abs=5e-9)
    for row in (field.GAMMA, field.VEGA, field.BOOK_VALUE):
        assert rows[row] == plain[row]


def test_what_is_gained_is_gained_in_coins() -> None:
    """The change of the book over spot is that of the option's price in coins."""
    legs = ({"kind": "call", "quantity": -1.0}, {"kind": "put", "quantity": 0.5})
    coins, quoted = started(problem(*legs)), started(problem(*legs, margin="quote"))
    for _ in range(coins.n_decisions):
        before = coins.rows[field.BOOK_VALUE].copy()
        price = quoted.rows[field.BOOK_VALUE] / quoted.rows[field.SPOT]
        for batch in (coins, quoted):
            batch.advance(np.zeros((N, 1)))
        spot = coins.rows[field.SPOT]
        change = quoted.rows[field.BOOK_VALUE] / spot - price
        np.testing.assert_allclose(
            coins.rows[field.BOOK_VALUE] - before, change * spot, atol=1e-14
        )


def test_net_delta_takes_away_more_than_delta_by_the_published_points() -> None:
    """10 to 15 points of the RMSE in coins (Mahbub 2026: 48.1 to 62.6 % on ETH)."""
    config = load_config("deribit-inverse")
    plain = load_config(config, {"book": {"margin": "quote"}})
    batches = [started(config), started(plain)]
    coins, quoted = batches
    squares = np.zeros(3)
    for _ in range(120):
        holdings = [np.zeros(N), *(b.rows[field.DELTA].copy() for b in (quoted, coins))]
        spot, value = (coins.rows[r].copy() for r in (field.SPOT, field.BOOK_VALUE))
        for batch in batches:
            batch.advance(np.zeros((N, 1)))
        move = coins.rows[field.SPOT] - spot
        change = coins.rows[field.BOOK_VALUE] - value
        for i, held in enumerate(holdings):
            squares[i] += (((held * move + change) / coins.rows[field.SPOT]) ** 2).sum()
    none, black, net = np.sqrt(squares)
    assert 1.0 - black / none == pytest.approx(0.50, abs=0.06)
    assert 0.10 < (black - net) / none < 0.17


@pytest.mark.parametrize(
    ("book", "message"),
    [
        ({"margin": "coin", "legs": [{"kind": "forward"}]}, "other than calls"),
        (
            {"margin": "coin", "legs": [{"kind": "call", "maturity_days": 7}]},
            "ends before the episode does",
        ),
        ({"margin": "coin", "legs": [{"kind": "put"}]}, r"holdings\.low and"),
        ({"margin": "euro"}, "margin"),
    ],
)
def test_what_it_does_not_know_is_refused_in_one_line(book, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_config("reference", {"book": book})
    assert "\n" not in str(caught.value)
