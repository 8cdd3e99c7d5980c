import json
import signal
import subprocess
import sys

import pytest

from hedge_env.training.output.provenance import git_commit
from hedge_env.training.train.run_folder import (
    RunFolderError,
    describe_run,
    latest_run,
    locked,
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


BUSY = "another `hedge train`"
HOLDER = """
import sys, time
from pathlib import Path
from hedge_env.training.train.run_folder import RunFolder, locked
with locked(RunFolder(Path(sys.argv[1])), resume=True):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that writes to the run folder `tmp_path/run`."""
    folder = open_run_folder(tmp_path / "run", "x", resume=False)
    start(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield folder, process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_folder_has_one_writer_and_is_free_however_that_ends(holder, end):
    folder, process = holder
    for _ in range(2):  # the refused one must not break the lock either
        with pytest.raises(RunFolderError, match=BUSY), locked(folder, resume=True):
            pass
    process.send_signal(end)
    process.wait()
    for _ in range(2):  # and in one process as well
        with (
            locked(folder, resume=True),
            pytest.raises(RunFolderError, match=BUSY),
            locked(folder, resume=True),
        ):
            pass
    assert not folder.lock.exists()


def test_a_run_that_another_process_started_meanwhile_is_not_overwritten(tmp_path):
    folder = open_run_folder(tmp_path / "run", "x", resume=False)
    start(folder)  # between the look and the lock
    with pytest.raises(RunFolderError, match="--resume"), locked(folder, resume=False):
        pass


def test_a_continuation_is_added_to_what_is_known_of_the_start(tmp_path, monkeypatch):
    folder = open_run_folder(tmp_path / "run", "x", resume=False)
    # Started as a program, however these tests were.
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.setattr(sys, "argv", ["hedge", "train", "a.yaml"])
    start(folder)
    first = json.loads(folder.versions.read_text())
    for again in ("1", "2"):
        monkeypatch.setattr(sys, "argv", ["hedge", "train", "a.yaml", again])
        describe_run(folder, {"seed": 3, "again": again}, seed=4)
    lines = folder.command.read_text().splitlines()
    assert lines == [
        "hedge train a.yaml",
        "hedge train a.yaml 1",
        "hedge train a.yaml 2",
    ]
    versions = json.loads(folder.versions.read_text())
    assert [entry["seed"] for entry in versions.pop("resumed")] == [4, 4]
    assert versions == first
    folder.versions.write_text("{damaged")
    describe_run(folder, {}, seed=5)
    assert json.loads(folder.versions.read_text())["resumed"][0]["seed"] == 5
