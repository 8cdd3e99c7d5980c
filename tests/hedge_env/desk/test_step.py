"""The step reads as it is described, and its rows go by their names."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import hedge_env
from hedge_env import HedgeEnv

PACKAGE = Path(hedge_env.__file__).parent
SENTENCE = re.compile(r"^ *\d+\. `(\w+)`", re.MULTILINE)
PHYSICS = ("base", "market", "book", "venues", "feeds", "desk", "agent")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls_of(function: ast.FunctionDef) -> list[str]:
    """Names of the functions called by statements of their own, in their order.

    Those before an early return, which is the step of two chains, are left out.
    """
    early = {
        inner
        for node in ast.walk(function)
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return)
        for inner in ast.walk(node)
    }
    calls = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if node not in early
    ]
    calls.sort(key=lambda call: call.lineno)
    return [call.func.id for call in calls if isinstance(call.func, ast.Name)]


def test_the_step_runs_in_the_order_in_which_it_is_described() -> None:
    described = SENTENCE.findall(inspect.getdoc(HedgeEnv) or "")
    functions = {
        node.name: node
        for node in tree_of(PACKAGE / "desk" / "step.py").body
        if isinstance(node, ast.FunctionDef)
    }
    run = calls_of(functions["settle_tile"])
    assert run[:2] == ["clear", "_settle"]
    assert len(described) >= 8
    assert [*calls_of(functions["_settle"]), *run[2:]] == described


def test_no_kernel_of_the_desk_takes_a_first_and_a_last_path() -> None:
    for path in sorted((PACKAGE / "desk").glob("*.py")):
        if path.stem == "option_trades":
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                names = {argument.arg for argument in node.args.args}
                assert not {"low", "high"} <= names or node.name == "_log_uniform", (
                    f"{path.name}: {node.name} takes low and high; take a Tile"
                )


@pytest.mark.parametrize("folder", PHYSICS)
def test_no_module_of_the_package_goes_by_another_name(folder: str) -> None:
    modules = {path.stem for path in PACKAGE.rglob("*.py")}
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    hidden = name.asname and name.name in modules
                    own = node.module.startswith("hedge_env")
                    assert not (own and hidden), f"{path}: {name.name} as {name.asname}"
