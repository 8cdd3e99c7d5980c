"""Funding of an exchange's rule is fitted to what the exchange settles."""

from pathlib import Path

import numpy as np
import pytest

from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.data.history import (
    Window,
    add_funding,
    read_spot,
)
from hedge_env.training.calibrate.fit.fitting import Effort, Fitted, fit_market
from hedge_env.training.calibrate.fit.simulation import simulate
from hedge_env.training.calibrate.statistics import funding

MONDAY = 1_577_836_800 - 2 * 86_400
DAYS = 500
PREMIUM = {
    "premium_mean_bp": 3.0,
    "premium_sd_bp": 8.0,
    "premium_half_life_hours": 30.0,
}


def fitted(rule: str, folder: Path) -> Fitted:
    """A fit to the hourly rates of a market with that rule."""
    truth = load_config("ethereum-l1", {"market": {"funding": {"rule": rule}}})
    truth = load_config(truth, {"market": {"funding": PREMIUM}})
    rows = simulate(truth, ("log_spot", *funding.ROWS), 1, 24 * DAYS, 7)
    assert truth.market.funding is not None
    rates = funding.funding_rate(truth.market.funding, rows)[0]
    _write(folder / "spot.csv", 2000.0 * np.exp(rows["log_spot"][0]))
    _write(folder / "funding.csv", 1e-4 * rates)
    history = read_spot(folder / "spot.csv", Window())
    add_funding(history, folder / "funding.csv", Window())
    return fit_market(_base(rule), history, Effort(4, 6), ("funding",))


def _base(rule: str) -> EnvConfig:
    return load_config("ethereum-l1", {"market": {"funding": {"rule": rule}}})


def _write(path: Path, values: np.ndarray) -> None:
    times = MONDAY + 3600 * np.arange(values.size)
    rows = [f"{t},{value:.12g}" for t, value in zip(times, values, strict=True)]
    path.write_text("\n".join(["time,value", *rows]) + "\n")


@pytest.mark.parametrize("rule", ["hyperliquid", "deribit", "derive"])
def test_numbers_of_a_period_are_fitted_to_hourly_rates(
    rule: str, tmp_path: Path
) -> None:
    found = fitted(rule, tmp_path).config.market.funding
    assert found is not None
    assert found.rule == rule
    assert found.settlement_hours == 1.0
    published = _base(rule).market.funding
    assert published is not None
    # The usual rate of the file is an eighth of the interest.
    assert found.interest_bp == pytest.approx(published.interest_bp, abs=1e-6)
    assert found.clamp_bp == pytest.approx(published.clamp_bp, rel=0.25, abs=1e-12)
    assert found.premium_sd_bp == pytest.approx(8.0, rel=0.35)
