"""What an entry of `--policies` means: a rule, the exact optimum, or a saved policy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from baselines import BASELINES, RULES, AbstractRule, rules_for
from baselines.hodges_neuberger import HodgesNeubergerPolicy, hodges_neuberger_policy
from baselines.optimal import (
    MeanGasPolicy,
    OptimalPolicy,
    mean_gas_policy,
    optimal_policy,
)
from baselines.solvable import require_solvable, why_unsolvable
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.errors import ConfigError
from hedge_env.policy_file import LearnedPolicy, load_policy

__all__ = [
    "ALL",
    "MEAN_GAS",
    "OPTIMA",
    "OPTIMAL",
    "SOLVERS",
    "Agent",
    "Rule",
    "find_contenders",
    "risk_aversions_of",
    "wanted_optima",
]

ALL = "all"
OPTIMAL = OptimalPolicy.name  # the exact solution, where there is one
MEAN_GAS = MeanGasPolicy.name  # that of the problem with gas at its mean
SOLVERS: Mapping[str, Callable[[EnvConfig, float], OptimalPolicy]] = {
    OPTIMAL: optimal_policy,
    MEAN_GAS: mean_gas_policy,
    HodgesNeubergerPolicy.name: hodges_neuberger_policy,
}
OPTIMA = tuple(SOLVERS)
POLICY_FILE = "policy.safetensors"  # what a run folder calls its best policy


@dataclass(frozen=True)
class Rule:
    """A rule by name; its parameters are not chosen yet."""

    name: str
    rule_class: type[AbstractRule]


@dataclass(frozen=True)
class Agent:
    """A saved policy.

    Attributes:
        name: Unique among the contenders.
        policy: What the file holds.
        source: The file.
    """

    name: str
    policy: LearnedPolicy
    source: Path

    @property
    def risk_aversion(self) -> float | RiskAversionRange:
        """What it was trained for [1/notional]."""
        return self.policy.config.risk_aversion


def wanted_optima(entries: Sequence[str], config: EnvConfig) -> tuple[str, ...]:
    """Which exact solutions are to be among the policies.

    Args:
        entries: As for `find_contenders`; `all` means the optimum where it exists,
            and beside it the one for gas at its mean where gas moves.
        config: The hedging problem.

    Returns:
        Some of `OPTIMA`.

    Raises:
        HedgeError: If one is asked for by name and the problem has none.
    """
    wanted = {name for name in OPTIMA if name in entries}
    if wanted:
        require_solvable(config)
    if ALL in entries and why_unsolvable(config) is None:
        wanted |= {OPTIMAL} if config.market.gas is None else {OPTIMAL, MEAN_GAS}
    return tuple(name for name in OPTIMA if name in wanted)


def find_contenders(
    entries: Sequence[str], config: EnvConfig | None = None
) -> tuple[list[Rule], list[Agent]]:
    """Look up every entry; an entry given twice counts once.

    Args:
        entries: Names of rules, `all` for every rule that hedges, policy files, run
            folders; `OPTIMA` are passed over, see `wanted_optima`.
        config: The hedging problem: `all` is then every rule that can be played in
            it. None: every rule there is.

    Returns:
        The rules and the saved policies, each in the order given.

    Raises:
        ConfigError: If an entry is neither a rule nor a file.
        PolicyFileError: If a file is not a policy.
    """
    names: dict[str, None] = {}  # a set that keeps the order
    paths: dict[Path, None] = {}
    for entry in entries:
        if entry == ALL:
            names.update(
                dict.fromkeys(BASELINES if config is None else rules_for(config))
            )
        elif entry in RULES:
            names[entry] = None
        elif entry not in OPTIMA:
            paths[_policy_path(entry)] = None
    agents: list[Agent] = []
    for path in paths:
        policy = load_policy(path)
        taken = {*RULES, *OPTIMA, *(agent.name for agent in agents)}
        agents.append(Agent(_unique(policy.name, taken), policy, path))
    return [Rule(name, RULES[name]) for name in names], agents


def risk_aversions_of(agent: Agent, asked: Iterable[float]) -> tuple[float, ...]:
    """Risk aversions at which an agent is to be measured.

    One that was trained for a range can act at all of them, any other only at its
    own: elsewhere it would be judged by an objective it never saw.

    Args:
        agent: The saved policy.
        asked: Risk aversions of the comparison [1/notional].
    """
    trained = agent.risk_aversion
    return tuple(asked) if isinstance(trained, RiskAversionRange) else (trained,)


def _policy_path(entry: str) -> Path:
    path = Path(entry)
    if path.is_dir():
        path /= POLICY_FILE
    if path.is_file():
        return path
    close = get_close_matches(entry, (*RULES, *OPTIMA, ALL), n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    if not close and (path.suffix or len(path.parts) > 1):
        raise ConfigError(f"--policies: there is no policy file {path}")
    raise ConfigError(
        f"--policies: {entry!r} is neither a rule nor a policy file{hint} "
        f"Rules: {', '.join(RULES)}; or {', '.join(OPTIMA)}, or all"
    )


def _unique(name: str, taken: Iterable[str]) -> str:
    number, candidate = 1, name
    taken = set(taken)
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
