"""Classical hedging rules, one per file, and their tuning.

They see the market through named observables, as an agent does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hedge_env.baselines.allocation.allocation_rule import AllocationRule
from hedge_env.baselines.registry import find_rules
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.config import EnvConfig
from hedge_env.desk.observables import observable_index

RULES: Final[Mapping[str, type[AbstractRule]]] = find_rules(__name__)

# What a first look shows: `delta` and `whalley-wilmott`, which everybody knows; the
# best rules of every market and risk aversion in docs/study; and `linear-greeks`, which
# contains `delta-band` and leads at an exchange where risk hardly counts.
MAIN_RULES: Final = (
    "delta",
    "gamma-band",
    "whalley-wilmott",
    "gas-band",
    "deadline-band",
    "zakamouline",
    "minimum-variance",
    "linear-greeks",
)

# These manage an investment instead of hedging a book: see `allocation`.
ALLOCATIONS: Final[Mapping[str, type[AbstractRule]]] = {
    name: rule for name, rule in RULES.items() if issubclass(rule, AllocationRule)
}

BASELINES: Final[Mapping[str, type[AbstractRule]]] = {
    name: rule for name, rule in RULES.items() if name not in ALLOCATIONS
}


def rules_for(config: EnvConfig) -> dict[str, type[AbstractRule]]:
    """Rules of a problem's task whose assumptions hold, and that see what they read."""
    unfit = unfit_rules(config)
    return {
        name: rule
        for name, rule in BASELINES.items()
        if name not in unfit and _is_playable(rule, config)
    }


def unfit_rules(config: EnvConfig) -> dict[str, str]:
    """Names of rules whose assumptions a problem breaks, with how it breaks them.

    Rules that read what the config does not show are not among them: they cannot be
    played at all. Nor are those of another task.
    """
    reasons = {
        name: rule.why_unfit(config)
        for name, rule in RULES.items()
        if _is_playable(rule, config)
    }
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _is_playable(rule: type[AbstractRule], config: EnvConfig) -> bool:
    sees = set(rule.inputs) <= observable_index(config).keys()
    return sees and rule.has_task(config)


__all__ = [
    "ALLOCATIONS",
    "BASELINES",
    "MAIN_RULES",
    "RULES",
    "AbstractRule",
    "rules_for",
    "unfit_rules",
]
