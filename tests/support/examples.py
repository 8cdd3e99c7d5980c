"""Configs and runs that several tests share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

# Every part of the market on, every cost charged, legs that expire before, at and
# after the horizon; numbers chosen to make each effect large.
FULL: Final[Mapping[str, Any]] = {
    "name": "full",
    "episode": {
        "decisions": 40,
        "decision_interval_hours": 6.0,
        "market_steps": 3,
        "start_hour": None,
    },
    "market": {
        "spot": 2000.0,
        "drift": 0.1,
        "volatility": {
            "model": "log_ou",
            "level": 0.7,
            "fast": {"half_life_days": 2.0, "sd": 0.4},
            "slow": {"half_life_days": 60.0, "sd": 0.3},
            "leverage": -0.3,
        },
        "jumps": {"per_year": 500.0, "volatility_jump": 0.1},
        "surface": {
            "model": "ssvi",
            "variance_premium": 1.2,
            "level": {"half_life_days": 5.0, "sd": 0.1, "return_correlation": -0.3},
            "skew": {
                "half_life_days": 4.0,
                "sd": 0.3,
                "mean": -0.2,
                "return_correlation": 0.6,
            },
            "curvature": {"half_life_days": 9.0, "sd": 0.5, "mean": 0.8},
        },
        "gas": {
            "median_gwei": 30.0,
            "slow": {"half_life_days": 30.0, "sd": 0.4},
            "fast": {"half_life_days": 1.0, "sd": 0.3},
            "season": 0.4,
            "return_response": 0.3,
            "burst_half_life_hours": 3.0,
            "spikes": {"per_year": 500.0, "mean_size": 0.6},
        },
        "funding": {
            "return_response_bp": 40.0,
            "premium_sd_bp": 6.0,
            "clamp_bp": 3.0,
        },
        "liquidity": {"exponent": 0.7},
    },
    "execution": {
        "instrument": "perp",
        "fee_bp": 4.0,
        "half_spread_bp": 1.5,
        "fixed_cost_bp": 0.7,
        "gas_units": 200_000.0,
        "depth": 3e6,
        "square_root_impact": 0.8,
        "daily_volume": 4e7,
    },
    "book": {
        "contracts": 7.0,
        "legs": [
            {"kind": "call", "quantity": -1.0, "moneyness": 1.02, "maturity_days": 10},
            {"kind": "put", "quantity": -0.6, "moneyness": 0.95, "maturity_days": 10},
            {"kind": "call", "quantity": 0.5, "moneyness": 1.1, "maturity_days": 4},
            {"kind": "put", "quantity": -0.3, "moneyness": 1.0, "maturity_days": 25},
        ],
    },
    "risk_aversion": {"low": 1.0, "high": 100.0},
}

# What makes a market uneven in time, to be added to FULL; several changes of regime
# and cascades in each episode.
STORMY: Final = (
    "name=stormy",
    "market.season={daily_amplitude: 0.5, peak_hour: 15.0, weekend: 0.7}",
    "market.gas.weekend=0.6",
    "market.jumps.excitation=0.6",
    "market.jumps.excitation_half_life_hours=5.0",
    "market.regime={calm_days: 2.0, stress_days: 1.0, volatility: 2.0, jumps: 4.0, "
    "skew: -0.4, gas: 5.0, liquidity: 3.0, drift: -2.0}",
)

# Everything that can go wrong with an order, often enough to be seen.
ADVERSE: Final = (
    "name=adverse",
    "execution.latency_steps=2",
    "execution.failure={probability: 0.2, congestion: 1.5}",
    "execution.sandwich={probability: 0.3, loss_bp: 40}",
    "execution.halt={move: 0.03, decisions: 2}",
    "execution.margin={collateral: 0.25, initial: 0.2, maintenance: 0.1}",
    "execution.permanent_impact=0.5",
    "market.basis={sd_bp: 30, mean_bp: 5, premium_correlation: 0.5}",
    "market.crowd={size: 0.05, cap: 0.5}",
    "holdings.low=-1.5",
    "holdings.high=1.5",
)

# A position of the start whose orders move the perpetual, which funding is paid on.
LIQUIDATED: Final = (
    "name=liquidated",
    "execution.permanent_impact=0.5",
    "execution.impact_on=perpetual",
    "execution.daily_volume=1.0e+6",
    "market.basis={sd_bp: 30, mean_bp: 5, half_life_hours: 9}",
    "market.funding={rule: derive, premium: basis, period_hours: 4, "
    "return_response_bp: 40}",
    "holdings={low: -1.5, high: 1.5, start: 0.8}",
)

# Others with triggers, all of which are reached; to be added to FULL, or to ADVERSE.
CONTAGION: Final = (
    "name=contagion",
    "execution.permanent_impact=0.5",
    "market.contagion={daily_volume: 4.0e+7, impact: 0.7, lasting: 0.3, "
    "half_life_hours: 5, "
    "hedgers: {gamma: 3.0e+7, trigger: 0.03, spread: 0.6, attention: 0.7, "
    "halt: {move: 0.05, hours: 7}}, "
    "leveraged: {open_interest: 1.5e+7, shorts: 0.6, positions: 9, nearest: 0.02, "
    "farthest: 0.3, turnover_days: 1.5, reopen_hours: 3}}",
)

# What a hedger forecasts for itself.
FORECASTS: Final = (
    "market.forecasts.volatility={half_lives_hours: [5, 30, 90], intercept: -0.3, "
    "weights: [0.4, 0.1, 0.35]}",
    "market.forecasts.gas={horizon_hours: 7, half_lives_hours: [6, 48], "
    "intercept: 0.05, present: 0.2, weights: [0.5, 0.15]}",
)

# Behind a keeper that looks at every second decision, on prices of two before.
KEPT: Final = (
    "name=kept",
    "execution.keeper={interval_hours: 12, stale_hours: 12, missed: 0.2, "
    "gas_premium: 0.3, tip: 0.8, rivals: 2.0, congestion: 0.7}",
)
# Somebody learns when it trades.
WATCHED: Final = (
    "name=watched",
    "execution.front_runner={loss_bp: 30, guess: 0.3, learning: 0.2, caution: 0.7}",
)

# Every kind of venue, each used at one time or another; to be added to FULL.
VENUES: Final = (
    "name=venues",
    "execution.fee_bp=0",
    "execution.half_spread_bp=0",
    "execution.fixed_cost_bp=0",
    "execution.gas_units=0",
    "execution.depth=null",
    "execution.square_root_impact=0",
    "execution.venues=["
    "{kind: pool, fee_bp: 5, reserve: 4.0e+5, gas_units: 3000}, "
    "{kind: pool, fee_bp: 30, reserve: 2.0e+6, fixed_cost_bp: 0.2}, "
    "{kind: order-book, fee_bp: 4, half_spread_bp: 1.5, square_root_impact: 0.8, "
    "daily_volume: 4.0e+7, depth: 3.0e+7}, "
    "{kind: order-book, fee_bp: 90}, "
    "{kind: intents, half_spread_bp: 8, improvement_bp: 6, fill_probability: 0.6, "
    "improvement_probability: 0.4, depth: 1.0e+6}, "
    "{kind: intents, fee_bp: 1, half_spread_bp: 5, fill_probability: 0.8, "
    "depth: 4.0e+5}]",
    "risk_aversion=20",
)

# Two chains, each with little in its treasury; what one bridge cannot take in a day
# goes over another, which takes three decisions. To be added to FULL.
CHAINS: Final = (
    "name=chains",
    "execution.instrument=spot",
    "execution.failure={probability: 0.15, congestion: 1.5}",
    "market.fees={tip_gwei: 2, blocks: 20, "
    "blob: {median_gwei: 1.0, half_life_days: 0.3, sd: 1.2}, "
    "rollup: {median_gwei: 0.5, half_life_days: 0.1, sd: 0.9}}",
    "execution.rollup={fee_bp: 5, half_spread_bp: 1, depth: 3.0e+5, "
    "fixed_cost_bp: 0.2, gas_units: 300000, blob_gas: 4000, failure: 0.2, "
    "inventory: {least: -0.1, most: 0.4}, home: {least: -0.5, most: 0.7}, bridges: ["
    "{name: fast, delay_hours: 0.01, fee_bp: 3, gas_units: 90000, "
    "daily_capacity: 4000}, "
    "{name: slow, delay_hours: 16, fixed_cost_bp: 0.4, gas_units: 200000}]}",
    "risk_aversion=20",
)
# Orders there fill at another time than at home.
LATE_CHAINS: Final = (
    *CHAINS,
    "name=chains-late",
    "execution.latency_steps=2",
    "execution.rollup.latency_steps=1",
    "execution.halt={move: 0.03, decisions: 2}",
    "execution.least_order=0.4",
    "execution.charge_opening=false",
    "execution.charge_liquidation=false",
)

# What befalls orders at several venues as well as at one.
LATE: Final = (
    "execution.latency_steps=2",
    "execution.halt={move: 0.03, decisions: 2}",
    "execution.margin={collateral: 0.25, initial: 0.2, maintenance: 0.1}",
    "execution.least_order=0.5",
    "market.basis={sd_bp: 30, mean_bp: 5, premium_correlation: 0.5}",
    "holdings.low=-1.5",
    "holdings.high=1.5",
)

# One account of book and hedge, with so little in it that it is called all the time.
PORTFOLIO: Final = (
    "execution.margin={model: portfolio, collateral: 0.14, penalty_bp: 30}",
    "holdings.low=-1.5",
    "holdings.high=1.5",
)

# Positions in pools: two of options, whose boards overlap or end together, with little
# enough capacity for orders to be cut, and options made of liquidity.
POOLS: Final = (
    "name=pools",
    "book.legs=["
    "{kind: option_pool, quantity: 0.7, maturity_days: 2, board_days: 1, "
    "capacity: 0.4, order_size: 0.05, orders_per_day: 6, informed_share: 0.3, "
    "probability_buy: 0.7, standard_size: 0.05, skew_share: 0.2, "
    "options: [{kind: put, moneyness: 0.97}, "
    "{kind: call, moneyness: 1.02}, {kind: call, moneyness: 1.0}]}, "
    "{kind: option_pool, quantity: -0.4, maturity_days: 1.5, board_days: 1.5, "
    "orders_per_day: 2, price_response: 4, options: [{kind: put}]}, "
    "{kind: streamed, quantity: -1.0, option: put, removed: 0.6, width: 1.05, "
    "noise_sd: 0.5}, "
    "{kind: streamed, quantity: 0.5, moneyness: 1.03, removed: 0.3, spread: 0.4}]",
    "holdings.low=-1.5",
    "holdings.high=1.5",
)

# Liquidity whose ranges follow the price, and some whose does not.
MOVING: Final = (
    "name=moving",
    "book.legs=["
    "{kind: amm, quantity: 0.7, low: 0.95, high: 1.1, noise_sd: 0.5, recentre: "
    "{at: 0.6, swap_bp: 30, gas_units: 400000, fixed_cost_bp: 2}}, "
    "{kind: amm, quantity: 0.4, low: 0.9, high: 1.05, recentre: {at: 1.2}}, "
    "{kind: amm, quantity: -0.3, low: 0.8}]",
    "holdings={low: -2, high: 1.5}",
)

# The first of these moved when the policy says so.
ORDERED: Final = (
    *MOVING,
    "name=ordered",
    "book.legs.0.recentre.by=policy",
)

Rule = Callable[[HedgeBatch], FloatArray]


def full_config(*settings: str) -> EnvConfig:
    """The full-feature market, with overrides as strings `key=value`."""
    return load_config(None, FULL, settings)


def stormy_config(*settings: str) -> EnvConfig:
    """The full-feature market with seasons, two regimes and cascades."""
    return full_config(*STORMY, *settings)


def trade_to_delta(batch: HedgeBatch) -> FloatArray:
    """Hold the reference delta."""
    return batch.observables()["delta"].copy()


def hold_nothing(batch: HedgeBatch) -> FloatArray:
    """Never trade."""
    return np.zeros(batch.n_paths)


def play(
    config: EnvConfig,
    n_paths: int,
    rule: Rule,
    *,
    seed: int = 0,
    stream: str = "test",
    chunk_size: int = 4096,
) -> FloatArray:
    """Totals (N_TOTALS, n_paths) of whole episodes of paths 0, 1, ..."""
    results = []
    for first in range(0, n_paths, chunk_size):
        ids: IntArray = np.arange(first, min(first + chunk_size, n_paths))
        batch = HedgeBatch(config, ids.size, seed=seed, stream=stream)
        batch.reset(ids)
        for _ in range(batch.n_decisions):
            batch.advance(rule(batch)[:, None])
        results.append(batch.totals.rows)
    return np.concatenate(results, axis=1)
