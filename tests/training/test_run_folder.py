import json

import pytest

from training.run_folder import (
    RunFolderError,
    describe_run,
    git_commit,
    latest_run,
    next_run,
    open_run_folder,
)


def start(folder, finished=False):
    describe_run(folder, {"seed": 3}, seed=3)
    if finished:
        folder.result.write_text("{}")


def test_runs_without_a_name_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 10):
        (tmp_path / "runs" / f"ppo_{number}").mkdir(parents=True)
    (tmp_path / "runs" / "ppo_best").mkdir()
    (tmp_path / "runs" / "other_99").mkdir()
    assert next_run("ppo").name == "ppo_11"
    assert latest_run("ppo").name == "ppo_10"
    assert open_run_folder(None, "new", resume=False).path.name == "new_1"


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_is_never_overwritten(tmp_path, finished):
    out = tmp_path / "run"
    start(open_run_folder(out, "x", resume=False), finished)
    with pytest.raises(RunFolderError, match="--resume"):
        open_run_folder(out, "x", resume=False)
    assert open_run_folder(out, "x", resume=True).is_finished() is finished


def test_resuming_nothing_is_an_error_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunFolderError, match="no run to resume"):
        open_run_folder(tmp_path / "none", "x", resume=True)
    with pytest.raises(RunFolderError, match="--out"):
        open_run_folder(None, "x", resume=True)
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_may_be_used(tmp_path):
    assert open_run_folder(tmp_path, "x", resume=False).path == tmp_path


def test_a_run_says_what_it_depends_on(tmp_path):
    folder = open_run_folder(tmp_path / "run", "x", resume=False)
    start(folder)
    versions = json.loads(folder.versions.read_text())
    assert versions["seed"] == 3
    assert {"numpy", "torch", "stable-baselines3"} <= versions["packages"].keys()
    assert versions["git_commit"] == git_commit()
    assert folder.command.read_text().strip()
