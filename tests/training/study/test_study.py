import csv
import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.config.loading import load_config
from hedge_env.evaluation.attribution import PNL_PARTS
from hedge_env.training.results.findings import with_error
from hedge_env.training.study import bounds as study_bounds
from hedge_env.training.study import market as study_market
from hedge_env.training.study import study as study_module
from hedge_env.training.study.best_rules import best_rules_table
from hedge_env.training.study.figure import convex_frontier, convex_frontier_figure
from hedge_env.training.study.gap_figure import gap_figure
from hedge_env.training.study.market import StudyMarket
from hedge_env.training.study.page import study_files, study_page
from hedge_env.training.study.study import risk_aversions_at, run_study

DOCS = Path(__file__).parents[3] / "docs" / "study"
NAMES = ("no-hedge", "delta-threshold", "time-based")


def markets():
    """Two short markets with names of their own."""
    return [
        load_config(name, settings=["episode.decisions=6"])
        for name in ("reference", "deribit")
    ]


def small(work, policies=NAMES, **changes):
    options = {"n_episodes": 60, "validation_episodes": 40, "policies": policies}
    return run_study(markets(), (), work, **(options | changes))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    work = tmp_path_factory.mktemp("study")
    return small(work, command="hedge study"), work


def test_every_market_is_measured_at_multiples_of_its_own_risk_aversion(made):
    study, _ = made
    for market in study.markets:
        assert market.summary.risk_aversions == (2.0, 5.0, 10.0, 20.0, 50.0)
        assert len(market.summary.policies) == 5 * len(NAMES)
    assert risk_aversions_at(markets()[0], (7.0, 3.0)) == [3.0, 7.0]


def test_what_is_finished_is_not_done_again(made, monkeypatch):
    study, work = made
    monkeypatch.setattr(study_market, "tune_to_file", pytest.fail)
    monkeypatch.setattr(study_market, "compare", pytest.fail)
    assert small(work, command="hedge study") == study


def test_an_interrupted_market_goes_on_with_its_tuned_rules(tmp_path, monkeypatch):
    real = study_market.compare

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(study_market, "compare", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path)
    (tuned,) = (tmp_path / "reference").iterdir()
    before = tuned.read_bytes()
    monkeypatch.setattr(study_market, "compare", real)
    small(tmp_path)
    assert tuned.read_bytes() == before


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}'])
def test_a_damaged_result_is_measured_again(made, tmp_path, damage):
    study, work = made
    for folder in ("reference", "deribit"):
        (tmp_path / folder).mkdir()
        for path in (work / folder).iterdir():
            (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "reference" / "market.json").write_text(damage)
    again = small(tmp_path)
    pairs = zip(again.markets, study.markets, strict=True)
    assert all(one.summary == other.summary for one, other in pairs)


def test_other_numbers_of_paths_are_measured_anew(made):
    _, work = made
    other = small(work, n_episodes=61)
    assert other.markets[0].summary.n_episodes == 61
    small(work)  # leaves the folder as the other tests expect it


