"""Progress and documents go to the right stream, and nowhere else."""

import io
import json
import sys

import pytest

from hedge_env.training.output import console


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def test_a_document_is_written_to_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.write_json({"a": 1.5})
    written = capsys.readouterr()
    assert json.loads(written.out) == {"a": 1.5}
    assert written.err == ""


def test_a_document_with_nan_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        console.write_json({"a": float("nan")})
    assert capsys.readouterr().out == ""


def test_progress_away_from_a_terminal_is_a_line_now_and_then(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with console.progress_bar("training", 200) as advance:
        for _ in range(4):
            clock[0] += 6.0
            advance(50, objective_bp=50.25)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.splitlines() == [
        "training: 50 %, 12 s left objective_bp 50.25",
        "training: 100 %, 0 s left objective_bp 50.25",
    ]


def test_the_time_before_the_first_report_does_not_count_as_pace(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with console.progress_bar("training", 100) as advance:
        clock[0] += 1000.0  # compiling
        advance(1)
        clock[0] += 10.0
        advance(9)
    assert capsys.readouterr().err.splitlines() == [
        "training: 1 %",
        "training: 10 %, 100 s left",
    ]


def test_progress_on_a_terminal_is_a_bar_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console.progress_bar("training", 2) as advance:
        advance(1, objective_bp=50.25)
        advance(1)
    assert "training" in terminal.getvalue()
    assert "objective_bp 50.25" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_progress_that_is_switched_off_writes_nothing(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with console.progress_bar("training", 2, enabled=False) as advance:
        clock[0] += 100.0
        advance()
        advance(1, objective_bp=50.25)
    assert capsys.readouterr() == ("", "")


def test_nothing_to_do_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with console.progress_bar("solving", 0):
        pass
    assert terminal.getvalue() == ""


def test_work_that_reports_rarely_still_says_how_long_it_takes(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with console.progress_bar("tuning", 10) as advance:
        for _ in range(3):
            clock[0] += 120.0
            advance(1)
    assert capsys.readouterr().err.splitlines()[-1] == "tuning: 30 %, 840 s left"
