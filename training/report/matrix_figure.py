"""Heat maps of a matrix: what each policy loses in each market."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, SymLogNorm
from matplotlib.patches import Rectangle

from hedge_env.training.report.matrix_table import cell_text
from hedge_env.training.report.style import (
    INK,
    MUTED,
    WIDE,
    figure_context,
    to_png,
)
from hedge_env.training.results.matrix_result import Cell, Matrix

__all__ = ["matrix_figures"]

_LINEAR, _MOST = 5.0, 100.0  # percent: shades are linear up to the first
_DARK = 25.0  # percent from which text is white
_ROW, _HEAD = 0.44, 1.5  # inches


def matrix_figures(matrix: Matrix) -> dict[str, bytes]:
    """A PNG by file name for each risk aversion."""
    levels = matrix.risk_aversions
    names = (
        ["matrix.png"]
        if len(levels) == 1
        else [f"matrix-lambda-{level:g}.png" for level in levels]
    )
    return {
        name: matrix_figure(matrix, level)
        for name, level in zip(names, levels, strict=True)
    }


def matrix_figure(matrix: Matrix, risk_aversion: float) -> bytes:
    """Policies down, markets across, coloured by what is lost.

    Args:
        matrix: What was measured.
        risk_aversion: Which part of it [1/notional].
    """
    rows = matrix.rows(risk_aversion)
    values = np.array([[_percent(cell) for cell in cells] for cells in rows.values()])
    with figure_context(WIDE, _HEAD + _ROW * len(rows)) as figure:
        axes = figure.subplots()
        norm = SymLogNorm(linthresh=_LINEAR, vmin=-_MOST, vmax=_MOST, base=10)
        image = axes.imshow(values, cmap=_map(), norm=norm, aspect="auto")
        for i, cells in enumerate(rows.values()):
            for j, cell in enumerate(cells):
                _write(axes, i, j, cell)
        axes.grid(visible=False)
        names = [market.replace(" (", "\n(") for market in matrix.markets]
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.tick_params(length=0, colors=INK)
        axes.xaxis.tick_top()
        for spine in axes.spines.values():
            spine.set_visible(False)
        bar = figure.colorbar(image, ax=axes, shrink=0.9, pad=0.01)
        bar.set_ticks([-20, -5, 0, 5, 20, 50, 100])
        bar.set_ticklabels(["-20", "-5", "0", "5", "20", "50", "100"])
        bar.set_label("% above the best of the market's own", color=MUTED)
        bar.outline.set_visible(False)
        figure.suptitle(
            f"Avoidable J [bp] at risk aversion {risk_aversion:g}; framed: the "
            "policy's own market",
            fontsize=9,
            color=MUTED,
        )
        return to_png(figure)


def _map() -> Colormap:
    """Blue where ahead, white at zero, then orange to brown.

    Blue and orange can be told apart with any common form of colour blindness.
    """
    nodes = [0.0, 0.5, 0.62, 0.85, 1.0]
    colours = ["#0072B2", "#ffffff", "#F6C48C", "#D55E00", "#7A2E00"]
    found = LinearSegmentedColormap.from_list(
        "excess", list(zip(nodes, colours, strict=True))
    )
    return found.with_extremes(bad="#eeeeee")


def _percent(cell: Cell) -> float:
    """What colours a cell [%]; NaN where the policy cannot act."""
    if cell.why_not is not None or cell.excess_percent is None:
        return float("nan")
    return float(np.clip(cell.excess_percent, -_MOST, _MOST))


def _write(axes: Axes, i: int, j: int, cell: Cell) -> None:
    percent = _percent(cell)
    colour = "#ffffff" if percent > _DARK else INK
    able = cell.why_not is None
    axes.text(
        j,
        i,
        cell_text(cell, "\n"),
        ha="center",
        va="center",
        fontsize=7,
        color=colour if able else MUTED,
    )
    if cell.is_home:
        frame = Rectangle((j - 0.49, i - 0.47), 0.98, 0.94, fill=False, ec=INK, lw=1.3)
        axes.add_patch(frame)
