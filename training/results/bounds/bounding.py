"""A certificate at one risk aversion: which V there is, and what policies are behind.

With the exact value function where there is one, by programmes of frozen volatilities
where spot and volatility are the whole state, else with the value of a network.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.frozen.frozen_holdings_value import (
    solve_frozen_value,
    suits_frozen_value,
)
from hedge_env.baselines.optimum.lower_bound import lower_bound
from hedge_env.baselines.optimum.market_paths import simulate_paths
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.value.certify import certify, require_bounded
from hedge_env.baselines.value.network_value import fit_network_value
from hedge_env.baselines.value.penalties import Careful, Value
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.policies.policy import Policy
from hedge_env.risk.path_moments import path_moments
from hedge_env.training.results.bounds.certificate import Certificate, certificate

__all__ = ["VALUE", "bound_policies", "why_unbounded"]

VALUE = "network"  # V, and how it is drawn: what a kept bound was found with

_N_HOLDINGS = 201
_CHECKED = 200  # paths on which the grids are halved
_CHECKED_DRAWS = 32  # paths on which draws are doubled, which takes longest


def bound_policies(
    config: EnvConfig,
    risk_aversion: float,
    policies: Sequence[tuple[str, Policy]],
    n_paths: int,
    *,
    seed: int = 0,
    value_scale: float = 1.0,
    checked: bool = True,
) -> Certificate:
    """Bound J from below on test paths, and say how far policies are above at most.

    Args:
        config: A problem whose paths do not react, see `why_unbounded`.
        risk_aversion: lambda [1/notional].
        policies: Of that risk aversion, by the names to show.
        n_paths: Number of test paths, at least 2.
        seed: Of the paths.
        value_scale: Times the volatility of an exact value function [-].
        checked: Whether to halve every grid once on some of the paths.
    """
    if why_unsolvable(config) is None:
        return _exact(
            config,
            risk_aversion,
            policies,
            n_paths,
            seed=seed,
            value_scale=value_scale,
            checked=checked,
        )
    return _approximate(
        config, risk_aversion, policies, n_paths, seed=seed, checked=checked
    )


def why_unbounded(config: EnvConfig) -> str | None:
    """Why a market has no bound; None where it has one."""
    try:
        require_bounded(config)
    except HedgeError as reason:
        return str(reason)
    return None


def _exact(
    config: EnvConfig,
    level: float,
    policies: Sequence[tuple[str, Policy]],
    n_paths: int,
    *,
    seed: int,
    value_scale: float,
    checked: bool,
) -> Certificate:
    """With the value function of a programme of constant volatility."""
    simulate = partial(
        simulate_paths, config, risk_aversion=level, seed=seed, stream="test"
    )
    volatility = value_scale * config.market.volatility.level
    bounded = partial(
        lower_bound, config, level, value_volatility=np.array([volatility])
    )
    played = [policy for _, policy in policies]
    found = bounded(simulate(n_paths, policies=played), n_holdings=_N_HOLDINGS)
    halved = {}
    if checked:
        few = simulate(min(n_paths, _CHECKED))
        base, finer_holdings, finer_spots = (
            bounded(few, n_holdings=n, finer_spots=finer).lower.mean() / BASIS_POINT
            for n, finer in (
                (_N_HOLDINGS, 1),
                (2 * _N_HOLDINGS - 1, 1),
                (_N_HOLDINGS, 2),
            )
        )
        halved = {
            "halved holdings": float(finer_holdings - base),
            "halved log spots": float(finer_spots - base),
        }
    names = [name for name, _ in policies]
    ids = np.arange(n_paths, dtype=np.int64)
    risk = path_moments(config, ids, seed=seed, stream="test")
    floor = level * risk.floor
    return certificate(level, names, found.lower, found.values, halved, floor)


def _approximate(
    config: EnvConfig,
    level: float,
    policies: Sequence[tuple[str, Policy]],
    n_paths: int,
    *,
    seed: int,
    checked: bool,
) -> Certificate:
    """With the value of all holdings, by a network or by frozen programmes."""
    value = _value(config, level, seed)
    bounded = partial(certify, config, value, seed=seed)
    usual = Careful(_N_HOLDINGS)
    found = bounded([one for _, one in policies], n_paths, careful=usual)
    halved = {}
    if checked:
        few = min(n_paths, _CHECKED_DRAWS)
        base = found.lower[:few].mean()
        finer = {
            "halved holdings": replace(usual, n_holdings=2 * _N_HOLDINGS - 1),
            "doubled draws": replace(
                usual, draws=2 * usual.draws, moments=2 * usual.moments
            ),
        }
        halved = {
            name: float(
                (bounded([], few, careful=one).lower.mean() - base) / BASIS_POINT
            )
            for name, one in finer.items()
        }
    names = [name for name, _ in policies]
    return certificate(level, names, found.lower, found.values, halved, found.floor)


def _value(config: EnvConfig, level: float, seed: int) -> Value:
    """Programmes where spot and volatility are the state; else a network."""
    if suits_frozen_value(config):
        return solve_frozen_value(config, level, seed=seed)
    return fit_network_value(config, level, seed=seed)
