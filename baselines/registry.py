"""Finds the rules: a file in the folder of a family is all that a rule needs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from inspect import isabstract

from hedge_env.baselines.rule.rule import AbstractRule

# The folders of the rules, in the order in which rules are listed.
FAMILIES = ("deltas", "timing", "bands", "options", "allocation")


def find_rules(package: str) -> dict[str, type[AbstractRule]]:
    """Every rule below a package by its name, family by family, then by file.

    Args:
        package: Import name of the package that holds the families.

    Raises:
        ValueError: If two rules have one name.
    """
    found: dict[str, type[AbstractRule]] = {}
    for family in FAMILIES:
        for rule in _rules_of(f"{package}.{family}"):
            other = found.setdefault(rule.name, rule)
            if other is not rule:
                raise ValueError(
                    f"two rules are called {rule.name}: {other.__module__} and "
                    f"{rule.__module__}; rename one"
                )
    return found


def _rules_of(family: str) -> Iterator[type[AbstractRule]]:
    """Rules defined in the files of one folder; those that others extend are none."""
    folder = importlib.import_module(family)
    for entry in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{family}.{entry.name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            is_own = kind.__module__ == module.__name__
            if is_own and issubclass(kind, AbstractRule) and not isabstract(kind):
                yield kind
