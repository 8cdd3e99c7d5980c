"""Figures of where profit is from and when policies trade."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.base.types import FloatArray
from hedge_env.evaluation.attribution import BINS, PNL_PARTS
from hedge_env.training.report.style import (
    COMPONENT_COLOURS,
    INK,
    WIDE,
    Size,
    figure_context,
    finish_axes,
)
from hedge_env.training.results.summary import PolicyRow

__all__ = ["pnl_figure", "trades_figure"]


def pnl_figure(rows: Sequence[PolicyRow], size: Size = WIDE) -> Figure:
    """Profit by Greek: what the book brings to all, and what each policy adds.

    A bar reaches one standard deviation to both sides of the mean, the mark. Where
    options are held, what they bring differs, and the best policy's is shown.

    Args:
        rows: Policies with an attribution, the best first.
        size: For a screen or for a phone.
    """
    book = _of(rows[0])
    names = [name for name in PNL_PARTS if name != "delta"]
    means = [book["pnl_bp"][name] for name in names]
    spreads = [book["pnl_std_bp"][name] for name in names]
    own = [_of(row)["pnl_bp"]["delta"] for row in rows]
    own_spreads = [_of(row)["pnl_std_bp"]["delta"] for row in rows]
    ratios = [len(names) + 1.5, len(rows) + 1.5]
    with figure_context(size, 1.4 + 0.27 * (len(names) + len(rows))) as figure:
        upper, lower = figure.subplots(2, 1, height_ratios=ratios)
        colours = COMPONENT_COLOURS[1 : 1 + len(names)]
        _draw_spreads(upper, names, means, spreads, colours)
        upper.set_xlabel(f"{_owner(rows)} (bp of notional)")
        labels = [row.name for row in rows]
        _draw_spreads(lower, labels, own, own_spreads, COMPONENT_COLOURS[:1])
        widest = sorted(own_spreads)[len(own_spreads) // 2]
        lower.set_xlim(*(sign * 3.0 * max(widest, 1e-9) for sign in (-1, 1)))
        lower.set_xlabel("delta: holdings other than delta (bp of notional)")
    return figure


def _owner(rows: Sequence[PolicyRow]) -> str:
    """Whose Greeks are drawn: the book's, or also those of options one policy holds."""
    gammas = {round(_of(row)["pnl_bp"]["gamma"], 6) for row in rows}
    if len(gammas) > 1:
        return f"book and options of {rows[0].name}"
    return "the book, whatever the policy"


def _draw_spreads(
    axes: Axes,
    labels: Sequence[str],
    means: Sequence[float],
    spreads: Sequence[float],
    colours: Sequence[str],
) -> None:
    """A bar from one standard deviation below each mean to one above, and a mark."""
    places = np.arange(len(labels) - 1, -1, -1)
    low = np.asarray(means) - np.asarray(spreads)
    axes.barh(
        places,
        2.0 * np.asarray(spreads),
        left=low,
        height=0.55,
        color=[colours[i % len(colours)] for i in range(len(labels))],
        alpha=0.55,
    )
    axes.plot(means, places, "|", color=INK, markersize=11)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_yticks(places, labels)
    finish_axes(axes, "x")


def trades_figure(rows: Sequence[PolicyRow], size: Size = WIDE) -> Figure:
    """Share of each policy's trades by tenth of the episode, and of gas prices.

    Args:
        rows: Policies with an attribution, the best first.
        size: For a screen or for a phone.
    """
    rows = [row for row in rows if sum(_of(row)["trades_by_time"]) > 0.0]
    panels = [("trades_by_time", "tenth of the episode, expiry at the right")]
    if all(_of(row)["trades_by_gas"] is not None for row in rows):
        panels.append(("trades_by_gas", "tenth of gas prices, dear at the right"))
    stacked = size.is_narrow and len(panels) > 1
    shape = (len(panels), 1) if stacked else (1, len(panels))
    height = (0.9 + 0.22 * len(rows)) * (2 if stacked else 1)
    with figure_context(size, height) as figure:
        grid = figure.subplots(*shape, squeeze=False, sharey=not stacked)
        for axes, (key, label) in zip(grid.ravel(), panels, strict=True):
            _draw_shares(axes, rows, key, label)
    return figure


def _draw_shares(axes: Axes, rows: Sequence[PolicyRow], key: str, label: str) -> None:
    counts: FloatArray = np.array([_of(row)[key] for row in rows]).reshape(-1, BINS)
    shares = 100.0 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    darkest = max(30.0, float(shares.max()))
    # Fields that are drawn, not an image: the figure stays sharp at any size.
    edges = np.arange(BINS + 1) - 0.5, np.arange(len(rows) + 1) - 0.5
    axes.pcolormesh(*edges, shares, cmap="Blues", vmin=0.0, vmax=darkest)
    if not axes.yaxis_inverted():
        axes.invert_yaxis()
    for (row, column), share in np.ndenumerate(shares):
        axes.text(
            column,
            row,
            f"{share:.0f}",
            ha="center",
            va="center",
            fontsize=6.5,
            color="white" if share > 0.6 * darkest else INK,
        )
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_xticks(range(BINS), [f"{number + 1}" for number in range(BINS)])
    axes.set_xlabel(label)
    axes.grid(visible=False)
    axes.tick_params(length=0)


def _of(row: PolicyRow) -> Any:
    """The attribution of a row that has one."""
    assert row.attribution is not None  # the caller chose such rows
    return row.attribution
