"""`hedge doctor`: check an installation and say what is wrong with it."""

import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from hedge_env.training.cli.commands import DoctorOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import log, write_json, write_text

_CORE = ("numpy", "numba", "gymnasium", "pydantic", "pyyaml", "safetensors")
_EXTRAS = (
    "torch",
    "stable-baselines3",
    "tensorboard",
    "matplotlib",
    "jinja2",
    "optuna",
    "polars",
)
_MINIMUM_PYTHON = (3, 11)
_MINIMUM_DISK_BYTES = 1 << 30


@dataclass(frozen=True)
class Check:
    """What one check found; `detail` names the remedy where there is one."""

    name: str
    ok: bool
    detail: str


def run(options: DoctorOptions) -> int:
    """Run every check and print what it found.

    Args:
        options: Whether to print JSON.

    Returns:
        0 if every check passed, else 1.
    """
    checks = [_guarded(name, check) for name, check in CHECKS.items()]
    ok = all(check.ok for check in checks)
    if options.json:
        write_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            write_text(
                f"{'ok ' if check.ok else 'BAD'}  {check.name:11}  {check.detail}"
            )
    return 0 if ok else 1


def _guarded(name: str, check: Callable[[], tuple[bool, str]]) -> Check:
    """Run one check; whatever it raises is what it found."""
    try:
        ok, detail = check()
    except Exception as error:
        ok, detail = False, f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Check(name, ok, detail)


def _check_python() -> tuple[bool, str]:
    """Python's version and the machine it runs on."""
    ok = sys.version_info >= _MINIMUM_PYTHON
    return ok, f"{platform.python_version()} on {platform.platform(terse=True)}"


def _check_packages() -> tuple[bool, str]:
    """Versions of what the bare install needs."""
    versions = {name: _version(name) for name in ("hedge-env", *_CORE)}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        return False, f"missing: {', '.join(missing)}; run: pip install hedge-env"
    return True, ", ".join(f"{name} {version}" for name, version in versions.items())


def _check_extras() -> tuple[bool, str]:
    """Versions of what training and reports need; the environment works without."""
    versions = {name: _version(name) for name in _EXTRAS}
    found = [f"{name} {version}" for name, version in versions.items() if version]
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        remedy = "pip install 'hedge-env[train,report,search]'"
        found.append(f"not installed: {', '.join(missing)} ({remedy})")
    return True, ", ".join(found)


def _check_threads() -> tuple[bool, str]:
    """Processors of this process, and the threads of the linear algebra."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    return True, f"{usable or os.cpu_count()} processors, OMP_NUM_THREADS {threads}"


def _check_kernel_cache() -> tuple[bool, str]:
    """Whether compiled kernels can be kept between runs."""
    from hedge_env.base.kernel import cache_folder

    folder = cache_folder()
    if folder is None:
        return False, (
            "no folder can be written by you alone, so kernels compile at every start; "
            "set NUMBA_CACHE_DIR to a folder of your own that others cannot write to"
        )
    return True, str(folder)


def _check_presets() -> tuple[bool, str]:
    """Whether every preset can be read."""
    from hedge_env.config.loading import PRESETS, load_config

    for name in PRESETS:
        load_config(name)
    return True, ", ".join(sorted(PRESETS))


def _check_environment() -> tuple[bool, str]:
    """Whether the environment runs: one episode of the reference market."""
    from hedge_env import HedgeVectorEnv

    log("stepping the reference market (compiles its kernels the first time)")
    start = time.perf_counter()
    env = HedgeVectorEnv(num_envs=64, preset="reference")
    env.reset(seed=0)
    env.step(env.action_space.sample())
    env.close()
    return (
        True,
        f"64 copies of reference, first step {time.perf_counter() - start:.1f} s",
    )


def _check_disk() -> tuple[bool, str]:
    """Space left for run folders."""
    free = shutil.disk_usage(Path.cwd()).free
    detail = f"{free / (1 << 30):.1f} GiB free in {Path.cwd()}"
    return free >= _MINIMUM_DISK_BYTES, detail


def _version(distribution: str) -> str | None:
    """Version of an installed distribution, or None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "python": _check_python,
    "packages": _check_packages,
    "extras": _check_extras,
    "threads": _check_threads,
    "kernels": _check_kernel_cache,
    "presets": _check_presets,
    "environment": _check_environment,
    "disk": _check_disk,
}


if __name__ == "__main__":
    main_for("doctor")
