import errno
import tempfile
from pathlib import Path

import pytest

from hedge_env.training.output import folder as output_folder
from hedge_env.training.output.folder import OutputError, prepare_folder, write_folder

OLD = {"summary.json": b"old summary", "report.html": b"old report"}


@pytest.fixture
def old(tmp_path):
    write_folder(tmp_path / "out", OLD)
    return tmp_path / "out"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fail(path):
    path.write_bytes(b"half of the fi")
    raise OSError(errno.ENOSPC, "No space left on device")


def work(out):
    """Stands for what would take hours."""
    with prepare_folder(out):
        raise AssertionError("the work was begun")


def test_bytes_and_writers_become_files(tmp_path):
    out = tmp_path / "a" / "b"
    files = {"x": b"1", "y": lambda path: path.write_bytes(b"2")}
    write_folder(out, files)
    assert contents(out) == {"x": b"1", "y": b"2"}


def test_new_files_replace_old_ones_and_leave_others_alone(old):
    (old / "notes.txt").write_bytes(b"mine")
    write_folder(old, {"summary.json": b"new summary"})
    assert contents(old) == {
        **OLD,
        "summary.json": b"new summary",
        "notes.txt": b"mine",
    }


@pytest.mark.parametrize("kind", [OSError, ValueError, KeyboardInterrupt])
def test_a_writer_that_fails_half_way_leaves_the_old_files_intact(old, kind):
    def stop(path):
        path.write_bytes(b"half of the fi")
        raise kind("half-way")

    with pytest.raises((OutputError, kind)):
        write_folder(old, {"summary.json": b"new", "report.html": stop, "z": b""})
    assert contents(old) == OLD


def test_a_first_report_that_fails_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(OutputError), prepare_folder(out):
        write_folder(out, {"summary.json": b"new", "report.html": fail})
    assert not out.exists()


def test_a_full_disk_is_one_line_that_names_the_folder(old):
    with pytest.raises(OutputError) as caught:
        write_folder(old, {"report.html": fail})
    message = str(caught.value)
    assert str(old) in message
    assert "No space left on device" in message
    assert "--out" in message
    assert "\n" not in message


def test_a_folder_in_the_way_of_a_file_changes_nothing(old):
    (old / "report.html").unlink()
    (old / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html"):
        write_folder(old, {"summary.json": b"new", "report.html": b"new"})
    assert (old / "summary.json").read_bytes() == OLD["summary.json"]
    assert sorted(path.name for path in old.iterdir()) == sorted(OLD)


@pytest.mark.parametrize("below", [(), ("a", "b")])
def test_a_file_in_the_way_is_refused_before_any_work(tmp_path, below):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError, match="cannot write the results"):
        work((tmp_path / "file").joinpath(*below))
    assert contents(tmp_path) == {"file": b"mine"}


def test_an_unwritable_folder_is_refused_before_any_work(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        work(tmp_path)


def test_a_folder_that_cannot_be_looked_into_is_refused(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        work(tmp_path / "secret" / "out")


def test_work_that_fails_leaves_no_empty_folders(tmp_path):
    with pytest.raises(ZeroDivisionError), prepare_folder(tmp_path / "a" / "b"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_work_that_fails_removes_no_folder_that_was_there(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ZeroDivisionError), prepare_folder(tmp_path / "a" / "b"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(ZeroDivisionError), prepare_folder(tmp_path / "a"):
        raise ZeroDivisionError
    assert (tmp_path / "a").is_dir()


def test_without_a_folder_there_is_nothing_to_prepare(monkeypatch):
    monkeypatch.setattr(output_folder, "tempfile", None)
    with prepare_folder(None):
        pass
