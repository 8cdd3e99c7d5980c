"""How a process says it was started."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from hedge_env.training.output.provenance import own_command

SHOW = "from hedge_env.training.output.provenance import own_command as c; print(c())"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("hedge_env.training.cli.__main__", "python -m hedge_env.training.cli"),
        ("hedge_env.training.train.__main__", "python -m hedge_env.training.train"),
        (None, "hedge"),
    ],
)
def test_a_command_line_can_be_typed_again(module, said, monkeypatch):
    main = ModuleType("__main__")
    main.__spec__ = None if module is None else SimpleNamespace(name=module)
    monkeypatch.setitem(sys.modules, "__main__", main)
    program = "/opt/venv/bin/hedge" if module is None else "/x/__main__.py"
    monkeypatch.setattr(sys, "argv", [program, "train", "a config.yaml"])
    assert own_command() == f"{said} train 'a config.yaml'"


def test_a_module_that_is_run_names_itself(tmp_path):
    (tmp_path / "shows.py").write_text(SHOW)
    ran = subprocess.run(
        [sys.executable, "-m", "shows", "--resume"],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join([str(tmp_path), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "python -m shows --resume"
