"""Rules of exchanges by name, against their published examples and worked by hand."""

from typing import Any

import numpy as np
import pytest

from hedge_env.agent.features import FEATURES
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig, FundingConfig
from hedge_env.config.loading import load_config
from hedge_env.config.sections.funding import RULES
from hedge_env.training.calibrate.fit.parameters import funding_parameters
from hedge_env.training.calibrate.statistics import funding as statistics
from tests.hedge_env.market.drive import decisions

BP = 1e-4
NAMED = tuple(RULES)


def market(rule: str, funding: dict[str, Any], *settings: str) -> EnvConfig:
    return load_config(
        "reference",
        {"market": {"funding": {"rule": rule, **funding}}},
        ["execution.instrument=perp", "episode.decisions=2", *settings],
    )


def quoted(rule: str, premium_bp: float, **changes: float) -> float:
    """Rate of a settlement [bp] at a premium that does not move."""
    still = {"premium_mean_bp": premium_bp, "premium_sd_bp": 0.0, **changes}
    rates = {float(r["funding_rate"][0]) for r in decisions(market(rule, still), 1)}
    assert len(rates) == 1
    return rates.pop() / BP


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        # Of its documentation: bid 10100, oracle 10000: .95 % in 8 hours.
        (100.0, 11.875),
        (1.0, 0.125),  # the interest: .01 % in 8 hours
        (-4.0, 0.125),
        (-6.0, -0.125),
        (3300.0, 400.0),  # its cap: 4 % an hour
        (-3300.0, -400.0),
    ],
)
def test_hyperliquid_pays_an_eighth_every_hour(premium: float, rate: float) -> None:
    assert quoted("hyperliquid", premium) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        (2.0, 0.0),
        (-2.5, 0.0),
        (3.3, 0.8),  # max(2.5, P) + min(-2.5, P) in 8 hours
        (-5.0, -2.5),
    ],
)
def test_deribit_damps_the_premium(premium: float, rate: float) -> None:
    assert quoted("deribit", premium) == pytest.approx(rate / 8.0, rel=1e-12)
    capped = np.clip(rate, -0.5, 0.5)
    assert quoted("deribit", premium, cap_bp=0.5) == pytest.approx(capped / 8.0)


@pytest.mark.parametrize(
    ("premium", "period", "rate"),
    [
        (16.0, 16.0, 1.0),
        (-8.0, 8.0, -1.0),
        (12.0, 24.0, 0.5),
        (100.0, 16.0, 1.7123),  # .017123 % an hour at most
        (-100.0, 16.0, -1.7123),
    ],
)
def test_derive_spreads_the_premium_over_its_period(
    premium: float, period: float, rate: float
) -> None:
    found = quoted("derive", premium, period_hours=period)
    assert found == pytest.approx(rate, rel=1e-12)


def test_derive_adds_its_interest_to_the_premium() -> None:
    assert quoted("derive", 8.0, interest_bp=4.0) == pytest.approx(0.75, rel=1e-12)


def test_binance_halves_the_rate_of_four_hours() -> None:
    assert quoted("binance", 7.5) == pytest.approx(2.5, rel=1e-12)
    assert quoted("binance", 7.5, settlement_hours=4.0) == pytest.approx(1.25)
    # The plain formula takes its numbers to be of a settlement, whatever its length.
    assert quoted("clamp", 7.5, settlement_hours=4.0) == pytest.approx(2.5)


def test_binance_is_the_plain_formula_to_the_last_bit() -> None:
    moving = {"premium_sd_bp": 6.0, "return_response_bp": 30.0}
    both = [decisions(market(rule, moving), 200) for rule in ("binance", "clamp")]
    for a, b in zip(*both, strict=True):
        for name in ("funding_rate", "funding_accrued"):
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.parametrize("rule", NAMED)
@pytest.mark.parametrize("start", [0.0, 7.5])
def test_a_day_costs_what_the_rate_comes_to(rule: str, start: float) -> None:
    still = {"premium_mean_bp": 12.0, "premium_sd_bp": 0.0}
    settings = ["market.volatility.level=0", "market.surface.volatility=0.5"]
    settings += ["episode.decision_interval_hours=24", "episode.market_steps=6"]
    config = market(rule, still, *settings, f"episode.start_hour={start}")
    _, day, _ = decisions(config, 1)
    # 12 bp less the clamp, three times; of Derive .75 bp an hour, all day.
    expected = {"deribit": 3 * 9.5, "derive": 18.0}.get(rule, 3 * 7.0)
    assert day["funding_accrued"][0] / BP == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # From 7:30 on, half an hour at a time: the clock strikes at the first.
        ("hyperliquid", [7.0 / 8.0, 0.0, 7.0 / 8.0]),
        ("binance", [7.0, 0.0, 0.0]),
        ("deribit", [9.5 / 16.0] * 3),
        ("derive", [12.0 / 32.0] * 3),
    ],
)
def test_some_are_paid_on_the_clock_and_some_all_the_time(
    rule: str, expected: list[float]
) -> None:
    still = {"premium_mean_bp": 12.0, "premium_sd_bp": 0.0}
    settings = ["market.volatility.level=0", "market.surface.volatility=0.5"]
    settings += ["episode.decision_interval_hours=0.5", "episode.decisions=3"]
    config = market(rule, still, *settings, "episode.start_hour=7.5")
    _, *later = decisions(config, 1)
    paid = [rows["funding_accrued"][0] / BP for rows in later]
    assert paid == pytest.approx(expected, rel=1e-12)


