import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.episode_trace import record_episode, typical_path
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.training.report.comparison_figures import (
    cost_figure,
    distribution_figure,
    frontier_figure,
)
from hedge_env.training.report.episode_figure import episode_figure
from hedge_env.training.report.label_placement import place_labels
from hedge_env.training.report.style import NARROW, WIDE, policy_styles, to_png
from tests.training.helpers.fabricated import INVENTED, comparison

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=lambda size: size.name)
LEVELS = ((10.0,), (2.0, 10.0, 50.0))
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def made():
    return {levels: comparison(levels, n_paths=200) for levels in LEVELS}


def losses(made, level):
    return {
        contender.name: 1e4 * table.net_loss
        for contender, table in zip(made.contenders, made.tables, strict=True)
        if contender.risk_aversion == level
    }


def styles_of(summary):
    return policy_styles([(row.name, row.kind) for row in summary.policies])


def labels(figure, names):
    """Extent of the text of each policy's label [pixel], its arrow not counted."""
    figure.draw_without_rendering()
    (axes,) = figure.axes
    return axes, {
        text.get_text(): Text.get_window_extent(text)
        for text in axes.texts
        if text.get_text() in names
    }


@SIZES
@pytest.mark.parametrize("levels", LEVELS, ids=len)
def test_every_policy_on_the_frontier_has_a_label_that_covers_no_other(
    made, levels, size
):
    summary = made[levels].summary
    figure = frontier_figure(summary, size)
    axes, boxes = labels(figure, {row.name for row in summary.policies})
    drawn = {container[0] for container in axes.containers}
    assert len(boxes) == len(drawn) >= 5
    for (name, box), (other, other_box) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), (name, other)
    for box in boxes.values():
        assert axes.bbox.x0 - 1 < box.x0 < box.x1 < axes.bbox.x1 + 1
        assert axes.bbox.y0 - 1 < box.y0 < box.y1 < axes.bbox.y1 + 1


def test_the_frontier_shows_every_policy_with_its_interval_or_names_it_aside(made):
    summary = made[LEVELS[1]].summary
    figure = frontier_figure(summary)
    (axes,) = figure.axes
    shown = {
        tuple(point)
        for container in axes.containers
        for point in container[0].get_xydata()
    }
    assert all(
        container.has_xerr and container.has_yerr for container in axes.containers
    )
    aside = " ".join(text.get_text() for text in figure.texts)
    for row in summary.policies:
        point = (row.cost_bp, row.tracking_error_bp)
        assert point in shown or f"({point[0]:.0f}, {point[1]:.0f})" in aside
    assert "no-hedge" in aside
    assert "delta-threshold" not in aside


def test_curves_of_equal_objective_pass_through_the_best_policy(made):
    summary = made[LEVELS[1]].summary
    (axes,) = frontier_figure(summary).axes
    curves = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert len(curves) == 3
    for level, curve in zip(summary.risk_aversions, curves, strict=True):
        best = summary.at(level)[0]
        cost, error = curve.get_data()
        value = cost + level * 1e-4 * error**2
        assert value == pytest.approx(
            best.cost_bp + level * 1e-4 * best.tracking_error_bp**2
        )


def test_a_policy_that_earns_funding_is_not_cut_off_the_frontier(made):
    """Cost is negative where the funding received is more than all the rest."""
    summary = made[LEVELS[0]].summary
    rows = tuple(
        replace(row, cost_bp=row.cost_bp - 50.0) for row in summary.policies[:5]
    )
    (axes,) = frontier_figure(replace(summary, policies=rows)).axes
    low, high = axes.get_xlim()
    assert all(low < row.cost_bp < high for row in rows)


@SIZES
@pytest.mark.parametrize("levels", LEVELS, ids=len)
def test_the_cost_bars_add_up_to_the_cost(made, levels, size):
    rows = made[levels].summary.at(10.0)
    (axes,) = cost_figure(rows, size).axes
    width = np.zeros(len(rows))
    for bars in axes.containers:
        width += [bar.get_width() for bar in bars]
    assert width == pytest.approx([row.cost_bp for row in rows])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        row.name for row in rows
    ]


