"""The figure of a frontier study: every policy, and what can be had by mixing them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.base.types import FloatArray
from hedge_env.training.report.frontier_labels import label_policies
from hedge_env.training.report.style import (
    INK,
    MUTED,
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
    policy_styles,
)
from hedge_env.training.results.summary import PolicyRow, Summary

__all__ = ["convex_frontier", "convex_frontier_figure"]


_MOST_SHOWN = 7  # policies with a line of their own; the others are grey points
_OFF_CHART = 1.3  # times the best objective
_NO_SIZE = 1e-9  # of an objective [bp]


def convex_frontier(cost: Sequence[float], square: Sequence[float]) -> list[int]:
    """Which points no mixture of the others beats in cost and squared error.

    A hedger who draws a policy by lot before each episode has the mean of their costs
    and of their squared errors, so all that can be had is convex in these two. What
    remains are exactly the policies with the least cost + lambda x square for some
    lambda above 0.

    Args:
        cost: Of each policy.
        square: Squared tracking error of each.

    Returns:
        Numbers of the policies on the lower left boundary, by rising cost.
    """
    order = sorted(range(len(cost)), key=lambda i: (cost[i], square[i]))
    hull: list[int] = []
    for i in order:
        if hull and square[i] >= square[hull[-1]]:
            continue  # dearer and no better
        while len(hull) > 1 and _is_above(hull[-2], hull[-1], i, cost, square):
            hull.pop()
        hull.append(i)
    return hull


def _is_above(
    a: int, b: int, c: int, cost: Sequence[float], square: Sequence[float]
) -> bool:
    """Whether the middle point lies on or above the line through its neighbours."""
    first = (square[b] - square[a]) * (cost[c] - cost[a])
    second = (square[c] - square[a]) * (cost[b] - cost[a])
    return first >= second


def convex_frontier_figure(summary: Summary, size: Size = WIDE) -> Figure:
    """Cost against the root of the mean squared error, with the convex frontier.

    Args:
        summary: What was measured.
        size: For a screen or for a phone.
    """
    shown = _near(summary)
    names = _leaders(summary)
    styles = policy_styles([(row.name, row.kind) for row in summary.policies])
    drawn = {name: [r for r in shown if r.name == name] for name in names}
    with figure_context(size, 5.2) as figure:
        axes = figure.add_subplot()
        others = [row for row in shown if row.name not in names]
        _draw_points(axes, others, drawn, styles)
        cost, root = _frontier_curve(shown)
        axes.plot(cost, root, color=INK, linewidth=4.0, alpha=0.25, zorder=2.5)
        _draw_frame(axes, shown)
        figure.draw_without_rendering()
        lines = {name: _points(rows) for name, rows in drawn.items() if rows}
        label_policies(axes, lines, _points(others), styles, size)
    return figure


def _draw_points(
    axes: Axes,
    others: Sequence[PolicyRow],
    drawn: Mapping[str, Sequence[PolicyRow]],
    styles: Mapping[str, PolicyStyle],
) -> None:
    """Grey points, and lines of the policies that have one."""
    axes.plot(
        [row.cost_bp for row in others],
        [row.tracking_rms_bp for row in others],
        ".",
        color=MUTED,
        markersize=4,
        alpha=0.6,
    )
    for name, rows in drawn.items():
        style = styles[name]
        axes.plot(
            [row.cost_bp for row in rows],
            [row.tracking_rms_bp for row in rows],
            color=style.colour,
            marker=style.marker,
            markersize=5,
            linewidth=style.linewidth,
            linestyle=style.linestyle,
            zorder=style.zorder,
        )


def _draw_frame(axes: Axes, shown: Sequence[PolicyRow]) -> None:
    """Axes from zero, and what is what."""
    axes.set_xlabel("cost (bp of notional)")
    axes.set_ylabel("root of the mean squared tracking error (bp of notional)")
    # Straight in the squared error, so that mixtures are straight lines.
    axes.set_yscale("function", functions=(_square, _root))
    axes.margins(0.1, 0.1)
    axes.set_ylim(bottom=max(axes.get_ylim()[0], 0.0))
    if min(row.cost_bp for row in shown) >= 0.0:  # funding can be received
        axes.set_xlim(left=0.0)
    finish_axes(axes)
    axes.set_title(
        "wide grey line: what the rules and mixtures of them can reach; "
        "points: the other rules",
        fontsize=8,
        color=MUTED,
        loc="right",
    )


def _points(rows: Sequence[PolicyRow]) -> list[tuple[float, float]]:
    return [(row.cost_bp, row.tracking_rms_bp) for row in rows]


def _square(values: FloatArray) -> FloatArray:
    squares: FloatArray = values * np.abs(values)
    return squares


def _root(values: FloatArray) -> FloatArray:
    roots: FloatArray = np.sign(values) * np.sqrt(np.abs(values))
    return roots


def _near(summary: Summary) -> list[PolicyRow]:
    """Rows that are not so far off that they would flatten the picture."""
    return [
        row
        for row in summary.policies
        if _worse(row, summary.at(row.risk_aversion)[0]) <= _OFF_CHART - 1.0
    ]


def _worse(row: PolicyRow, best: PolicyRow) -> float:
    """How much worse than the best, over its size: it may earn more than it risks."""
    least = best.estimate[0]
    return (row.estimate[0] - least) / max(abs(least), _NO_SIZE)


def _leaders(summary: Summary) -> list[str]:
    """Names of the policies that are nearest to the best over all risk aversions."""
    losses: dict[str, float] = {}
    for risk_aversion in summary.risk_aversions:
        rows = summary.at(risk_aversion)
        for row in rows:
            loss = 1.0 + _worse(row, rows[0])
            losses[row.name] = losses.get(row.name, 0.0) + loss
    return sorted(losses, key=losses.__getitem__)[:_MOST_SHOWN]


def _frontier_curve(rows: Sequence[PolicyRow]) -> tuple[FloatArray, FloatArray]:
    """Points along the convex frontier of the rules, straight in squared error."""
    rules = [row for row in rows if row.kind == "baseline"] or list(rows)
    cost = [row.cost_bp for row in rules]
    square = [row.tracking_rms_bp**2 for row in rules]
    hull = convex_frontier(cost, square)
    x = np.array([cost[i] for i in hull])
    y = np.array([square[i] for i in hull])
    fine = np.linspace(x[0], x[-1], 400)
    return fine, np.sqrt(np.interp(fine, x, y))
