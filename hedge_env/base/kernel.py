"""`kernel` and its inlined kinds: the only places where numba's decorator is called.

Three habits of numba would hurt here, and are met in this file:

* A cached function is compiled anew when its own file changes, but not when a
  function it calls changes in another file (numba docs, "Caching limitations").
  The cache folder is therefore named after a digest of every source file of the
  package, so that an edit or an upgrade can never be answered by old code.
* `njit(cache=True)` raises at import when no cache folder can be written, and at the
  first call when the disk is full or a cache file is damaged. Here the function is
  then compiled without a cache: slower to start, never broken.
* Cache files are pickles: whoever can write to the folder can run code. It is made
  accessible to its owner alone, and one that belongs to somebody else, or that others
  could have put there, is passed over.
"""

import contextlib
import functools
import glob
import hashlib
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from hedge_env.base.callee import compile_for_kernels
from hedge_env.base.private_folder import belongs_to_user, is_private, make_private

F = TypeVar("F", bound=Callable[..., Any])

_PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
_IMPORT = re.compile(
    r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import\s+(\([^)]*\)|[^\n]*))?", re.MULTILINE
)
_FOLDER_NAME = re.compile(r"hedge_env-[0-9a-f]{16}")
_KEPT_FOLDERS = 8  # one each for the versions and flags in use side by side
_KEPT_SECONDS = 3600.0  # a process that runs now may still write to its folder


def kernel(function: F) -> F:
    """Compile a function that works on arrays, with a cache that cannot go stale.

    No fastmath (it removes NaN checks and changes bits between processors), no
    threads, division by zero gives inf or NaN as in NumPy, the GIL is released.
    Compilation happens at the first call, never at import. With
    `NUMBA_DISABLE_JIT=1` the function is returned unchanged.

    Args:
        function: Function in numba's nopython subset.

    Returns:
        The compiled function, with the same signature.
    """
    if numba.config.DISABLE_JIT:
        return function
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    folder = cache_folder(_package_of(function))
    if folder is None:
        return cast(F, _compiled(function, **options))
    previous, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(folder)
    try:
        compiled = _compiled(function, cache=True, **options)
        _tolerate_cache_errors(compiled)
        return cast(F, compiled)
    except RuntimeError:  # no cache folder suits this file: compile without
        return cast(F, _compiled(function, **options))
    finally:
        numba.config.CACHE_DIR = previous


def scalar_kernel(function: F) -> F:
    """Compile a function of a few numbers that is inlined into its callers' loops.

    Inlining is what lets LLVM vectorise a loop over it. The machine code lives in
    the cache of the calling `kernel`, so these functions need none of their own.

    Args:
        function: Function in numba's nopython subset, without loops over arrays.

    Returns:
        The compiled function, with the same signature.
    """
    if numba.config.DISABLE_JIT:
        return function
    options: dict[str, Any] = {
        "forceinline": True,
        "nogil": True,
        "error_model": "numpy",
    }
    return cast(F, _compiled(function, **options))


def _compiled(function: F, cache: bool = False, **options: Any) -> Any:
    """Numba's dispatcher, which gives other kernels code to inline (`callee`)."""
    compiled = numba.njit(cache=cache, **options)(function)
    compile_for_kernels(compiled, function, **options)
    return compiled


def inlined_kernel(function: F) -> F:
    """Compile a function on arrays whose few callers take it in whole.

    A call of a `kernel` by another hands over every number of its tuples by the stack,
    some hundreds of constants of a market at each tile. Where that shows, the callee is
    inlined; the time to compile grows with what one function then holds.

    Args:
        function: Function in numba's nopython subset.

    Returns:
        The compiled function, with the same signature.
    """
    return scalar_kernel(function)


@functools.cache
def cache_folder(package: Path = _PACKAGE_FOLDER) -> Path | None:
    """Folder for the compiled kernels of `package`, or None if none can be written.

    It is looked for under `NUMBA_CACHE_DIR` and then under the user's cache folder.
    One that others may write to, or have written to, is passed over (`is_private`).
    Folders of versions that are no longer used are removed.

    Args:
        package: Folder of the package whose kernels are compiled.

    Returns:
        An existing folder that this process, and nobody else, can write to, or None.
    """
    try:
        name = f"hedge_env-{source_digest(package)}"
    except OSError:  # a source that cannot be read cannot be told from a newer one
        return None
    for parent in _cache_parents():
        folder = parent / name
        with contextlib.suppress(OSError):
            is_new = make_private(folder)
            if not is_private(folder):
                continue
            tempfile.TemporaryFile(dir=folder).close()
            os.utime(folder)  # in use: not to be pruned by another version
            if is_new:
                prune_cache(parent)
            return folder
    return None


