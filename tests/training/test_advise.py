"""`hedge advise`: one state, a stream of states, a policy file, and what is refused."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedge_env.advice import Adviser, read_state
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.desk.batch import HedgeBatch
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.advise import load_adviser
from hedge_env.training.cli.main import main
from tests.training.helpers.saved_policy import save_random_policy

NOW = datetime(2026, 11, 26, tzinfo=UTC)
STATE = {
    "time": "2026-11-26T08:00Z",
    "spot": 3000.0,
    "implied_volatility": 0.8,
    "realised_volatility": 0.7,
    "holdings": 0.0,
    "contracts": 10.0,
    "legs": [
        {"kind": "call", "strike": 3000.0, "expiry": "2026-12-26", "quantity": -10.0}
    ],
}
RULE = ("advise", "--policy", "deadline-band")


def test_a_state_file_is_answered_in_words_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.yaml"
    path.write_text(json.dumps(STATE))
    assert main([*RULE, "--state", str(path)]) == 0
    assert capsys.readouterr().out.startswith("buy ")
    assert main([*RULE, "--state", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["action"] == "buy"
    assert found["trade"] > 0.0


def test_a_stream_is_answered_line_by_line_and_survives_a_bad_state(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps(STATE), "{", json.dumps({**STATE, "spot": -1}), "[]"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*lines, lines[0]])))
    assert main([*RULE, "--watch"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["error" in answer for answer in answers] == [False, True, True, True, False]
    assert "line 3" in answers[2]["error"]
    assert answers[0] == answers[-1]


def test_without_a_state_the_remedy_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*RULE]) == 2
    assert "--state is missing" in capsys.readouterr().err


def test_a_policy_file_advises_what_it_does_in_an_episode(tmp_path: Path) -> None:
    policy = load_policy(save_random_policy(tmp_path / "policy.safetensors"))
    n = 4
    adviser = Adviser(policy, policy.config)
    batch = HedgeBatch(policy.config, n, seed=5)
    batch.reset(np.arange(n))
    for step in range(40):
        target = policy.target(batch.observables())
        if step % 13 == 7:
            for path in range(n):
                found = adviser.target(read_state(_state_of(batch, path, step)))
                assert found == pytest.approx(float(target[path, 0]), abs=1e-5)
        batch.advance(target)


@pytest.mark.parametrize(
    ("trained", "inside", "outside", "words"),
    [
        ([2, 50], (2.0, 11.0, 50.0), (1.99, 50.1), "trained for 2 to 50"),
        (10.0, (10.0,), (9.0, 11.0), "trained for 10:"),
    ],
)
def test_a_policy_advises_at_no_risk_aversion_that_it_never_saw(
    trained: Any, inside: Any, outside: Any, words: str, tmp_path: Path
) -> None:
    path = save_random_policy(tmp_path / "p", risk_aversion=trained)
    policy = load_policy(path)
    batch = HedgeBatch(policy.config, 1, seed=5)
    batch.reset(np.arange(1))
    adviser, desk = Adviser(policy, policy.config), _state_of(batch, 0, 0)
    for level in inside:
        found = adviser.advise(read_state({**desk, "risk_aversion": level}))
        assert found.risk_aversion == level
    for level in outside:
        with pytest.raises(ConfigError, match=words):
            adviser.target(read_state({**desk, "risk_aversion": level}))
    in_currency = {"risk_aversion": 1e-2, "risk_aversion_per": "currency"}
    with pytest.raises(ConfigError, match=words):
        adviser.target(read_state({**desk, **in_currency}))


def _state_of(batch: HedgeBatch, path: int, step: int) -> dict[str, Any]:
    """What a desk would write down of one path of the reference market."""
    start, contracts = batch.config.market.spot, batch.config.book.contracts
    rows = batch.rows[:, path]
    left = timedelta(days=30, hours=-4 * step)
    return {
        "time": (NOW + timedelta(hours=4 * step)).isoformat(),
        "spot": float(rows[field.SPOT]) * start,
        "start_spot": start,
        "holdings": float(rows[field.HOLDINGS]) * contracts,
        "implied_volatility": 0.8,
        "realised_volatility": float(rows[field.REALISED_VOLATILITY]),
        "decisions_since_trade": float(rows[field.STEPS_SINCE_TRADE]),
        "legs": [
            {
                "kind": "call",
                "strike": start,
                "quantity": -contracts,
                "expiry": (NOW + timedelta(hours=4 * step) + left).isoformat(),
            }
        ],
    }


def test_a_market_that_no_state_describes_is_refused_before_the_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    market = ("--preset", "lp-recentred", "--set", "book.legs.0.recentre.by=policy")
    rule = ("--policy", "gamma-band:recentre_at=0.3")
    assert main(["advise", *rule, *market, "--watch"]) == 2
    said = capsys.readouterr().err
    assert "book.legs.0.recentre.by: a state does not say where a range" in said
    assert "no parameter" not in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("main", "--policy main is several rules; name one"),
        ("frozen-optimum", "is solved for the book of its market, which a state does"),
    ],
)
def test_what_is_no_one_policy_is_refused_with_the_reason(
    name: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_adviser(name, "ethereum-l1")


def test_parameters_of_a_tuned_file_are_taken_and_those_it_lacks_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "state.yaml", tmp_path / "tuned"
    path.write_text(json.dumps({**STATE, "holdings": 3.0}))
    tune = ["tune", "--policies", "deadline-band", "--validation-episodes", "200"]
    tune += ["--episodes", "200"]
    assert main([*tune, "--risk-aversion", "10", "--out", str(out)]) == 0
    capsys.readouterr()
    words = [*RULE, "--state", str(path), "--tuned", str(out / "tuned.json")]
    assert main([*words, "--json"]) == 0
    tuned = json.loads(capsys.readouterr().out)
    assert main([*RULE, "--state", str(path), "--json"]) == 0
    assert tuned["changes"] != json.loads(capsys.readouterr().out)["changes"]
    assert main([*words, "--set", "risk_aversion=2"]) == 2
    assert "it has 10" in capsys.readouterr().err
