"""A rule with parameters on the command line: `gas-band:risk_multiplier=2,snap=0`.

Others have their defaults, or are tuned: `gas-band:snap=0,rest=tuned`. `centre=delta`
stands for all parameters of a centre at 0: `gamma-band:centre=delta,rest=tuned`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.baselines import RULES, AbstractRule
from hedge_env.baselines.rule.moved_range import rule_in
from hedge_env.baselines.tuning.kept import Kept, kept_at_delta, name_with
from hedge_env.config import EnvConfig

__all__ = [
    "Rule",
    "join_parameters",
    "no_policy",
    "parse_rule",
    "require_no_rest",
    "rule_class_of",
]

_PARAMETER = re.compile(r"[a-z_]+=[^=/\\]*")  # what may follow a comma
_REST, _TUNED = "rest", "tuned"  # what is not given is tuned, in place of its default
_REST_TUNED = f"{_REST}={_TUNED}"
_CENTRE, _DELTA = "centre", "delta"  # the parameters of the centre are 0
_CENTRE_DELTA = f"{_CENTRE}={_DELTA}"


@dataclass(frozen=True)
class Rule:
    """A rule by name.

    Attributes:
        name: What it is called in tables, unique among the rules asked for.
        rule_class: Which rule.
        given: Parameters that the command line fixes, while others have their
            defaults; None leaves those that are not kept to tuning.
        kept: Parameters that the command line fixes, while others are tuned.
        made: The rule itself, where a file holds it whole.
    """

    name: str
    rule_class: type[AbstractRule]
    given: Mapping[str, float | int | str] | None = field(default=None, hash=False)
    made: AbstractRule | None = None
    kept: Kept = field(default_factory=dict, hash=False)
    must_tune: bool = field(default=False, compare=False)

    def build(self) -> AbstractRule:
        """The rule with what was given or kept, and its defaults for the rest."""
        return self.made or self.rule_class(**(self.given or self.kept))


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
        entry: `NAME` or `NAME:KEY=VALUE,KEY=VALUE`; a colon separates as well. With
            `rest=tuned` what is not given is tuned, else it has its default.
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
    parts = re.split("[:,]", rest)
    n_rests = parts.count(_REST_TUNED)
    if n_rests > 1:
        raise _error(entry, rule_class, f"{_REST_TUNED} is given twice")
    given = _given(entry, rule_class, [p for p in parts if p != _REST_TUNED])
    try:
        rule_class(**given)
    except ValueError as error:
        raise _error(entry, rule_class, str(error)) from None
    if not n_rests:
        return Rule(entry, rule_class, given)
    if rule_class.parameters.keys() <= given.keys():
        problem = f"nothing is left to tune; leave out {_REST_TUNED}"
        raise _error(entry, rule_class, problem)
    return Rule(name_with(rule_class, given), rule_class, kept=given, must_tune=True)


def no_policy(
    entry: str, option: str, solved: Sequence[str], groups: Sequence[str]
) -> ConfigError:
    """What is wrong with an entry that is neither a rule nor a file.

    Args:
        entry: As on the command line.
        option: What the user calls it.
        solved: Names of exact solutions.
        groups: Names that stand for several rules.

    Returns:
        The error, with names like it and all that is allowed.
    """
    known = f"Rules: {', '.join(RULES)}; or {', '.join(solved)}, {' or '.join(groups)}"
    if not entry.strip():
        return ConfigError(f"{option}: {entry!r}: no policy is named. {known}")
    name, colon, _ = entry.partition(":")
    if name in (*solved, *groups):
        return ConfigError(
            f"{option}: {entry}: {name} takes no parameters; write {name} alone"
        )
    alike = name.lower().replace("_", "-")
    close = get_close_matches(alike, (*RULES, *solved, *groups), n=1)
    path, has_parameters = Path(entry), bool(colon) and "=" in entry
    if not close and not has_parameters and (path.suffix or len(path.parts) > 1):
        return ConfigError(
            f"{option}: there is no policy file {entry}; name a policy file, a run "
            "folder, a formula of hedge distill, or a rule, such as gas-band"
        )
    hint = f"; did you mean {close[0]}?" if close else "."
    return ConfigError(
        f"{option}: {entry!r} is neither a rule nor a policy file{hint} {known}"
    )


def require_no_rest(rules: Iterable[Rule]) -> None:
    """Refuse what is to be tuned, where a command does not tune.

    Args:
        rules: As asked for.

    Raises:
        ConfigError: If one has `rest=tuned`.
    """
    for rule in rules:
        if rule.must_tune:
            raise ConfigError(
                f"{rule.name}: nothing is tuned here; give the file of hedge tune by "
                f"--tuned FILE, or leave out {_REST_TUNED} for defaults"
            )


def rule_class_of(name: str) -> type[AbstractRule]:
    """The rule of a row of a table, whatever of it was given or kept.

    Args:
        name: Of a `Rule`.
    """
    return RULES[re.split("[: ]", name, maxsplit=1)[0]]


def _given(
    entry: str, rule_class: type[AbstractRule], parts: Sequence[str]
) -> dict[str, float | int | str]:
    """Parameters by name, each once."""
    known = {item.name: item for item in fields(rule_class)}  # type: ignore[arg-type]
    given: dict[str, float | int | str] = {}
    for part in parts:
        key, equals, text = part.partition("=")
        centre = kept_at_delta(rule_class)
        found: Mapping[str, float | int | str]
        if key == _CENTRE and centre:
            if text != _DELTA:
                problem = f"{_CENTRE} = {text!r} is not {_DELTA}"
                raise _error(entry, rule_class, problem)
            found = centre
        elif not equals or key not in known:
            raise _error(entry, rule_class, _unknown(rule_class.name, part, key))
        else:
            found = {key: _value(entry, rule_class, known[key], text)}
        twice = next((one for one in found if one in given), None)
        if twice is not None:
            raise _error(entry, rule_class, _twice(twice, parts, centre))
        given.update(found)
    return given


def _twice(name: str, parts: Sequence[str], centre: Mapping[str, float]) -> str:
    """What is wrong with a parameter that has a value already."""
    n_centres = parts.count(_CENTRE_DELTA)
    if name not in centre or not n_centres:
        return f"{name} is given twice"
    if n_centres > 1:
        return f"{_CENTRE_DELTA} is given twice"
    return f"{_CENTRE_DELTA} sets {name} already; leave out one of the two"


def _refuse_misspelt(entry: str, name: str, rest: str) -> None:
    close = get_close_matches(name, RULES, n=1)
    if close and "=" in rest and not Path(entry).exists():
        raise ConfigError(
            f"{entry}: there is no rule {name}; did you mean {close[0]}:{rest}?"
        )


def _unknown(name: str, part: str, key: str) -> str:
    if part == _TUNED or key == _REST:
        return f"{part!r} is not {_REST_TUNED}, which tunes all that is not given"
    if "=" not in part:
        return f"{part!r} is not KEY=VALUE"
    names = [item.name for item in fields(RULES[name])]  # type: ignore[arg-type]
    close = get_close_matches(key, names, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"{name} has no parameter {key!r}{hint}"


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
    if kept_at_delta(rule_class):
        names.append(f"{_CENTRE_DELTA} (all of the centre at 0)")
    if rule_class.parameters:
        names.append(f"{_REST_TUNED} (tune all that is not given)")
    listed = f"allowed: {', '.join(names)}" if names else "it has no parameters"
    return ConfigError(one_line(f"{entry}: {problem}; {listed}"))


def _describe(rule_class: type[AbstractRule], item: "Field[Any]") -> str:
    allowed = rule_class.parameters.get(item.name)
    if allowed is None:
        return f"{item.name} (default {item.default})"
    kind = "whole, " if allowed.scale == "integer" else ""
    return f"{item.name} ({kind}{allowed.low:g} to {allowed.high:g})"
