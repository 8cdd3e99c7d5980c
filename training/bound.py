"""`hedge bound`: how far policies are at most from the best that anyone could do.

The information-relaxation bound on test paths, and policies on the same paths with the
same martingale taken off. Every grid is halved once to show its error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.lower_bound import lower_bound, require_exogenous
from hedge_env.baselines.optimum.market_paths import simulate_paths
from hedge_env.baselines.optimum.solvable import require_solvable
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.policies.policy import Policy
from hedge_env.training.cli.commands import BoundOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import progress_bar, write_json, write_text
from hedge_env.training.results.contenders import (
    SOLVERS,
    find_contenders,
    wanted_optima,
)
from hedge_env.training.results.recorded_market import require_two_paths
from hedge_env.training.results.tuned_rules import tune_rules

__all__ = ["Certificate", "run"]

_N_HOLDINGS = 201
_CHECKED = 200  # paths on which the grids are halved


@dataclass(frozen=True)
class Certificate:
    """What is proved at one risk aversion; amounts in bp of notional.

    Attributes:
        risk_aversion: lambda [1/notional].
        bound: Mean of the relaxed minimum and its standard error.
        halved: By how much the bound moves when the spacing of holdings is halved,
            and when that of log spot is.
        policies: Name, J and the gap to the bound, each with its standard error; J by
            the plain sum of costs and risk less the same martingale as the bound.
    """

    risk_aversion: float
    bound: tuple[float, float]
    halved: tuple[float, float]
    policies: tuple[tuple[str, tuple[float, float], tuple[float, float]], ...]


def run(options: BoundOptions) -> None:
    """Bound, and print the gaps.

    Args:
        options: Which market, which policies, how carefully.
    """
    config = load_config(options.preset, settings=options.settings)
    require_exogenous(config)
    require_solvable(config)
    require_two_paths(options.episodes)
    require_two_paths(options.validation_episodes, "--validation-episodes")
    total = len(options.risk_aversion)
    with progress_bar("bounding", total, enabled=options.progress) as advance:
        found = []
        for level in options.risk_aversion:
            found.append(_certify(config, level, options))
            advance(1)
    if options.json:
        write_json(_document(config, found))
    else:
        write_text(_table(found))


def _certify(config: EnvConfig, level: float, options: BoundOptions) -> Certificate:
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
    rows = zip(policies, found.values, found.gaps, strict=True)
    return Certificate(
        risk_aversion=level,
        bound=_mean(found.lower),
        halved=(float(finer_holdings - base), float(finer_spots - base)),
        policies=tuple((p.name, _mean(value), _mean(gap)) for p, value, gap in rows),
    )


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


def _mean(sample: FloatArray) -> tuple[float, float]:
    error = sample.std(ddof=1) / np.sqrt(sample.size)
    return float(sample.mean() / BASIS_POINT), float(error / BASIS_POINT)


def _document(config: EnvConfig, found: Sequence[Certificate]) -> dict[str, Any]:
    """Plain values for JSON."""
    return {
        "preset": config.name,
        "bounds": [
            {
                "risk_aversion": one.risk_aversion,
                "bound_bp": one.bound[0],
                "bound_se_bp": one.bound[1],
                "halved_holdings_bp": one.halved[0],
                "halved_log_spots_bp": one.halved[1],
                "policies": [
                    {
                        "policy": name,
                        "objective_bp": value[0],
                        "objective_se_bp": value[1],
                        "gap_bp": gap[0],
                        "gap_se_bp": gap[1],
                        "gap_percent": 100.0 * gap[0] / value[0],
                    }
                    for name, value, gap in one.policies
                ],
            }
            for one in found
        ],
    }


def _table(found: Sequence[Certificate]) -> str:
    """Markdown: the bound and its error, then every policy; ± is a 95 % half-width."""
    lines = [
        "| lambda | bound [bp] | halved holdings [bp] | halved log spots [bp] |",
        "|---|---|---|---|",
    ]
    gaps = [
        "| lambda | policy | J [bp] | gap [bp] | gap / J |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        label = f"| {one.risk_aversion:g} |"
        lines.append(
            f"{label} {_with_error(one.bound)} | {one.halved[0]:+.3f} | "
            f"{one.halved[1]:+.3f} |"
        )
        for name, value, gap in one.policies:
            share = 100.0 * gap[0] / value[0]
            gaps.append(
                f"{label} {name} | {_with_error(value)} | {_with_error(gap)} | "
                f"{share:.2f} % |"
            )
    return "\n".join([*lines, "", *gaps])


def _with_error(number: tuple[float, float]) -> str:
    return f"{number[0]:.3f} ± {1.96 * number[1]:.3f}"


if __name__ == "__main__":
    main_for("bound")