def test_costs_that_are_all_negative_still_have_an_axis(made):
    rows = [
        replace(
            row,
            cost_bp=-row.cost_bp - 1.0,
            cost_components_bp={"funding": -row.cost_bp - 1.0},
        )
        for row in made[LEVELS[0]].summary.policies
    ]
    (axes,) = cost_figure(rows).axes
    low, high = axes.get_xlim()
    assert low <= min(row.cost_bp for row in rows)
    assert high >= 0.0


def test_funding_received_does_not_hide_what_was_paid(made):
    (row,) = made[LEVELS[0]].summary.policies[:1]
    components = {"fee": 20.0, "funding": -5.0, "gas": 10.0}
    row = replace(row, cost_bp=25.0, cost_components_bp=components)
    (axes,) = cost_figure([row]).axes
    spans = [
        sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in axes.patches
    ]
    assert spans == [[0.0, 20.0], [-5.0, 0.0], [20.0, 30.0]]
    assert [text.get_text().strip() for text in axes.texts] == ["25.0"]


def test_a_policy_that_pays_nothing_can_be_drawn_alone():
    made = comparison((10.0,), n_paths=50, invented=INVENTED[:1])
    rows = made.summary.policies
    for figure in (
        cost_figure(rows),
        frontier_figure(made.summary),
        distribution_figure(rows, losses(made, 10.0), styles_of(made.summary)),
    ):
        assert to_png(figure, dpi=30).startswith(PNG)


@SIZES
def test_distributions_name_every_policy_in_the_order_of_the_table(made, size):
    comparison_ = made[LEVELS[1]]
    rows = comparison_.summary.at(10.0)
    figure = distribution_figure(
        rows, losses(comparison_, 10.0), styles_of(comparison_.summary), size
    )
    (axes,) = figure.axes
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names[::-1] == [row.name for row in rows]
    low, high = axes.get_xlim()
    assert low < rows[0].net_loss_mean_bp < rows[0].cvar95_bp < high


def test_the_typical_path_is_the_median_of_the_objective(made):
    table = made[LEVELS[0]].tables[3]
    value = table.objective[table.path_id == typical_path(table)]
    assert (
        np.quantile(table.objective, 0.48) < value < np.quantile(table.objective, 0.52)
    )


@pytest.mark.parametrize(
    "preset",
    [
        "reference",
        pytest.param("reference-gas", marks=pytest.mark.slow),
        pytest.param("ethereum-l1", marks=pytest.mark.slow),
        pytest.param("deribit", marks=pytest.mark.slow),
        pytest.param("gamma-vega", marks=pytest.mark.slow),
    ],
)
def test_an_episode_shows_what_the_evaluation_counted(preset):
    config = load_config(preset)
    policy = BASELINES["delta-threshold"](threshold=0.1)
    if preset == "gamma-vega":
        policy = BASELINES["delta-gamma"]()
    trace = record_episode(policy, config, path_id=3, risk_aversion=10.0, seed=5)
    (table,) = evaluate([(policy, 10.0)], config, n_episodes=1, seed=5, first_path=3)
    assert trace.costs[:, -1].sum() == pytest.approx(1e4 * table.cost[0])
    assert trace.tracking[-1] == pytest.approx(1e4 * table.tracking[0])
    assert np.count_nonzero(trace.trade) == table.trades[0]
    assert trace.holdings == pytest.approx(np.cumsum(trace.trade))
    assert trace.spot[0] == pytest.approx(config.market.spot)
    assert (trace.gas_price is not None) == (config.market.gas is not None)
    assert (trace.funding_bp is not None) == (preset == "deribit")
    assert (trace.options is not None) == (preset == "gamma-vega")
    style = policy_styles([(policy.name, "baseline")])[policy.name]
    for size, n_panels in ((WIDE, 3), (NARROW, 3)):
        extra = preset != "reference"
        figure = episode_figure(trace, style, size)
        assert len(figure.axes) == n_panels + extra
        figure.draw_without_rendering()


