"""Fees that follow what block space and blobs are worth, by the rules of the chain."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.feeds.tape import record_tape
from hedge_env.market.gas.fee_market import compile as compile_fees
from hedge_env.market.gas.fee_market import next_base, next_blob, run_blocks
from hedge_env.market.process import step_length
from hedge_env.pricing.fee_rules import blob_fee, next_base_fee, next_excess

GWEI = 10**9
GAS = "market.gas={median_gwei: 24, slow: {half_life_days: 30, sd: 0.5}, fast: "
GAS += "{half_life_days: 1, sd: 0.3}, season: 0.4, return_response: 0.3, "
GAS += "burst_half_life_hours: 2}"
BLOB = "market.fees.blob={median_gwei: 0.5, half_life_days: 0.3, sd: 1.2}"
SETTINGS = ("episode.decisions=30", "episode.market_steps=2", GAS)


def problem(*settings: str) -> EnvConfig:
    return load_config("reference", settings=[*SETTINGS, "market.fees={}", *settings])


def rows_of(config: EnvConfig, *names: int, n: int = 64) -> list[FloatArray]:
    tape = record_tape(config, np.arange(n), seed=2, stream="test")
    return [tape.rows[:, name] for name in names]


def test_both_fees_follow_the_rules_in_whole_wei() -> None:
    p = compile_fees(problem(BLOB).market, step_length(problem().episode)).blob
    target, fraction = 14 * 131_072, 11_684_671
    rng = np.random.default_rng(0)
    base, excess = 20 * GWEI, round(20.5 * fraction)
    base_float, blob_float = 20.0, blob_fee(excess, fraction) / GWEI
    assert blob_float == pytest.approx(np.exp(20.5) * 1e-9, rel=1e-7)
    for _ in range(300):
        worth, wanted = 20.0 * rng.lognormal(0, 0.5), 0.8 * rng.lognormal(0, 0.7)
        used = round(min(worth / base_float, 2.0) * 15_000_000)
        blobs = min(wanted / blob_float, 1.5) * target
        fee = base
        base = next_base_fee(base, used, 15_000_000)
        excess = next_excess(
            excess,
            round(blobs),
            target=target,
            most=21 * 131_072,
            update_fraction=fraction,
            base_fee=fee,
        )
        blob_float = next_blob(blob_float, wanted, base_float, p)
        base_float = next_base(base_float, worth)
        # Gas is a whole number, and so is a fee: some 1e-8 a block.
        assert base_float == pytest.approx(base / GWEI, rel=1e-5)
        assert blob_float == pytest.approx(blob_fee(excess, fraction) / GWEI, rel=1e-5)


def test_a_base_fee_rises_by_an_eighth_a_block_and_then_stays_at_the_worth() -> None:
    p = compile_fees(problem().market, step_length(problem().episode))._replace(run=1)
    base, worth, one = np.array([10.0]), np.array([40.0]), np.ones(1)
    rises = []
    for _ in range(60):
        before = base[0]
        run_blocks(base, worth, one, one.copy(), one.copy(), one, p)
        rises.append(base[0] / before)
    assert rises[0] == rises[5] == pytest.approx(1.125)
    assert base[0] == pytest.approx(40.0, rel=1e-3)


def test_the_last_blocks_of_a_step_are_enough() -> None:
    """The rule forgets: 48 of the 3600 blocks of 12 hours give what all give."""
    whole = rows_of(problem("market.fees.blocks=10000", BLOB), field.BASE_FEE, n=16)[0]
    late = rows_of(problem(BLOB), field.BASE_FEE, n=16)[0]
    np.testing.assert_allclose(late, whole, rtol=1e-4)
    assert (late != whole).any()


def test_and_of_blobs_but_for_the_last_few_per_cent_of_the_reserve() -> None:
    """Held up, a fee rises a little a block and falls a lot: it is never at rest."""
    whole = rows_of(problem("market.fees.blocks=10000", BLOB), field.BLOB_FEE, n=64)[0]
    late = rows_of(problem(BLOB), field.BLOB_FEE, n=64)[0]
    off = np.abs(np.log(late / whole))
    assert off.mean() < 0.06
    assert np.median(off) < 0.05


def test_over_hours_gas_costs_what_space_is_worth_and_a_tip() -> None:
    plain = load_config("reference", settings=SETTINGS)
    (worth,) = rows_of(plain, field.GAS_PRICE)
    paid, base = rows_of(
        problem("market.fees.tip_gwei=3"), field.GAS_PRICE, field.BASE_FEE
    )
    np.testing.assert_allclose(paid - 3.0, worth, rtol=0.06)
    assert np.abs(np.log((paid - 3.0) / worth)).mean() < 0.01
    np.testing.assert_array_equal(paid, np.maximum(base, worth / 2.0) + 3.0)


def test_gas_and_fixed_cost_are_charged_at_what_is_paid() -> None:
    config = problem("execution.gas_units=100000", "market.fees.tip_gwei=3")
    price, spot, gas, fixed, mean, log_gas = rows_of(
        config,
        field.GAS_PRICE,
        field.SPOT,
        field.GAS_COST,
        field.FIXED_COST,
        field.MEAN_FIXED_COST,
        field.LOG_GAS,
    )
    factor = 100_000 * 1e-9 / config.book.contracts
    np.testing.assert_allclose(gas, factor * price * spot, rtol=1e-12)
    np.testing.assert_allclose(fixed - gas, fixed[0, 0] - gas[0, 0], atol=1e-15)
    np.testing.assert_allclose(np.exp(log_gas) * 24.0, price, rtol=1e-12)
    without = problem("execution.gas_units=100000")
    (usual,) = rows_of(without, field.MEAN_FIXED_COST)
    np.testing.assert_allclose(mean - usual, factor * 3.0, rtol=1e-9)


def test_the_blob_fee_is_held_up_by_the_base_fee_or_falls_to_a_wei() -> None:
    cheap = "market.fees.blob={median_gwei: 0.001, half_life_days: 0.3, sd: 0.1}"
    some = "market.fees.blob={median_gwei: 0.4, half_life_days: 0.3, sd: 0.1}"
    base, blob = rows_of(problem(some), field.BASE_FEE, field.BLOB_FEE)
    ratio = (16.0 * blob / base)[:, base.min(axis=0) > 10.0]  # worth less than that
    assert ratio.shape[1] > 20
    assert (ratio > 0.84).mean() > 0.93  # but where the base fee has just risen
    assert (ratio < 1.03)[5:].all()
    free = rows_of(problem(cheap, "market.fees.blob.reserve=false"), field.BLOB_FEE)[0]
    np.testing.assert_allclose(free, 0.001, rtol=0.7)


def test_wanted_blobs_cost_what_they_are_worth() -> None:
    dear = "market.fees.blob={median_gwei: 100, half_life_days: 3, sd: 0.5}"
    (blob,) = rows_of(problem(dear), field.BLOB_FEE, n=400)
    assert np.median(blob) == pytest.approx(100.0, rel=0.1)
    assert np.log(blob).std() == pytest.approx(0.5, rel=0.1)


def test_a_market_without_fees_is_as_before() -> None:
    plain = load_config("reference", settings=SETTINGS)
    rows = record_tape(plain, np.arange(8), seed=2, stream="test").rows
    other = record_tape(problem(BLOB), np.arange(8), seed=2, stream="test").rows
    for name in (field.SPOT, field.TRUE_VOLATILITY, field.BOOK_VALUE):
        np.testing.assert_array_equal(rows[:, name], other[:, name])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["market.gas=null", "market.fees={}"], "market.fees needs market.gas"),
        (
            [GAS, BLOB, "market.fees.blob.most=14"],
            "most = 14 must be above target = 14",
        ),
        (
            [GAS, BLOB, "market.fees.blob.update_fraction=100000"],
            "update_fraction = 100000 lets the fee move by more than",
        ),
        (
            [GAS, "execution.rollup={gas_units: 1}"],
            "rollup.gas_units needs market.fees.rollup",
        ),
        (
            [GAS, "execution.rollup={blob_gas: 1}"],
            "rollup.blob_gas needs market.fees.blob",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    settings: list[str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_config("reference", settings=settings)
