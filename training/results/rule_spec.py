"""A rule with parameters on the command line: `gas-band:risk_multiplier=2,snap=0`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.baselines import RULES, AbstractRule
from hedge_env.baselines.rule.moved_range import rule_in
from hedge_env.config import EnvConfig

__all__ = ["Rule", "join_parameters", "parse_rule"]

_PARAMETER = re.compile(r"[a-z_]+=[^=/\\]*")  # what may follow a comma


@dataclass(frozen=True)
class Rule:
    """A rule by name.

    Attributes:
        name: What it is called in tables, unique among the rules asked for.
        rule_class: Which rule.
        given: Parameters that the command line fixes; None leaves all to tuning.
        made: The rule itself, where a file holds it whole.
    """

    name: str
    rule_class: type[AbstractRule]
    given: Mapping[str, float | int | str] | None = field(default=None, hash=False)
    made: AbstractRule | None = None

    def build(self) -> AbstractRule:
        """The rule with what was given, and its defaults for the rest."""
        return self.made or self.rule_class(**(self.given or {}))


def join_parameters(entries: Sequence[str]) -> list[str]:
    """Put back together what splitting a list at commas took apart.

    Args:
        entries: `gas-band:risk_multiplier=2`, `snap=0`, `delta`.

    Returns:
        `gas-band:risk_multiplier=2,snap=0`, `delta`.
    """
    joined: list[str] = []
    for entry in entries:
        follows = bool(joined) and ":" in joined[-1] and "=" in joined[-1]
        if follows and _PARAMETER.fullmatch(entry):
            joined[-1] += f",{entry}"
        else:
            joined.append(entry)
    return joined


def parse_rule(entry: str, config: EnvConfig | None = None) -> Rule | None:
    """Read a rule, with or without parameters.

    Args:
        entry: `NAME` or `NAME:KEY=VALUE,KEY=VALUE`; a colon separates as well.
        config: The hedging problem, which may add a parameter to every rule (see
            `moved_range`); None: any.

    Returns:
        The rule; None if the entry is none, for example a file.

    Raises:
        ConfigError: If it has a parameter that is unknown or out of range; the
            message lists those that there are.
    """
    name, colon, rest = entry.partition(":")
    if not colon:
        return Rule(name, rule_in(RULES[name], config)) if name in RULES else None
    if name not in RULES:
        _refuse_misspelt(entry, name, rest)
        return None
    rule_class = rule_in(RULES[name], config)
    given: dict[str, float | int | str] = {}
    for part in re.split("[:,]", rest):
        key, equals, text = part.partition("=")
        known = {item.name: item for item in fields(rule_class)}  # type: ignore[arg-type]
        if not equals or key not in known:
            raise _error(entry, rule_class, _unknown(name, part, key))
        if key in given:
            raise _error(entry, rule_class, f"{key} is given twice")
        given[key] = _value(entry, rule_class, known[key], text)
    try:
        rule_class(**given)
    except ValueError as error:
        raise _error(entry, rule_class, str(error)) from None
    return Rule(entry, rule_class, given)


def _refuse_misspelt(entry: str, name: str, rest: str) -> None:
    close = get_close_matches(name, RULES, n=1)
    if close and "=" in rest and not Path(entry).exists():
        raise ConfigError(
            f"{entry}: there is no rule {name}; did you mean {close[0]}:{rest}?"
        )


def _unknown(name: str, part: str, key: str) -> str:
    if "=" not in part:
        return f"{part!r} is not KEY=VALUE"
    return f"{name} has no parameter {key!r}"


def _value(
    entry: str,
    rule_class: type[AbstractRule],
    known: "Field[Any]",
    text: str,
) -> float | int | str:
    """One value, of the type of the default and within the range of tuning."""
    if isinstance(known.default, str):
        return text.strip()
    allowed = rule_class.parameters.get(known.name)
    try:
        value = float(text)
        if allowed is not None:
            allowed.check(known.name, value)
    except ValueError:
        problem = f"{known.name} = {text.strip()!r} is out of range"
        raise _error(entry, rule_class, problem) from None
    if allowed is not None and not allowed.low <= value <= allowed.high:
        problem = f"{known.name} = {value:g} is out of range"
        raise _error(entry, rule_class, problem)
    whole = allowed is not None and allowed.scale == "integer"
    return int(value) if whole else value


def _error(entry: str, rule_class: type[AbstractRule], problem: str) -> ConfigError:
    own_first = sorted(fields(rule_class), key=lambda item: bool(item.kw_only))  # type: ignore[arg-type]
    names = [_describe(rule_class, item) for item in own_first]
    listed = f"allowed: {', '.join(names)}" if names else "it has no parameters"
    return ConfigError(one_line(f"{entry}: {problem}; {listed}"))


def _describe(rule_class: type[AbstractRule], item: "Field[Any]") -> str:
    allowed = rule_class.parameters.get(item.name)
    if allowed is None:
        return f"{item.name} (default {item.default})"
    kind = "whole, " if allowed.scale == "integer" else ""
    return f"{item.name} ({kind}{allowed.low:g} to {allowed.high:g})"