def test_two_markets_of_one_name_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="twice"):
        run_study(markets()[:1] * 2, (), tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policies": ("delta", "delta-treshold")}, "did you mean delta-threshold"),
        ({"policies": ("gas-band:snap=0",)}, "gas-band:snap=0 has no parameters to t"),
        ({"policies": ("delta", "optimal-liquidation")}, "no optimum of a liquidation"),
        ({"n_episodes": 1}, "--episodes 1: an error needs at least 2 paths"),
        ({"validation_episodes": 1}, "--validation-episodes 1"),
        ({"bound_episodes": 1}, "--bound-episodes 1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_market_is_measured(
    changes, said, tmp_path, monkeypatch
):
    monkeypatch.setattr(study_module, "kept_or_measured", pytest.fail)
    with pytest.raises(HedgeError, match=said):
        small(tmp_path / "work", **changes)
    assert not (tmp_path / "work").exists()


def test_the_files_hold_every_row(made):
    study, _ = made
    files = study_files(study)
    assert set(files) == {
        "README.md",
        "summary.json",
        "summary.csv",
        "frontier-reference.png",
        "frontier-deribit.png",
        "gaps-reference.png",
        "gaps-deribit.png",
    }
    rows = list(csv.DictReader(io.StringIO(files["summary.csv"].decode())))
    assert len(rows) == 2 * 5 * len(NAMES)
    document = json.loads(files["summary.json"])
    listed = [row for m in document["markets"] for row in m["policies"]]
    for row, full in zip(rows, listed, strict=True):
        assert float(row["objective_bp"]) == full["objective_bp"]
        assert json.loads(row["params"]) == full["params"]
    assert files["frontier-deribit.png"].startswith(b"\x89PNG")


def test_the_page_names_the_best_rule_and_the_command(made):
    study, _ = made
    page = study_page(study)
    assert "```bash\nhedge study\n```" in page
    for market in study.markets:
        summary = market.summary
        for level in summary.risk_aversions:
            best = summary.best_rule(level)
            assert f"| {summary.preset} | {level:g} | {best.name} |" in page
    assert page.count("**best**") == 10


def test_the_page_in_the_docs_is_introduced_as_the_code_does_it(made):
    summary = made[0].markets[0].summary
    kept = json.loads((DOCS / "summary.json").read_text())["markets"][0]
    numbers = {key: kept[key] for key in ("n_episodes", "validation_episodes")}
    of_docs = dataclasses.replace(summary, **numbers)
    page = study_page(
        dataclasses.replace(made[0], markets=(StudyMarket(of_docs, 1.0),))
    )
    introduction = page.split("\n\n")[1]
    assert introduction == (DOCS / "README.md").read_text().split("\n\n")[1]
    assert 'ahead of it on the test paths, by a negative "behind by"' in introduction


def test_the_best_rule_is_set_against_the_certified_bound(tmp_path, monkeypatch):
    """The gap stands on the page and is kept; what reacts to the hedger has none."""
    calm, _ = markets()
    moved = load_config(
        "reference",
        settings=["episode.decisions=6", "execution.permanent_impact=1"],
    ).model_copy(update={"name": "moved"})

    def bounded():
        return run_study(
            [calm, moved],
            (10.0,),
            tmp_path,
            policies=NAMES,
            n_episodes=60,
            validation_episodes=40,
            bound_episodes=8,
        )

    study = bounded()
    own, other = study.markets
    (row,) = own.bound(10.0)["policies"]
    assert row["policy"] == own.summary.best_rule(10.0).name
    assert row["gap_bp"] > 0.0
    assert own.bound(9.0) is None
    assert other.bounds == ()
    page = study_page(study)
    gap = with_error(row["gap_bp"], row["gap_se_bp"], 2)
    assert f"| {gap} ({row['gap_percent_of_avoidable']:.1f} %) |" in page
    monkeypatch.setattr(study_bounds, "bound_policies", pytest.fail)
    assert bounded() == study


def test_what_is_near_the_optimum_stands_aside_for_it(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(
        "hedge_env.training.study.study.kept_or_measured",
        lambda config, key, number, **options: seen.append(key["policies"]),
    )
    near = ["frozen-optimum", "one-step-better"]
    small(tmp_path, policies=("main", *near))
    assert seen == [["main"], ["main", *near]]
    small(tmp_path, policies=("delta", *near))  # `main` has the optimum, delta not
    assert seen[2:] == [["delta", "optimal"], ["delta", *near]]
    small(tmp_path, policies=("delta",))
    assert seen[4:] == [["delta"], ["delta"]]


def test_the_picture_of_differences_shows_them_as_they_are(made):
    summary = made[0].markets[0].summary
    (axes,) = gap_figure(summary).axes
    best = {level: summary.best_rule(level) for level in summary.risk_aversions}
    shown = {container.get_label(): container for container in axes.containers}
    assert best[10.0].name in shown
    for row in summary.policies:
        share = 100.0 * row.gap.bp / best[row.risk_aversion].avoidable_bp
        if row.name in shown and share < 25.0:
            heights = shown[row.name].lines[0].get_ydata()
            assert np.abs(heights - share).min() < 1e-9


def test_the_table_of_best_rules_adds_up(made):
    """Components of the cost that are named make up the cost, but for a trace."""
    summary = made[0].markets[0].summary
    lines = best_rules_table(summary).splitlines()[2:]
    assert len(lines) == 5
    for line, level in zip(lines, summary.risk_aversions, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        parts = [float(part.split()[-1]) for part in cells[4].split(", ") if part]
        assert sum(parts) == pytest.approx(float(cells[3]), abs=0.3)
        assert cells[1] == summary.best_rule(level).name
        assert len(cells[6].split(", ")) == len(PNL_PARTS)


def test_the_page_says_how_long_it_took_and_what_was_there_before(made):
    study, work = made
    for seconds, words in (
        (0.3, "less than a second"),
        (1.2, "1 second"),
        (59.4, "59 seconds"),
        (59.6, "1 minute"),
        (4020.0, "67 minutes"),
    ):
        page = study_page(dataclasses.replace(study, seconds=seconds))
        assert f"; {words}. " in page
    edited = study_page(dataclasses.replace(study, commit="3d215b-dirty"))
    assert "commit 3d215b with changes that are not in it; " in edited
    again = small(work, command="hedge study")
    page = study_page(dataclasses.replace(again, seconds=600.0, side_by_side=2))
    assert (
        "; 10 minutes with 2 markets at a time, 2 of 2 markets kept from before. "
        in page
    )


def test_the_convex_frontier_is_what_is_best_at_some_risk_aversion():
    rng = np.random.default_rng(5)
    cost, square = rng.random(60), rng.random(60)
    hull = convex_frontier(cost.tolist(), square.tolist())
    best = {int(np.argmin(cost + x * square)) for x in np.geomspace(1e-5, 1e5, 20_001)}
    assert set(hull) == best
    assert (np.diff(cost[hull]) > 0.0).all()
    assert (np.diff(square[hull]) < 0.0).all()


def test_a_policy_that_is_dearer_and_worse_is_not_on_the_frontier():
    assert convex_frontier([1.0, 2.0, 3.0, 1.0], [3.0, 3.0, 1.0, 4.0]) == [0, 2]


def test_names_in_the_figure_stand_next_to_points_that_are_drawn(made):
    summary = made[0].markets[0].summary
    (axes,) = convex_frontier_figure(summary).axes
    drawn = {
        row.name: [
            (r.cost_bp, r.tracking_rms_bp)
            for r in summary.policies
            if r.name == row.name
        ]
        for row in summary.policies
    }
    assert axes.texts
    for text in axes.texts:
        points = np.array(drawn[text.get_text()])
        assert np.abs(points - text.xy).sum(axis=1).min() < 1e-6


@pytest.mark.slow
def test_markets_side_by_side_give_what_one_after_another_gives(made, tmp_path):
    study, _ = made
    again = small(tmp_path, threads=2)
    pairs = zip(again.markets, study.markets, strict=True)
    assert all(one.summary == other.summary for one, other in pairs)


def test_a_market_in_which_hedging_earns_has_a_figure_too(made):
    study, _ = made
    summary = study.markets[1].summary
    earning = tuple(
        dataclasses.replace(
            row, objective_bp=row.objective_bp - 1e4, controlled_objective_bp=None
        )
        for row in summary.policies
    )
    paid = dataclasses.replace(summary, policies=earning)
    assert all(row.estimate[0] < 0.0 for row in paid.policies)
    (axes,) = convex_frontier_figure(paid).axes
    drawn = [line for line in axes.get_lines() if len(line.get_xdata()) == 400]
    assert len(drawn) == 1
