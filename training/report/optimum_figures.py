"""Figures of the exact optimum: its convergence, and where it does not trade."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.convergence import Convergence, Solved
from hedge_env.baselines.optimum.dynamic_programming import Optimum, solve
from hedge_env.baselines.optimum.grid import make_grid
from hedge_env.baselines.optimum.trade_regions import HOLD
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.training.report.style import (
    MUTED,
    WIDE,
    figure_context,
    finish_axes,
    to_png,
)

__all__ = ["convergence_figure", "region_edges", "region_figure"]

_MONEYNESS = (0.9, 1.0, 1.1)  # spot over the mean strike
_COLOURS = ("#0072B2", "#117733", "#AA4499", "#D55E00", "#332288")


def optimum_figures(
    config: EnvConfig, found: Sequence[Convergence]
) -> dict[str, bytes]:
    """Both figures as PNG files; the region is drawn at the middle risk aversion.

    Args:
        config: The hedging problem.
        found: One for each risk aversion.
    """
    risk_aversion = sorted(one.risk_aversion for one in found)[len(found) // 2]
    figures = {
        "convergence": convergence_figure(found),
        "region": region_figure(config, solve(config, risk_aversion), risk_aversion),
    }
    return {
        f"{name}-{config.name}.png": to_png(figure, dpi=130)
        for name, figure in figures.items()
    }


def convergence_figure(found: Sequence[Convergence]) -> Figure:
    """Distance from the extrapolated limit against the number of points.

    Args:
        found: One for each risk aversion.
    """
    with figure_context(WIDE, 3.0) as figure:
        left, right = figure.subplots(1, 2)
        for colour, one in zip(_COLOURS * len(found), found, strict=False):
            # Each grid is refined alone: the other one's error is taken out.
            by_holdings = [(g.n_holdings, g) for g in one.by_holdings]
            by_spots = [(g.n_spots, g) for g in one.by_spots]
            label = f"lambda {one.risk_aversion:g}"
            _draw_errors(left, by_holdings, colour, label)
            _draw_errors(right, by_spots, colour, label)
        left.set_xlabel("points of the grid of holdings")
        right.set_xlabel("points of the grid of log spot")
        left.set_ylabel("above its own limit [bp]")
        right.legend()
        for axes in (left, right):
            finish_axes(axes)
        return figure


def _draw_errors(
    axes: Axes, grids: Sequence[tuple[int, Solved]], colour: str, label: str
) -> None:
    """Error of each grid if it is of second order, the last two deciding the limit."""
    points = np.array([n for n, _ in grids], dtype=float)
    values = np.array([grid.value for _, grid in grids]) / BASIS_POINT
    ratio = ((points[-1] - 1.0) / (points[0] - 1.0)) ** 2
    limit = values[-1] - (values[0] - values[-1]) / (ratio - 1.0)
    axes.plot(points, values - limit, "o-", color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xticks(points, [f"{n:.0f}" for n in points])
    axes.minorticks_off()


def region_figure(config: EnvConfig, optimum: Optimum, risk_aversion: float) -> Figure:
    """Holdings that the best policy leaves alone, against time, at three spots.

    Args:
        config: The hedging problem.
        optimum: Its solution.
        risk_aversion: lambda, for the title [1/notional].
    """
    days = np.arange(config.episode.decisions) * (
        config.episode.decision_interval_hours / HOURS_PER_DAY
    )
    delta = _deltas(config)
    n_gas = optimum.regions.shape[2]
    states = (n_gas // 2,) if n_gas == 1 else (n_gas // 4, n_gas // 2, 3 * n_gas // 4)
    names = ("",) if n_gas == 1 else ("cheap gas", "usual gas", "dear gas")
    with figure_context(WIDE, 3.2) as figure:
        panels = figure.subplots(1, len(_MONEYNESS), sharey=True)
        for axes, moneyness in zip(panels, _MONEYNESS, strict=True):
            j = int(np.argmin(np.abs(optimum.log_moneyness - np.log(moneyness))))
            for state, name, colour in zip(states, names, _COLOURS, strict=False):
                edges = region_edges(optimum, j, state)
                axes.fill_between(
                    days, *edges, step="post", color=colour, alpha=0.25, lw=0
                )
                for edge in edges:
                    axes.step(days, edge, where="post", color=colour, lw=0.8)
                axes.plot([], [], color=colour, lw=4, alpha=0.4, label=name or "hold")
            axes.plot(days, delta[:, j], color="#000000", lw=1.0, label="delta")
            axes.set_title(f"spot {moneyness:g} x strike")
            axes.set_xlabel("day")
            finish_axes(axes)
        panels[0].set_ylabel("holdings")
        panels[0].legend(loc="upper left")
        figure.suptitle(
            f"No trade between the edges, lambda {risk_aversion:g}",
            fontsize=9,
            color=MUTED,
        )
        return figure


def region_edges(
    optimum: Optimum, spot_index: int, gas_state: int
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest holdings around the middle that are kept, at each decision.

    Where no holdings but none are kept, both are zero. Very small holdings may be
    kept as well, apart from the region around delta; the widest run is taken.

    Args:
        optimum: A solution.
        spot_index: On its grid of log spot.
        gas_state: Index of the state of gas.

    Returns:
        Two arrays of shape (decisions,) [-].
    """
    decisions = optimum.regions.shape[0]
    edges = np.zeros((2, decisions))
    for step in range(decisions):
        kept = optimum.regions.at(step, gas_state)[spot_index] == HOLD
        changes = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]])))
        if changes.size == 0:
            continue
        runs = changes.reshape(-1, 2)
        first, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
        edges[:, step] = optimum.holdings[[first, end - 1]]
    return edges[0], edges[1]


def _deltas(config: EnvConfig) -> FloatArray:
    """Slope of the book on the grid, shape (decisions, n_spots)."""
    grid = make_grid(config, 3, None)
    slopes = [
        -np.gradient(book, spot)
        for book, spot in zip(grid.book[:-1], grid.spot[:-1], strict=True)
    ]
    return np.array(slopes)
