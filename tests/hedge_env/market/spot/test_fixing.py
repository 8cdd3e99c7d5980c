"""The price that options are settled at: its law, its grid, and what it is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.simulated import SimulatedMarket
from hedge_env.market.engine.market_state import LOG_FIXING, LOG_SPOT

N, SIGMA = 40_000, 0.8
HOUR = 1.0 / (24.0 * 365.0)  # [year]


def problem(*settings: str) -> EnvConfig:
    """A constant volatility of .8, decisions every two hours, a forward-like put."""
    document = {
        "episode": {"decisions": 2, "decision_interval_hours": 2.0},
        "market": {"settlement": "twap"},
        "book": {"legs": [{"kind": "call", "maturity_days": 4.0 / 24.0}]},
    }
    return load_config("reference", document, settings)


def moved(config: EnvConfig) -> tuple[np.ndarray, np.ndarray]:
    """Log spot after the first decision interval, and the log of the fixing then."""
    market = SimulatedMarket(config, N, seed=5, stream="test")
    rows = np.zeros((field.N_FIELDS, N))
    market.start(np.arange(N), np.ones(N, dtype=np.bool_), rows)
    market.advance(rows)
    state = market._paths.state
    return state[LOG_SPOT].copy(), state[LOG_FIXING].copy()


@pytest.mark.parametrize(
    ("market_steps", "minutes"),
    [(1, 30.0), (2, 30.0), (4, 30.0), (24, 30.0), (120, 30.0), (1, 120.0), (2, 120.0)],
)
def test_the_mean_has_the_law_of_a_diffusion_whatever_the_grid(
    market_steps: int, minutes: float
) -> None:
    """Of x - mean: W/3, and with x: T - W/2 and T - 2W/3 of the variance of a year."""
    config = problem(
        f"episode.market_steps={market_steps}", f"market.settlement_minutes={minutes}"
    )
    last, mean = moved(config)
    total, window = 2.0 * HOUR, minutes / 60.0 * HOUR
    unit = SIGMA**2
    error = 5.0 * np.sqrt(2.0 / N)
    assert np.var(last) == pytest.approx(unit * total, rel=error)
    assert np.var(mean) == pytest.approx(unit * (total - 2 * window / 3), rel=error)
    assert np.var(last - mean) == pytest.approx(unit * window / 3.0, rel=error)
    for x in (last, mean):  # of x - sigma^2 t / 2
        assert abs(x.mean()) < 5.0 * x.std() / np.sqrt(N) + unit * total


def test_an_option_is_worth_what_its_mean_is_going_to_pay() -> None:
    """Value at the start against the mean payoff of the paths, hedged at delta."""
    config = problem("episode.decisions=1", "book.legs.0.maturity_days=0.08333333333")
    config = load_config(config, settings=["market.settlement_minutes=120"])
    batch = HedgeBatch(config, N, seed=1)
    batch.reset(np.arange(N))
    value, held = -batch.rows[field.BOOK_VALUE, 0], batch.rows[field.DELTA].copy()
    batch.advance(held[:, None])
    paid = -batch.rows[field.BOOK_VALUE]
    hedged = paid - held * (batch.rows[field.SPOT] - 1.0)
    error = hedged.std() / np.sqrt(N)
    # The mean of logarithms falls short of that of prices: sigma^2 W / 12 of delta.
    short = 0.5 * SIGMA**2 * 2.0 * HOUR / 12.0
    assert hedged.mean() + short == pytest.approx(value, abs=4.0 * error)
    spot = HedgeBatch(load_config(config, settings=["market.settlement=spot"]), 1)
    spot.reset(np.arange(1))
    assert value == pytest.approx(
        -spot.rows[field.BOOK_VALUE, 0] / np.sqrt(3), rel=1e-3
    )


def test_an_option_is_settled_at_the_mean_and_the_hedge_at_the_last_price() -> None:
    config = problem("episode.decisions=2")
    market = SimulatedMarket(config, 200, seed=1, stream="test")
    rows = np.zeros((field.N_FIELDS, 200))
    market.start(np.arange(200), np.ones(200, dtype=np.bool_), rows)
    for _ in range(2):
        market.advance(rows)
    fixed = np.exp(market._paths.state[LOG_FIXING])
    np.testing.assert_allclose(rows[field.BOOK_VALUE], -np.maximum(fixed - 1.0, 0.0))
    assert (np.abs(rows[field.SPOT] - fixed) > 1e-6).all()


def test_settled_at_spot_nothing_changes() -> None:
    """No bit: neither by the key at its default nor by the length of the window."""
    batches = []
    for settings in ([], ["market.settlement=spot", "market.settlement_minutes=60"]):
        batch = HedgeBatch(load_config("ethereum-l1", settings=settings), 20)
        batch.reset(np.arange(20))
        for _ in range(180):
            batch.advance(np.zeros((20, 1)))
        batches.append(batch)
    np.testing.assert_array_equal(batches[0].rows, batches[1].rows)


def test_no_other_number_of_the_market_changes() -> None:
    paths = []
    for how in ("spot", "twap"):
        setting = f"market.settlement={how}"
        batch = HedgeBatch(load_config("ethereum-l1", settings=[setting]), 20)
        batch.reset(np.arange(20))
        for _ in range(180):
            batch.advance(np.zeros((20, 1)))
        paths.append(batch.rows[field.SPOT].copy())
    np.testing.assert_array_equal(*paths)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["market.settlement_minutes=121"], "must not exceed the decision interval"),
        (["episode.market_steps=5"], "must be a multiple of the market step"),
        (["market.settlement=mean"], "market.settlement must be 'spot' or 'twap'"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(
    settings: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        problem(*settings)


def test_recorded_days_are_settled_at_their_own_mean(tmp_path: Path) -> None:
    """Between recorded prices an hour apart: the end of the step, give or take."""
    prices = 2000.0 + np.cumsum(np.random.default_rng(0).normal(0.0, 10.0, 2000))
    lines = [f"{1_600_000_000 + 3600 * i},{p:.2f}" for i, p in enumerate(prices)]
    file = tmp_path / "prices.csv"
    file.write_text("time,price\n" + "\n".join(lines) + "\n")
    config = problem("episode.market_steps=2", f"replay.spot={file}")
    batch = HedgeBatch(config, 50, stream="training")
    batch.reset(np.arange(50))
    for _ in range(2):
        batch.advance(np.zeros((50, 1)))
    spot, paid = batch.rows[field.SPOT], -batch.rows[field.BOOK_VALUE]
    difference = paid - np.maximum(spot - 1.0, 0.0)
    assert (difference != 0.0).any()
    assert np.abs(difference).max() < 0.02
