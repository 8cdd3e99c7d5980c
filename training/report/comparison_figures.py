"""The figures of a comparison: frontier, distributions of loss, cost by component.

Each function draws one figure for a screen or for a phone. A policy that is far off
(not hedging at all, say) would flatten everything else, so it is named at the edge
with its numbers instead of stretching the axes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.base.types import FloatArray
from hedge_env.training.report.frontier_labels import label_policies
from hedge_env.training.report.style import (
    COMPONENT_COLOURS,
    MUTED,
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
    policy_styles,
)
from hedge_env.training.results.summary import Z_95, PolicyRow, Summary

__all__ = ["cost_figure", "distribution_figure", "frontier_figure"]


# A policy whose objective is this many times the best one's is off the chart.
_OFF_CHART = 2.5


def frontier_figure(summary: Summary, size: Size = WIDE) -> Figure:
    """Cost against tracking error: one line per policy, one point per risk aversion.

    Dotted curves join the points that are as good as the best policy at one risk
    aversion lambda: cost + lambda tracking_error^2 is the same on all of it.

    Args:
        summary: What was measured.
        size: For a screen or for a phone.
    """
    styles = _styles(summary)
    shown, hidden = _split(summary)
    with figure_context(size, 5.4 if not size.is_narrow else 4.9) as figure:
        axes = figure.add_subplot()
        for name, rows in _by_name(shown).items():
            _draw_policy(axes, rows, styles[name])
        axes.set_xlabel("cost (bp of notional)")
        axes.set_ylabel("tracking error (bp of notional)")
        axes.margins(0.12, 0.12)
        if min(row.cost_bp for row in shown) >= 0.0:  # funding can be received
            axes.set_xlim(max(axes.get_xlim()[0], 0.0))
        axes.set_ylim(max(axes.get_ylim()[0], 0.0))
        _draw_equally_good(axes, summary)
        finish_axes(axes)
        if hidden:
            figure.text(
                0.5, -0.01, _name_hidden(hidden, size), **_note("center", "top")
            )
        figure.draw_without_rendering()  # fixes the layout, so that labels can be put
        lines = {
            name: [(row.cost_bp, row.tracking_error_bp) for row in rows]
            for name, rows in _by_name(shown).items()
        }
        label_policies(axes, lines, _intervals(shown), styles, size)
    return figure


def _draw_policy(axes: Axes, rows: Sequence[PolicyRow], style: PolicyStyle) -> None:
    axes.errorbar(
        [row.cost_bp for row in rows],
        [row.tracking_error_bp for row in rows],
        xerr=[Z_95 * row.cost_se for row in rows],
        yerr=[Z_95 * row.tracking_error_se for row in rows],
        color=style.colour,
        marker=style.marker,
        markersize=5.5,
        linewidth=style.linewidth,
        linestyle=style.linestyle,
        elinewidth=1.0,
        zorder=style.zorder,
    )


def _intervals(rows: Sequence[PolicyRow]) -> list[tuple[float, float]]:
    """Points on the confidence intervals, close enough to stand for them."""
    points = []
    for row in rows:
        for shift in (-Z_95, -Z_95 / 2.0, Z_95 / 2.0, Z_95):
            cost, error = row.cost_bp, row.tracking_error_bp
            points.append((cost + shift * row.cost_se, error))
            points.append((cost, error + shift * row.tracking_error_se))
    return points


def _draw_equally_good(axes: Axes, summary: Summary) -> None:
    """Draw, for each lambda, the curve of equal objective through the best policy."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    errors = np.linspace(bottom, top, 1000)
    lowest = bottom + 0.015 * (top - bottom)  # a name needs some room
    for risk_aversion in summary.risk_aversions:
        best = summary.at(risk_aversion)[0]
        # In basis points the square of the tracking error carries another 1e-4.
        level = best.cost_bp + risk_aversion * 1e-4 * best.tracking_error_bp**2
        costs = level - risk_aversion * 1e-4 * errors**2
        axes.plot(costs, errors, color=MUTED, linewidth=0.8, linestyle=":", zorder=2)
        inside = np.flatnonzero((costs > left) & (costs < right) & (errors > lowest))
        if inside.size:
            number = inside[0]
            is_at_edge = costs[number] > left + 0.9 * (right - left)
            axes.annotate(
                f"λ = {risk_aversion:g}",
                (float(costs[number]), float(errors[number])),
                xytext=(0 if is_at_edge else 3, 2),
                textcoords="offset points",
                **_note("right" if is_at_edge else "left", "bottom"),
            )
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def distribution_figure(
    rows: Sequence[PolicyRow],
    net_loss_bp: Mapping[str, FloatArray],
    styles: Mapping[str, PolicyStyle],
    size: Size = WIDE,
) -> Figure:
    """Net loss of every policy, one density above the other.

    Args:
        rows: The policies at one risk aversion, the best first.
        net_loss_bp: Net loss per test path, by policy name [bp].
        styles: The look of each policy.
        size: For a screen or for a phone.
    """
    spreads = [row.net_loss_std_bp for row in rows]
    normal = [r for r in rows if r.net_loss_std_bp <= 3.0 * float(np.median(spreads))]
    edges = np.linspace(
        min(np.quantile(net_loss_bp[row.name], 0.002) for row in normal),
        max(np.quantile(net_loss_bp[row.name], 0.998) for row in normal),
        91,
    )
    with figure_context(size, 1.0 + 0.42 * len(rows)) as figure:
        axes = figure.add_subplot()
        for place, row in enumerate(reversed(rows)):
            loss = net_loss_bp[row.name]
            density = np.histogram(loss, edges)[0].astype(float)
            height = place + 0.85 * density / max(density.max(), 1.0)
            middle = (edges[1:] + edges[:-1]) / 2.0
            style = styles[row.name]
            axes.fill_between(
                middle, place, height, color=style.colour, alpha=0.35, linewidth=0
            )
            axes.plot(middle, height, color=style.colour, linewidth=1.0)
            _mark(axes, row.net_loss_mean_bp, place, "|", style)
            _mark(axes, row.cvar95_bp, place, "D", style)
        axes.set_yticks(range(len(rows)), [row.name for row in reversed(rows)])
        axes.set_xlim(edges[0], edges[-1])
        axes.set_xlabel("net loss (bp of notional);  | mean   ◆ mean of the worst 5 %")
        finish_axes(axes, "x")
    return figure


