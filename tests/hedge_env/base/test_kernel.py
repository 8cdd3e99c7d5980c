import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numba
import pytest

from hedge_env.base import kernel as kernel_module
from hedge_env.base.kernel import (
    cache_folder,
    kernel,
    prune_cache,
    scalar_kernel,
    source_digest,
)
from tests.support.checkout import ROOT

needs_jit = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="there is no cache without compilation"
)


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of this test's own."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    cache_folder.cache_clear()
    yield tmp_path / "cache"
    cache_folder.cache_clear()


@pytest.fixture
def mini_package(tmp_path: Path) -> Path:
    """A package with one kernel that calls another in a second file."""
    package = tmp_path / "project" / "hedge_env"
    (package / "base").mkdir(parents=True)
    for name in ("callee.py", "kernel.py", "private_folder.py"):
        shutil.copy(
            Path(str(kernel_module.__file__)).parent / name, package / "base" / name
        )
    (package / "__init__.py").touch()
    (package / "base" / "__init__.py").touch()
    (package / "callee.py").write_text(
        "from hedge_env.base.kernel import kernel\n\n"
        "@kernel\ndef callee(x):\n    return x\n"
    )
    (package / "caller.py").write_text(
        "from hedge_env.base.kernel import kernel\n"
        "from hedge_env.callee import callee\n\n"
        "@kernel\ndef caller(x):\n    return 10.0 * callee(x)\n"
    )
    return package


def run_mini_package(package: Path, **environment: str) -> list[str]:
    """Answer of the caller for 1.0, its cache hits, and whether more was imported."""
    code = (
        "import sys\nfrom hedge_env.caller import caller\n"
        "print(caller(1.0), sum(caller.stats.cache_hits.values()),"
        " any(m in sys.modules for m in ('pydantic', 'gymnasium', 'torch')))"
    )
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=package.parent,
        env=inherited | {"PYTHONPATH": str(package.parent)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def triple(x: float) -> float:
    return 3.0 * x


def cached_files(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"*{suffix}"))


@pytest.mark.slow
def test_a_second_process_finds_the_cache_and_an_edited_callee_is_never_stale(
    mini_package: Path, tmp_path: Path
) -> None:
    cache = str(tmp_path / "cache")
    assert run_mini_package(mini_package, NUMBA_CACHE_DIR=cache)[:2] == ["10.0", "0"]
    assert run_mini_package(mini_package, NUMBA_CACHE_DIR=cache)[:2] == ["10.0", "1"]
    callee = mini_package / "callee.py"
    callee.write_text(callee.read_text().replace("return x", "return 2.0 * x"))
    assert run_mini_package(mini_package, NUMBA_CACHE_DIR=cache)[:2] == ["20.0", "0"]


@pytest.mark.slow
def test_without_a_writable_folder_kernels_work_and_nothing_is_left_in_the_package(
    mini_package: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"  # no folder can be made below a regular file
    file.touch()
    nowhere = {
        "HOME": str(file / "home"),
        "XDG_CACHE_HOME": str(file / "xdg"),
        "LOCALAPPDATA": str(file / "local"),
        "NUMBA_CACHE_DIR": str(file / "cache"),
    }
    answer, cache_hits, imports_more = run_mini_package(mini_package, **nowhere)
    assert (answer, cache_hits, imports_more) == ("10.0", "0", "False")
    assert not cached_files(mini_package, ".nbi")


@needs_jit
def test_kernels_are_stored_below_the_digest_named_folder(private_cache: Path) -> None:
    folder = private_cache / f"hedge_env-{source_digest(ROOT / 'tests')}"
    assert kernel(triple)(1.0) == 3.0
    assert cached_files(folder, ".nbi")
    assert cached_files(folder, ".nbc")
    assert str(folder) != numba.config.CACHE_DIR


@needs_jit
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_damaged_cache_file_means_a_compilation_and_is_replaced(
    private_cache: Path, suffix: str
) -> None:
    kernel(triple)(1.0)
    (file,) = cached_files(private_cache, suffix)
    file.write_bytes(b"\x80damaged")
    assert kernel(triple)(2.0) == 6.0
    assert not file.read_bytes().startswith(b"\x80damaged")


@needs_jit
def test_a_cache_folder_that_vanishes_after_import_does_no_harm(
    private_cache: Path,
) -> None:
    compiled = kernel(triple)
    shutil.rmtree(private_cache)
    private_cache.touch()  # a file in its place: nothing can be written any more
    assert compiled(2.0) == 6.0


@needs_jit
def test_a_function_without_a_source_file_is_compiled_without_a_cache(
    private_cache: Path,
) -> None:
    namespace: dict[str, Callable[[float], float]] = {}
    exec(compile("def f(x):\n    return x + 1.0\n", "<typed in>", "exec"), namespace)
    namespace["f"].__module__ = __name__
    assert kernel(namespace["f"])(1.0) == 2.0
    assert not cached_files(private_cache, ".nbi")


def test_the_first_folder_that_can_be_written_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        kernel_module,
        "_cache_parents",
        lambda: [tmp_path / "file" / "below", tmp_path / "good"],
    )
    cache_folder.cache_clear()
    folder = cache_folder()
    cache_folder.cache_clear()
    assert folder is not None
    assert folder.parent == tmp_path / "good"
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0


