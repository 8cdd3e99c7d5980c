"""`hedge evaluate`: what one policy does on test paths, with confidence intervals."""

from collections.abc import Sequence
from pathlib import Path

from baselines import RULES
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.errors import ConfigError
from hedge_env.policy import Policy
from training.commands import EvaluateOptions
from training.console import main_for, write_json
from training.contenders import ALL, OPTIMA, find_contenders
from training.measurement import measure
from training.replay import episodes_in, load_market, require_two_paths
from training.summary import Contender, Summary

__all__ = ["evaluate_policy"]


def run(options: EvaluateOptions) -> None:
    """Evaluate and print the result.

    Args:
        options: Which policy, in which market, at which risk aversions.
    """
    summary = evaluate_policy(
        options.policy,
        preset=options.preset,
        replay=options.replay,
        settings=options.settings,
        risk_aversions=options.risk_aversion,
        n_episodes=options.episodes,
        seed=options.seed,
        threads=options.threads,
        progress=options.progress,
    )
    if options.json:
        write_json(summary.to_document())
    else:
        from training.tables import print_summary

        print_summary(summary)


def evaluate_policy(
    name: str,
    *,
    preset: str | Path | None = None,
    replay: Path | None = None,
    settings: Sequence[str] = (),
    risk_aversions: Sequence[float] = (),
    n_episodes: int = 20_000,
    seed: int = 0,
    threads: int = 1,
    progress: bool = False,
) -> Summary:
    """Measure one policy on the test paths.

    Args:
        name: A policy file, a run folder, or a rule, which has its default
            parameters.
        preset: The market; None is the one an agent was trained in, and the
            reference market for a rule.
        replay: CSV file of prices; None does not replay unless the market does.
        settings: Overrides `key=value` of the market.
        risk_aversions: Lambdas [1/notional]; none means the market's own.
        n_episodes: Number of test paths, at least 2.
        seed: Seed of the test paths.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.

    Raises:
        ConfigError: If something asked for does not exist.
        PolicyFileError: If the file is not a policy.
    """
    require_two_paths(n_episodes)
    if name in (ALL, *OPTIMA):
        raise ConfigError(
            f"hedge evaluate takes a policy file, a run folder or one rule; for {name} "
            f"use hedge compare --policies {name}"
        )
    rules, agents = find_contenders([name])
    policy: Policy
    if rules:
        policy, source, own = RULES[name](), None, None
        params = policy.params
    else:
        policy, source, params = agents[0].policy, str(agents[0].source), {}
        own = agents[0].policy.config
    config = _market(own, preset, replay, settings)
    n_episodes = episodes_in(config, n_episodes, "test")
    levels = risk_aversions or _levels(config)
    entries = [
        (Contender(policy.name, policy.kind, params, level, source), policy)
        for level in levels
    ]
    return measure(
        entries,
        config,
        n_episodes=n_episodes,
        seed=seed,
        threads=threads,
        progress=progress,
    ).summary


def _market(
    own: EnvConfig | None,
    preset: str | Path | None,
    replay: Path | None,
    settings: Sequence[str],
) -> EnvConfig:
    """The market asked for, or the one the policy knows, with overrides."""
    if preset is None and own is not None:
        return load_market(own, replay, settings)
    return load_market(preset or "reference", replay, settings)


def _levels(config: EnvConfig) -> tuple[float, ...]:
    """Risk aversion of the market; of a range, its ends and its geometric middle."""
    setting = config.risk_aversion
    if isinstance(setting, RiskAversionRange):
        middle = (setting.low * setting.high) ** 0.5
        return tuple(sorted({setting.low, middle, setting.high}))
    return (setting,)


if __name__ == "__main__":
    main_for("evaluate")
