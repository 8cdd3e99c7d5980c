"""Parameters that tuning leaves where they are, and what the rule is then called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.rule import AbstractRule

Kept: TypeAlias = Mapping[str, float | int | str]  # by name of the parameter

NOTHING: Final[Kept] = MappingProxyType({})


def kept_at_delta(rule_class: type[AbstractRule]) -> dict[str, float]:
    """The parameters of a centre, at 0, which is delta.

    Args:
        rule_class: A rule.

    Returns:
        Nothing where the rule has no centre to be moved.
    """
    if not issubclass(rule_class, CentredRule):
        return {}
    names = (*rule_class.centre_parameters, *rule_class.funding_parameters)
    return dict.fromkeys(names, 0.0)


def name_with(rule_class: type[AbstractRule], kept: Kept) -> str:
    """What a rule is called in tables, when some of its parameters are not tuned.

    Args:
        rule_class: The rule.
        kept: Parameters that are not tuned.

    Returns:
        `gas-band`, `gas-band around delta`, `gas-band with snap=0`, or both; the same
        for the same parameters in any order.
    """
    centre = kept_at_delta(rule_class)
    is_delta = bool(centre) and centre.items() <= kept.items()
    others = [
        f"{name}={value if isinstance(value, str) else format(value, '.12g')}"
        for name, value in sorted(kept.items())
        if not (is_delta and name in centre)
    ]
    around = " around delta" if is_delta else ""
    return f"{rule_class.name}{around}{' with ' if others else ''}{','.join(others)}"
