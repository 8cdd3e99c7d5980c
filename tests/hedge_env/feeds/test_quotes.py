"""The rows that decisions are taken on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from tests.hedge_env.market.drive import decisions, start_rows
from tests.support.examples import full_config

Leg = dict[str, Any]


def call(quantity: float, moneyness: float, days: float) -> Leg:
    return {
        "kind": "call",
        "quantity": quantity,
        "moneyness": moneyness,
        "maturity_days": days,
    }


def put(quantity: float, moneyness: float, days: float) -> Leg:
    return call(quantity, moneyness, days) | {"kind": "put"}


def with_book(*legs: Leg, base: EnvConfig | None = None) -> EnvConfig:
    """Some legs in the full-feature market."""
    bounds = {"low": -9.0, "high": 9.0}
    overrides = {"book": {"legs": list(legs)}, "holdings": bounds}
    return load_config(base or full_config(), overrides)


@pytest.mark.parametrize("days", [4.0, 10.0, 17.3])
def test_a_call_less_a_put_is_spot_less_strike_at_every_step(days: float) -> None:
    config = with_book(call(1.0, 1.1, days), put(-1.0, 1.1, days))
    for step, rows in enumerate(decisions(config, 200)):
        alive = step < days * 4
        if alive:
            spot = rows["spot"]
            np.testing.assert_allclose(rows["book_value"], spot - 1.1, atol=1e-12)
            payoff = spot - 1.1
        np.testing.assert_allclose(rows["delta"], -1.0 if alive else 0.0, atol=1e-12)
        np.testing.assert_allclose(rows["gamma"], 0.0, atol=1e-10)
        np.testing.assert_allclose(rows["vega"], 0.0, atol=1e-12)
        if step == days * 4:  # expired now: the payoff is that of this step
            payoff = rows["spot"] - 1.1
        if step >= days * 4:
            np.testing.assert_allclose(rows["book_value"], payoff, atol=1e-15)


def test_a_surface_without_skew_and_wings_is_black_scholes() -> None:
    still = {"half_life_days": 5.0, "sd": 0.0}
    surface = {
        "model": "ssvi",
        "variance_premium": 1.0,
        "level": still,
        "skew": still | {"mean": 0.0},
        "curvature": still | {"mean": 1e-13},
    }
    legs = {"legs": [call(-1.0, 1.1, 30.0), put(-0.5, 0.8, 30.0), call(2, 1.0, 45)]}
    smiling = load_config("reference", {"market": {"surface": surface}, "book": legs})
    flat = load_config("reference", {"book": legs})
    names = ("book_value", "delta", "gamma", "vega", "implied_volatility")
    for one, other in zip(decisions(smiling, 100), decisions(flat, 100), strict=True):
        for name in names:
            scale = np.abs(other[name]).max()
            np.testing.assert_allclose(
                one[name], other[name], rtol=1e-12, atol=1e-12 * scale, err_msg=name
            )


def test_a_book_is_the_sum_of_its_legs() -> None:
    legs = [call(-1.0, 1.02, 10.0), put(-0.6, 0.95, 10.0), call(0.5, 1.1, 4.0)]
    together = decisions(with_book(*legs), 100)
    apart = [decisions(with_book(leg), 100) for leg in legs]
    for rows, *singles in zip(together, *apart, strict=True):
        for name in ("book_value", "delta", "gamma", "vega"):
            total = sum(single[name] for single in singles)
            np.testing.assert_allclose(rows[name], total, rtol=1e-13, atol=1e-15)


def test_quantities_scale_the_book_and_contracts_do_not() -> None:
    one = start_rows(with_book(call(-1.0, 1.0, 10.0)), 3)
    three = start_rows(with_book(call(-3.0, 1.0, 10.0)), 3)
    for name in ("book_value", "delta", "gamma", "vega"):
        np.testing.assert_allclose(three[name], 3.0 * one[name], rtol=1e-14)
    base = load_config("reference", settings=["book.contracts=50", "market.spot=7"])
    np.testing.assert_array_equal(
        start_rows(base, 3)["book_value"],
        start_rows(load_config("reference"), 3)["book_value"],
    )


def test_signs_are_those_of_what_neutralises_the_book() -> None:
    for leg, delta, gamma, vega in (
        (call(-1.0, 1.0, 10.0), 1, 1, -1),
        (call(1.0, 1.0, 10.0), -1, -1, 1),
        (put(-1.0, 1.0, 10.0), -1, 1, -1),
        (put(1.0, 1.0, 10.0), 1, -1, 1),
    ):
        rows = start_rows(with_book(leg), 1)
        signs = [np.sign(rows[name][0]) for name in ("delta", "gamma", "vega")]
        assert signs == [delta, gamma, vega]
        assert np.sign(rows["book_value"][0]) == np.sign(leg["quantity"])


def test_expired_legs_are_worth_their_payoff_and_need_no_hedge() -> None:
    config = with_book(call(-1.0, 1.0, 2.0), put(0.5, 1.05, 2.0))
    for step, rows in enumerate(decisions(config, 300)):
        if step == 8:
            spot = rows["spot"]
            payoff = -np.maximum(spot - 1.0, 0.0) + 0.5 * np.maximum(1.05 - spot, 0.0)
            assert (payoff != 0.0).any()
        if step >= 8:
            np.testing.assert_allclose(rows["book_value"], payoff, atol=1e-15)
            for name in ("delta", "gamma", "vega", "time_to_maturity"):
                np.testing.assert_array_equal(rows[name], 0.0)
        else:
            assert (rows["gamma"] != 0.0).any()


def test_rows_stay_finite_beyond_the_longest_maturity() -> None:
    for base in (full_config(), load_config("reference")):
        config = with_book(call(-1.0, 1.0, 2.0), base=base)
        for rows in decisions(config, 20):
            for name, values in rows.items():
                assert np.isfinite(values).all(), name
            assert rows["implied_volatility"].min() > 0.05


@pytest.mark.parametrize("preset", PRESETS)
def test_rows_of_every_preset_are_finite_to_the_end(preset: str) -> None:
    for rows in decisions(load_config(preset), 64):
        for name, values in rows.items():
            assert np.isfinite(values).all(), name


def test_implied_volatility_of_a_flat_surface_is_its_volatility_to_the_end() -> None:
    for rows in decisions(load_config("reference"), 2):
        np.testing.assert_allclose(rows["implied_volatility"], 0.8, rtol=1e-14)
        np.testing.assert_array_equal(rows["skew"], 0.0)


def test_the_clock_runs_from_the_start_hour_to_maturity() -> None:
    config = load_config(
        "reference",
        settings=[
            "episode.decisions=10",
            "episode.start_hour=20",
            "book.legs.0.maturity_days=3",
        ],
    )
    for step, rows in enumerate(decisions(config, 2)):
        angle = 2 * np.pi * ((20 + 4 * step) % 24) / 24
        np.testing.assert_allclose(rows["hour_sin"], np.sin(angle), atol=1e-14)
        np.testing.assert_allclose(rows["hour_cos"], np.cos(angle), atol=1e-14)
        np.testing.assert_allclose(rows["time_fraction"], 1 - step / 10, atol=1e-15)
        years = (3 - step / 6) / 365
        np.testing.assert_allclose(rows["time_to_maturity"], years, rtol=1e-13)
        np.testing.assert_array_equal(rows["step"], step)


def test_moneyness_is_over_the_geometric_mean_strike() -> None:
    config = with_book(call(-1.0, 1.25, 10.0), put(-1.0, 0.8, 10.0))
    for rows in decisions(config, 5):
        np.testing.assert_allclose(
            rows["log_moneyness"], np.log(rows["spot"]), atol=1e-15
        )


def test_realised_volatility_starts_at_the_truth_and_estimates_it() -> None:
    config = load_config(
        "reference", settings=["observation.realised_half_life_days=9"]
    )
    steps = list(decisions(config, 2000))
    np.testing.assert_allclose(steps[0]["realised_volatility"], 0.8, rtol=1e-15)
    variance = steps[-1]["realised_volatility"] ** 2
    assert abs(variance.mean() - 0.64) < 4 * variance.std() / np.sqrt(2000)
    # Weights 1 - a, a (1 - a), ... of squared normals: variance 2 (1 - a) / (1 + a).
    decay = 0.5 ** (1 / 54)
    expected = 0.64 * np.sqrt(2 * (1 - decay) / (1 + decay))
    assert variance.std() == pytest.approx(expected, rel=0.1)


def test_sabr_whose_volatility_does_not_move_is_black_scholes() -> None:
    still = load_config(
        "cao-sabr-1m", settings=["market.volatility.volatility_of_volatility=0"]
    )
    for one, other in zip(
        decisions(still, 50), decisions(load_config("cao-gbm-1m"), 50), strict=True
    ):
        for name, values in one.items():
            np.testing.assert_allclose(values, other[name], rtol=1e-14, err_msg=name)


def test_every_leg_is_marked_at_its_own_hagan_volatility() -> None:
    # Published premiums of Cao and others for 20, 21 and 60 days.
    for days, premium in ((20.0, 2.2584), (21.0, 2.3143), (60.0, 3.9174)):
        config = load_config(
            "cao-sabr-1m",
            settings=[f"book.legs.0.maturity_days={days}", "episode.decisions=2"],
        )
        value = -100.0 * start_rows(config, 1)["book_value"][0]
        assert value == pytest.approx(premium, abs=5e-5)
    # Low strikes are dear and high strikes cheap where volatility falls with spot.
    for strike, sign in ((0.93, 1.0), (1.07, -1.0)):
        config = with_book(call(-1.0, strike, 20.0), base=load_config("cao-sabr-1m"))
        flat = load_config(config, {"market": {"surface": {"model": "flat"}}})
        smiling = -start_rows(config, 1)["book_value"][0]
        assert sign * (smiling + start_rows(flat, 1)["book_value"][0]) > 0.0


def test_heston_whose_variance_does_not_move_is_black_scholes() -> None:
    settings = ["market.volatility.volatility_of_variance=0"]
    still = load_config("buehler-heston", settings=settings)
    constant = {"volatility": {"model": "constant", "level": 0.2}}
    flat = load_config(still, {"market": constant | {"surface": {"model": "flat"}}})
    for one, other in zip(decisions(still, 50), decisions(flat, 50), strict=True):
        for name, values in one.items():
            scale = np.abs(other[name]).max()
            np.testing.assert_allclose(
                values, other[name], rtol=1e-10, atol=1e-10 * scale, err_msg=name
            )


@pytest.mark.slow
@pytest.mark.parametrize("market_steps", [1, 3])
def test_a_book_on_hestons_surface_is_worth_what_it_pays_on_average(
    market_steps: int,
) -> None:
    # The premium of Buehler and others; the value is a martingale on the way.
    config = load_config(
        "buehler-heston", settings=[f"episode.market_steps={market_steps}"]
    )
    n = 60_000
    for step, rows in enumerate(decisions(config, n)):
        value, variance = -100.0 * rows["book_value"], rows["true_volatility"] ** 2
        if step == 0:
            assert value[0] == pytest.approx(1.6918, abs=3e-4)
        assert abs(value.mean() - 1.6918) < 4 * value.std() / np.sqrt(n) + 3e-4
        assert abs(variance.mean() - 0.04) < 4 * variance.std() / np.sqrt(n) + 1e-12
        assert abs(rows["spot"].mean() - 1) < 4 * rows["spot"].std() / np.sqrt(n) + 1e-9