def source_digest(package: Path) -> str:
    """Sixteen hex digits that change with anything compiled code depends on.

    That is: each Python source below `hedge_env` and below `package` that asks for a
    kernel or is imported, directly or not, by one that does; the versions of numba
    and llvmlite, and numba's flags that its own cache key leaves out. The processor
    is part of numba's key.

    Args:
        package: Folder of the package whose kernels are compiled.

    Returns:
        Start of a SHA-256 digest.
    """
    config = numba.config
    flags = (config.BOUNDSCHECK, config.OPT, config.LOOP_VECTORIZE)
    versions = (numba.__version__, _llvmlite_version(), sys.version_info[:2])
    digest = hashlib.sha256(repr((versions, flags)).encode())
    for root in dict.fromkeys((_PACKAGE_FOLDER, package)):
        for name, source in sorted(_compiled_sources(root).items()):
            digest.update(f"\0{name}\0".encode())
            digest.update(source)
    return digest.hexdigest()[:16]


def _compiled_sources(root: Path) -> dict[str, bytes]:
    """Sources below `root` that compiled code can depend on, by module name.

    A constant of any imported module is frozen into a kernel, so imports are
    followed; what only uses kernels from outside is left out, so that an edit to it
    compiles nothing anew.
    """
    sources = {}
    # In a checkout training and baselines are links, which rglob does not follow.
    for name in glob.iglob(f"{glob.escape(str(root))}/**/*.py", recursive=True):
        path = Path(name)
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        sources[name] = path.read_bytes()
    found: dict[str, bytes] = {}
    waiting = [
        name for name, text in sources.items() if b"hedge_env.base.kernel" in text
    ]
    while waiting:
        name = waiting.pop()
        if name in found or name not in sources:
            continue
        found[name] = sources[name]
        for match in _IMPORT.finditer(sources[name].decode(errors="replace")):
            module, members = match.group(1), match.group(2) or ""
            names = [f"{module}.{m}" for m in re.findall(r"\w+", members)]
            modules = [name for name in names if name in sources]
            waiting += modules or [module]
    return found


def prune_cache(parent: Path, now: float | None = None) -> None:
    """Remove cache folders of other versions, except recent and recently used ones.

    Args:
        parent: Folder that holds the digest-named folders.
        now: Time to measure age from [s since the epoch]; the clock's if None.
    """
    now = time.time() if now is None else now
    dated = []
    with contextlib.suppress(OSError):
        for path in parent.iterdir():
            is_ours = _FOLDER_NAME.fullmatch(path.name) and belongs_to_user(path)
            if is_ours and not path.is_symlink():
                dated.append((path.stat().st_mtime, path))
    dated.sort(reverse=True)
    for modified, path in dated[_KEPT_FOLDERS:]:
        if now - modified > _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _tolerate_cache_errors(compiled: Any) -> None:
    """Make a failure to read or write the cache mean a compilation, not an error."""
    cache = compiled._cache
    load, save = cache.load_overload, cache.save_overload

    def load_or_compile(signature: Any, target: Any) -> Any:
        found = None
        try:
            found = load(signature, target)
        except Exception:  # a damaged pickle can raise anything
            with contextlib.suppress(Exception):
                cache.flush()  # so that it is written anew
        if found is None:
            _say_that_it_compiles()
        return found

    def save_if_possible(signature: Any, data: Any) -> None:
        with contextlib.suppress(OSError):
            save(signature, data)

    cache.load_overload, cache.save_overload = load_or_compile, save_if_possible


@functools.cache
def _say_that_it_compiles() -> None:
    """Tell a log, once a process, what the silence of the first call is about."""
    logging.getLogger("hedge_env").info(
        "compiling kernels: once after an installation, about a minute"
    )


def _cache_parents() -> list[Path]:
    """Folders that may hold the cache, best first."""
    parents = []
    if os.environ.get("NUMBA_CACHE_DIR"):
        parents.append(Path(os.environ["NUMBA_CACHE_DIR"]))
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    if base:
        with contextlib.suppress(RuntimeError):  # no home folder known
            parents.append(Path(base).expanduser() / "hedge_env")
    return parents


def _package_of(function: Callable[..., Any]) -> Path:
    """Folder of the top-level package that defines `function`."""
    top = sys.modules.get(function.__module__.partition(".")[0])
    folders = list(getattr(top, "__path__", []))
    return Path(folders[0]).resolve() if folders else _PACKAGE_FOLDER


def _llvmlite_version() -> str:
    """Version of llvmlite, which numba has imported already."""
    return str(getattr(sys.modules.get("llvmlite"), "__version__", ""))
