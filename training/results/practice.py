"""What a policy saves against what people do today, in currency and by the month.

What is usual is named by the config, `report.usual`: rules with fixed parameters that
are compared beside all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.training.results.policy_row import Z_95, Contender
from hedge_env.training.results.rule_spec import Rule, parse_rule

__all__ = [
    "Saving",
    "in_currency",
    "monthly",
    "rule_in_words",
    "savings",
    "savings_text",
    "usual_rules",
    "with_usual",
]

_MONTHS = 12.0  # in a year
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What one policy has less than a usual rule, path by path.

    Attributes:
        risk_aversion: Lambda of the objective [1/notional].
        policy: Name of its row.
        usual: Name of the usual rule's row.
        objective_bp: Objective of the usual rule less that of the policy [bp].
        cost_bp: Cost of the usual rule less that of the policy [bp].
    """

    risk_aversion: float
    policy: str
    usual: str
    objective_bp: float
    objective_se: float
    cost_bp: float
    cost_se: float


def usual_rules(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the rules that are usual in a market; none if nothing is said.

    Args:
        config: A resolved one, as plain values.

    Raises:
        ConfigError: If what the config names is no rule with parameters.
    """
    if not config.get("report", {}).get("usual"):
        return ()
    problem = EnvConfig.model_validate(config)
    return tuple(_rule(entry, problem).name for entry in problem.report.usual)


def with_usual(policies: Sequence[str], config: EnvConfig) -> list[str]:
    """Policies asked for, and what is usual besides.

    Args:
        policies: As on the command line.
        config: The hedging problem.

    Raises:
        ConfigError: If what the config names is no rule with parameters.
    """
    for entry in config.report.usual:
        _rule(entry, config)
    return [*policies, *(one for one in config.report.usual if one not in policies)]


def _rule(entry: str, config: EnvConfig) -> Rule:
    """An entry of `report.usual`, with the parameters that rules have in the market."""
    try:
        rule = parse_rule(entry, config)
    except ConfigError as error:
        raise ConfigError(f"report.usual: {error}") from None
    if rule is None:
        raise ConfigError(
            f"report.usual: {entry!r} is no rule; name one of --policies all, with "
            "its parameters, NAME:KEY=VALUE,KEY=VALUE"
        )
    return rule


def savings(
    usual: Sequence[str],
    contenders: Sequence[Contender],
    tables: Sequence[EpisodeTable],
) -> tuple[Saving, ...]:
    """Compare every row with every usual rule at its risk aversion.

    Of several seeds of one experiment it is the mean.

    Args:
        usual: Names of the usual rules.
        contenders: What each table belongs to.
        tables: One per contender, all on the same paths in the same order.
    """
    rows: dict[tuple[str, float], list[EpisodeTable]] = {}
    for contender, table in zip(contenders, tables, strict=True):
        rows.setdefault(contender.row, []).append(table)
    found = []
    for (policy, risk_aversion), mine in rows.items():
        for name in usual:
            theirs = rows.get((name, risk_aversion))
            if theirs is not None and name != policy:
                found.append(_saving(policy, name, risk_aversion, mine, theirs[0]))
    return tuple(found)


def _saving(
    policy: str,
    usual: str,
    risk_aversion: float,
    mine: Sequence[EpisodeTable],
    theirs: EpisodeTable,
) -> Saving:
    own = np.mean([_objective(table, theirs) for table in mine], axis=0)
    paid = np.mean([table.cost for table in mine], axis=0)
    objective = mean_and_error((_objective(theirs, mine[0]) - own) / BASIS_POINT)
    cost = mean_and_error((theirs.cost - paid) / BASIS_POINT)
    return Saving(
        risk_aversion=risk_aversion,
        policy=policy,
        usual=usual,
        objective_bp=objective[0],
        objective_se=objective[1],
        cost_bp=cost[0],
        cost_se=cost[1],
    )


def _objective(table: EpisodeTable, other: EpisodeTable) -> FloatArray:
    """Objective on each path, the controlled one where both have it, shape (n,)."""
    mine, theirs = table.controlled_objective, other.controlled_objective
    return table.objective if mine is None or theirs is None else mine


def monthly(config: Mapping[str, Any]) -> float:
    """What a basis point of notional over an episode is in a month [currency].

    Args:
        config: A resolved one, as plain values.
    """
    episode = config["episode"]
    hours = episode["decisions"] * episode["decision_interval_hours"]
    months = hours / HOURS_PER_DAY / episode["days_per_year"] * _MONTHS
    return BASIS_POINT * notional(config) / float(months)


def in_currency(config: Mapping[str, Any]) -> bool:
    """Whether a market says in which currency its notional is; `config` as above."""
    return bool(config.get("report", {}).get("currency"))


def notional(config: Mapping[str, Any]) -> float:
    """Notional at the start [currency]; `config` as of `monthly`."""
    return float(config["market"]["spot"] * config["book"]["contracts"])


def amount(value: float, currency: str, error: float | None = None) -> str:
    """An amount of money in words, its 95 % interval beside it.

    Args:
        value: [currency].
        currency: Name of the currency; may be empty.
        error: Its standard error [currency].
    """
    size = max(abs(value), 0.0 if error is None else Z_95 * error)
    digits = 0 if size >= 100.0 else 2
    number = f"{value:,.{digits}f}".replace("-", _MINUS)
    half = "" if error is None else f" ± {Z_95 * error:,.{digits}f}"
    return f"{currency} {number}{half}".strip()


def savings_text(
    config: Mapping[str, Any],
    cost: tuple[float, float],
    found: Sequence[Saving],
) -> str:
    """What a policy costs a month and what it saves, as the end of a sentence.

    Args:
        config: The market with every default written out.
        cost: Of the policy, and its standard error [bp].
        found: What it saves against each usual rule; none if it is the only one.
    """
    unit, currency = monthly(config), config["report"]["currency"]
    value, error = cost[0] * unit, cost[1] * unit
    verb = "earns" if value < 0.0 else "costs"
    whole = amount(notional(config), currency)
    text = f"{verb} {amount(abs(value), currency, error)} a month on {whole}"
    parts = [_against(one, unit, currency) for one in found]
    return f"{text}; risk counted, it {', and '.join(parts)}" if parts else text


def _against(one: Saving, unit: float, currency: str) -> str:
    """What is saved, or lost, against one usual rule."""
    value, error = one.objective_bp * unit, one.objective_se * unit
    rule = f"the usual {rule_in_words(one.usual)}"
    if abs(value) <= Z_95 * error:
        return f"cannot be told from {rule} ({amount(value, currency, error)} a month)"
    how = _parts(value, one.cost_bp * unit, currency)
    verb = "saves" if value > 0.0 else "loses"
    money = f"{amount(abs(value), currency, error)} a month"
    return f"{verb} {money} ({how}) against {rule}"


def _parts(whole: float, cost: float, currency: str) -> str:
    """What of a saving, or a loss, is cost, and what is risk."""
    risk = whole - cost
    if cost * risk >= 0.0:
        return f"{amount(abs(cost), currency)} of it in cost"
    first, other = ("cost", "risk") if whole * cost > 0.0 else ("risk", "cost")
    sizes = {"cost": amount(abs(cost), currency), "risk": amount(abs(risk), currency)}
    against = "more" if whole > 0.0 else "less"
    return f"{sizes[first]} in {first}, at {sizes[other]} {against} {other}"


def rule_in_words(name: str) -> str:
    """A rule of the command line in words.

    Args:
        name: Such as `delta-threshold:threshold=0.05`.

    Returns:
        Such as `delta-threshold (threshold 0.05)`.
    """
    rule, _, rest = name.partition(":")
    words = rest.replace("=", " ").replace("_", " ").replace(",", ", ")
    return f"{rule} ({words})" if words else rule
