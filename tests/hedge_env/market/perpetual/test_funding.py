from typing import Any

import numpy as np
import pytest

from hedge_env.config import EnvConfig, FundingConfig
from hedge_env.config.loading import load_config
from hedge_env.market.perpetual.funding import advance_funding, funding_params
from tests.hedge_env.market.drive import decisions

BP = 1e-4
# A premium that never moves, so that funding is what the clamp makes of its mean.
STILL = {"premium_sd_bp": 0.0, "interest_bp": 1.0, "clamp_bp": 5.0}


def market(funding: dict[str, Any], *settings: str, **episode: Any) -> EnvConfig:
    return load_config(
        "reference",
        {"market": {"funding": funding}, "episode": episode},
        ["execution.instrument=perp", *settings],
    )


@pytest.mark.parametrize(
    ("premium", "rate"),
    [(-20.0, -15.0), (-4.0, 1.0), (-3.9, 1.0), (1.0, 1.0), (6.0, 1.0), (7.5, 2.5)],
)
def test_the_rate_is_the_premium_through_the_clamp(premium: float, rate: float) -> None:
    config = market({**STILL, "premium_mean_bp": premium}, decisions=2)
    for rows in decisions(config, 2):
        np.testing.assert_allclose(rows["funding_rate"], rate * BP, rtol=1e-12)


def test_inside_the_clamp_the_rate_is_the_interest_to_the_last_bit() -> None:
    config = market({"premium_mean_bp": 1.0, "premium_sd_bp": 6.0}, decisions=20)
    n, mass = 5000, []
    for rows in decisions(config, n):
        rate = rows["funding_rate"]
        mass.append((rate == 1e-4).mean())
        outside = rate != 1e-4
        assert np.abs(rate[outside] - 1e-4).min() > 1e-10  # no near misses
    # |N(0, 6 bp)| <= 5 bp; one standard error per decision, which are correlated.
    expected = 0.5953
    assert abs(np.mean(mass) - expected) < 4 * np.sqrt(expected * 0.4047 / n)


def test_a_clamp_of_zero_leaves_the_premium() -> None:
    config = market({"premium_mean_bp": 3.0, "clamp_bp": 0.0}, decisions=3)
    rows = list(decisions(config, 2000))
    rates = rows[-1]["funding_rate"] / BP
    assert abs(rates.mean() - 3.0) < 4 * 5.0 / np.sqrt(2000)
    assert abs(rates.var() / 25.0 - 1.0) < 4 * np.sqrt(2.0 / 2000)


def settlements(start: float, hours: float, every: float) -> list[float]:
    """Settlement times in (start, start + hours], by counting."""
    times = np.arange(0.0, start + hours + 1.0, every)
    return [t for t in times if start + 1e-9 < t <= start + hours + 1e-9]


@pytest.mark.parametrize("interval", [0.5, 1.0, 4.0, 8.0, 12.0, 24.0])
@pytest.mark.parametrize("start", [0.0, 5.0, 7.5, 8.0, 23.0])
@pytest.mark.parametrize("every", [8.0, 4.0, 1.0])
@pytest.mark.parametrize("market_steps", [1, 3])
def test_each_settlement_on_the_clock_is_charged_once_when_it_falls_due(
    interval: float, start: float, every: float, market_steps: int
) -> None:
    config = market(
        {**STILL, "settlement_hours": every},
        "market.volatility.level=0",
        "market.surface.volatility=0.5",
        decisions=9,
        decision_interval_hours=interval,
        market_steps=market_steps,
        start_hour=start,
    )
    for step, rows in enumerate(decisions(config, 1)):
        before = start + (step - 1) * interval
        due = len(settlements(before, interval, every)) if step else 0
        assert rows["funding_accrued"][0] == pytest.approx(due * BP, abs=1e-18)


def test_funding_is_paid_on_the_value_at_settlement() -> None:
    config = market(STILL, decisions=4, decision_interval_hours=8.0)
    for step, rows in enumerate(decisions(config, 5)):
        due = BP * rows["spot"] if step else np.zeros(5)
        np.testing.assert_allclose(rows["funding_accrued"], due, rtol=1e-14)


