"""The picture of adaptation curves: a panel for each market."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from hedge_env.training.adapt.curve import ADAPTED, NEW, Adaptation, MarketCurves
from hedge_env.training.report.style import (
    INK,
    MUTED,
    WIDE,
    figure_context,
    finish_axes,
    to_png,
)

__all__ = ["adaptation_figures"]

_LINEAR, _TICKS = 5.0, (-50, -20, -10, -5, 0, 5, 10, 20, 50, 100)  # percent
_COLUMNS, _HEIGHT = 2, 2.5  # panels across, height of a panel [inch]
_BESIDE = 0.03  # of a place, so that equal points do not hide each other
_LOOKS = {
    ADAPTED: ("#D55E00", "o", "from the weights of a trained agent"),
    NEW: ("#0072B2", "s", "from nothing"),
}


def adaptation_figures(found: Adaptation) -> dict[str, bytes]:
    """A PNG by file name for each risk aversion.

    Args:
        found: What was measured.
    """
    levels = found.risk_aversions
    if len(levels) == 1:
        return {"adaptation.png": _figure(found, levels[0])}
    names = [f"adaptation-lambda-{level:g}.png" for level in levels]
    return {
        name: _figure(found, level) for name, level in zip(names, levels, strict=True)
    }


def _figure(found: Adaptation, level: float) -> bytes:
    """Difference from the strongest rule against updates, a panel a market."""
    n = len(found.markets)
    columns = min(_COLUMNS, n)
    rows = math.ceil(n / columns)
    with figure_context(WIDE, _HEIGHT * rows + 0.6) as figure:
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for number, axes in enumerate(panels.flat):
            if number >= n:
                axes.set_visible(False)
                continue
            _draw(axes, found.markets[number], level)
        for axes in panels[:, 0]:
            axes.set_ylabel("J less the rule's [% of avoidable J]")
        lines, words = panels.flat[0].get_legend_handles_labels()
        figure.legend(lines, words, loc="outside lower center", ncols=2)
        figure.suptitle(
            f"Agents of {found.home} in other markets, risk aversion {level:g}; below "
            "0 is ahead of the strongest rule",
            fontsize=9,
            color=MUTED,
        )
        return to_png(figure)


def _draw(axes: Axes, market: MarketCurves, level: float) -> None:
    """Both curves of a market, at places that are even however many updates."""
    rule = market.rule(level)
    whole = rule.objective_bp if rule.avoidable_bp is None else rule.avoidable_bp
    axes.axhline(0.0, color=INK, linewidth=1.0, zorder=2.0)
    updates: list[int] = []
    for shift, (start, (colour, marker, label)) in zip(
        (-_BESIDE, _BESIDE), _LOOKS.items(), strict=True
    ):
        points = market.curve(level, start)
        updates = [point.updates for point in points]
        axes.errorbar(
            [place + shift for place in range(len(points))],
            [point.gap_percent for point in points],
            yerr=[100.0 * p.gap_half_bp / max(abs(whole), 1e-9) for p in points],
            color=colour,
            marker=marker,
            markersize=4.5,
            linewidth=1.6,
            elinewidth=1.2,
            label=label,
        )
    axes.set_yscale("symlog", linthresh=_LINEAR)
    axes.set_yticks(_TICKS)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xticks(range(len(updates)), [f"{n}" for n in updates])
    axes.set_xlabel("updates")
    axes.set_title(f"{market.market}, rule {rule.policy}")
    finish_axes(axes, "y")
