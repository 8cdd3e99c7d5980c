"""One episode of one policy, recorded decision by decision, and its picture."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.training.report.style import (
    COMPONENT_COLOURS,
    INK,
    MUTED,
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
)
from hedge_env.training.results.episode_trace import EpisodeTrace, FloatArray

__all__ = ["episode_figure"]


_BUY, _SELL = "#0072B2", "#D55E00"


def episode_figure(
    trace: EpisodeTrace, style: PolicyStyle, size: Size = WIDE
) -> Figure:
    """Price, holdings with their target, cost and tracking error, gas or funding.

    Args:
        trace: What happened.
        style: The look of the policy.
        size: For a screen or for a phone.
    """
    others = trace.options, trace.gas_price, trace.funding_bp
    extra = [values is not None for values in others]
    ratios = [1.1, 1.6, 1.1, *(0.7 for present in extra if present)]
    with figure_context(size, 1.55 * sum(ratios)) as figure:
        panels = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
        remaining = iter(panels)
        _draw_price(next(remaining), trace)
        _draw_holdings(next(remaining), trace, style, size)
        _draw_cost(next(remaining), trace, size)
        if trace.options is not None:
            label = "options (per contract)"
            _draw_series(next(remaining), trace, trace.options, label)
        if trace.gas_price is not None:
            _draw_series(next(remaining), trace, trace.gas_price, "gas (gwei)")
        if trace.funding_bp is not None:
            _draw_series(next(remaining), trace, trace.funding_bp, "funding (bp)")
        for axes in panels:
            finish_axes(axes)
            axes.margins(x=0.01)
        panels[-1].set_xlabel(f"days since {trace.date or 'the start'}")
        figure.align_ylabels()
    return figure


def _draw_price(axes: Axes, trace: EpisodeTrace) -> None:
    axes.plot(trace.days, trace.spot, color=INK, linewidth=1.0)
    for strike in trace.strikes:
        axes.axhline(strike, color=MUTED, linewidth=0.9, linestyle="--")
        axes.annotate(
            f"strike {strike:g}",
            (1.0, strike),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            fontsize=7.5,
            color=MUTED,
        )
    axes.set_ylabel("price (quote)")


def _draw_holdings(
    axes: Axes, trace: EpisodeTrace, style: PolicyStyle, size: Size
) -> None:
    axes.fill_between(
        trace.days[:-1],
        trace.delta[:-1] - trace.half_width,
        trace.delta[:-1] + trace.half_width,
        color="#999999",
        alpha=0.22,
        linewidth=0,
        label="analytic band",
    )
    axes.plot(trace.days, trace.delta, color=MUTED, linewidth=0.9, label="delta")
    axes.step(
        trace.days,
        np.append(trace.holdings, trace.holdings[-1]),
        where="post",
        color=style.colour,
        linewidth=1.8,
        label="holdings",
    )
    for name, marker, colour, happened in (
        ("buy", "^", _BUY, trace.trade > 0.0),
        ("sell", "v", _SELL, trace.trade < 0.0),
    ):
        axes.plot(
            trace.days[:-1][happened],
            trace.holdings[happened],
            linestyle="none",
            marker=marker,
            markersize=5.5,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=name,
            zorder=4,
        )
    low = min(trace.delta.min(), trace.holdings.min())
    high = max(trace.delta.max(), trace.holdings.max())
    margin = 0.12 * (high - low) or 0.1
    axes.set_ylim(low - margin, high + margin)
    axes.set_ylabel("holdings (per contract)")
    _legend_above(axes, 3 if size.is_narrow else 5)


def _draw_cost(axes: Axes, trace: EpisodeTrace, size: Size) -> None:
    charged = [
        number
        for number in range(len(COST_COMPONENTS))
        if np.abs(trace.costs[number]).max() > 0.0
    ]
    base = np.zeros_like(trace.days)
    for number in charged:
        top = base + trace.costs[number]
        axes.fill_between(
            trace.days,
            base,
            top,
            step="pre",
            color=COMPONENT_COLOURS[number % len(COMPONENT_COLOURS)],
            alpha=0.75,
            linewidth=0,
            label=COST_COMPONENTS[number],
        )
        base = top
    axes.plot(
        trace.days, trace.tracking, color=INK, linewidth=1.0, label="hedge + book P&L"
    )
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    axes.set_ylabel("so far (bp)")
    _legend_above(axes, 3 if size.is_narrow else 6)


def _draw_series(
    axes: Axes, trace: EpisodeTrace, values: FloatArray, label: str
) -> None:
    """Draw what was paid for, marked where a trade paid it."""
    axes.plot(trace.days[:-1], values, color=MUTED, linewidth=0.9)
    traded = trace.trade != 0.0
    axes.plot(
        trace.days[:-1][traded],
        values[traded],
        linestyle="none",
        marker="o",
        markersize=3.5,
        color=INK,
        label="trade",
    )
    axes.set_ylabel(label)


def _legend_above(axes: Axes, columns: int) -> None:
    options: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 0.98)}
    axes.legend(ncols=columns, borderaxespad=0.1, handlelength=1.4, **options)
