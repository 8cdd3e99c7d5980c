"""Files that are whole at any moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hedge_env.base.files import write_atomically


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    write_atomically(path, "old")
    return path


def test_texts_and_bytes_replace_what_was_there(path: Path) -> None:
    write_atomically(path, "§ 1\n")
    assert path.read_bytes() == b"\xc2\xa7 1\n"
    write_atomically(str(path), b"\x00")
    assert path.read_bytes() == b"\x00"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="no other system syncs folders")
def test_a_file_is_written_where_its_folder_cannot_be_synced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError("no such operation")

    monkeypatch.setattr(os, "open", refuse)
    write_atomically(path, "new")
    assert path.read_text() == "new"
