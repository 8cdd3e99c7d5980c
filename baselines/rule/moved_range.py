"""Rules that also move a range of liquidity, where that is the policy's to decide.

Any rule becomes one: it moves the range when the price has gone the share
`recentre_at` of the way from the centre to an end, in logs, and hedges the range as it
then is. The threshold is tuned together with the rule's own parameters; at 1 the range
is moved at its ends, at 10 hardly ever.

Source: a threshold on the way to an end is how managers of concentrated liquidity
rebalance; that it is tuned with the hedge is this project's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, make_dataclass
from functools import cache
from typing import Any, Final, cast

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.config import EnvConfig

RECENTRE_AT: Final = ParameterRange(0.1, 10.0, "log")  # of the way to an end [-]
_READ: Final = (
    *("delta", "gamma", "range_place"),
    *("recentring_delta", "recentring_gamma"),
)


def rule_in(
    rule_class: type[AbstractRule], config: EnvConfig | None
) -> type[AbstractRule]:
    """The rule as it is played in a problem.

    Args:
        rule_class: A rule.
        config: The hedging problem; None: any.

    Returns:
        The rule itself; where the policy moves a range, one of the same name with the
        parameter `recentre_at`, by default the `recentre.at` of the book.
    """
    terms = None if config is None else config.book.recentred_by_policy
    if terms is None:
        return rule_class
    at = min(max(terms.at, RECENTRE_AT.low), RECENTRE_AT.high)
    return _with_threshold(rule_class, at)


@cache  # rules of one problem are of one class
def _with_threshold(rule_class: type[AbstractRule], at: float) -> type[AbstractRule]:
    """A subclass with a threshold, whose target has a column more."""

    def target(self: Any, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Target holdings and whether the range is moved, shape (n, 2) [-]."""
        moved = np.abs(observables["range_place"]) >= self.recentre_at
        now = dict(observables)
        for name in ("delta", "gamma"):
            change = observables[f"recentring_{name}"]
            now[name] = observables[name] + np.where(moved, change, 0.0)
        return np.column_stack([rule_class.target(self, now)[:, 0], moved])

    made = make_dataclass(
        rule_class.__name__,
        [("recentre_at", float, field(default=at, kw_only=True))],
        bases=(rule_class,),
        namespace={
            "__module__": __name__,
            "__doc__": rule_class.__doc__,
            "inputs": tuple(dict.fromkeys((*rule_class.inputs, *_READ))),
            "parameters": {"recentre_at": RECENTRE_AT, **rule_class.parameters},
            "target": target,
        },
        frozen=True,
    )
    return cast("type[AbstractRule]", made)