def test_what_is_paid_all_the_time_follows_spot() -> None:
    still = {"premium_mean_bp": 12.0, "premium_sd_bp": 0.0}
    settings = ["episode.decision_interval_hours=2", "episode.market_steps=1"]
    _, *later = decisions(market("deribit", still, *settings), 5)
    for rows in later:
        expected = 9.5 * BP / 4.0 * rows["spot"]
        np.testing.assert_allclose(rows["funding_accrued"], expected, rtol=1e-14)


def test_a_cap_is_of_the_period() -> None:
    moving = {"premium_sd_bp": 20.0, "cap_bp": 8.0}
    *_, last = decisions(market("hyperliquid", moving), 500)
    rates = last["funding_rate"] / BP
    assert np.abs(rates).max() == pytest.approx(1.0, rel=1e-12)
    assert 0.2 < (np.abs(rates) < 1.0 - 1e-9).mean() < 0.8


@pytest.mark.parametrize("rule", NAMED)
def test_an_agent_sees_the_rate_of_the_period(rule: str) -> None:
    config = market(rule, {"premium_mean_bp": 20.0, "premium_sd_bp": 0.0})
    paid = quoted(rule, 20.0)
    share = 1.0 if rule in ("clamp", "binance") else 1.0 / 8.0
    share = 1.0 / 16.0 if rule == "derive" else share
    seen = FEATURES["funding_rate"].scale(config) * paid * BP
    assert seen == pytest.approx(0.1 * paid / share, rel=1e-12)


@pytest.mark.parametrize("rule", NAMED)
def test_what_calibration_computes_is_what_the_market_quotes(rule: str) -> None:
    moving = {"premium_sd_bp": 9.0, "return_response_bp": 20.0, "cap_bp": 6.0}
    config = market(rule, moving)
    *_, last = decisions(config, 300)
    premium = np.linspace(-3e-3, 3e-3, 301)
    rows = {"premium": premium, "trailing_return": np.zeros(301)}
    assert config.market.funding is not None
    found = statistics.funding_rate(config.market.funding, rows)
    # Both have the same range, and each value of the other is one of a premium.
    quoted_bp = last["funding_rate"] / BP
    assert found.min() - 1e-9 <= quoted_bp.min()
    assert found.max() + 1e-9 >= quoted_bp.max()
    for bp in (-30.0, -4.0, 0.5, 2.0, 7.0, 30.0):
        at = {"premium": np.array([0.0]), "trailing_return": np.array([0.0])}
        still = {"premium_mean_bp": bp, "premium_sd_bp": 0.0, "cap_bp": 6.0}
        own = FundingConfig.model_validate({"rule": rule, **still})
        assert statistics.funding_rate(own, at)[0] == pytest.approx(
            quoted(rule, bp, cap_bp=6.0), abs=1e-12
        )


def test_what_a_rule_has_not_is_not_fitted() -> None:
    keys = [p.key for p in funding_parameters(FundingConfig(rule="derive"))]
    assert "funding.clamp_bp" not in keys
    assert "funding.premium_sd_bp" in keys
    others = [p.key for p in funding_parameters(FundingConfig(rule="deribit"))]
    assert "funding.clamp_bp" in others


def test_another_rule_brings_its_own_numbers_to_a_preset() -> None:
    fitted = load_config("deribit").market.funding
    config = load_config("deribit", settings=["market.funding.rule=hyperliquid"])
    found = config.market.funding
    assert fitted is not None
    assert found is not None
    numbers = {name: getattr(found, name) for name in RULES["hyperliquid"]}
    assert numbers == RULES["hyperliquid"]
    assert found.premium_sd_bp == fitted.premium_sd_bp
    # Whichever way it is written, and again from what comes out.
    again = load_config(config, {"market": {"funding": {"rule": "derive"}}})
    assert again.market.funding is not None
    assert again.market.funding.clamp_bp == 0.0
    assert load_config(config) == config
    same = load_config("deribit", settings=["market.funding.rule=clamp"])
    assert same.market.funding == fitted


def test_what_is_given_with_a_rule_stands() -> None:
    settings = ["market.funding.rule=hyperliquid", "market.funding.cap_bp=null"]
    settings += ["market.funding.settlement_hours=2"]
    found = load_config("deribit", settings=settings).market.funding
    assert found is not None
    assert found.cap_bp is None
    assert found.settlement_hours == 2.0
    assert found.clamp_bp == 5.0


@pytest.mark.parametrize(
    ("rule", "key"), [("deribit", "interest_bp"), ("derive", "clamp_bp")]
)
def test_a_number_that_a_rule_has_not_is_refused(rule: str, key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} = 2 is in no formula of rule"):
        market(rule, {key: 2.0})


@pytest.mark.parametrize("rule", ["[1]", "null", "ftx", "{a: 1}"])
def test_a_rule_nobody_knows_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="rule must be 'clamp', 'binance'"):
        load_config("deribit", settings=[f"market.funding.rule={rule}"])