def test_labels_cover_neither_points_nor_each_other_where_there_is_room():
    random, box = np.random.default_rng(3), (0.0, 0.0, 600.0, 600.0)
    for _ in range(8):
        grid = np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(-1, 2)
        chosen = random.permutation(16)[:6]
        anchors = 60.0 + 130.0 * grid[chosen] + random.uniform(-20, 20, (6, 2))
        sizes = np.column_stack([random.uniform(30, 90, 6), np.full(6, 12.0)])
        low = place_labels(anchors[:, None], sizes, anchors, box).corner
        high = low + sizes
        assert low.min() >= 0.0
        assert high.max() <= 600.0
        for i, j in itertools.combinations(range(6), 2):
            assert np.any((high[i] <= low[j]) | (high[j] <= low[i]))
        for i in range(6):
            covered = np.all((anchors > low[i]) & (anchors < high[i]), axis=1)
            assert not covered.any()


def test_labels_of_points_in_a_heap_have_leaders_that_can_be_followed():
    random = np.random.default_rng(6)
    anchors = 150.0 + random.uniform(0.0, 40.0, (14, 1, 2))
    sizes = np.column_stack([random.uniform(40.0, 70.0, 14), np.full(14, 11.0)])
    box = (0.0, 0.0, 340.0, 340.0)
    places = place_labels(anchors, sizes, anchors[:, 0], box)
    low, high = places.corner, places.corner + sizes
    assert low.min() >= 0.0
    assert high.max() <= 340.0
    np.testing.assert_array_equal(places.start, anchors[:, 0])
    np.testing.assert_array_equal(places.end, np.clip(places.start, low, high))
    leaders = [Path(pair) for pair in zip(places.start, places.end, strict=True)]
    texts = [Bbox(pair) for pair in zip(low, high, strict=True)]
    for i, j in itertools.combinations(range(14), 2):
        assert not texts[i].overlaps(texts[j])
        assert not leaders[i].intersects_path(leaders[j])
    for i, j in itertools.permutations(range(14), 2):
        assert not leaders[i].intersects_bbox(texts[j], filled=True)


def test_a_label_stands_next_to_the_point_of_its_line_that_has_room():
    line = np.array([[50.0, 50.0], [200.0, 200.0]])
    crowd = 50.0 + 60.0 * np.random.default_rng(5).standard_normal((500, 2))
    sizes = np.array([[40.0, 10.0]])
    places = place_labels([line], sizes, crowd, (0.0, 0.0, 300.0, 300.0))
    np.testing.assert_array_equal(places.start, line[1:])


def test_no_labels_are_placed_without_complaint():
    none = np.zeros((0, 2))
    places = place_labels([], none, none, (0.0, 0.0, 1.0, 1.0))
    assert places.corner.shape == (0, 2)


def test_a_style_depends_on_the_set_of_policies_and_not_on_their_order():
    policies = [("b", "baseline"), ("a", "baseline"), ("x", "agent"), ("y", "agent")]
    styles = policy_styles(policies)
    assert styles == policy_styles(policies[::-1] * 2)
    looks = {(style.colour, style.marker) for style in styles.values()}
    assert len(looks) == 4


def test_many_policies_still_look_different():
    styles = policy_styles([(f"rule-{n}", "baseline") for n in range(30)])
    assert len({(s.colour, s.marker) for s in styles.values()}) == 30


def test_the_same_figure_has_the_same_bytes(made):
    rows = made[LEVELS[0]].summary.policies
    assert to_png(cost_figure(rows), dpi=40) == to_png(cost_figure(rows), dpi=40)
