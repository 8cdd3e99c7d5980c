import json
import math
from dataclasses import replace

import numpy as np
import pytest

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.evaluation.attribution import PNL_PARTS
from hedge_env.evaluation.metrics import paired_difference, summarise
from hedge_env.training.results.practice import savings
from hedge_env.training.results.summary import Summary, build_summary
from tests.training.helpers.fabricated import comparison

# Keys that programs rely on; more may be added, none of these may go.
DOCUMENT_KEYS = {"preset", "seed", "n_episodes", "premium_bp", "policies"}
ROW_KEYS = {
    "name",
    "kind",
    "params",
    "risk_aversion",
    "cost_bp",
    "cost_se",
    "cost_components_bp",
    "tracking_error_bp",
    "tracking_rms_bp",
    "objective_bp",
    "objective_se",
    "net_loss_mean_bp",
    "net_loss_std_bp",
    "cvar95_bp",
    "cvar99_bp",
    "trades",
    "turnover",
}


@pytest.fixture(scope="module")
def made():
    return comparison(n_paths=500, attributed=False)


def rebuild(made, contenders=None, tables=None):
    return build_summary(
        contenders or made.contenders,
        tables or made.tables,
        preset="reference",
        seed=0,
        premium_bp=900.0,
        config={},
        validation=[
            float(table.objective.mean() * 1e4) for table in tables or made.tables
        ],
    )


def measured(made):
    """Contender, table and row that belong together."""
    rows = {(row.name, row.risk_aversion): row for row in made.summary.policies}
    for contender, table in zip(made.contenders, made.tables, strict=True):
        yield contender, table, rows[contender.name, contender.risk_aversion]


def test_the_document_has_the_promised_keys(made):
    document = made.summary.to_document()
    assert document.keys() >= DOCUMENT_KEYS
    assert len(document["policies"]) == len(made.contenders)
    for row in document["policies"]:
        assert row.keys() >= ROW_KEYS
        assert tuple(row["cost_components_bp"]) == COST_COMPONENTS
        assert row["kind"] in ("baseline", "agent", "optimal")


def test_every_error_belongs_to_a_value(made):
    row = made.summary.to_document()["policies"][0]
    errors = [key.removesuffix("_se") for key in row if key.endswith("_se")]
    assert errors
    assert all(name in row or f"{name}_bp" in row for name in errors)


def test_the_document_survives_json(made):
    document = made.summary.to_document()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(json.loads(text)))
    assert json.loads(text)["policies"] == list(document["policies"])
    assert json.loads(text)["config"] == made.config.model_dump(mode="json")


def test_a_summary_is_read_back_from_its_document():
    report = {"currency": "", "usual": ["delta"], "depositors": None}
    made = comparison((10.0,), n_paths=50)
    config = {**made.summary.config, "report": report}
    summary = replace(
        made.summary,
        config=config,
        savings=savings(("delta",), made.contenders, made.tables),
        pool=({"mean": 1.0},),
    )
    read = Summary.from_document(json.loads(json.dumps(summary.to_document())))
    assert read.savings == summary.savings
    assert read.pool == summary.pool
    assert read.to_document() == summary.to_document()


def test_a_row_holds_the_metrics_of_its_table(made):
    for contender, table, row in measured(made):
        metrics = summarise(table)
        for name in vars(metrics):
            assert getattr(row, name) == getattr(metrics, name), name
        assert (row.kind, row.params) == (contender.kind, contender.params)
        assert row.source == contender.source
        assert sum(row.cost_components_bp.values()) == pytest.approx(row.cost_bp)


def test_rows_go_by_risk_aversion_and_then_by_objective(made):
    keys = [(row.risk_aversion, row.objective_bp) for row in made.summary.policies]
    assert keys == sorted(keys)
    assert made.summary.risk_aversions == (2.0, 10.0, 50.0)
    joined = [row for level in (2.0, 10.0, 50.0) for row in made.summary.at(level)]
    assert joined == list(made.summary.policies)


def test_the_order_of_the_policies_does_not_matter(made):
    backwards = rebuild(made, made.contenders[::-1], made.tables[::-1])
    assert backwards.policies == made.summary.policies


def test_the_best_rule_has_the_lowest_objective_of_all_rules(made):
    for level in made.summary.risk_aversions:
        rules = [row for row in made.summary.at(level) if row.kind == "baseline"]
        lowest = min(rules, key=lambda row: row.objective_bp)
        assert [row for row in rules if row.best_rule] == [lowest]
        assert made.summary.best_rule(level) is lowest
        assert (lowest.objective_gap_bp, lowest.objective_gap_se) == (0.0, 0.0)


@pytest.mark.parametrize("kind", ["agent", "optimal"])
def test_only_a_rule_can_be_the_best_rule(made, kind):
    best = made.summary.best_rule(10.0).name
    changed = [
        replace(contender, kind=kind) if contender.name == best else contender
        for contender in made.contenders
    ]
    assert rebuild(made, changed).best_rule(10.0).name != best


