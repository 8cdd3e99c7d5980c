"""Every random number that a part of the market reads has been drawn."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

LOG_OU = (
    "market.volatility={model: log_ou, level: 0.7, fast: {half_life_days: 2, sd: 0.3}, "
    "slow: {half_life_days: 60, sd: 0.2}"
)
SSVI = (
    "market.surface={model: ssvi, level: {half_life_days: 5, sd: 0.1}, "
    "skew: {half_life_days: 4, sd: 0.2}, curvature: {half_life_days: 9, sd: 0.2}}"
)
GAS = (
    "market.gas={median_gwei: 20, slow: {half_life_days: 30, sd: 0.4}, "
    "fast: {half_life_days: 1, sd: 0.3}, return_response: 0.3"
)
PARTS = {
    "log-ou": (LOG_OU + "}",),
    "intraday": (LOG_OU + ", intraday: {half_life_days: 0.2, sd: 0.4}}",),
    "heston": (
        "market.volatility={model: heston, level: 0.5, long_run_level: 0.5, "
        "mean_reversion: 4, volatility_of_variance: 1}",
        "market.surface={model: flat, volatility: 0.5}",
    ),
    "sabr": (
        "market.volatility={model: sabr, level: 0.5, volatility_of_volatility: 0.6}",
        "market.surface={model: sabr}",
    ),
    "ssvi": (SSVI,),
    "season": ("market.season={daily_amplitude: 0.3, weekend: 0.7}",),
    "jumps": ("market.jumps={per_year: 2000}",),
    "cascades": ("market.jumps={per_year: 2000, excitation: 0.5}",),
    "regime": ("market.regime={calm_days: 1, stress_days: 1, volatility: 2}",),
    "gas": (GAS + ", spikes: {per_year: 2000}}", "execution.gas_units=100000"),
    "gas-chain": (GAS + ", fast_states: 5}", "execution.gas_units=100000"),
    "forecasts": (
        GAS + "}",
        "market.forecasts={volatility: {weights: [.4, .1, .4]}, "
        "gas: {present: .2, weights: [.5, .2]}}",
    ),
    "fees": (
        GAS + "}",
        "market.fees={blocks: 3, blob: {median_gwei: 1, half_life_days: 1, sd: 1}, "
        "rollup: {median_gwei: 1, half_life_days: 1, sd: 1}}",
    ),
    "rollup": ("execution.rollup={failure: 0.3, latency_steps: 1, bridges: [{}]}",),
    "funding": ("market.funding={}",),
    "basis": (
        "market.basis={sd_bp: 20, premium_correlation: 0.5}",
        "execution.instrument=perp",
    ),
    "funding-on-basis": (
        "market.funding={premium: basis}",
        "market.basis={sd_bp: 20}",
        "execution.instrument=perp",
    ),
    "crowd": ("market.crowd={size: 0.05}",),
    "contagion": (
        "market.contagion={daily_volume: 1e4, leveraged: {open_interest: 1e3}, "
        "hedgers: {gamma: 5e3, trigger: 0.01, attention: 0.5}}",
    ),
    "fixing": ("market.settlement=twap",),
    "halt": ("execution.halt={move: 0.01}",),
    "failure": ("execution.failure={probability: 0.3}",),
    "sandwich": ("execution.sandwich={probability: 0.3, loss_bp: 40}",),
    "latency": ("execution.latency_steps=1",),
    "arrivals": ("book.arrivals={}", "holdings={low: -3, high: 3}"),
    "option-pool": (
        "book.legs=[{kind: option_pool, informed_share: 0.2}]",
        "holdings={low: -3, high: 3}",
    ),
    "option": ("execution.option={maturity_days: 30}",),
}
SETTINGS = ("episode.decisions=3", "episode.market_steps=2")


@pytest.mark.parametrize("parts", [*((p,) for p in PARTS), *combinations(PARTS, 2)])
def test_any_parts_together_read_numbers_only(parts: tuple[str, ...]) -> None:
    # What nobody fills is NaN: see `new_noise`.
    settings = [setting for part in parts for setting in PARTS[part]]
    try:
        config = load_config("reference", settings=[*SETTINGS, *settings])
    except ConfigError:
        pytest.skip("these do not go together")
    batch = HedgeBatch(config, 3, seed=1)
    batch.reset(np.arange(3))
    for target in (0.5, 0.2, 0.7):
        batch.advance(np.full((3, batch.n_instruments), target))
        assert np.isfinite(batch.rows).all()
        assert np.isfinite(batch.totals.rows).all()
