"""Hand-made observables and a small market for the tests of rules."""

import numpy as np

from hedge_env.config import EnvConfig, EpisodeConfig, ExecutionConfig

SMALL = EnvConfig(
    episode=EpisodeConfig(decisions=30, decision_interval_hours=24.0),
    execution=ExecutionConfig(fee_bp=5.0, fixed_cost_bp=2.0),
)

_AT_THE_MONEY = {
    "spot": 1.0,
    "book_value": -0.09,
    "delta": 0.55,
    "gamma": 1.7,
    "vega": -0.114,
    "log_moneyness": 0.0,
    "fixed_cost": 2e-4,
    "mean_fixed_cost": 2e-4,
    "proportional_cost": 5e-4,
    "gas_price": 30.0,
    "gas_cost": 0.0,
    "gas_season": 0.0,
    "implied_volatility": 0.8,
    "realised_volatility": 0.7,
    "time_to_maturity": 30.0 / 365.0,
    "step": 5.0,
    "time_fraction": 175.0 / 180.0,
    "steps_since_trade": 3.0,
    "skew": 0.0,
    "gas_forecast": 0.0,
    "funding_rate": 0.0,
    "holdings": 0.5,
    "risk_aversion": 10.0,
    "option_price": 0.1,
    "option_delta": 0.53,
    "option_gamma": 1.9,
    "option_vega": 0.11,
    "option_half_spread": 0.001,
    "option_holdings": 0.2,
    "option_limit": 10.0,
    "impact_linear": 1e-3,
    "rollup_fixed_cost": 1e-6,
    "rollup_proportional_cost": 6e-4,
    "rollup_impact": 1e-2,
    "rollup_holdings": 0.0,
    "rollup_stock": 0.2,
    "rollup_room": 0.2,
    "home_stock": 0.5,
    "home_room": 2.0,
    "bridge_units": 0.0,
    "bridge_room": 1.0,
}


def observables(n=1, **changes):
    """An at-the-money short call in `n` copies, with some values changed."""
    values = _AT_THE_MONEY | changes
    return {
        name: np.broadcast_to(np.asarray(value, dtype=float), (n,)).copy()
        for name, value in values.items()
    }


def target_of(rule, **changes):
    """Target of one decision, as a number."""
    (target,) = rule.target(observables(**changes))[:, 0]
    return target


def holds(rule, **changes):
    """Whether the rule does not trade."""
    held = observables(**changes)["holdings"][0]
    return bool(target_of(rule, **changes) == held)
