"""Advice for pools and perpetual options: by hand, and as an episode values them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import inf, sqrt
from typing import Any

import numpy as np
import pytest

from hedge_env.advice import Advice, Adviser, read_state
from hedge_env.advice.present_rows import PresentRows
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines import RULES
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
RANGE = {"kind": "amm", "low": 1600.0, "high": 2500.0, "liquidity": 1000.0}
MOST = 1000.0 * (1.0 / sqrt(1600.0) - 1.0 / sqrt(2500.0))  # units below the range: 5


def state(*legs: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "time": NOW.isoformat(),
        "spot": 2000.0,
        "legs": list(legs),
        "holdings": 0.0,
        "implied_volatility": 0.8,
        "contracts": 5.0,
        **other,
    }


def advise(
    document: dict[str, Any], rule: str = "delta", preset: str = "lp-eth-usdc-range"
) -> Advice:
    return Adviser(RULES[rule](), load_config(preset)).advise(read_state(document))


def test_the_published_pool_is_valued_and_hedged_by_what_it_holds() -> None:
    advice = advise(state(RANGE))
    assert advice.delta == pytest.approx(-2.3606797750, abs=1e-10)
    assert advice.book_value == pytest.approx(9442.7190999916, abs=1e-9)
    assert advice.trade == pytest.approx(-2.3606797750, abs=1e-10)
    rows = PresentRows(load_config("lp-eth-usdc-range")).write(
        read_state(state(RANGE)), 10.0, np.array([2000.0])
    )
    gamma = float(rows[field.GAMMA, 0]) * 5.0 / 2000.0
    assert gamma == pytest.approx(0.005590169944, abs=1e-11)


def test_over_all_prices_the_hedge_is_liquidity_over_the_root_of_the_price() -> None:
    advice = advise(state({"kind": "amm", "liquidity": 1000.0}))
    assert advice.delta == pytest.approx(-1000.0 / sqrt(2000.0), rel=1e-10)
    assert advice.trade == advice.delta
    assert advice.book_value == pytest.approx(2000.0 * sqrt(2000.0), rel=1e-10)


def test_what_it_is_worth_says_as_much_as_its_liquidity() -> None:
    """At the spot now, and so at every other that is looked at for changes."""
    ends = {key: RANGE[key] for key in ("kind", "low", "high")}
    present, spots = PresentRows(load_config("lp-eth-usdc")), np.linspace(1e3, 4e3, 7)
    for spot in (1500.0, 2000.0, 3000.0):
        at = {"spot": spot, "start_spot": 2000.0}
        worth = {**ends, "worth": advise(state(RANGE, **at)).book_value}
        known, found = (
            present.write(read_state(state(leg, **at)), 10.0, spots)
            for leg in (RANGE, worth)
        )
        np.testing.assert_allclose(found, known, rtol=1e-12, atol=1e-12)


def test_inside_the_band_nothing_is_traded_and_both_outputs_say_so() -> None:
    advice = advise(state(RANGE, holdings=-2.36), "whalley-wilmott")
    assert advice.trade == 0.0
    assert advice.lines()[0] == "no trade: hold -2.3600 units"
    document = json.loads(json.dumps(advice.to_document(), allow_nan=False))
    assert document["action"] == "none"
    assert document["delta"] == pytest.approx(-2.3606797750, abs=1e-9)
    assert 0.0 < document["half_width"] < 2.5


def test_after_a_fall_in_the_range_more_of_the_hedge_is_sold() -> None:
    advice = advise(state(RANGE, spot=1700.0, holdings=-2.36), "whalley-wilmott")
    assert advice.delta == pytest.approx(-1000.0 / sqrt(1700.0) + 20.0)
    assert advice.delta <= advice.holdings + advice.trade < advice.holdings
    assert advice.lines()[0].startswith("sell ")
    assert advice.to_document()["action"] == "sell"
    assert advice.risk_after.deviation < advice.risk_before.deviation


def test_above_the_range_all_of_the_hedge_is_bought_back() -> None:
    advice = advise(state(RANGE, spot=3000.0, holdings=-2.0))
    assert advice.trade == pytest.approx(2.0, abs=1e-12)
    assert advice.delta == pytest.approx(0.0, abs=1e-12)
    assert advice.book_value == pytest.approx(10_000.0)
    assert advice.lines()[0].startswith("buy 2.0000 units")
    assert advice.lines()[0].endswith("from -2.0000 to 0.0000")


def test_below_the_range_all_that_it_holds_is_hedged_and_no_more() -> None:
    advice = advise(state(RANGE, spot=1500.0))
    assert advice.trade == pytest.approx(-MOST, abs=1e-12)
    assert advice.book_value == pytest.approx(7500.0)


def test_borrowed_liquidity_is_hedged_by_what_it_has_to_give_back() -> None:
    advice = advise(state({**RANGE, "liquidity": -1000.0}))
    assert advice.trade == pytest.approx(2.3606797750, abs=1e-10)


@pytest.mark.parametrize(
    ("leg", "preset", "bounds"),
    [
        (RANGE, "lp-eth-usdc-range", (-1.0, 0.0)),
        (RANGE, "lp-recentred", (-1.0, 0.0)),
        ({"kind": "amm", "liquidity": 3.0, "high": 9e3}, "lp-eth-usdc", (-inf, 0.0)),
        ({"kind": "amm", "liquidity": -3.0}, "lp-eth-usdc", (0.0, inf)),
        ({"kind": "power", "strike": 1e4, "quantity": -3.0}, "squeeth", (0.0, inf)),
    ],
)
def test_what_can_be_held_is_of_the_state_and_not_of_the_size_of_a_preset(
    leg: dict[str, Any], preset: str, bounds: tuple[float, float]
) -> None:
    """Per contract, of which there are 5; the range holds 5 units at most."""
    found = PresentRows(load_config(preset)).bounds(read_state(state(leg)))
    assert found == pytest.approx(bounds)


def test_a_pool_far_larger_than_the_notional_is_hedged_whole() -> None:
    advice = advise(state({"kind": "amm", "worth": 2e6}), preset="lp-eth-usdc")
    assert advice.trade == pytest.approx(-500.0, rel=1e-10)


def test_bounds_that_a_preset_of_options_is_given_are_kept() -> None:
    config = load_config("reference", settings=("holdings.low=-0.25",))
    advice = Adviser(RULES["delta"](), config).advise(read_state(state(RANGE)))
    assert advice.trade == pytest.approx(-1.25)
    assert advice.target == pytest.approx(-2.3606797750)


def test_squeeth_is_hedged_by_twice_its_value_over_spot() -> None:
    """Of an index S^2 / 10000 at a funding period of 17.5 days, by hand."""
    leg = {"kind": "power", "strike": 1e4, "quantity": -10.0}
    advice = advise(state(leg), preset="squeeth")
    mark = 2000.0**2 / 1e4 / (1.0 - 0.64 * 17.5 / 365.0)
    assert advice.book_value == pytest.approx(-10.0 * mark, rel=1e-12)
    assert advice.trade == pytest.approx(10.0 * 2.0 * mark / 2000.0, rel=1e-12)


def test_an_everlasting_straddle_at_the_money_is_hedged_by_its_time_value() -> None:
    """Half a unit each way, and half of the time value over spot, by hand."""
    legs = [
        {"kind": "everlasting", "option": o, "strike": 2000.0, "quantity": -5.0}
        for o in ("call", "put")
    ]
    advice = advise(state(*legs), preset="everlasting-option")
    extra = 2000.0 / sqrt(1.0 + 8.0 / (0.64 * 7.0 / 365.0))
    assert advice.book_value == pytest.approx(-10.0 * extra, rel=1e-12)
    assert advice.delta == pytest.approx(10.0 * 0.5 * extra / 2000.0, rel=1e-12)


def test_a_pool_and_options_add_up() -> None:
    put = {
        "kind": "put",
        "strike": 1800.0,
        "expiry": (NOW + timedelta(days=7)).isoformat(),
        "quantity": 4.0,
        "implied_volatility": 0.9,
    }
    one, other, both = (advise(state(*legs)) for legs in ([RANGE], [put], [RANGE, put]))
    assert both.delta == pytest.approx(one.delta + other.delta, rel=1e-12)
    assert both.book_value == pytest.approx(one.book_value + other.book_value)


def leg_of(position: Any, contracts: float) -> dict[str, Any]:
    """A position of a preset that starts at 2000, as a state has it."""
    kind, quantity = position.kind, position.quantity * contracts
    if kind == "amm":
        ends = {"low": position.low, "high": position.high}
        at = {key: end and 2000.0 * end for key, end in ends.items()}
        size = position.liquidity * quantity * sqrt(2000.0)
        return {"kind": kind, "liquidity": size, **at}
    leg = {"kind": kind, "quantity": quantity}
    if kind == "power":
        return {**leg, "strike": 2000.0, "funding_days": position.funding_days}
    leg |= {"option": position.option, "strike": 2000.0 * position.moneyness}
    if kind == "streamed":
        return {**leg, "width": position.width}
    return {**leg, "funding_days": position.funding_days}


@pytest.mark.parametrize(
    "preset",
    [
        *("lp-eth-usdc", "lp-eth-usdc-range", "lp-recentred", "keeper-vault"),
        *("everlasting-option", "squeeth", "streaming-straddle"),
    ],
)
def test_a_state_written_down_from_an_episode_has_its_rows(preset: str) -> None:
    config = load_config(preset)
    batch = HedgeBatch(config, 1, seed=3)
    batch.reset(np.arange(1))
    present, contracts = PresentRows(config), config.book.contracts
    for step in range(20):
        rows = batch.rows[:, 0]
        legs = [leg_of(leg, contracts) for leg in config.book.legs]
        document = state(
            *legs,
            spot=float(rows[field.SPOT]) * 2000.0,
            start_spot=2000.0,
            contracts=contracts,
            implied_volatility=float(rows[field.IMPLIED_VOLATILITY]),
            gas_price=None
            if config.market.gas is None
            else float(rows[field.GAS_PRICE]),
        )
        spots = np.array([document["spot"]])
        found = present.write(read_state(document), 10.0, spots)[:, 0]
        names = ["delta", "gamma", "vega", "log_moneyness", "implied_volatility"]
        if step == 0:  # later fees and funding are cash of the book, and time has gone
            names += ["book_value", "time_to_maturity", "time_fraction", "step"]
        for name in names:
            row = field.FIELDS.index(name)
            assert found[row] == pytest.approx(rows[row], rel=1e-9, abs=1e-12), name
        batch.advance(np.zeros((1, 1)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"low": 2500.0, "high": 1600.0}, r"legs\.0\.low = 2500 must be below high"),
        ({"high": 1600.0}, r"legs\.0\.low = 1600 must be below"),
        ({"worth": 1e4}, r"legs\.0: liquidity and worth are two answers"),
        ({"liquidity": None}, r"legs\.0\.liquidity is missing; give it .*or worth"),
        ({"low": -1.0}, "low"),
        ({"strike": 2000.0}, "strike"),
        ({"kind": "forward"}, "kind"),
    ],
)
def test_a_bad_pool_is_refused_in_one_sentence(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_state(state({**RANGE, **change}))
    assert "\n" not in str(caught.value)


def test_a_pool_without_a_volatility_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"legs\.0\.implied_volatility is missing"):
        read_state(state(RANGE, implied_volatility=None))
    own = state({**RANGE, "implied_volatility": 0.8}, implied_volatility=None)
    assert advise(own).delta == pytest.approx(-2.3606797750)


def test_a_portfolio_margin_knows_no_pools() -> None:
    document = state(RANGE, margin_equity=1e5)
    with pytest.raises(ConfigError, match=r"legs\.0\.kind = amm: the portfolio margin"):
        advise(document, preset="deribit-portfolio-margin")


def test_a_preset_of_a_pool_is_used_by_a_state_with_one() -> None:
    assert advise(state(RANGE)).not_used == ()
