"""The commit that results name is that of the program, or none."""

import os
import shutil
import subprocess

import pytest

from hedge_env.training.output.source_commit import commit_in_words, git_commit

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")
PROJECT = '[project]\nname = "hedge-env"\n'


def git(folder, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=b"]
    subprocess.run(
        [*command, *arguments], check=True, capture_output=True, env=environment
    )


@pytest.fixture
def repository(tmp_path):
    """Makes a repository at `root` with the package in the folder `inside` of it."""

    def make(name, inside=".", project=PROJECT, ignored=()):
        root = tmp_path / name
        package = root / inside / "hedge_env"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package.parent / "pyproject.toml").write_text(project)
        (root / "README").write_text(name)
        (root / ".gitignore").write_text("\n".join(ignored))
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "first")
        return package

    return make


def test_a_source_tree_names_its_commit_and_whether_it_was_edited(repository):
    package = repository("own")
    commit = git_commit(package)
    assert len(commit) == 40
    (package / "__init__.py").write_text("x = 1\n")
    assert git_commit(package) == f"{commit}-dirty"


@pytest.mark.parametrize(
    "arguments",
    [
        {"inside": ".venv/lib/site-packages", "ignored": [".venv"]},
        {"inside": "vendor/hedge"},
        {"inside": "vendor/hedge", "ignored": ["vendor"]},
        {"ignored": ["hedge_env"]},
        {"project": '[project]\nname = "somebody-elses"\n'},
    ],
    ids=["installed", "vendored", "ignored", "untracked", "copied"],
)
def test_a_repository_around_it_is_not_its_own(repository, arguments):
    assert git_commit(repository("around", **arguments)) is None


def test_no_repository_is_no_commit(tmp_path):
    package = tmp_path / "hedge_env"
    package.mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert git_commit(package) is None


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_the_surrounding_variables_change_nothing(repository, monkeypatch, variable):
    package, other = repository("own"), repository("other")
    (other / "__init__.py").write_text("y = 2\n")
    expected = git_commit(package)
    value = {
        "GIT_DIR": other.parent / ".git",
        "GIT_WORK_TREE": other.parent,
        "GIT_INDEX_FILE": other.parent / ".git" / "index",
    }[variable]
    monkeypatch.setenv(variable, str(value))
    assert git_commit(package) == expected


def test_no_configuration_runs_a_program(repository, tmp_path, monkeypatch):
    package, trace = repository("own"), tmp_path / "trace"
    expected = git_commit(package)
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[core]\n\tfsmonitor = {program}\n\thooksPath = {tmp_path}\n")
    git(package.parent, "config", "core.fsmonitor", str(program))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(program))
    assert git_commit(package) == expected
    assert not trace.exists()


def test_without_git_there_is_none(repository, monkeypatch, tmp_path):
    package = repository("own")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(package) is None


@pytest.mark.parametrize(
    ("commit", "words"),
    [
        (None, "not known"),
        ("3d215b", "3d215b"),
        ("3d215b-dirty", "3d215b with changes that are not in it"),
    ],
)
def test_a_tree_that_was_edited_is_said_in_words(commit, words):
    assert commit_in_words(commit) == words
