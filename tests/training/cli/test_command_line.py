"""What a report prints as its command is read back as the same options."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from hedge_env.training.cli import main
from hedge_env.training.cli.command_line import command_line
from hedge_env.training.cli.commands import (
    CommonOptions,
    CompareOptions,
    EvaluateOptions,
    StudyOptions,
    TrainOptions,
    TuneOptions,
)
from hedge_env.training.cli.option_types import Span

CASES = (
    ("compare", CompareOptions()),
    (
        "compare",
        CompareOptions(
            preset="replay",
            replay=Path("some where/prices.csv"),
            policies=("gas-band:snap=0", "runs/x"),
            risk_aversion=(10.123456789, 1e-9, 0.1),
            tuned=Path("tuned.json"),
            out=Path("out"),
            overrides=(("execution.fee_bp=3",), ("episode.decisions=4",)),
        ),
    ),
    ("study", StudyOptions()),
    ("study", StudyOptions(presets=("deribit",), risk_aversion=(2.0, 1234567.5))),
    ("evaluate", EvaluateOptions(policy="delta", preset="deribit")),
    ("tune", TuneOptions(policies=("delta-band",), out=Path("a"))),
    ("train", TrainOptions(config=Path("reference"), resume=True, seed=3)),
    ("train", TrainOptions(config=Path("reference"), risk_aversion=10.0)),
    ("train", TrainOptions(config=Path("a.yaml"), risk_aversion=Span(0.1, 1234567.5))),
)


@pytest.mark.parametrize(("command", "options"), CASES)
def test_the_command_is_read_back(command: str, options: CommonOptions) -> None:
    words = shlex.split(command_line(command, options))
    assert words[:2] == ["hedge", command]
    assert main._parse(words[1:]) == (command, options)


@pytest.mark.parametrize(("command", "options"), [CASES[0], CASES[2]])
def test_what_no_result_depends_on_is_left_out(
    command: str, options: CompareOptions | StudyOptions
) -> None:
    shown = replace(options, threads=7, progress=False, json=True, debug=True)
    assert command_line(command, shown) == command_line(command, options)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("50:2", "lower end comes first"),
        ("2:", "could not convert"),
        ("0:2", "no risk aversion from 1e-09"),
        ("2:50:3", "50:3"),
    ],
)
def test_what_is_no_range_of_risk_aversions_is_refused(
    text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main.main(["train", "reference", "--risk-aversion", text])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "--risk-aversion" in error
    assert words in error
