"""The command: a preset that loads, a table, a report, one JSON document."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from hedge_env.config.loading import load_config
from hedge_env.feeds.simulated import SimulatedMarket
from hedge_env.training.calibrate.table import LEGEND
from hedge_env.training.cli.main import main
from tests.training.calibrate.files import HOURS, START, rows, text


def _series(path: Path, hours: int, values: np.ndarray) -> Path:
    times = START + 3600 * hours * np.arange(values.size)
    data = [(str(t), f"{v:.8g}") for t, v in zip(times, values, strict=True)]
    path.write_text(text(data, "time,value\n"))
    return path


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    spot = folder / "spot.csv"
    spot.write_text(text(rows()))
    days, settlements = HOURS // 24, HOURS // 8
    implied = 70.0 * np.exp(0.04 * np.cumsum(rng.standard_normal(days)))
    gas = 20.0 * np.exp(0.3 * rng.standard_normal(HOURS))
    funding = np.where(rng.random(settlements) < 0.4, 1.0, 3.0)
    funding = 1e-4 * (funding + (funding > 1.0) * rng.standard_normal(settlements))
    return [
        *("calibrate", "--spot", str(spot)),
        *("--implied-vol", str(_series(folder / "implied.csv", 24, implied))),
        *("--gas", str(_series(folder / "gas.csv", 1, gas))),
        *("--funding", str(_series(folder / "funding.csv", 8, funding))),
        *("--histories", "2", "--no-progress"),
    ]


@pytest.mark.slow
def test_the_command_writes_a_preset_a_table_and_a_picture(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "market.yaml", tmp_path / "report"
    extra = ["--out", str(out), "--report", str(report), "--json"]
    assert main([*arguments, *extra]) == 0
    document = json.loads(capsys.readouterr().out)
    names = {row["statistic"] for row in document["statistics"]}
    assert {"volatility", "implied volatility", "funding, mean"} <= names
    config = load_config(out)
    assert config.market.volatility.model == "log_ou"
    assert config.market.funding is not None
    assert config.name == "market"
    SimulatedMarket(config, 4, seed=0, stream="test")
    comment = out.read_text().split("\nmarket:")[0]
    for word in ("spot.csv", "2020-01-01", "hedge calibrate", "extends: ethereum-l1"):
        assert word in comment
    assert (report / "calibration.png").stat().st_size > 10_000
    assert "| volatility" in (report / "calibration.md").read_text()
    for key, entry in document["parameters"].items():
        assert np.isfinite(entry["value"]), key


@pytest.mark.slow
def test_the_same_files_give_the_same_preset(
    arguments: list[str], tmp_path: Path
) -> None:
    texts = []
    for name in ("one", "two"):
        out = tmp_path / name / "market.yaml"
        assert main([*arguments[:3], *arguments[-3:], "--out", str(out)]) == 0
        texts.append([x for x in out.read_text().splitlines() if "Command" not in x])
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_only_the_chosen_parts_are_fitted(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "market.yaml"
    arguments = [*arguments, "--steps", "1"]
    settings = ["--set", "market.spot=2500", "--set", "execution.fee_bp=3.5"]
    words = [*arguments, "--parts", "funding", *settings, "--out", str(out)]
    assert main(words) == 0
    document = yaml.safe_load(out.read_text())
    assert set(document["market"]) == {"funding", "spot"}
    # What was set is part of the market that was fitted.
    assert load_config(out).market.spot == 2500.0
    assert document["execution"] == {"fee_bp": 3.5}
    comment = out.read_text().split("\nmarket:")[0].replace("\n#", "")
    assert "--histories 2 --steps 1 --seed 0" in comment


@pytest.mark.parametrize(
    ("part", "words"), [("gas", "has no file"), ("weather", "is no part")]
)
def test_a_part_that_cannot_be_fitted_is_refused(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    part: str,
    words: str,
) -> None:
    out = ["--parts", part, "--out", str(tmp_path / "market.yaml")]
    assert main([*arguments[:3], *out]) == 2
    assert words in capsys.readouterr().err


def test_an_output_that_is_no_yaml_file_is_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--out", str(tmp_path / "market.txt")]) == 2
    assert "ends in .yaml" in capsys.readouterr().err


@pytest.mark.slow
def test_without_a_part_the_base_is_compared_as_it_is(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = []
    for years, weights in (("5", ["--no-weights"]), ("3", []), ("5", [])):
        extra = ["--parts", "none", "--years", years, "--json", *weights]
        assert main([*arguments, *extra, "--report", str(tmp_path / years)]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["preset"] is None
        assert document["parameters"] == {}
        rows_ = {row["statistic"]: row for row in document["statistics"]}
        assert not any(row["fitted"] for row in rows_.values())
        assert rows_["implied volatility"]["data"] is not None
        models.append(rows_["volatility"]["model"])
        text_ = (tmp_path / years / "calibration.md").read_text()
        assert " ".join(["--years", years, *weights, "--seed 0`"]) in text_
        # Three years are too few histories of these prices to be weighted.
        assert ("weighted" in text_) is (years == "5" and not weights)
        assert "--parts none" in text_
        # The sentence below the table tells of every row of it.
        assert LEGEND in text_
        counts = [0, 0]
        for row in rows_.values():
            counts[row["asked"]] += row["within"] is not None
            assert row["allowed"]
        assert f" of {counts[1]} statistics with a limit are within it" in text_
        assert f" of {counts[0]} statistics without one are within what" in text_
    assert len(set(models)) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("base", "absent"), [("ethereum-l1", "funding"), ("deribit", "gas")]
)
def test_a_file_of_what_the_base_does_not_have_is_named(
    arguments: list[str], capsys: pytest.CaptureFixture[str], base: str, absent: str
) -> None:
    words = ["--parts", "none", "--years", "1", "--base", base]
    assert main([*arguments, *words]) == 0
    shown = capsys.readouterr()
    remarks = [line for line in shown.err.splitlines() if "to compare" in line]
    assert [line.split(":")[0] for line in remarks] == [f"--{absent}"]
    assert f"{base} has no {absent}" in remarks[0]
    # The sentence below the table, folded to the width there is, ends as one.
    last = shown.out.rstrip().rpartition("\n\n")[-1]
    assert last[0].isdigit()
    assert last.endswith(".")


def test_a_fit_needs_a_file_to_write(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "--parts none" in capsys.readouterr().err


def test_a_table_is_asked_for_in_years_or_in_histories(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["--parts", "none", "--years", "5", "--table-histories", "5"]
    assert main([*arguments, *both]) == 2
    assert "give one of them" in capsys.readouterr().err


@pytest.mark.slow
def test_a_report_says_how_many_histories_are_behind_its_table(
    arguments: list[str], tmp_path: Path
) -> None:
    words = [*arguments, "--parts", "none", "--report", str(tmp_path)]
    for more, number in (([], 100), (["--table-histories", "9"], 9)):
        assert main([*words, *more]) == 0
        text = (tmp_path / "calibration.md").read_text()
        assert f"the mean over {number} simulated histories" in text
        assert " ".join(["--parts none --base ethereum-l1", *more, "--seed"]) in text


@pytest.mark.slow
def test_a_preset_finds_its_base_wherever_it_is_written(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bases").mkdir()
    base = tmp_path / "bases" / "mine.yaml"
    base.write_text("extends: deribit\nrisk_aversion: 3\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    parts = ["--steps", "1", "--parts", "funding", "--table-histories", "8"]
    out = tmp_path / "fits" / "today" / "market.yaml"
    words = [*arguments, *parts, "--base", "bases/mine.yaml", "--out", str(out)]
    assert main(words) == 0
    assert load_config(out).risk_aversion == 3.0
    assert load_config(out).description == "mine fitted to spot.csv"
    assert "--base mine.yaml" in out.read_text().replace("\n# ", " ")


def test_the_base_is_not_overwritten(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "mine.yaml"
    base.write_text("extends: deribit\n", encoding="utf-8")
    assert main([*arguments, "--base", str(base), "--out", str(base)]) == 2
    assert "is the --base" in capsys.readouterr().err
    assert base.read_text(encoding="utf-8") == "extends: deribit\n"
