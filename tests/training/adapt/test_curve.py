"""Points, their intervals, and what is said of them."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t as student

from hedge_env.training.adapt.curve import ADAPTED, NEW, Adaptation, MarketCurves
from hedge_env.training.adapt.page import (
    adaptation_files,
    adaptation_page,
    adaptation_tables,
)
from hedge_env.training.results.policy_row import Z_95
from hedge_env.training.results.summary import build_summary
from tests.training.helpers.fabricated import comparison

INVENTED = (
    ("delta", "baseline", 60.0, 100.0),
    ("gas-band", "baseline", 31.0, 140.0),
    ("early_0", "agent", 32.0, 140.0),
    ("early_1", "agent", 33.6, 140.0),
    ("late_0", "agent", 29.4, 140.0),
    ("late_1", "agent", 29.0, 140.0),
)
UPDATES = {"early": 0, "late": 50}


def summary_of(*, levels=(10.0,)):
    made = comparison(levels, n_paths=2000, invented=INVENTED)
    contenders = [
        dataclasses.replace(c, entry=c.name[:-2], seed=int(c.name[-1]), source=c.name)
        if c.kind == "agent"
        else c
        for c in made.contenders
    ]
    return build_summary(
        contenders,
        made.tables,
        preset="ethereum-l2",
        seed=0,
        premium_bp=900.0,
        config={"description": ""},
        validation=[float(table.objective.mean()) for table in made.tables],
    )


def curves():
    found = {
        f"{name}_{seed}": (updates, ADAPTED)
        for name, updates in UPDATES.items()
        for seed in (0, 1)
    }
    return MarketCurves.of(summary_of(), found)


def adaptation(*markets):
    settings = {"version": "1", "episodes": 2000, "validation_episodes": 500}
    return Adaptation("ethereum-l1", ["a", "b"], markets, settings, "hedge x", None)


def both(market):
    """The same curve from nothing, one basis point higher."""
    new = tuple(
        dataclasses.replace(p, start=NEW, gap_bp=p.gap_bp + 1.0) for p in market.points
    )
    return dataclasses.replace(market, points=(*market.points, *new))


def test_a_point_has_paths_and_seeds_in_its_interval():
    market, summary = curves(), summary_of()
    early, late = market.curve(10.0, ADAPTED)
    assert (early.updates, late.updates) == (0, 50)
    assert market.curve(10.0, NEW) == []
    rows = {row.name: row for row in summary.policies}
    for point, name in ((early, "early"), (late, "late")):
        row = rows[name]
        values = [seed["estimate_bp"] for seed in row.seeds]
        seeds = student.ppf(0.975, 1) * np.std(values, ddof=1) / np.sqrt(2.0)
        assert point.gap_half_bp == pytest.approx(np.hypot(Z_95 * row.gap.se, seeds))
        assert point.gap_half_bp > seeds > 0.1
        assert point.gap_bp == pytest.approx(
            row.estimate[0] - rows["gas-band"].estimate[0]
        )
    rule = market.rule(10.0)
    assert rule.policy == "gas-band"
    assert rule.avoidable_bp is None  # invented tables know no floor
    assert late.gap_percent == pytest.approx(100.0 * late.gap_bp / rule.objective_bp)
    assert late.gap_bp < 0.0 < early.gap_bp


def test_curves_come_back_from_json_as_they_were():
    market = curves()
    text = json.dumps(market.to_document())
    assert MarketCurves.from_document(json.loads(text)) == market
    with pytest.raises(KeyError):
        MarketCurves.from_document({"points": []})


def test_the_page_has_a_row_for_each_number_of_updates():
    found = adaptation(both(curves()))
    page = adaptation_page(found, ["adaptation.png"])
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    first, last = rows[2].split("|"), rows[3].split("|")
    assert first[1].strip() == "ethereum-l2"
    assert first[2].strip() == "gas-band"
    assert last[1].strip() == ""
    assert [first[4].strip(), last[4].strip()] == ["0", "50"]
    early, late = found.markets[0].curve(10.0, ADAPTED)
    minus = "\N{MINUS SIGN}"
    assert first[5].strip().startswith(f"+{early.gap_bp:.2f} ± {early.gap_half_bp:.2f}")
    assert last[5].strip().startswith(f"{minus}{-late.gap_bp:.2f} ± ")
    assert "2 training seeds" in page
    assert "interval over paths and seeds" in page
    alone = dataclasses.replace(found, policies=["a"])
    assert "one training seed" in adaptation_page(alone, ["adaptation.png"])


def test_every_risk_aversion_has_a_table_and_a_picture():
    found = both(curves())
    other = dataclasses.replace(
        found,
        rules=(*found.rules, dataclasses.replace(found.rules[0], risk_aversion=50.0)),
        points=(
            *found.points,
            *(dataclasses.replace(p, risk_aversion=50.0) for p in found.points),
        ),
    )
    files = adaptation_files(adaptation(other))
    assert set(files) == {
        "README.md",
        "adaptation.json",
        "adaptation.csv",
        "adaptation-lambda-10.png",
        "adaptation-lambda-50.png",
    }
    assert len(files["adaptation.csv"].decode().splitlines()) == 9
    tables = list(adaptation_tables(adaptation(other)))
    assert len(tables) == 3
    assert [table.row_count for table in tables[:2]] == [2, 2]
    assert SimpleNamespace(**json.loads(files["adaptation.json"])).home == "ethereum-l1"