def test_the_digest_changes_with_any_source_and_with_flags_numba_does_not_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = "from hedge_env.base.kernel import kernel\n"
    (tmp_path / "a.py").write_text(f"{kernels}x = 1\n")
    digests = {source_digest(tmp_path)}
    assert source_digest(tmp_path) in digests
    (tmp_path / "a.py").write_text(f"{kernels}x = 2\n")
    digests.add(source_digest(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    digests.add(source_digest(tmp_path))
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 7)
    digests.add(source_digest(tmp_path))
    monkeypatch.setattr(numba, "__version__", "0.0")
    digests.add(source_digest(tmp_path))
    assert len(digests) == 5


def test_the_digest_follows_imports_and_leaves_out_what_only_calls_kernels(
    tmp_path: Path,
) -> None:
    root = tmp_path / "pack"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "constants.py").write_text("c = 1\n")
    (root / "caller.py").write_text("from pack.kernels import f\n")
    (root / "kernels.py").write_text(
        "from hedge_env.base.kernel import kernel\nfrom pack import constants\n"
    )
    before = source_digest(root)
    (root / "caller.py").write_text("from pack.kernels import f as g\n")
    assert source_digest(root) == before
    (root / "constants.py").write_text("c = 2\n")
    assert source_digest(root) != before


def test_pruning_keeps_new_folders_recent_folders_and_everything_else(
    tmp_path: Path,
) -> None:
    hour = 3600.0
    ages = [0.1 * i for i in range(8)] + [0.9, 9.0]  # the newest eight stay anyway
    folders = [tmp_path / f"hedge_env-{i:016x}" for i in range(len(ages))]
    now = 1e9
    for folder, age in zip(folders, ages, strict=True):
        folder.mkdir()
        (folder / "kernel.nbc").touch()
        os.utime(folder, (now - age * hour, now - age * hour))
    other = tmp_path / "somebody-elses"
    other.mkdir()
    os.utime(other, (0.0, 0.0))
    prune_cache(tmp_path, now=now)
    assert [folder.exists() for folder in folders] == [True] * 9 + [False]
    prune_cache(tmp_path, now=now + 24 * hour)
    assert [folder.exists() for folder in folders] == [True] * 8 + [False] * 2
    assert other.exists()
    prune_cache(tmp_path / "missing")


def test_division_by_zero_gives_inf_and_nan_is_seen() -> None:
    if numba.config.DISABLE_JIT:
        pytest.skip("Python's own division raises")
    assert kernel(lambda x: 1.0 / x)(0.0) == math.inf
    assert scalar_kernel(lambda x: 1.0 / x)(0.0) == math.inf
    assert kernel(lambda x: math.isnan(x))(math.nan)


def test_with_jit_off_functions_come_back_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert kernel(triple) is triple
    assert scalar_kernel(triple) is triple


def test_the_digest_covers_the_kernels_of_the_package_and_of_the_rules() -> None:
    found = kernel_module._compiled_sources(kernel_module._PACKAGE_FOLDER)
    assert "hedge_env.desk.step" in found
    assert "hedge_env.market.engine.simulator" in found
    assert any(name.startswith("hedge_env.baselines.") for name in found)


@needs_jit
def test_compiling_is_told_to_the_log_once(
    private_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kernel_module._say_that_it_compiles.cache_clear()
    with caplog.at_level("INFO", logger="hedge_env"):
        assert kernel(triple)(1.0) == 3.0
        assert kernel(triple)(1) == 3  # another type: compiled as well
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert "once after an installation" in told[0]
    caplog.clear()
    kernel_module._say_that_it_compiles.cache_clear()
    with caplog.at_level("INFO", logger="hedge_env"):
        assert kernel(triple)(1.0) == 3.0  # from the cache
    assert not caplog.records
