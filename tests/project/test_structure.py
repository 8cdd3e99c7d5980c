"""The layout keeps what it promises: narrow folders, no circles, nothing left out."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.project.structure import (
    arrows,
    body_lengths,
    circles,
    entries,
    filled_by_position,
    folders,
    windows,
)
from tests.support.checkout import ROOT

of_a_checkout = pytest.mark.skipif(
    not (ROOT / "training").exists(),
    reason="a source distribution has training and baselines below hedge_env alone",
)
# The concepts, and what marks a package; a file for every command; what holds for all
# rules beside a folder for each family.
WIDE = {
    "hedge_env": 17,
    "tests/baselines": 17,
    "tests/training": 21,
    "training": 21,
}
MOST = 16
MOST_LINES = 40  # of a function, its docstring left out


@of_a_checkout
def test_no_folder_is_a_heap() -> None:
    found = list(folders(ROOT))
    assert len(found) > 50
    for folder in found:
        name = str(folder.relative_to(ROOT))
        assert entries(folder) <= WIDE.get(name, MOST), name


def test_no_function_is_too_long_to_read() -> None:
    lengths = dict(body_lengths(ROOT))
    assert len(lengths) > 1000
    assert [name for name, lines in lengths.items() if lines > MOST_LINES] == []


@of_a_checkout
def test_named_tuples_are_filled_by_name() -> None:
    found = set(filled_by_position(ROOT))
    assert found <= {
        ("baselines/optimum/hodges_neuberger.py", "NoTradeBand"),
        ("hedge_env/market/engine/draw_plan.py", "DrawPlan"),
    }


def test_a_tuple_filled_by_position_is_found(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "a.py").write_text(
        "class P(NamedTuple):\n    low: float\n    high: float\n\n"
        "one, two, three = P(0.0, 1.0), P(low=0.0, high=1.0), P(x, y)\n"
    )
    assert list(filled_by_position(tmp_path)) == [("training/a.py", "P")]


def test_a_tile_is_handed_on_as_one_thing() -> None:
    assert list(windows(ROOT)) == []


def test_a_bare_window_is_found(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "a.py").write_text(
        "@kernel\ndef f(x: FloatArray, low: int, high: int) -> None: ...\n"
        "@kernel\ndef g(x: Tile, level: int) -> None: ...\n"
    )
    assert list(windows(tmp_path)) == ["training/a.py"]


def test_no_modules_import_each_other() -> None:
    assert circles(arrows(ROOT)) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == [["a", "b"]]


@pytest.mark.parametrize("name", ["training", "baselines"])
def test_import_names_lie_below_the_package(name: str) -> None:
    assert (ROOT / "hedge_env" / name / "__init__.py").is_file()


def test_only_the_package_itself_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["packages"]["find"]["include"] == [
        "hedge_env*"
    ]


def test_an_array_type_has_one_name() -> None:
    kinds = r"(?:np\.)?(?:float64|float32|int64|bool_|floating)"
    alias = rf"^\w+(?:: TypeAlias)? = (?:npt\.)?NDArray\[{kinds}"
    declared = re.compile(alias, re.MULTILINE)
    for folder in ("hedge_env", "baselines", "training", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != ROOT / "hedge_env/base/types.py":
                assert not declared.search(path.read_text(encoding="utf-8")), path
