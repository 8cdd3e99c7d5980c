"""The rows of a matrix: policies, each from one market, and where they cannot act."""

from collections.abc import Sequence
from dataclasses import dataclass

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.baselines import AbstractRule
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.desk.observables import observable_index
from hedge_env.policies.policy import Policy
from hedge_env.policies.policy_file import LearnedPolicy
from hedge_env.training.matrix.markets import ColumnMarket
from hedge_env.training.results.contenders import OPTIMA, Agent, Rule, find_contenders
from hedge_env.training.results.tuned_rules import tune_rules
from hedge_env.training.results.world import require_readable

__all__ = ["RowPolicy", "agent_rows", "find_rows", "given_rows", "tuned_rows"]


_TOLERANCE = 1e-9  # relative, of holdings


@dataclass(frozen=True)
class RowPolicy:
    """A policy of a matrix, at one risk aversion.

    Attributes:
        name: Of the policy.
        home: Market that it was trained, tuned or distilled in; None of a rule whose
            parameters were given.
        policy: With its parameters.
        risk_aversion: lambda [1/notional].
        source: File of a saved policy.
    """

    name: str
    home: str | None
    policy: Policy
    risk_aversion: float
    source: str | None = None

    @property
    def label(self) -> str:
        """Name and home, as in tables."""
        return self.name if self.home is None else f"{self.name} [{self.home}]"

    def why_not(self, config: EnvConfig) -> str | None:
        """Why it cannot act in a market, in one sentence; None if it can.

        Args:
            config: The market.
        """
        policy = self.policy
        if isinstance(policy, LearnedPolicy):
            if not policy.metadata.is_trained_for(self.risk_aversion):
                low, high = policy.metadata.risk_aversions
                span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
                return (
                    f"{self.name} was trained for risk aversion {span}, not for "
                    f"{self.risk_aversion:g}"
                )
            try:
                require_readable(self.name, policy, config)
            except ConfigError as error:
                return str(error)
            return _why_not_held(self.name, policy.config, config)
        hidden = sorted(set(policy.inputs) - observable_index(config).keys())
        if hidden:
            return (
                f"{self.name} reads {', '.join(hidden)}, which {config.name} does not "
                "show"
            )
        if isinstance(policy, AbstractRule):
            if policy.n_instruments > config.n_instruments:
                return (
                    f"{self.name} trades a listed option or on two chains, and "
                    f"{config.name} has neither"
                )
            reason = policy.why_unfit(config)
            if reason is not None:
                return (
                    f"{self.name} is not made for the book of {config.name}: {reason}"
                )
        return None


def _why_not_held(name: str, own: EnvConfig, config: EnvConfig) -> str | None:
    """Why a policy cannot hold what a book asks for; None if it can."""
    (low, high), (least, most) = own.holdings_bounds, config.holdings_bounds
    reach = _TOLERANCE * max(abs(least), abs(most))
    if low <= least + reach and most <= high + reach:
        return None
    return (
        f"{name} can hold {low:g} to {high:g}, and the book of {config.name} needs "
        f"{least:g} to {most:g}"
    )


def find_rows(policies: Sequence[str]) -> tuple[list[Rule], list[Agent]]:
    """Rules and saved policies by the words of the command line.

    Raises:
        ConfigError: If one does not exist, or is an exact solution, which belongs to
            one market alone.
    """
    solved = next((name for name in policies if name in OPTIMA), None)
    if solved is not None:
        raise ConfigError(
            f"--policies: {solved} is solved anew in each market, so that there is "
            "nothing to carry over; use hedge compare"
        )
    return find_contenders(policies)


def agent_rows(agents: Sequence[Agent], levels: Sequence[float]) -> list[RowPolicy]:
    """Saved policies at each risk aversion.

    Args:
        agents: The policies.
        levels: Risk aversions asked for; none means those of training.
    """
    rows = []
    for agent in agents:
        own = agent.risk_aversion
        trained = (own,) if not isinstance(own, RiskAversionRange) else ()
        for level in levels or trained or agent.policy.config.risk_aversions:
            home = agent.policy.config.name
            source = str(agent.source)
            rows.append(RowPolicy(agent.name, home, agent.policy, level, source))
    return rows


def given_rows(rules: Sequence[Rule], levels: Sequence[float]) -> list[RowPolicy]:
    """Rules with the parameters of the command line or of a formula."""
    rows = []
    for rule in rules:
        if rule.given is None:
            continue
        policy = rule.build()
        own = policy.fitted_in if isinstance(policy, DistilledBand) else None
        home = None if own is None else own.name
        rows += [RowPolicy(rule.name, home, policy, level) for level in levels]
    return rows


def tuned_rows(
    rules: Sequence[Rule],
    market: ColumnMarket,
    levels: Sequence[float],
    *,
    n_paths: int,
    seed: int,
    threads: int,
    progress: bool,
) -> list[RowPolicy]:
    """Rules tuned in a market, but for those that it is not made for.

    Args:
        rules: Those whose parameters are not given are tuned.
        market: Where they are tuned.
        levels: Risk aversions [1/notional].
        n_paths: Validation paths.
        seed: Of those.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.

    Raises:
        HedgeError: If tuning fails for a reason of its own.
    """
    fit = [
        rule
        for rule in rules
        if rule.given is None
        and RowPolicy(rule.name, None, rule.build(), levels[0]).why_not(market.config)
        is None
    ]
    try:
        tuned = tune_rules(
            fit,
            levels,
            market.config,
            n_episodes=n_paths,
            seed=seed,
            criterion="objective",
            threads=threads,
            progress=progress,
            option="--validation-episodes",
        )
    except HedgeError as error:
        raise type(error)(f"{market.name}: {error}") from error
    return [
        RowPolicy(best.name, market.name, best.policy, level) for level, best in tuned
    ]
