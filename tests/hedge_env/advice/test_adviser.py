"""Advice in hand-written states, and that it is what the policy does in an episode."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from hedge_env.advice import Advice, Adviser, read_state
from hedge_env.advice.present_rows import PresentRows
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines import RULES
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def state(*, spot: float = 3000.0, days: float = 30.0, **other: Any) -> dict[str, Any]:
    leg = {
        "kind": "call",
        "strike": 3000.0,
        "expiry": (NOW + timedelta(days=days)).isoformat(),
        "quantity": -10.0,
    }
    return {
        "time": NOW.isoformat(),
        "spot": spot,
        "legs": [leg],
        "holdings": 5.0,
        "implied_volatility": 0.8,
        "contracts": 10.0,
        **other,
    }


def advise(document: dict[str, Any], rule: str = "deadline-band", *sets: str) -> Advice:
    adviser = Adviser(RULES[rule](), load_config("reference", settings=sets))
    return adviser.advise(read_state(document))


def advise_with_gas(document: dict[str, Any]) -> Advice:
    adviser = Adviser(RULES["gas-band"](), load_config("ethereum-l1"))
    return adviser.advise(read_state(document))


def test_inside_the_band_nothing_is_traded() -> None:
    advice = advise(state(holdings=5.5, fixed_cost=6.0))
    assert advice.trade == 0.0
    assert advice.cost == 0.0
    assert advice.risk_after == advice.risk_before


def test_far_below_the_band_units_are_bought_back_towards_the_centre() -> None:
    advice = advise(state(holdings=0.0))
    assert 0.0 < advice.trade <= advice.delta + 1e-9
    assert advice.risk_after.deviation < advice.risk_before.deviation


def test_far_above_the_band_units_are_sold_back_towards_the_centre() -> None:
    advice = advise(state(holdings=10.0))
    assert advice.delta - 10.0 - 1e-9 <= advice.trade < 0.0


def test_dear_gas_waits_where_cheap_gas_trades() -> None:
    assert advise_with_gas(state(holdings=4.0, gas_price=5.0)).trade > 0.0
    dear = advise_with_gas(state(holdings=4.0, gas_price=400.0))
    assert dear.trade == 0.0
    assert dear.changes["gas_below"] is not None
    assert 5.0 < dear.changes["gas_below"] < 400.0


def test_deep_in_the_money_near_expiry_the_call_is_covered() -> None:
    advice = advise(state(spot=4500.0, days=1 / 6, holdings=0.0))
    assert advice.holdings + advice.trade == pytest.approx(10.0, abs=0.05)


def test_far_out_of_the_money_near_expiry_all_is_sold() -> None:
    advice = advise(state(spot=2000.0, days=1 / 6, holdings=10.0))
    assert advice.holdings + advice.trade == pytest.approx(0.0, abs=0.05)


def test_dust_is_not_traded() -> None:
    delta = advise(state(), "delta").delta
    advice = advise(
        state(holdings=delta - 0.001), "delta", "execution.least_order=0.01"
    )
    assert advice.trade == 0.0
    assert advice.target == pytest.approx(delta)
    assert "below the least" in advice.reason


def test_a_dearer_transaction_is_waited_with() -> None:
    assert advise(state(holdings=4.0, fixed_cost=0.0)).trade != 0.0
    assert advise(state(holdings=4.0, fixed_cost=3000.0)).trade == 0.0


def test_a_short_put_is_hedged_by_a_short_position() -> None:
    document = state(holdings=0.0)
    document["legs"][0]["kind"] = "put"
    assert advise(document, "delta").trade == pytest.approx(-4.5, abs=0.2)


def test_a_straddle_adds_up_and_each_leg_has_its_own_volatility() -> None:
    call, put = state(holdings=0.0), state(holdings=0.0)
    put["legs"][0] |= {"kind": "put", "strike": 2800.0, "implied_volatility": 1.1}
    both = {**call, "legs": [*call["legs"], *put["legs"]]}
    one, other, all_of_it = (advise(d, "delta") for d in (call, put, both))
    assert all_of_it.delta == pytest.approx(one.delta + other.delta)
    assert all_of_it.book_value == pytest.approx(one.book_value + other.book_value)


def test_cost_is_fixed_part_and_rate() -> None:
    advice = advise(state(holdings=0.0, fixed_cost=7.0, fee_bp=3.0), "delta")
    assert advice.cost == pytest.approx(7.0 + 3e-4 * abs(advice.trade_value))


def test_at_the_levels_named_the_answer_is_another_one() -> None:
    document = state(holdings=5.5, fixed_cost=6.0)
    levels = advise(document).changes
    for key, inside in (("spot_below", 1.0001), ("spot_above", 0.9999)):
        level = levels[key]
        assert level is not None
        assert advise({**document, "spot": level, "start_spot": 3000.0}).trade != 0.0
        still = {**document, "spot": level * inside, "start_spot": 3000.0}
        assert advise(still).trade == 0.0


@pytest.mark.parametrize("rule", ["delta", "deadline-band", "whalley-wilmott"])
def test_advice_is_what_the_rule_does_in_an_episode(rule: str) -> None:
    config = load_config("reference")
    policy, batch = RULES[rule](), HedgeBatch(config, 4, seed=3)
    adviser = Adviser(policy, config)
    batch.reset(np.arange(4))
    policy.reset(4)
    contracts, start = config.book.contracts, config.market.spot
    for step in range(60):
        target = policy.target(batch.observables())
        if step % 20 == 10:
            for path in range(4):
                document = {
                    "time": NOW.isoformat(),
                    "spot": float(batch.rows[field.SPOT, path]) * start,
                    "start_spot": start,
                    "holdings": float(batch.rows[field.HOLDINGS, path]) * contracts,
                    "implied_volatility": 0.8,
                    "legs": [
                        {
                            "kind": "call",
                            "strike": start,
                            "quantity": -contracts,
                            "expiry": (
                                NOW + timedelta(days=30, hours=-4 * step)
                            ).isoformat(),
                        }
                    ],
                }
                found = adviser.target(read_state(document))
                assert found == pytest.approx(float(target[path, 0]), rel=1e-9)
        batch.advance(target)


class WaryOfLosses:
    """Holds less than delta the more was lost."""

    name, kind, inputs = "wary", "baseline", ("delta", "net_loss")

    def reset(self, n_envs: int) -> None:
        """Nothing is remembered."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Delta less five times the net loss."""
        return (observables["delta"] - 5.0 * observables["net_loss"])[:, np.newaxis]


