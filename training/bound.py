"""`hedge bound`: how far policies are at most from the best that anyone could do.

The information-relaxation bound on test paths, and policies on the same paths with the
same martingale taken off: with the exact value function where there is one, else with
one that a network is fitted to. Every grid is halved once to show its error.
"""

from hedge_env.base.errors import ConfigError
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.value.certify import require_bounded
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.policies.policy import Policy
from hedge_env.training.cli.commands import BoundOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import progress_bar, write_json, write_text
from hedge_env.training.results.bounds.bounding import bound_policies
from hedge_env.training.results.bounds.certificate import document, table
from hedge_env.training.results.contenders import (
    SOLVERS,
    find_contenders,
    wanted_optima,
)
from hedge_env.training.results.recorded_market import require_two_paths
from hedge_env.training.results.tuned_rules import tune_rules

__all__ = ["run"]


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
    total = len(options.risk_aversion)
    with progress_bar("bounding", total, enabled=options.progress) as advance:
        found = []
        for level in options.risk_aversion:
            found.append(
                bound_policies(
                    config,
                    level,
                    _policies(config, level, options),
                    options.episodes,
                    seed=options.seed,
                    value_scale=options.value_scale,
                )
            )
            advance(1)
    if options.json:
        write_json(document(config, found))
    else:
        write_text(table(found))


def _policies(
    config: EnvConfig, level: float, options: BoundOptions
) -> list[tuple[str, Policy]]:
    """Rules tuned or as given, saved policies, and exact solutions, by their names."""
    rules, agents = find_contenders(options.policies, config)
    solvers = wanted_optima(options.policies, config)
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
    return [
        *((best.name, best.policy) for _, best in tuned),
        *((rule.name, rule.build()) for rule in rules if rule.given is not None),
        *((agent.name, agent.policy) for agent in agents),
        *((name, SOLVERS[name](config, level)) for name in solvers),
    ]


if __name__ == "__main__":
    main_for("bound")
