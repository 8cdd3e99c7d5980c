"""The figure of paired differences: what each rule loses against the best one."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.training.report.style import (
    INK,
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
    policy_styles,
)
from hedge_env.training.results.summary import Z_95, PolicyRow, Summary

__all__ = ["gap_figure"]

_MOST_SHOWN = 8
_OFF_CHART = 0.25  # of the best rule's avoidable objective


def gap_figure(summary: Summary, size: Size = WIDE) -> Figure:
    """Difference to the best rule of each risk aversion, as a share of avoidable J.

    The objective of all policies has a floor in common that would cover every
    difference; of these, path by path, nothing is covered. Intervals are of 95 %.

    Args:
        summary: With gaps at one risk aversion at least.
        size: For a screen or for a phone.
    """
    rows = _near(summary)
    names = [(row.name, row.kind) for row in rows]
    styles = policy_styles(list(dict.fromkeys(names)))
    with figure_context(size, 4.6) as figure:
        axes = figure.add_subplot()
        places = {level: k for k, level in enumerate(summary.risk_aversions)}
        axes.axhline(0.0, color=INK, linewidth=1.0, zorder=2.0)
        for number, name in enumerate(styles):
            mine = [row for row in rows if row.name == name]
            shift = 0.5 * (number / max(len(styles) - 1, 1) - 0.5)
            _draw(axes, mine, _best(summary), places, shift, styles[name])
        axes.set_xticks(range(len(places)), [f"{level:g}" for level in places])
        axes.set_xlabel("risk aversion λ")
        axes.set_ylabel("J less that of the best rule (% of avoidable J)")
        finish_axes(axes, "y")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


def _best(summary: Summary) -> dict[float, PolicyRow]:
    """The best rule of each risk aversion that has one."""
    found = {level: summary.best_rule(level) for level in summary.risk_aversions}
    return {level: row for level, row in found.items() if row is not None}


def _near(summary: Summary) -> list[PolicyRow]:
    """Rows that are not far behind, of the policies that are least so on average."""
    best = _best(summary)
    shares: dict[str, list[float]] = {}
    for row in summary.policies:
        if row.gap is not None and row.risk_aversion in best:
            share = row.gap.bp / _whole(best[row.risk_aversion])
            shares.setdefault(row.name, []).append(min(share, 2.0 * _OFF_CHART))
    ranked = sorted(shares, key=lambda name: sum(shares[name]) / len(shares[name]))
    shown = ranked[:_MOST_SHOWN]
    return [
        row
        for row in summary.policies
        if row.name in shown
        and row.gap is not None
        and row.risk_aversion in best
        and row.gap.bp < _OFF_CHART * _whole(best[row.risk_aversion])
    ]


def _whole(row: PolicyRow) -> float:
    """What of a row's objective can be avoided, or all of it if not known [bp]."""
    whole = row.estimate[0] if row.avoidable_bp is None else row.avoidable_bp
    return max(abs(whole), 1e-9)


def _draw(
    axes: Axes,
    rows: Sequence[PolicyRow],
    best: Mapping[float, PolicyRow],
    places: Mapping[float, int],
    shift: float,
    style: PolicyStyle,
) -> None:
    """Points of one policy with their intervals, side by side with the others'."""
    found = [
        (
            places[row.risk_aversion] + shift,
            row.gap.bp / _whole(best[row.risk_aversion]),
            Z_95 * row.gap.se / _whole(best[row.risk_aversion]),
        )
        for row in rows
        if row.gap is not None
    ]
    if not found:
        return
    x, y, half = zip(*found, strict=True)
    axes.errorbar(
        x,
        [100.0 * one for one in y],
        yerr=[100.0 * one for one in half],
        color=style.colour,
        marker=style.marker,
        markersize=5,
        linestyle="none",
        elinewidth=1.2,
        label=rows[0].name,
    )
