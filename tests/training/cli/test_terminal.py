"""What reaches a terminal, a pipe or a full disk."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hedge_env.config import LEAST_RISK_AVERSION, MOST_RISK_AVERSION
from hedge_env.config.loading import NEEDS_FILES, PRESETS, load_config
from hedge_env.training.cli import option_types
from hedge_env.training.cli.main import main
from hedge_env.training.output.console import log, write_table, write_text
from tests.hedge_env.policies.test_policy_file import document, rewrite_metadata
from tests.training.helpers.saved_policy import save_random_policy

ESCAPES = "\x1b[2J\x1b]0;x\x07\x9b1m"
FULL = Path("/dev/full")


def hedge(
    *arguments: str, out: int | None = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "hedge_env.training.cli.main", *arguments],
        stdout=out,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        check=False,
    )


def test_all_that_is_written_loses_what_steers_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from rich.table import Table

    table = Table("name")
    table.add_row(f"a{ESCAPES}")
    write_table(table, f"b{ESCAPES} [red]")
    write_text(f"c{ESCAPES}")
    log(f"d{ESCAPES}")
    written = capsys.readouterr()
    for letter, text in zip("abcd", [written.out] * 3 + [written.err], strict=True):
        assert f"{letter}[2J]0;x1m" in text
    assert "[red]" in written.out
    assert (written.out + written.err).replace("\n", "").isprintable()


def test_a_table_and_its_sentences_are_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_table("first", "second")
    assert capsys.readouterr().out == "first\nsecond\n"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_hostile_policy_is_evaluated_in_plain_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    path = save_random_policy(tmp_path / "p", settings=("episode.decisions=6",))
    config = {"name": f"x{ESCAPES}\nfaked", "description": ESCAPES}
    rewrite_metadata(path, config=document(path)["config"] | config)
    options = ["--episodes", "20", "--no-progress", *["--json"] * as_json]
    assert main(["evaluate", str(path), *options]) == 0
    written = capsys.readouterr()
    assert (written.out + written.err).replace("\n", "").isprintable()
    if as_json:
        assert json.loads(written.out)["preset"] == "x[2J]0;x1m faked"


def test_a_policy_of_recorded_days_waits_for_the_user_to_name_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    path = save_random_policy(tmp_path / "p")
    recorded = load_config("replay", settings=[f"replay.spot={pipe}"])
    rewrite_metadata(path, config=recorded.model_dump(mode="json"))
    assert main(["evaluate", str(path), "--json"]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert "--replay FILE" in written.err
    assert written.err.count("\n") == 1


@pytest.mark.parametrize("value", ["1e308", "1e-300", "nan", "inf", "0", "-1", "1e10"])
@pytest.mark.parametrize("command", ["evaluate", "compare", "tune", "study", "optimum"])
def test_a_risk_aversion_beyond_use_is_refused_before_any_work(
    command: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = ["delta"] if command == "evaluate" else []
    with pytest.raises(SystemExit) as stopped:
        main([command, *policy, f"--risk-aversion={value}", "--json"])
    assert stopped.value.code == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert value in written.err


def test_the_command_line_and_configs_take_the_same_range() -> None:
    ours = (option_types.LEAST_RISK_AVERSION, option_types.MOST_RISK_AVERSION)
    assert ours == (LEAST_RISK_AVERSION, MOST_RISK_AVERSION)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["latin1", "ascii", "ascii:strict"])
def test_an_encoding_without_a_letter_does_not_lose_the_result(encoding: str) -> None:
    done = hedge(
        *("evaluate", "delta-threshold", "--episodes", "50", "--no-progress"),
        *("--set", "episode.decisions=6"),
        PYTHONIOENCODING=encoding,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"delta-threshold" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full here")
@pytest.mark.parametrize(
    "arguments", [("presets", "--json"), ("presets", "ethereum-l1"), ("presets",)]
)
def test_a_full_disk_is_one_line_and_a_failure(arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = hedge(*arguments, out=full.fileno())
    assert done.returncode == 1
    assert done.stderr.startswith(b"hedge: error: standard output cannot be written")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.slow
def test_a_reader_that_has_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = hedge("presets", "ethereum-l1", out=write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.slow
def test_closed_standard_streams_are_no_traceback() -> None:
    python = shlex.quote(sys.executable)  # its folder may have blanks
    shell = f"{python} -m hedge_env.training.cli.main presets >&- 2>&-"
    assert subprocess.run(shell, shell=True, check=False).returncode in (0, 1)


def columns(text: str) -> int:
    return max(len(line) for line in text.splitlines())


@pytest.mark.parametrize("width", [60, 80, 100])
def test_presets_fit_into_the_terminal(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["presets"]) == 0
    wide = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["presets"]) == 0
    narrow = capsys.readouterr().out
    assert columns(narrow) <= width < columns(wide)
    assert narrow.split() == wide.split()  # nothing is cut


@pytest.mark.parametrize("width", [80, 100])
def test_tuned_rules_fit_into_the_terminal(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    names = "volatility-interval,deadline-band"
    command = ["tune", f"--policies={names}", "--episodes=20"]
    command += ["--validation-episodes=20", "--no-progress"]
    assert main([*command, "--set", "episode.decisions=6"]) == 0
    written = capsys.readouterr().out
    assert columns(written) <= width
    for name in names.split(","):
        assert name in written


def test_a_wide_terminal_and_a_file_show_whole_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "wide")  # no number: as if there were none
    assert main(["presets"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == sorted((*PRESETS, *NEEDS_FILES))