def test_a_policy_that_sees_the_net_loss_is_told_it_in_currency() -> None:
    config = load_config("reference", settings=["book.contracts=10"])
    policy, batch = WaryOfLosses(), HedgeBatch(config, 4, seed=3)
    adviser = Adviser(policy, config)
    batch.reset(np.arange(4))
    start = config.market.spot
    for _ in range(20):
        batch.advance(policy.target(batch.observables()))
    wanted = policy.target(batch.observables())
    for path in range(4):
        lost = float(batch.totals.net_loss[path])
        document = state(
            spot=float(batch.rows[field.SPOT, path]) * start,
            days=30.0 - 20.0 / 6.0,
            start_spot=start,
            holdings=10.0 * float(batch.rows[field.HOLDINGS, path]),
            net_loss=lost * 10.0 * start,
        )
        document["legs"][0]["strike"] = start
        assert abs(lost) > 1e-4
        found = adviser.target(read_state(document))
        assert found == pytest.approx(10.0 * float(wanted[path, 0]), rel=1e-9)


def test_a_net_loss_that_is_looked_at_and_not_said_is_asked_for() -> None:
    adviser = Adviser(WaryOfLosses(), load_config("reference"))
    with pytest.raises(ConfigError, match="net_loss is missing from the state: wary"):
        adviser.advise(read_state(state()))
    plain, lost = (
        adviser.advise(read_state(state(net_loss=net_loss)), changes=False)
        for net_loss in (0.0, 300.0)
    )
    assert plain.target == pytest.approx(plain.delta)
    assert plain.target - lost.target == pytest.approx(10.0 * 5.0 * 300.0 / 30_000.0)
    with pytest.raises(ConfigError, match="net_loss"):
        read_state(state(net_loss="much"))


