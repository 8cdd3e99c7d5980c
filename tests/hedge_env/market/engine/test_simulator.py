"""A path is a function of seed, stream and path id, and of nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.field import FIELDS, N_MARKET_FIELDS
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.feeds.simulated import SimulatedMarket, quote_params
from hedge_env.market.engine.market_state import N_STATES, STATES
from hedge_env.market.engine.start import start_market
from hedge_env.numerics.philox import stream_key
from tests.hedge_env.market.drive import decisions
from tests.support.examples import full_config

SHORT = full_config("episode.decisions=4", "book.legs.2.maturity_days=0.5")


def recorded(
    config: EnvConfig, path_ids: IntArray, seed: int = 0, stream: str = "test"
) -> FloatArray:
    """Market rows of every decision, shape (decisions + 1, N_MARKET_FIELDS, n)."""
    n = path_ids.size
    market = SimulatedMarket(config, n, seed=seed, stream=stream)
    rows = np.zeros((N_MARKET_FIELDS, n))
    market.start(path_ids, np.ones(n, dtype=np.bool_), rows)
    steps = [rows.copy()]
    for _ in range(config.episode.decisions):
        market.advance(rows)
        steps.append(rows.copy())
    return np.array(steps)


@pytest.mark.parametrize("n", [1, 2, 7, 255, 256, 257, 1000])
def test_a_path_is_the_same_in_a_batch_of_any_size(n: int) -> None:
    everything = recorded(SHORT, np.arange(1000))
    np.testing.assert_array_equal(recorded(SHORT, np.arange(n)), everything[..., :n])


def test_a_path_is_the_same_in_any_order_and_beside_any_other() -> None:
    everything = recorded(SHORT, np.arange(300))
    order = np.random.default_rng(0).permutation(300)
    np.testing.assert_array_equal(recorded(SHORT, order), everything[..., order])
    twice = np.repeat(np.arange(5), 60)
    np.testing.assert_array_equal(recorded(SHORT, twice), everything[..., twice])


def test_path_ids_may_be_as_large_as_63_bits() -> None:
    ids = np.array([0, 2**32, 2**40 + 1, 2**63 - 1])
    rows = recorded(SHORT, ids)
    assert np.unique(rows[-1, FIELDS.index("spot")]).size == 4
    np.testing.assert_array_equal(recorded(SHORT, ids[3:]), rows[..., 3:])


def test_another_seed_stream_or_path_is_another_market() -> None:
    spots = [
        recorded(SHORT, np.arange(50) + shift, seed, stream)[-1, 0]
        for seed, stream, shift in (
            (0, "test", 0),
            (1, "test", 0),
            (0, "training", 0),
            (0, "validation", 0),
            (0, "test", 50),
        )
    ]
    assert np.unique(np.concatenate(spots)).size == 250


@pytest.mark.parametrize(
    "off",
    ["market.gas=null", "market.funding=null", "market.jumps=null", "surface", "gas"],
)
def test_switching_a_part_off_leaves_the_noise_of_the_others(off: str) -> None:
    base = full_config("market.jumps=null", "execution.gas_units=0")
    settings = [off] if "=" in off else ["execution.gas_units=1"]
    if off == "surface":
        flat = {"market": {"surface": {"model": "flat", "volatility": 0.5}}}
        changed = load_config(base, flat)
    else:
        changed = load_config(base, settings=settings)
    before, after = recorded(base, np.arange(20)), recorded(changed, np.arange(20))
    for name in ("spot", "true_volatility", "realised_volatility"):
        row = FIELDS.index(name)
        np.testing.assert_array_equal(before[:, row], after[:, row])


def test_finer_market_steps_keep_the_law_of_a_constant_volatility() -> None:
    n, log_spots = 4000, []
    for steps in (1, 6):
        config = load_config(
            "reference",
            settings=["episode.decisions=20", f"episode.market_steps={steps}"],
        )
        log_spots.append(np.log(recorded(config, np.arange(n))[-1, 0]))
    variance = 0.64 * 20 / 6 / 365
    for x in log_spots:
        assert abs(x.mean() + variance / 2) < 4 * np.sqrt(variance / n)
        assert abs(x.var() / variance - 1) < 4 * np.sqrt(2 / n)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["ethereum-l1", "deribit", "reference"])
def test_spot_is_a_martingale_in_the_presets(preset: str) -> None:
    n = 6000
    *_, last = decisions(load_config(preset), n)
    error = last["spot"].std() / np.sqrt(n)
    assert abs(last["spot"].mean() - 1.0) < 4 * error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ethereum-l1", "full"])
def test_realised_variance_is_what_the_surface_calls_fair(name: str) -> None:
    # The surface quotes fair variance times a premium, so that its level says what
    # the option costs over what is expected; first order in the factors, hence 1 %.
    base = full_config() if name == "full" else load_config(name)
    still = {"half_life_days": 1.0, "sd": 0.0}
    surface = {"level": still, "variance_premium": 1.0}
    days = base.episode.horizon_days
    leg = {"kind": "call", "maturity_days": days}
    overrides = {"market": {"surface": surface}, "book": {"legs": [leg]}}
    config, n = load_config(base, overrides), 6000
    rows = list(decisions(config, n))
    fair = rows[0]["implied_volatility"] ** 2
    returns = np.diff(np.log([row["spot"] for row in rows]), axis=0)
    realised = (returns**2).sum(axis=0) / (days / 365.0)
    error = 4 * (realised - fair).std() / np.sqrt(n)
    assert abs((realised - fair).mean()) < error + 0.01 * fair.mean()


def start_states(config: EnvConfig, n: int) -> dict[str, FloatArray]:
    """State of the simulator at the start of paths 0, 1, ..."""
    state, counters = np.full((N_STATES, n), 7.0), np.full(n, 3)
    chosen, key = np.ones(n, dtype=np.bool_), stream_key(0, "test")
    market = quote_params(config).market
    start_market(state, np.arange(n), counters, chosen, key, market)
    np.testing.assert_array_equal(counters, 0)
    return dict(zip(STATES, state, strict=True))


def test_factors_start_from_their_stationary_law_and_are_independent() -> None:
    n, config = 50_000, full_config()
    states = start_states(config, n)
    sds = {
        "fast": quote_params(config).market.volatility.fast.sd,
        "slow": 0.3,
        "level": 0.1,
        "skew": 0.3,
        "curvature": 0.5,
        "gas_slow": 0.4,
        "gas_fast": 0.3,
        "premium": 6e-4,
    }
    z = np.array([states[name] / sd for name, sd in sds.items()])
    assert np.abs(z.mean(axis=1)).max() < 4 / np.sqrt(n)
    assert np.abs(z.var(axis=1) - 1).max() < 4 * np.sqrt(2 / n)
    assert np.abs(np.corrcoef(z) - np.eye(len(z))).max() < 4.5 / np.sqrt(n)


def test_a_path_starts_at_spot_one_with_nothing_under_way() -> None:
    states = start_states(full_config(), 300)
    for name in ("log_spot", "gas_burst", "trailing_return", "funding_accrued"):
        np.testing.assert_array_equal(states[name], 0.0)
    volatility = 0.7 * np.exp(states["fast"] + states["slow"])
    np.testing.assert_allclose(states["volatility"], volatility, rtol=1e-14)
    jumps = quote_params(full_config()).market.jumps.variance_rate
    variance = volatility**2 + jumps
    np.testing.assert_allclose(states["realised_variance"], variance, rtol=1e-14)


def test_the_start_hour_is_fixed_or_uniform_over_the_day() -> None:
    hours = start_states(full_config(), 24_000)["start_hour"]
    counts = np.bincount(hours.astype(int), minlength=24)
    assert counts.size == 24
    assert np.abs(counts - 1000).max() < 4.5 * np.sqrt(1000)
    fixed = start_states(full_config("episode.start_hour=7.5"), 5)
    np.testing.assert_array_equal(fixed["start_hour"], 7.5)


def test_only_the_chosen_paths_start_anew() -> None:
    state, counters = np.full((N_STATES, 300), 7.0), np.full(300, 3)
    chosen = np.zeros(300, dtype=np.bool_)
    chosen[[0, 255, 256, 299]] = True
    market = quote_params(full_config()).market
    start_market(state, np.arange(300), counters, chosen, stream_key(0, "test"), market)
    assert (state[:, ~chosen] == 7.0).all()
    assert (counters == np.where(chosen, 0, 3)).all()
    every = start_states(full_config(), 300)
    np.testing.assert_array_equal(
        state[:, chosen], np.array(list(every.values()))[:, chosen]
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_jumps_of_the_presets_happen_as_often_as_stated(preset: str) -> None:
    config = load_config(preset)
    p = quote_params(config).market.jumps
    jumps = config.market.jumps
    if jumps is None:
        assert p.probability == 0.0
    else:
        per_year = p.probability * 24 * 365 / config.episode.hours_per_market_step
        # At most one jump a step: two in one are lost.
        assert per_year == pytest.approx(jumps.per_year, rel=0.02)
