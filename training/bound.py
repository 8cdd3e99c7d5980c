"""`hedge bound`: how far policies are at most from the best that anyone could do.

The information-relaxation bound on test paths, and policies on the same paths with the
same martingale taken off: with the exact value function where there is one, else with
one that is regressed. Every grid is halved once to show its error.
"""

from functools import partial

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.baselines.frozen.frozen_holdings_value import (
    solve_frozen_value,
    suits_frozen_value,
)
from hedge_env.baselines.optimum.lower_bound import lower_bound
from hedge_env.baselines.optimum.market_paths import simulate_paths
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.value.certify import (
    Careful,
    Value,
    certify,
    require_bounded,
)
from hedge_env.baselines.value.fit import fit_value
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.policies.policy import Policy
from hedge_env.risk.path_moments import path_moments
from hedge_env.training.cli.commands import BoundOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import progress_bar, write_json, write_text
from hedge_env.training.results.certificate import (
    Certificate,
    certificate,
    document,
    table,
)
from hedge_env.training.results.contenders import (
    SOLVERS,
    find_contenders,
    wanted_optima,
)
from hedge_env.training.results.recorded_market import require_two_paths
from hedge_env.training.results.tuned_rules import tune_rules

__all__ = ["run"]

_N_HOLDINGS = 201
_CHECKED = 200  # paths on which the grids are halved
_CHECKED_DRAWS = 64  # paths on which draws are doubled, which takes longest
_DRAWS = 256


def run(options: BoundOptions) -> None:
    """Bound, and print the gaps.

    Args:
        options: Which market, which policies, how carefully.
    """
    config = load_config(options.preset, settings=options.settings)
    require_bounded(config)
    require_two_paths(options.episodes)
    require_two_paths(options.validation_episodes, "--validation-episodes")
    regresses = why_unsolvable(config) is not None
    if regresses and options.value_scale != 1.0:
        raise ConfigError(
            f"--value-scale {options.value_scale:g} scales the volatility of an exact "
            f"value function, and {config.name} has none; leave it out"
        )
    prove = _regressed if regresses else _exact
    total = len(options.risk_aversion)
    with progress_bar("bounding", total, enabled=options.progress) as advance:
        found = []
        for level in options.risk_aversion:
            found.append(prove(config, level, options))
            advance(1)
    if options.json:
        write_json(document(config, found))
    else:
        write_text(table(found))


def _exact(config: EnvConfig, level: float, options: BoundOptions) -> Certificate:
    """With the value function of a programme of constant volatility."""
    policies = _policies(config, level, options)
    simulate = partial(
        simulate_paths, config, risk_aversion=level, seed=options.seed, stream="test"
    )
    volatility = options.value_scale * config.market.volatility.level
    bounded = partial(
        lower_bound, config, level, value_volatility=np.array([volatility])
    )
    found = bounded(
        simulate(options.episodes, policies=policies), n_holdings=_N_HOLDINGS
    )
    few = simulate(min(options.episodes, _CHECKED))
    base, finer_holdings, finer_spots = (
        bounded(few, n_holdings=n, finer_spots=finer).lower.mean() / BASIS_POINT
        for n, finer in ((_N_HOLDINGS, 1), (2 * _N_HOLDINGS - 1, 1), (_N_HOLDINGS, 2))
    )
    halved = {
        "halved holdings": float(finer_holdings - base),
        "halved log spots": float(finer_spots - base),
    }
    names = [policy.name for policy in policies]
    ids = np.arange(options.episodes, dtype=np.int64)
    risk = path_moments(config, ids, seed=options.seed, stream="test")
    floor = level * risk.floor
    return certificate(level, names, found.lower, found.values, halved, floor)


def _regressed(config: EnvConfig, level: float, options: BoundOptions) -> Certificate:
    """With the value of all holdings, regressed or by frozen programmes."""
    policies = _policies(config, level, options)
    value = _value(config, level, options.seed)
    bounded = partial(certify, config, value, seed=options.seed)
    usual = Careful(_N_HOLDINGS, _DRAWS)
    found = bounded(policies, options.episodes, careful=usual)
    few = min(options.episodes, _CHECKED_DRAWS)
    base = found.lower[:few].mean()
    finer = {
        "halved holdings": Careful(2 * _N_HOLDINGS - 1, _DRAWS),
        "doubled draws": Careful(_N_HOLDINGS, 2 * _DRAWS),
    }
    halved = {
        name: float((bounded([], few, careful=one).lower.mean() - base) / BASIS_POINT)
        for name, one in finer.items()
    }
    names = [policy.name for policy in policies]
    return certificate(level, names, found.lower, found.values, halved, found.floor)


def _value(config: EnvConfig, level: float, seed: int) -> Value:
    """Programmes where spot and volatility are the state; else a regression."""
    if suits_frozen_value(config):
        return solve_frozen_value(config, level, seed=seed)
    return fit_value(config, level, seed=seed)


def _policies(config: EnvConfig, level: float, options: BoundOptions) -> list[Policy]:
    """Rules tuned or as given, saved policies, and exact solutions asked for."""
    rules, agents = find_contenders(options.policies, config)
    tuned = tune_rules(
        [rule for rule in rules if rule.given is None],
        [level],
        config,
        n_episodes=options.validation_episodes,
        seed=options.seed,
        criterion="objective",
        threads=1,
        progress=options.progress,
    )
    given: list[Policy] = [rule.build() for rule in rules if rule.given is not None]
    solved = [
        SOLVERS[n](config, level) for n in wanted_optima(options.policies, config)
    ]
    return [
        *(best.policy for _, best in tuned),
        *given,
        *(agent.policy for agent in agents),
        *solved,
    ]


if __name__ == "__main__":
    main_for("bound")
