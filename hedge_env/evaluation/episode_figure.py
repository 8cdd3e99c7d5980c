"""The picture of one episode: of a report, and of an environment that is drawn.

It draws into a figure that is handed over, so that matplotlib is imported by whoever
has one: the environment needs it only when it is asked for a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.evaluation.episode_trace import EpisodeTrace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1a1a1a"
MUTED: Final = "#6b6b6b"
# Okabe and Ito's colours, and a few of Paul Tol's: see `report/style`.
COMPONENT_COLOURS: Final = (
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#E69F00",
    "#882255",
    "#999999",
    "#332288",
    "#F0E442",
    "#44AA99",
    "#AA4499",
)
_BUY, _SELL = "#0072B2", "#D55E00"
_PRICE, _HOLDINGS, _COST, _OTHER = 1.1, 1.6, 1.1, 0.7  # heights


def panel_heights(trace: EpisodeTrace) -> list[float]:
    """Relative heights of the panels that an episode needs, from the top."""
    others = trace.options, trace.gas_price, trace.funding_bp
    present = [_OTHER for values in others if values is not None]
    return [_PRICE, _HOLDINGS, _COST, *present]


def draw_episode(
    figure: Figure, trace: EpisodeTrace, colour: str, *, legend_columns: int = 6
) -> list[Axes]:
    """Price, holdings with their target, cost and tracking error, gas or funding.

    Args:
        figure: An empty one.
        trace: What happened.
        colour: Of the policy.
        legend_columns: Entries of a legend side by side.

    Returns:
        The panels from the top.
    """
    ratios = panel_heights(trace)
    panels = list(figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios))
    remaining = iter(panels)
    _draw_price(next(remaining), trace)
    _draw_holdings(next(remaining), trace, colour, legend_columns)
    _draw_cost(next(remaining), trace, legend_columns)
    for label, values in (
        ("options (per contract)", trace.options),
        ("gas (gwei)", trace.gas_price),
        ("funding (bp)", trace.funding_bp),
    ):
        if values is not None:
            _draw_series(next(remaining), trace, values, label)
    for axes in panels:
        axes.margins(x=0.01)
    panels[-1].set_xlabel(f"days since {trace.date or 'the start'}")
    figure.align_ylabels()
    return panels


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


def _draw_holdings(axes: Axes, trace: EpisodeTrace, colour: str, columns: int) -> None:
    taken = trace.holdings.size > 0
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
        np.append(trace.holdings, trace.holdings[-1:] if taken else np.nan),
        where="post",
        color=colour,
        linewidth=1.8,
        label="holdings",
    )
    for name, marker, side, happened in (
        ("buy", "^", _BUY, trace.trade > 0.0),
        ("sell", "v", _SELL, trace.trade < 0.0),
    ):
        axes.plot(
            trace.days[:-1][happened],
            trace.holdings[happened],
            linestyle="none",
            marker=marker,
            markersize=5.5,
            color=side,
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=name,
            zorder=4,
        )
    axes.set_ylim(*_limits(np.concatenate([trace.delta, trace.holdings])))
    axes.set_ylabel("holdings (per contract)")
    _legend_above(axes, columns)


def _limits(values: FloatArray) -> tuple[float, float]:
    """Of an axis that shows the values and not the whole band around them."""
    # An episode that was resumed knows nothing of what was before.
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.12 * (high - low) or 0.1
    return low - margin, high + margin


def _draw_cost(axes: Axes, trace: EpisodeTrace, columns: int) -> None:
    charged = [
        number
        for number in range(len(COST_COMPONENTS))
        if np.nanmax(np.abs(trace.costs[number])) > 0.0
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
            label=COST_COMPONENTS[number].replace("_", " "),
        )
        base = top
    axes.plot(
        trace.days, trace.tracking, color=INK, linewidth=1.0, label="hedge + book P&L"
    )
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    axes.set_ylabel("so far (bp)")
    _legend_above(axes, columns)


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
    options |= {"fontsize": 8, "frameon": False}
    axes.legend(ncols=columns, borderaxespad=0.1, handlelength=1.4, **options)