def test_trailing_returns_raise_the_premium_and_are_forgotten() -> None:
    settings = FundingConfig(
        premium_sd_bp=0.0, return_response_bp=40.0, clamp_bp=0.0, trailing_days=7.0
    )
    p = funding_params(settings, dt_hours=24.0)
    premium, fast, trailing, accrued, zero = (np.zeros(1) for _ in range(5))
    for log_return in (0.1, 0.0, -0.02):
        moves = (np.array([log_return]), zero, zero, 24.0, p)
        advance_funding(premium, fast, trailing, accrued, zero, zero, *moves)
    expected = 0.1 * np.exp(-2.0 / 7.0) - 0.02
    assert trailing[0] == pytest.approx(expected, rel=1e-14)


def test_funding_is_dearer_after_a_rally() -> None:
    config = market({"return_response_bp": 60.0, "clamp_bp": 1.0}, decisions=60)
    *_, last = decisions(config, 2000)
    r = np.corrcoef(np.log(last["spot"]), last["funding_rate"])[0, 1]
    assert r > 0.3


def test_the_premium_halves_in_its_half_life() -> None:
    p = funding_params(FundingConfig(premium_half_life_hours=16.0), dt_hours=8.0)
    premium, zero = np.array([2e-4]), np.zeros(1)
    fast, trailing, accrued = (np.zeros(1) for _ in range(3))
    rest = (zero, zero, zero, zero, zero, 8.0, p)
    advance_funding(premium, fast, trailing, accrued, *rest)
    assert premium[0] == pytest.approx(2e-4 / np.sqrt(2.0), rel=1e-14)


def test_each_factor_of_the_premium_has_its_own_half_life() -> None:
    settings = FundingConfig(
        premium_half_life_hours=16.0, fast_sd_bp=3.0, fast_half_life_hours=8.0
    )
    p = funding_params(settings, dt_hours=8.0)
    premium, fast, zero = np.array([6e-4]), np.array([4e-4]), np.zeros(1)
    trailing, accrued = np.zeros(1), np.zeros(1)
    rest = (zero, zero, zero, zero, zero, 8.0, p)
    advance_funding(premium, fast, trailing, accrued, *rest)
    assert fast[0] == pytest.approx(2e-4, rel=1e-14)
    assert premium[0] == pytest.approx(2e-4 / np.sqrt(2.0) + 2e-4, rel=1e-14)


def test_two_factors_remember_on_two_time_scales() -> None:
    sds, half_lives = np.array([4.0, 3.0]), np.array([96.0, 6.0])
    settings = {"premium_mean_bp": 1.0, "clamp_bp": 0.0, "trailing_days": 7.0}
    settings |= {"premium_sd_bp": 4.0, "premium_half_life_hours": 96.0}
    settings |= {"fast_sd_bp": 3.0, "fast_half_life_hours": 6.0}
    episode = {"decisions": 6, "decision_interval_hours": 12.0, "market_steps": 3}
    n = 20_000
    rows = list(decisions(market(settings, **episode), n))
    first = rows[0]["funding_rate"] / BP - 1.0
    for step in (0, 1, 6):
        # First and last are normal: 25 is the variance of each.
        last = rows[step]["funding_rate"] / BP - 1.0
        expected = float(sds**2 @ 0.5 ** (12.0 * step / half_lives))
        error = np.sqrt((25.0**2 + expected**2) / n)
        assert abs((first * last).mean() - expected) < 4.0 * error


def test_the_fast_factor_leaves_all_other_noise_alone() -> None:
    plain = market({"premium_sd_bp": 4.0, "clamp_bp": 0.0}, decisions=6)
    fast = {"fast_sd_bp": 2.0, "fast_half_life_hours": 5.0}
    both = load_config(plain, {"market": {"funding": fast}})
    rates = []
    for a, b in zip(decisions(both, 50), decisions(plain, 50), strict=True):
        np.testing.assert_array_equal(a["spot"], b["spot"])
        rates.append((a["funding_rate"] - b["funding_rate"]) / BP)
    # What it adds is the factor itself, of standard deviation two.
    added = np.concatenate(rates)
    assert 1.0 < added.std() < 3.0


def test_without_funding_nothing_accrues() -> None:
    config = load_config("reference", settings=["episode.decisions=3"])
    for rows in decisions(config, 3):
        np.testing.assert_array_equal(rows["funding_rate"], 0.0)
        np.testing.assert_array_equal(rows["funding_accrued"], 0.0)