def _mark(
    axes: Axes, value: float, place: float, marker: str, style: PolicyStyle
) -> None:
    axes.plot(
        [value],
        [place + (0.12 if marker == "|" else 0.08)],
        marker=marker,
        color=style.colour,
        markersize=8 if marker == "|" else 4,
        markeredgewidth=1.6 if marker == "|" else 0.5,
        linestyle="none",
        zorder=5,
    )


def cost_figure(rows: Sequence[PolicyRow], size: Size = WIDE) -> Figure:
    """Mean cost of every policy, split into what it was paid for.

    Args:
        rows: The policies at one risk aversion, the best first.
        size: For a screen or for a phone.
    """
    names = [name for name in rows[0].cost_components_bp if _is_charged(rows, name)]
    parts = np.array(
        [[row.cost_components_bp[name] for row in rows] for name in names]
    ).reshape(len(names), len(rows))
    paid, received = np.maximum(parts, 0.0), np.minimum(parts, 0.0)
    ends, lowest = paid.sum(axis=0), float(received.sum(axis=0).min())
    comparable = _comparable(rows)
    highest = max(e for row, e in zip(rows, ends, strict=True) if row in comparable)
    limit = max(1.15 * highest, -0.15 * lowest) or 1.0
    # What is paid is stacked to the right of zero, what is received to the left.
    starts = np.where(
        parts < 0.0, received.cumsum(axis=0) - received, paid.cumsum(axis=0) - paid
    )
    with figure_context(size, 1.3 + 0.3 * len(rows)) as figure:
        axes = figure.add_subplot()
        places = range(len(rows) - 1, -1, -1)
        for number, name in enumerate(names):
            axes.barh(
                places,
                parts[number],
                left=starts[number],
                height=0.62,
                label=name.replace("_", " "),
                color=COMPONENT_COLOURS[number % len(COMPONENT_COLOURS)],
            )
        for place, row, end in zip(places, rows, ends, strict=True):
            _write_cost(axes, place, row.cost_bp, float(end), limit)
        axes.set_yticks(places, [row.name for row in rows])
        axes.set_xlim(1.05 * lowest, limit)
        axes.set_xlabel("mean cost (bp of notional)")
        if names:
            figure.legend(loc="outside upper left", ncols=3 if size.is_narrow else 6)
        finish_axes(axes, "x")
    return figure


def _write_cost(
    axes: Axes, place: float, cost_bp: float, end: float, limit: float
) -> None:
    """Write the sum behind a bar, or at the edge if the bar runs out of the picture."""
    axes.text(
        min(end, limit),
        place,
        f" {cost_bp:.1f}{' →' if end > limit else ''}",
        va="center",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
    )


def _is_charged(rows: Sequence[PolicyRow], component: str) -> bool:
    return any(abs(row.cost_components_bp[component]) > 0.0 for row in rows)


def _comparable(rows: Sequence[PolicyRow]) -> list[PolicyRow]:
    """The policies that are not far off; `rows` share one risk aversion."""
    best = min(row.objective_bp for row in rows)
    return [row for row in rows if row.objective_bp <= _OFF_CHART * abs(best)]


def _split(summary: Summary) -> tuple[list[PolicyRow], list[PolicyRow]]:
    """Rows on the chart and rows off it."""
    shown = [
        row
        for risk_aversion in summary.risk_aversions
        for row in _comparable(summary.at(risk_aversion))
    ]
    return shown, [row for row in summary.policies if row not in shown]


def _name_hidden(rows: Sequence[PolicyRow], size: Size) -> str:
    entries = []
    for name, same in _by_name(rows).items():
        values = ", ".join(
            f"({row.cost_bp:.0f}, {row.tracking_error_bp:.0f})" for row in same
        )
        entries.append(f"{name} {values}")
    return "Off the chart: " + ("\n" if size.is_narrow else ";  ").join(entries)


def _by_name(rows: Sequence[PolicyRow]) -> dict[str, list[PolicyRow]]:
    groups: dict[str, list[PolicyRow]] = {}
    for row in sorted(rows, key=lambda row: row.risk_aversion):
        groups.setdefault(row.name, []).append(row)
    return groups


def _styles(summary: Summary) -> dict[str, PolicyStyle]:
    return policy_styles([(row.name, row.kind) for row in summary.policies])


def _note(horizontal: str, vertical: str) -> dict[str, Any]:
    return {"ha": horizontal, "va": vertical, "fontsize": 7.5, "color": MUTED}
