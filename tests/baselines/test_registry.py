"""A rule is found by its file alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hedge_env.baselines.registry import FAMILIES, find_rules

RULE = """
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.baselines.deltas.delta import Delta

class Half(AbstractRule):
    name = "abstract"

@dataclass(frozen=True)
class Whole(Half):
    name: ClassVar[str] = "{name}"
    inputs: ClassVar[tuple[str, ...]] = ("delta",)

    def target(self, observables):
        return observables["delta"][:, None]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "made_up_rules"
    for family in FAMILIES:
        (folder / family).mkdir(parents=True)
        (folder / family / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [m for m in sys.modules if m.split(".")[0] == folder.name]:
        del sys.modules[name]


def test_a_file_is_a_rule(package: Path) -> None:
    assert find_rules(package.name) == {}
    (package / "bands" / "mine.py").write_text(RULE.format(name="mine"))
    for name in [m for m in sys.modules if m.startswith(package.name)]:
        del sys.modules[name]
    found = find_rules(package.name)
    assert list(found) == ["mine"]  # not Half, which is abstract, nor Delta
    assert found["mine"].__name__ == "Whole"


def test_two_rules_of_one_name_are_refused(package: Path) -> None:
    for family, file in (("bands", "one"), ("timing", "two")):
        (package / family / f"{file}.py").write_text(RULE.format(name="mine"))
    with pytest.raises(ValueError, match=r"two rules are called mine: .*two and .*one"):
        find_rules(package.name)
