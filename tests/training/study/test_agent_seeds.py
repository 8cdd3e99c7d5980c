"""Agents in a study: trained in each market, kept, and set against its best rule."""

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.training.experiment.in_market import in_market
from hedge_env.training.results.seeds import half_width
from hedge_env.training.results.summary import build_summary
from hedge_env.training.study import bounds as study_bounds
from hedge_env.training.study import market as study_market
from hedge_env.training.study import study as study_module
from hedge_env.training.study.agent_seeds import NO_AGENTS, AgentSeeds
from hedge_env.training.study.agents_table import agent_sections
from hedge_env.training.study.bounds import kept_or_bounded
from hedge_env.training.study.certified_table import certified_section
from hedge_env.training.study.market import StudyMarket
from hedge_env.training.study.page import study_page
from hedge_env.training.study.significance import significances
from hedge_env.training.study.study import run_study
from hedge_env.training.train import train as training
from tests.training.helpers.fabricated import comparison
from tests.training.helpers.saved_policy import save_random_policy

SHORT = ["episode.decisions=6"]
EXPERIMENT = """
preset: reference
env:
  risk_aversion: [2, 50]
  action: {mode: band_edges}
  reward: {name: expected}
train:
  algorithm: ahpg
  total_timesteps: 96
  n_envs: 16
  net_arch: [4]
  n_holdings: 21
  evaluation_frequency: 96
  evaluation_paths: 16
  checkpoint_frequency: 96
  baselines: []
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(EXPERIMENT)
    return str(path)


def test_an_experiment_moves_to_another_market_and_keeps_what_it_says(file):
    config = load_config("deribit", settings=SHORT)
    moved = in_market(file, config, 3)
    own = moved.env_config()
    assert (moved.name, moved.seed, own.name) == ("mine", 3, "deribit")
    assert own.market == config.market
    assert own.execution == config.execution
    assert own.episode.decisions == 6
    assert own.action.mode == "band_edges"
    assert own.risk_aversion.high == 50.0
    assert own.reward.balanced
    with open(file, "a") as text:
        text.write("seed: 4\n")
    assert in_market(file, config, 3) == moved


def test_an_experiment_that_does_not_fit_a_market_is_refused_by_its_name(file):
    path = Path(file)
    path.write_text(
        path.read_text().replace("env:", "env:\n  execution: {gas_units: 1}")
    )
    config = load_config("deribit", settings=SHORT)
    with pytest.raises(ConfigError, match=r"mine.yaml.*gas_units needs market.gas"):
        AgentSeeds([file], 1).key(config)


def test_what_cannot_be_trained_is_refused_before_any_market_is_measured(
    file, tmp_path, monkeypatch
):
    monkeypatch.setattr(study_module, "kept_or_measured", pytest.fail)
    Path(file).write_text(EXPERIMENT.replace("name: expected", "name: kolm_ritter"))
    configs = [load_config(name, settings=SHORT) for name in ("reference", "deribit")]
    few = {"n_episodes": 20, "validation_episodes": 20, "policies": ("delta",)}
    said = re.escape(f"{file} in reference: train.algorithm ahpg learns from")
    with pytest.raises(ConfigError, match=said):
        run_study(
            configs, (10.0,), tmp_path / "work", agents=AgentSeeds([file], 1), **few
        )
    assert not (tmp_path / "work").exists()


def test_the_key_knows_experiment_and_seeds_but_nothing_where_there_are_none(file):
    config = load_config("reference", settings=SHORT)
    assert NO_AGENTS.key(config) == {}
    key = AgentSeeds([file], 2).key(config)
    assert key["training_seeds"] == 2
    assert key != AgentSeeds([file], 3).key(config)
    assert key != AgentSeeds([file], 2).key(load_config("deribit", settings=SHORT))
    with open(file, "a") as text:
        text.write("  learning_rate: 1.0e-3\n")
    assert key["agents"] != AgentSeeds([file], 2).key(config)["agents"]


@pytest.mark.slow
def test_a_study_trains_once_and_measures_all_seeds_as_one(file, tmp_path, monkeypatch):
    config = load_config("reference", settings=SHORT)

    def study(n_seeds, work="work"):
        return run_study(
            [config],
            (10.0,),
            tmp_path / work,
            policies=("delta", "no-hedge", "frozen-optimum"),
            agents=AgentSeeds([file], n_seeds),
            n_episodes=60,
            validation_episodes=40,
            bound_episodes=4,
            command="hedge study",
        )

    first = study(2)
    (bound,) = first.markets[0].bounds
    assert [one["policy"] for one in bound["policies"]] == ["delta", "mine"]
    assert "How near to the best anyone could be" in study_page(first)
    rows = {row.name: row for row in first.markets[0].summary.policies}
    assert rows.keys() == {"delta", "no-hedge", "optimal", "mine"}
    row = rows["mine"]
    assert [seed["seed"] for seed in row.seeds] == [0, 1]
    assert row.optimum_gap_bp > 0.0
    assert rows["optimal"].optimum_gap_bp is None
    gaps = [seed["gap_bp"] for seed in row.seeds]
    assert row.gap.bp == pytest.approx(np.mean(gaps))
    page = study_page(first)
    assert "mine (2 seeds): one network" in page
    with monkeypatch.context() as patched:
        patched.setattr(training, "train", pytest.fail)
        patched.setattr(study_bounds, "bound_policies", pytest.fail)
        assert study(2) == first
        patched.setattr(study_market, "_finished", lambda *_: None)
        assert study(2).markets == first.markets
    # Elsewhere, and without its runs, a study is finished all the same.
    (tmp_path / "work").rename(tmp_path / "moved")
    shutil.rmtree(tmp_path / "moved" / "reference" / "runs")
    with monkeypatch.context() as patched:
        patched.setattr(training, "train", pytest.fail)
        assert study(2, "moved") == first
    (tmp_path / "moved" / "reference" / "bounds.json").unlink()
    assert study(2, "moved") == first
    (tmp_path / "moved").rename(tmp_path / "work")
    third = study(3).markets[0].summary
    (row,) = (row for row in third.policies if row.kind == "agent")
    assert [seed["seed"] for seed in row.seeds] == [0, 1, 2]
    assert row.seeds[:2] == rows["mine"].seeds


def test_a_kept_bound_needs_no_run_and_a_new_one_the_first_seeds(tmp_path, monkeypatch):
    run = tmp_path / "digest" / "run-0"
    save_random_policy(run / "policy.safetensors")
    loaded, asked = [], []

    def bounded(config, level, policies, *_, **__):
        loaded.append([policy.name for _, policy in policies[1:]])
        return level

    def found(runs):
        def told():
            asked.append(runs)
            return runs

        path, config = tmp_path / "bounds.json", load_config("reference")
        return kept_or_bounded(config, sourced(), path, 4, 0, runs=told)

    monkeypatch.setattr(study_bounds, "bound_policies", bounded)
    monkeypatch.setattr(study_bounds, "document", lambda *_: {"bounds": [{"gap": 1.0}]})
    monkeypatch.setattr(study_bounds, "_rebuilt", lambda *_: None)
    with pytest.raises(ConfigError, match="run was measured from gone/digest/run-0"):
        found([tmp_path / "digest" / "run-1"])
    first = found([tmp_path / "other" / "run-0", run])
    assert loaded == [["run"]]
    assert found([]) == first
    assert len(asked) == 2


def sourced():
    """The invented summary, of runs in a folder that is gone."""
    summary = invented()

    def moved(row):
        sources = [f"gone/digest/{seed['run'].replace('_', '-')}" for seed in row.seeds]
        pairs = zip(row.seeds, sources, strict=True)
        seeds = tuple(
            {**seed, "source": f"{at}/policy.safetensors"} for seed, at in pairs
        )
        return dataclasses.replace(row, seeds=seeds)

    rows = tuple(moved(row) if row.seeds else row for row in summary.policies)
    return dataclasses.replace(summary, policies=rows)


INVENTED = (
    ("delta", "baseline", 60.0, 100.0),
    ("gas-band", "baseline", 31.0, 140.0),
    ("optimal", "optimal", 29.0, 140.0),
    ("run_0", "agent", 29.4, 140.0),
    ("run_1", "agent", 29.6, 140.0),
    ("run_2", "agent", 30.4, 140.0),
)


def invented(*, shift=0.0):
    """A summary of three seeds, whose costs can be moved."""
    made = comparison((10.0,), n_paths=4000, invented=INVENTED)
    contenders = [
        dataclasses.replace(c, entry="run", seed=int(c.name[-1]))
        if c.name.startswith("run")
        else c
        for c in made.contenders
    ]
    still = made.tables[0]
    one = 1e-4 * (np.arange(len(still.cost_components)) == 0)[:, None]
    moved = {"agent": shift * one, "baseline": 0.0, "optimal": 0.0}
    tables = [
        dataclasses.replace(
            table,
            cost_components=table.cost_components + moved[c.kind],
            tracking=still.tracking,
            squared_increments=still.squared_increments,
        )
        for c, table in zip(contenders, made.tables, strict=True)
    ]
    return build_summary(
        contenders,
        tables,
        preset="reference",
        seed=0,
        premium_bp=900.0,
        config={"description": ""},
        validation=[float(table.objective.mean()) for table in tables],
    )


def test_the_gap_of_an_agent_stands_beside_that_of_the_strongest_rule():
    def row(name, objective, gap):
        share = 100.0 * gap / (objective - 20.0)
        return {
            "policy": name,
            "objective_bp": objective,
            "gap_bp": gap,
            "gap_se_bp": 0.5,
            "gap_percent_of_avoidable": share,
        }

    bound = {
        "risk_aversion": 10.0,
        "bound_bp": 64.0,
        "bound_se_bp": 2.0,
        "floor_bp": 20.0,
        "policies": [row("gas-band", 76.0, 12.0), row("run", 70.0, 6.0)],
    }
    alone = bound | {"policies": bound["policies"][:1]}
    market = StudyMarket(invented(), 1.0, (bound, alone))
    _, _, table = certified_section([market])
    (cells,) = (line.strip("| ").split(" | ") for line in table.splitlines()[2:])
    assert cells[:4] == ["reference", "10", "64.0 ± 3.9", "50.0"]
    assert cells[4:6] == ["run (3 seeds)", "6.00 ± 0.98 (12.0 %)"]
    assert cells[6:] == ["gas-band", "12.00 ± 0.98 (21.4 %)", "+50 %"]
    assert certified_section([StudyMarket(invented(), 1.0, (alone,))]) == []


def sections(*summaries):
    return agent_sections(summaries, significances(summaries))


def cells_of(summary, table):
    lines = [line for line in table.splitlines() if line.startswith("| reference")]
    return [cell.strip() for cell in lines[0].strip("|").split("|")]


def test_the_table_has_the_difference_with_seeds_in_its_interval():
    summary = invented()
    (row,) = (row for row in summary.policies if row.kind == "agent")
    _, sentence, table, _, of_optimum = sections(summary)
    assert "run (3 seeds)" in sentence
    cells = cells_of(summary, table)
    assert cells[2] == "gas-band"
    gap, half = re.fullmatch(r"(\S+) ± (\S+)", cells[5]).groups()
    assert float(gap.replace("\N{MINUS SIGN}", "-")) == pytest.approx(-1.2, abs=0.05)
    assert float(half) == pytest.approx(half_width(row, row.gap.se), abs=0.01)
    assert float(half) > 1.0  # three seeds, a spread of half a basis point
    assert cells[9] == "nobody"
    best = next(row for row in summary.policies if row.name == "optimal")
    cells = cells_of(summary, of_optimum)
    assert cells[2] == f"{best.objective_bp:.2f}"
    middle = 100.0 * 0.6 / best.objective_bp
    assert float(cells[5].rstrip(" %")) == pytest.approx(middle, abs=0.02)
    assert cells[6] == "+60 %"
    below = sections(invented(shift=-1.0))[4]  # by luck, on few paths
    assert "-" not in "".join(cells_of(summary, below))
    assert cells_of(summary, below)[5].startswith("\N{MINUS SIGN}")


@pytest.mark.parametrize(
    ("shift", "ahead"), [(-2.0, "**agent**"), (1.3, "nobody"), (5.0, "gas-band")]
)
def test_who_is_ahead_is_only_said_where_it_can_be_told(shift, ahead):
    summary = invented(shift=shift)
    assert cells_of(summary, sections(summary)[2])[9] == ahead


def test_a_claim_that_many_cells_take_away_is_in_brackets():
    clear = invented(shift=-1.6)
    cells = cells_of(clear, sections(clear)[2])
    assert cells[8:] == [cells[8], "**agent**"]
    assert 0.01 < float(cells[8]) < 0.05
    others = [
        dataclasses.replace(invented(shift=1.3), preset=f"market-{n}") for n in range(9)
    ]
    cells = cells_of(clear, sections(clear, *others)[2])
    assert cells[9] == "(agent)"
    assert float(cells[8]) > 0.05


def test_without_agents_there_is_no_section():
    summary = invented()
    rules = tuple(row for row in summary.policies if row.kind != "agent")
    assert sections(dataclasses.replace(summary, policies=rules)) == []
