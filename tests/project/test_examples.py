"""The documented examples run, and the number each reports is that of its paths."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.checkout import ROOT

EXAMPLES = ROOT / "docs" / "examples"
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Library each needs, how much work is enough to see it run, what it prints at last.
NEEDS = {
    "gymnasium_vector": ("gymnasium", None),
    "sb3": ("stable_baselines3", 20_000),
    "cleanrl_ppo": ("torch", 12_000),
    "torchrl_ppo": ("torchrl", 12_000),
    "tianshou_ppo": ("tianshou", 3_000),
    "rllib_ppo": ("ray.rllib", 1),
}


def run(*arguments: str, folder: Path) -> str:
    """What a program prints; torch on one thread."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


def printed(output: str, label: str) -> float:
    match = re.search(rf"(?m)^{label} (\S+)$", output)
    assert match is not None, output
    return float(match[1])


def is_installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


def zero_action(n: int, stream: str) -> float:
    """Mean objective [bp] of the analytic band on the first n paths of seed 0."""
    env = HedgeVectorEnv(
        n, preset="reference", autoreset_mode="Disabled", stream=stream
    )
    env.reset(seed=0)
    for _ in range(env.config.episode.decisions):
        *_, infos = env.step(np.zeros((n, 3), dtype=np.float32))
    return float(infos["hedge"]["objective_bp"].mean())


def test_every_example_is_listed_and_described() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(NEEDS)
    page = (ROOT / "docs" / "libraries.md").read_text(encoding="utf-8")
    for name in NEEDS:
        assert f"(examples/{name}.py)" in page
    assert 'stream="validation"' in page
    assert "docs/libraries.md" in README


@pytest.mark.slow
@pytest.mark.parametrize("name", NEEDS)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    library, work = NEEDS[name]
    if not is_installed(library):
        pytest.skip(f"{library} is not installed")
    arguments = [] if work is None else [str(work)]
    output = run(str(EXAMPLES / f"{name}.py"), *arguments, folder=tmp_path)
    if name == "sb3":
        objective = -printed(output, "return")
    else:
        objective = printed(output, "objective")
    # An agent that has hardly learned acts nearly as the zero action does.
    stream = "test" if name == "sb3" else "validation"
    expected = zero_action(256, stream)
    if name == "gymnasium_vector":
        assert objective == pytest.approx(expected, rel=1e-12)
        assert printed(output, "return") == pytest.approx(-expected, rel=1e-6)
    else:
        assert objective == pytest.approx(expected, rel=0.4)


@pytest.mark.slow
def test_the_second_example_of_the_readme_runs_as_written(tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    block = README.split("```python")[2].split("```")[0]
    assert "1024" in block
    assert "1_000_000" in block
    small = block.replace("1024", "64").replace("1_000_000", "4_000")
    check = "\nprint('features', policy.metadata.layers[0])\n"
    output = run("-c", small + check, folder=tmp_path)
    assert printed(output, "features") > 5
    assert (tmp_path / "my-policy.safetensors").exists()
