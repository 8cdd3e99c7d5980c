"""What the commands do with an agent that remembers."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.cli.main import main
from tests.support.recurrent_policy import save_recurrent_policy

SMALL = ("episode.decisions=6", "book.legs.0.maturity_days=1")
FEW = ("--episodes", "60", "--json", "--no-progress")


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    config = load_config("reference", settings=SMALL)
    path = tmp_path_factory.mktemp("runs") / "keeps" / "policy.safetensors"
    save_recurrent_policy(path, config)
    played = [(load_policy(path), 10.0)]
    (table,) = evaluate(played, config, n_episodes=60, controlled=True)
    return SimpleNamespace(path=path, found=summarise(table))


def hedge(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return SimpleNamespace(code=code, out=printed.out, error=printed.err)


def test_it_is_evaluated_and_compared_with_its_memory(agent, capsys):
    found = hedge(capsys, "evaluate", agent.path, *FEW)
    (row,) = json.loads(found.out)["policies"]
    assert row["objective_bp"] == pytest.approx(agent.found.objective_bp, rel=1e-12)
    names = ("--policies", f"delta,{agent.path}", "--risk-aversion", "10")
    found = hedge(
        capsys, "compare", "--preset", "reference", *names, *FEW, "--set", *SMALL
    )
    rows = {row["name"]: row for row in json.loads(found.out)["policies"]}
    assert rows["keeps"]["objective_bp"] == pytest.approx(
        agent.found.objective_bp, rel=1e-12
    )
    assert rows["keeps"]["kind"] == "agent"


def test_it_plays_in_other_markets_and_against_the_bound(agent, capsys):
    words = ("--policies", f"delta,{agent.path}", "--risk-aversion", "10")
    markets = ("--presets", "reference,reference-gas")
    found = hedge(capsys, "matrix", *markets, *words, *FEW, "--set", *SMALL)
    cells = json.loads(found.out)["cells"]
    own = [cell for cell in cells if cell["policy"] == "keeps"]
    assert len(own) == 2
    expected = agent.found.controlled_objective_bp
    assert own[0]["objective_bp"] == pytest.approx(expected, rel=1e-9)
    assert own[1]["objective_bp"] != own[0]["objective_bp"]
    found = hedge(capsys, "bound", *words, *FEW[:3], "--set", *SMALL)
    (cell,) = json.loads(found.out)["bounds"]
    row = next(row for row in cell["policies"] if row["policy"] == "keeps")
    assert row["gap_bp"] > 0.0
    assert np.isfinite(row["gap_percent"])


def test_a_formula_of_it_is_refused_in_one_sentence(agent, capsys):
    found = hedge(capsys, "distill", agent.path, "--policies", "delta-threshold")
    assert found.code == 2
    assert "keeps remembers what it saw earlier in the episode" in found.error
    assert "trained without an LSTM" in found.error
    assert found.out == ""


def test_advice_from_it_is_refused_in_one_sentence(agent, capsys, tmp_path):
    state = tmp_path / "state.yaml"
    state.write_text("spot: 2000\n")
    found = hedge(capsys, "advise", "--policy", agent.path, "--state", state)
    assert found.code == 2
    assert "remembers what it saw earlier in the episode" in found.error
    assert len(found.error.strip().splitlines()) == 1
    assert found.out == ""
