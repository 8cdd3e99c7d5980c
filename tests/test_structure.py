"""The layout keeps what it promises: narrow folders, no circles, nothing left out."""

import tomllib
from pathlib import Path

import pytest

from tests.structure import arrows, circles, entries, folders

ROOT = Path(__file__).resolve().parent.parent
# Folders of folders; twins; a file for every command.
WIDE = {
    "hedge_env": 16,
    "tests": 28,
    "tests/oracle": 20,
    "tests/training": 17,
    "training": 17,
}
MOST = 16


def test_no_folder_is_a_heap() -> None:
    for folder in folders(ROOT):
        name = str(folder.relative_to(ROOT))
        assert entries(folder) <= WIDE.get(name, MOST), name


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