def test_gas_clock_and_scale_are_those_of_an_episode() -> None:
    config = load_config("ethereum-l1")
    batch = HedgeBatch(config, 1, seed=3)
    batch.reset(np.arange(1))
    for _ in range(7):
        batch.advance(np.zeros((1, 1)))
    rows, start = batch.rows[:, 0], config.market.spot
    now = NOW.replace(hour=0) + timedelta(hours=config.episode.start_hour + 28)
    document = state(
        spot=float(rows[field.SPOT]) * start,
        start_spot=start,
        contracts=config.book.contracts,
        gas_price=float(rows[field.GAS_PRICE]),
        realised_volatility=float(rows[field.REALISED_VOLATILITY]),
        time=now.isoformat(),
    )
    left = timedelta(days=float(rows[field.TIME_TO_MATURITY]) * 365)
    document["legs"][0]["expiry"] = (now + left).isoformat()
    written = PresentRows(config).write(
        read_state(document), 10.0, np.array([document["spot"]])
    )
    for name in (
        *("spot", "fixed_cost", "gas_cost", "mean_fixed_cost", "gas_price"),
        *("log_gas", "gas_season", "hour_sin", "hour_cos", "realised_volatility"),
        *("time_to_maturity", "time_fraction", "step"),
    ):
        row = field.FIELDS.index(name)
        assert written[row, 0] == pytest.approx(rows[row], rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spot": -1.0}, "spot"),
        ({"sopt": 1.0}, "sopt"),
        ({"time": 5}, "time"),
        ({"time": "2027-12-26"}, "expiry"),
        ({"implied_volatility": None}, "implied_volatility is missing"),
        ({"gas_price": 3.0}, "no gas is paid"),
        ({"gas_price": 3.0, "fixed_cost": 1.0}, "leave out one"),
        ({"legs": []}, "legs"),
        ({"spot": float("nan")}, "spot"),
        ({"holdings": True}, "holdings"),
        ({"legs": [{"kind": "barrier"}]}, "kind"),
    ],
)
def test_a_bad_state_is_refused_in_one_sentence(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        advise({**state(), **change})
    assert "\n" not in str(caught.value)


def test_what_a_policy_needs_is_named() -> None:
    with pytest.raises(ConfigError, match="realised_volatility is missing"):
        advise(state(), "volatility-band")
    assert np.isfinite(advise(state(realised_volatility=0.7), "volatility-band").trade)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("profit-triggered", "remembers"),
        ("gas-wait", "remembers"),
        ("cppi", "investment"),
        ("delta-gamma", "looks at option_"),
    ],
)
def test_a_policy_that_a_state_cannot_feed_is_refused(rule: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Adviser(RULES[rule](), load_config("reference"))


def test_no_learning_library_is_loaded() -> None:
    code = (
        "import sys, hedge_env.advice, hedge_env.training.advise;"
        "sys.exit(any(m in sys.modules for m in ('torch', 'stable_baselines3')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_advice_is_for_a_trade_now_at_what_a_keeper_would_take() -> None:
    """Whether a keeper runs is not known to a state: whoever asks is there to trade."""
    keeper = "execution.keeper={interval_hours: 24, missed: 1.0, gas_premium: 0.5}"
    asked = read_state(state(days=27.3, holdings=0.0, gas_price=20.0))
    plain, kept = (
        Adviser(RULES["delta"](), load_config("ethereum-l1", settings=sets)).advise(
            asked, changes=False
        )
        for sets in ((), (keeper,))
    )
    assert kept.trade == plain.trade != 0.0
    assert kept.cost_basis[0] == pytest.approx(1.5 * plain.cost_basis[0], rel=1e-12)
    whole = read_state(state(days=27.3, holdings=0.0, fixed_cost=7.0))
    adviser = Adviser(RULES["delta"](), load_config("ethereum-l1", settings=(keeper,)))
    assert adviser.advise(whole, changes=False).cost_basis[0] == pytest.approx(7.0)


def test_a_limit_on_fees_limits_the_cost_of_the_trade() -> None:
    """By hand: 10 bp of 300 notional is .3; at most 1 bp of 30 000, which is 3."""
    document = state(holdings=0.0)
    plain = advise(
        document, "delta", "execution.fee_bp=10", "execution.fixed_cost_bp=0"
    )
    limited = advise(
        document,
        "delta",
        "execution.fee_bp=10",
        "execution.fee_limit_bp=1",
        "execution.fixed_cost_bp=0",
    )
    assert limited.trade == plain.trade
    assert plain.cost == pytest.approx(1e-3 * abs(plain.trade_value))
    assert limited.cost == pytest.approx(1e-4 * 30_000.0)
    other = advise(
        {**document, "fee_bp": 0.1},
        "delta",
        "execution.fee_bp=10",
        "execution.fee_limit_bp=1",
        "execution.fixed_cost_bp=0",
    )
    assert other.cost == pytest.approx(1e-5 * abs(plain.trade_value))


def test_the_answer_says_that_the_book_of_a_preset_is_not_used() -> None:
    desk = read_state(state(gas_price=25.0))
    pool = Adviser(RULES["delta"](), load_config("lp-recentred"))
    advice = pool.advise(desk, changes=False)
    assert advice.to_document()["not_used"] == ("amm",)
    (line,) = (line for line in advice.lines() if line.startswith("preset "))
    assert "its own book (amm) is not used, only its venue, clock and notional" in line
    options = Adviser(RULES["delta"](), load_config("ethereum-l1"))
    plain = options.advise(desk, changes=False)
    assert plain.not_used == ()
    assert not any(line.startswith("preset ") for line in plain.lines())


def test_what_a_state_does_not_describe_is_refused_in_one_sentence() -> None:
    for preset, key in (("two-chains", "rollup"), ("gamma-vega", "option")):
        with pytest.raises(ConfigError, match=rf"^execution\.{key}: .*{key}=null$"):
            PresentRows(load_config(preset))


def test_the_delta_of_an_inverse_option_is_the_net_one() -> None:
    """The published example: a call at volatility .6, worth .0685394072 coins."""
    adviser = Adviser(RULES["delta"](), load_config("deribit-inverse"))
    document = state(holdings=0.0, implied_volatility=0.6, spot=3000.0)
    advice = adviser.advise(read_state(document), changes=False)
    assert advice.delta == pytest.approx(4.6573030, abs=1e-6)
    assert advice.book_value == pytest.approx(-10.0 * 3000.0 * 0.0685394072, rel=1e-8)
    assert advice.holdings + advice.trade == pytest.approx(advice.delta, abs=1e-3)


def test_an_inverse_put_is_hedged_as_far_as_its_net_delta_goes() -> None:
    """Below its strike it takes K/S units, more than one for each."""
    adviser = Adviser(RULES["delta"](), load_config("deribit-inverse"))
    document = state(holdings=0.0, spot=1000.0, start_spot=3000.0)
    document["legs"][0]["kind"] = "put"
    target = adviser.target(read_state(document))
    assert target == pytest.approx(-30.0, abs=0.1)
    assert adviser.advise(read_state(document), changes=False).trade == pytest.approx(
        target, abs=1e-3
    )
