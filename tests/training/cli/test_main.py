"""The command line: exit codes, one-line errors, nothing but the document in JSON."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.training import presets
from hedge_env.training.cli import main
from hedge_env.training.cli.commands import COMMANDS, CompareOptions, TrainOptions


def hedge(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hedge_env.training.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def parse(arguments: Sequence[str]) -> object:
    return main._parse(arguments)[1]


def test_help_names_every_command_and_succeeds() -> None:
    result = hedge("--help")
    assert result.returncode == 0
    assert all(f"• {name} " in result.stdout for name in COMMANDS)


def test_help_imports_neither_the_environment_nor_a_learning_library() -> None:
    code = (
        "import sys; from hedge_env.training.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numba', 'torch', 'pydantic', 'scipy', 'matplotlib'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_without_being_imported(command: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main.main([command, "--help"])
    assert stop.value.code == 0


def test_a_misspelt_option_is_answered_with_the_right_one(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stop:
        main.main(["compare", "--episode", "5"])
    assert stop.value.code == 2
    assert "--episodes" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["trian"],
        ["train"],
        ["compare", "--episodes", "0"],
        ["compare", "--episodes", "2.5"],
        ["compare", "--seed", "-1"],
        ["compare", "--risk-aversion", "2,,5"],
        ["compare", "--risk-aversion", "nan"],
        ["compare", "--risk-aversion", "0"],
        ["compare", "--policies", ""],
        ["benchmark", "--seconds", "inf"],
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main.main(arguments)
    assert stop.value.code == 2


def test_lists_and_overrides_become_tuples() -> None:
    lists = ["--risk-aversion", "2,10", "--policies", "delta,runs/a"]
    overrides = ["--set", "a=1", "b=2", "--set", "c=3"]
    options = parse(["compare", *lists, *overrides, "--episodes", "4e4"])
    assert isinstance(options, CompareOptions)
    assert options.risk_aversion == (2.0, 10.0)
    assert options.policies == ("delta", "runs/a")
    assert options.settings == ("a=1", "b=2", "c=3")
    assert options.episodes == 40_000


def test_flags_that_are_on_are_switched_off_with_no() -> None:
    options = parse(["train", "x.yaml", "--no-progress"])
    assert isinstance(options, TrainOptions)
    assert not options.progress
    assert not options.resume


def test_presets_as_json_is_one_document_and_nothing_else() -> None:
    result = hedge("presets", "reference", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)["name"] == "reference"
    assert result.stderr == ""


def test_presets_show_an_override_where_it_belongs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    override = ["--set", "execution.fee_bp=3"]
    assert main.main(["presets", "reference", "--json", *override]) == 0
    assert json.loads(capsys.readouterr().out)["execution"]["fee_bp"] == 3.0


def test_presets_without_a_name_lists_the_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["presets"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"reference", "ethereum-l1"} <= set(names)


def test_an_unknown_preset_is_one_line_and_exits_with_2() -> None:
    result = hedge("presets", "referense")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("hedge: error: ")
    assert result.stderr.count("\n") == 1
    assert "reference" in result.stderr


def test_the_traceback_is_there_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["presets", "referense"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main.main(["presets", "referense", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("HEDGE_DEBUG", "1")
    assert main.main(["presets", "referense"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.slow
def test_doctor_finds_nothing_wrong_here() -> None:
    result = hedge("doctor", "--json")
    document = json.loads(result.stdout)
    assert [check for check in document["checks"] if not check["ok"]] == []
    assert document["ok"]
    assert result.returncode == 0


def test_doctor_reports_what_a_check_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> tuple[bool, str]:
        raise OSError("disk on\nfire")

    monkeypatch.setattr("hedge_env.training.doctor.CHECKS", {"disk": broken})
    assert main.main(["doctor"]) == 1
    assert "OSError: disk on fire" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("a.yaml: x is unknown"), 2, "a.yaml: x is unknown"),
        (HedgeError("policy is torn"), 1, "policy is torn"),
        (FileNotFoundError(2, "No such file", "x.yaml"), 1, "x.yaml: No such file"),
        (ModuleNotFoundError("no", name="torch"), 1, "pip install 'hedge-env[train"),
        (ZeroDivisionError("two\nlines"), 1, "ZeroDivisionError: two lines; run again"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_every_failure_is_one_line_with_its_exit_code(
    error: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(options: object) -> None:
        raise error

    monkeypatch.setattr(presets, "run", fail)
    monkeypatch.setattr(main, "_silence_standard_output", lambda: None)
    assert main.main(["presets"]) == code
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == (1 if message else 0)
    assert written.out == ""


def test_a_reader_that_leaves_early_is_not_an_error() -> None:
    result = subprocess.run(
        f"{shlex.quote(sys.executable)} -m hedge_env.training.cli "
        "presets reference"
        " | head -n 1 >/dev/null;"
        ' exit "${PIPESTATUS[0]}"',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    assert result.returncode == 0


def test_the_exit_code_of_a_command_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = SimpleNamespace(run=lambda options: 3)
    monkeypatch.setattr(main.importlib, "import_module", lambda name: module)
    assert main.main(["doctor"]) == 3


def test_each_command_is_a_module_too() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "hedge_env.training.presets", "reference", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0
    assert json.loads(result.stdout)["name"] == "reference"