def test_a_gap_is_the_mean_difference_path_by_path(made):
    tables = {(c.name, c.risk_aversion): t for c, t, _ in measured(made)}
    for contender, table, row in measured(made):
        best = made.summary.best_rule(contender.risk_aversion)
        other = tables[best.name, contender.risk_aversion]
        difference = 1e4 * (table.objective - other.objective)
        assert row.objective_gap_bp == pytest.approx(difference.mean())
        error = difference.std(ddof=1) / math.sqrt(difference.size)
        assert row.objective_gap_se == pytest.approx(error)
        gap = paired_difference(table, other)
        assert row.objective_gap_relative == gap.relative
        ratio = row.objective_bp / best.objective_bp - 1.0
        assert row.objective_gap_relative == pytest.approx(ratio)


def test_common_paths_make_the_gap_sharper_than_its_parts(made):
    agent = next(row for row in made.summary.policies if row.kind == "agent")
    rule = made.summary.best_rule(10.0)
    assert agent.objective_gap_se < 0.7 * math.hypot(
        agent.objective_se, rule.objective_se
    )


def with_expected_squares(made):
    """The made tables, their luck taken off: squares that are known beforehand."""
    floor = np.full(made.tables[0].n_episodes, 1e-8)
    return [
        replace(
            table,
            expected_squares=np.full_like(floor, table.squared_increments.mean()),
            floor_squares=floor,
        )
        for table in made.tables
    ]


def test_a_gap_of_expected_squares_stands_beside_the_plain_one(made):
    tables = with_expected_squares(made)
    summary = rebuild(made, tables=tables)
    by_key = {
        (contender.name, contender.risk_aversion): table
        for contender, table in zip(made.contenders, tables, strict=True)
    }
    for row in summary.policies:
        best = summary.best_rule(row.risk_aversion)
        mine, other = (
            by_key[one.name, one.risk_aversion].expected_objective * 1e4
            for one in (row, best)
        )
        error = (mine - other).std(ddof=1) / math.sqrt(mine.size)
        assert row.controlled_gap_bp == pytest.approx((mine - other).mean(), abs=1e-9)
        assert row.controlled_gap_se == pytest.approx(error, abs=1e-9)
        share = mine.mean() / other.mean() - 1.0
        assert row.controlled_gap_relative == pytest.approx(share, abs=1e-12)
        before = next(
            r
            for r in made.summary.at(row.risk_aversion)
            if (r.name, r.kind) == (row.name, row.kind)
        )
        assert row.objective_gap_bp == before.objective_gap_bp
        if row is not best:
            assert row.controlled_gap_se < row.objective_gap_se
            assert row.gap == (
                row.controlled_gap_bp,
                row.controlled_gap_se,
                row.controlled_gap_relative,
            )


def test_without_expected_squares_the_plain_gap_is_the_one_shown(made):
    for row in made.summary.policies:
        assert row.controlled_gap_bp is None
        assert row.gap == (
            row.objective_gap_bp,
            row.objective_gap_se,
            row.objective_gap_relative,
        )


def test_expected_squares_of_one_policy_alone_give_no_gap(made):
    """One in recorded days and one in simulated ones, say: nothing to subtract."""
    mine = with_expected_squares(made)[0]
    assert paired_difference(mine, made.tables[1]).controlled is None
    assert paired_difference(made.tables[1], mine).controlled is None


def test_without_a_rule_there_is_no_gap(made):
    agents = [
        (contender, table)
        for contender, table in zip(made.contenders, made.tables, strict=True)
        if contender.kind == "agent"
    ]
    summary = rebuild(made, [c for c, _ in agents], [t for _, t in agents])
    (row,) = summary.policies
    assert summary.best_rule(10.0) is None
    assert not row.best_rule
    gaps = [name for name in vars(row) if name.startswith("objective_gap")]
    assert len(gaps) == 4
    assert [getattr(row, name) for name in gaps] == [None] * 4
    assert row.gap is None


def test_a_gap_relative_to_nothing_is_none_and_not_nan(made):
    """No cost and no tracking error: there is nothing to divide by."""
    table = made.tables[0]
    perfect = replace(
        table,
        cost_components=np.zeros_like(table.cost_components),
        squared_increments=np.zeros_like(table.squared_increments),
    )
    summary = rebuild(made, made.contenders[:2], [perfect, made.tables[1]])
    json.dumps(summary.to_document(), allow_nan=False)
    best, other = summary.policies
    assert best.best_rule
    assert other.objective_gap_relative is None
    assert other.objective_gap_relative_se is None
    assert other.objective_gap_bp == pytest.approx(other.objective_bp)


def test_tables_of_different_paths_are_not_compared(made):
    elsewhere = replace(made.tables[1], path_id=made.tables[1].path_id + 1)
    with pytest.raises(ValueError, match="same paths"):
        rebuild(made, made.contenders[:2], [made.tables[0], elsewhere])


def test_an_attribution_survives_json():
    summary = comparison((10.0,), n_paths=50).summary
    document = json.loads(json.dumps(summary.to_document(), allow_nan=False))
    for row, loaded in zip(summary.policies, document["policies"], strict=True):
        assert row.attribution == loaded["attribution"]
        assert loaded["attribution"]["pnl_bp"].keys() == {*PNL_PARTS}
