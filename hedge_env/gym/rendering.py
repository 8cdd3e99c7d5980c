"""Pictures of episodes: a few lines of text, or four panels as an RGB array."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import MissingDependencyError
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.desk.batch import HedgeBatch

RENDER_MODES: Final = ("ansi", "rgb_array")

_ROWS: Final = (field.SPOT, field.DELTA, field.HOLDINGS, field.GAS_PRICE)
_SPOT, _DELTA, _HOLDINGS, _GAS = range(len(_ROWS))
_FIRST_COST: Final = len(_ROWS)
_TRACKING: Final = _FIRST_COST + len(COST_COMPONENTS)
_N_RECORDED: Final = _TRACKING + 1


class History:
    """What there is to draw of the present episodes of a batch.

    Attributes:
        values: Shape (N_RECORDED, decisions + 1, n); NaN where nothing has happened.
    """

    def __init__(self, batch: HedgeBatch) -> None:
        shape = (_N_RECORDED, batch.n_decisions + 1, batch.n_paths)
        self.values: FloatArray = np.full(shape, np.nan)

    def record(self, batch: HedgeBatch) -> None:
        """Keep the present state of every path at its own decision."""
        path = np.arange(batch.n_paths)
        step, totals = batch.step, batch.totals
        for k, row in enumerate(_ROWS):
            self.values[k, step, path] = batch.rows[row]
        for k, cost in enumerate(totals.cost_components):
            self.values[_FIRST_COST + k, step, path] = cost
        self.values[_TRACKING, step, path] = totals.hedge_pnl + totals.book_pnl

    def episode(self, batch: HedgeBatch, path: int) -> FloatArray:
        """Values of one path up to now, shape (N_RECORDED, decisions taken + 1)."""
        return self.values[:, : int(batch.step[path]) + 1, path]


def render_frames(history: History, batch: HedgeBatch, mode: str) -> tuple[Any, ...]:
    """One frame per path, text or an RGB array (height, width, 3) of uint8."""
    draw = _text if mode == "ansi" else _picture
    return tuple(
        draw(history.episode(batch, path), batch, path) for path in range(batch.n_paths)
    )


def _text(values: FloatArray, batch: HedgeBatch, path: int) -> str:
    """Five lines about the present state of a path."""
    config, now = batch.config, values[:, -1]
    costs = now[_FIRST_COST:_TRACKING] / BASIS_POINT
    parts = ", ".join(
        f"{name} {cost:.1f}"
        for name, cost in zip(COST_COMPONENTS, costs, strict=True)
        if cost != 0.0
    )
    gas = f"   gas {now[_GAS]:.3g} gwei" if config.market.gas is not None else ""
    strikes = ", ".join(f"{strike:.6g}" for strike in _strikes(config))
    options = ""
    if batch.n_instruments > 1:
        options = f"   options {batch.rows[field.OPTION_HOLDINGS, path]:+.3f}"
    return "\n".join(
        (
            f"{config.name}, path {batch.path_ids[path]}, {_clock(values, config)}",
            f"spot {now[_SPOT] * config.market.spot:.6g} (strike {strikes}){gas}",
            f"delta {now[_DELTA]:+.3f}   holdings {now[_HOLDINGS]:+.3f}{options}",
            f"cost {costs.sum():.1f} bp" + (f" ({parts})" if parts else ""),
            f"tracking error {now[_TRACKING] / BASIS_POINT:+.1f} bp",
        )
    )


def _clock(values: FloatArray, config: EnvConfig) -> str:
    episode, step = config.episode, values.shape[1] - 1
    days = step * episode.decision_interval_hours / 24.0
    return (
        f"decision {step} of {episode.decisions}, "
        f"day {days:.1f} of {episode.horizon_days:.1f}"
    )


def _strikes(config: EnvConfig) -> list[float]:
    """Distinct strikes of the book [quote]."""
    return [strike * config.market.spot for strike in config.book.strikes]


_COLOURS: Final = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377")
_INK: Final = "#333333"
_FIGURE_INCHES: Final = (8.0, 6.0)
_DOTS_PER_INCH: Final = 100


def _picture(values: FloatArray, batch: HedgeBatch, path: int) -> NDArray[np.uint8]:
    """Four panels: price, holdings, cost, tracking error."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError(
            "render_mode rgb_array needs matplotlib: pip install 'hedge-env[report]', "
            "or use render_mode ansi"
        ) from None
    config = batch.config
    figure = Figure(figsize=_FIGURE_INCHES, dpi=_DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    title = f"{config.name}, path {batch.path_ids[path]}, {_clock(values, config)}"
    figure.suptitle(title, color=_INK, fontsize=11)
    panels = figure.subplots(2, 2, sharex=True).ravel()
    # A layout engine would take most of the time of a frame.
    figure.subplots_adjust(0.07, 0.08, 0.98, 0.89, wspace=0.17, hspace=0.19)
    interval = config.episode.decision_interval_hours / 24.0
    days: FloatArray = np.arange(values.shape[1], dtype=np.float64) * interval
    _draw_price(panels[0], days, values, config)
    # At expiry everything has been sold, and no delta is left to compare with.
    n_held = min(values.shape[1], batch.n_decisions)
    _draw_holdings(panels[1], days[:n_held], values[:, :n_held])
    _draw_cost(panels[2], days, values)
    _draw_tracking(panels[3], days, values)
    for panel in panels:
        panel.set_xlim(0.0, config.episode.horizon_days)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(colors=_INK, labelsize=8)
    for panel in panels[2:]:
        panel.set_xlabel("day", fontsize=9, color=_INK)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's stubs
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # same
    return pixels[..., :3].copy()


def _draw_price(
    panel: Any, days: FloatArray, values: FloatArray, config: EnvConfig
) -> None:
    panel.set_title("price and strike [quote]", fontsize=10, color=_INK)
    panel.plot(days, values[_SPOT] * config.market.spot, color=_COLOURS[0], lw=1.4)
    for strike in _strikes(config):
        panel.axhline(strike, color=_INK, lw=0.8, ls="--")


def _draw_holdings(panel: Any, days: FloatArray, values: FloatArray) -> None:
    panel.set_title("holdings against delta [-]", fontsize=10, color=_INK)
    panel.plot(days, values[_DELTA], color=_COLOURS[1], lw=1.2, label="delta")
    # Holdings change at a decision and stay until the next: what is recorded after
    # a decision was held over the interval before it, which "pre" draws.
    panel.step(
        days,
        values[_HOLDINGS],
        where="pre",
        color=_COLOURS[4],
        lw=1.4,
        label="holdings",
    )
    panel.legend(fontsize=8, frameon=False, loc="best")


def _draw_cost(panel: Any, days: FloatArray, values: FloatArray) -> None:
    panel.set_title("cumulative cost [bp]", fontsize=10, color=_INK)
    costs = values[_FIRST_COST:_TRACKING] / BASIS_POINT
    for k, name in enumerate(COST_COMPONENTS):
        if np.any(costs[k] != 0.0):
            panel.plot(
                days, costs[k], color=_COLOURS[k % len(_COLOURS)], lw=1.2, label=name
            )
    panel.plot(days, costs.sum(axis=0), color=_INK, lw=1.6, label="total")
    panel.legend(fontsize=8, frameon=False, loc="upper left")


def _draw_tracking(panel: Any, days: FloatArray, values: FloatArray) -> None:
    panel.set_title("cumulative tracking error [bp]", fontsize=10, color=_INK)
    panel.axhline(0.0, color=_INK, lw=0.8, ls="--")
    panel.plot(days, values[_TRACKING] / BASIS_POINT, color=_COLOURS[2], lw=1.4)
