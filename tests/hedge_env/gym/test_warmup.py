"""Kernels are compiled before they are needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hedge_env
from hedge_env.__main__ import main
from hedge_env.base.errors import ConfigError


def test_a_problem_is_compiled_and_the_time_it_took_returned() -> None:
    assert 0.0 < hedge_env.warmup("calm") < 600.0
    seconds = hedge_env.warmup(config={"episode": {"decisions": 3}})
    assert 0.0 < seconds < 600.0
    with pytest.raises(ConfigError, match="no-such"):
        hedge_env.warmup("no-such")


def test_the_command_says_in_one_line_a_preset_how_long_it_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["calm", "reference"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["calm", "reference"]
    assert all("compiled once" in line and " s, " in line for line in lines)


def test_an_unknown_preset_is_one_line_and_a_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["no-such"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "no-such" in captured.err
    assert main(["--help"]) == 0
    assert "usage: python -m hedge_env" in capsys.readouterr().out


def test_the_command_needs_no_library_of_the_train_extra() -> None:
    script = (
        "import sys\n"
        "for name in ('torch', 'tyro', 'rich', 'matplotlib', 'stable_baselines3'):\n"
        "    sys.modules[name] = None\n"
        "from hedge_env.__main__ import main\n"
        "sys.exit(main(['reference']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "compiled once" in done.stdout
