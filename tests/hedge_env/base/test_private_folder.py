"""Whose pickles are run: only those of a folder that nobody else can have filled."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numba
import pytest

from hedge_env.base import kernel as kernel_module
from hedge_env.base.kernel import cache_folder, kernel, prune_cache, source_digest
from hedge_env.base.private_folder import is_private, make_private
from tests.support.checkout import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX owners and modes")
needs_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root can give files away"
)
STRANGER = 54_321


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder on which every way in is closed, whatever the umask is."""
    for path in (tmp_path, tmp_path.parent):
        path.chmod(0o700)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def fresh_choice() -> Iterator[None]:
    cache_folder.cache_clear()
    yield
    cache_folder.cache_clear()


def test_a_folder_made_here_is_private_and_closed_to_everybody_else(home: Path) -> None:
    umask = os.umask(0)  # the most careless user
    try:
        assert make_private(home / "a" / "b" / "c")
        assert not make_private(home / "a" / "b" / "c")
    finally:
        os.umask(umask)
    assert is_private(home / "a" / "b" / "c")
    for path in (home / "a", home / "a" / "b", home / "a" / "b" / "c"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o775, 0o1777, 0o702, 0o720])
def test_a_folder_that_others_may_write_to_is_not(home: Path, mode: int) -> None:
    folder = home / "cache"
    folder.mkdir()
    folder.chmod(mode)
    assert not is_private(folder)


def test_a_readable_folder_is_closed_and_then_used(home: Path) -> None:
    folder = home / "cache"
    folder.mkdir()
    folder.chmod(0o755)
    assert is_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("mode", "private"), [(0o777, False), (0o1777, True)])
def test_above_it_only_a_sticky_folder_may_be_open(
    home: Path, mode: int, private: bool
) -> None:
    for folder in (home / "open" / "cache", home / "open" / "deep" / "cache"):
        make_private(folder)
    (home / "open").chmod(mode)
    assert is_private(home / "open" / "cache") is private
    assert is_private(home / "open" / "deep" / "cache") is private


def test_a_link_in_its_place_is_passed_over_and_links_above_are_followed(
    home: Path,
) -> None:
    make_private(home / "real" / "cache")
    make_private(home / "open")
    (home / "link").symlink_to(home / "real" / "cache")
    assert not is_private(home / "link")
    (home / "above").symlink_to(home / "real")
    assert is_private(home / "above" / "cache")
    (home / "open" / "above").symlink_to(home / "real")
    (home / "open").chmod(0o777)  # anybody may point the link elsewhere
    assert not is_private(home / "open" / "above" / "cache")


@needs_root
def test_what_belongs_to_somebody_else_is_passed_over_by_root_too(home: Path) -> None:
    for case in ("folder", "parent", "file", "subfolder"):
        folder = home / case / "cache"
        make_private(folder / "sub")
        (folder / "sub" / "kernel.nbi").touch()
        assert is_private(folder)
        path = {
            "folder": folder,
            "parent": home / case,
            "file": folder / "sub" / "kernel.nbi",
            "subfolder": folder / "sub",
        }[case]
        os.chown(path, STRANGER, -1)
        assert not is_private(folder), case


class Trap:
    """A pickle that leaves a trace where it is run."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.trace),)


def half(x: float) -> float:
    return 0.5 * x


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="there is no cache")
@pytest.mark.usefixtures("fresh_choice")
def test_the_pickle_of_a_folder_open_to_others_is_never_run(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, own, trace = home / "shared", home / "own", home / "trace"
    monkeypatch.setattr(kernel_module, "_cache_parents", lambda: [shared, own])
    assert kernel(half)(1.0) == 0.5
    files = list(shared.rglob("*.nbi"))
    assert files
    for file in files:  # numba's own version, then the trap in the index's place
        version, rest = pickle.dumps(numba.__version__), pickle.dumps(Trap(trace))
        file.write_bytes(version + rest)
    (shared / f"hedge_env-{source_digest(ROOT / 'tests')}").chmod(0o777)
    cache_folder.cache_clear()
    assert kernel(half)(2.0) == 1.0
    assert not trace.exists()
    assert list(own.rglob("*.nbi"))


@needs_root
def test_pruning_leaves_the_folders_of_others_alone(home: Path) -> None:
    folders = [home / f"hedge_env-{i:016x}" for i in range(12)]
    for age, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (1e9 - 1e5 * age, 1e9 - 1e5 * age))
    os.chown(folders[-1], STRANGER, -1)
    prune_cache(home, now=2e9)
    assert [folder.exists() for folder in folders] == [True] * 8 + [False] * 3 + [True]
