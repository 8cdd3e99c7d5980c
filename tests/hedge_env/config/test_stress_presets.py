"""The scenarios do what their files say, in the median of paths."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from tests.hedge_env.market.drive import decisions

N_PATHS = 200
DAY = 24  # hours


@pytest.fixture(scope="module")
def hours() -> dict[str, dict[str, np.ndarray]]:
    """Hourly rows of each scenario, shape (721, N_PATHS)."""
    seen = {}
    for preset in ("crash", "short-squeeze", "calm"):
        config = load_config(
            preset,
            settings=[
                "episode.decisions=720",
                "episode.decision_interval_hours=1",
                "episode.market_steps=1",
            ],
        )
        rows = list(decisions(config, N_PATHS))
        seen[preset] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return seen


def moves(spot: np.ndarray, n_hours: int) -> np.ndarray:
    """Simple returns over `n_hours`, at every hour."""
    return np.asarray(spot[n_hours:] / spot[:-n_hours] - 1.0)


def volatility(spot: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt((np.diff(np.log(spot), axis=0) ** 2).mean(axis=0) * 8760))


def test_a_crash_is_like_march_2020(hours: dict[str, dict[str, np.ndarray]]) -> None:
    rows = hours["crash"]
    spot, gas, spread = rows["spot"], rows["gas_price"], rows["half_spread"]
    assert -0.47 < np.median(moves(spot, DAY).min(axis=0)) < -0.33
    assert np.median(volatility(spot[: 2 * DAY])) > 3.0
    assert 1.1 < np.median(volatility(spot[5 * DAY :])) < 1.5
    assert 5.0 < np.median(gas[:DAY].mean(axis=0) / gas[10 * DAY :].mean(axis=0)) < 9.0
    assert spread[1:DAY].mean() > 4.0 * spread[10 * DAY :].mean()
    assert np.median(rows["implied_volatility"][0]) > 1.5
    assert rows["skew"][0].mean() < rows["skew"][10 * DAY].mean() < 0.0


def test_a_short_squeeze_is_like_january_2021(
    hours: dict[str, dict[str, np.ndarray]],
) -> None:
    rows = hours["short-squeeze"]
    assert 0.33 < np.median(moves(rows["spot"], 3 * DAY).max(axis=0)) < 0.6
    assert 0.2 < np.median(moves(rows["spot"], DAY).max(axis=0)) < 0.4
    assert 8e-4 < rows["funding_rate"][::8].mean() < 11e-4
    assert rows["skew"][0].mean() > rows["skew"][10 * DAY].mean() > 0.0
    change = np.diff(np.log(rows["implied_volatility"][: 20 * DAY]), axis=0).ravel()
    returns = np.diff(np.log(rows["spot"][: 20 * DAY]), axis=0).ravel()
    calm = np.abs(returns) < 0.02  # jumps apart
    assert np.corrcoef(change[calm], returns[calm])[0, 1] > 0.1


def test_a_calm_month_is_like_those_of_2023(
    hours: dict[str, dict[str, np.ndarray]],
) -> None:
    rows = hours["calm"]
    assert 0.28 < np.median(volatility(rows["spot"])) < 0.36
    assert 0.34 < np.median(rows["implied_volatility"][0]) < 0.39
    beyond = (np.abs(moves(rows["spot"], 1)) > 0.02).sum(axis=0).mean()
    assert 1.0 < beyond < 3.0
