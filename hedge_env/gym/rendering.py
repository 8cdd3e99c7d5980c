"""Pictures of episodes: a few lines of text, or panels as an RGB array."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import MissingDependencyError
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.episode_figure import (
    INK,
    MUTED,
    draw_episode,
    panel_heights,
)
from hedge_env.evaluation.episode_trace import EpisodeRecorder, EpisodeTrace, strikes_of
from hedge_env.feeds.recorded import starting_spots

RENDER_MODES: Final = ("ansi", "rgb_array")

_COLOUR: Final = "#117733"  # of the holdings
_INCHES: Final = (8.0, 6.0)
_DOTS_PER_INCH: Final = 100


class Camera:
    """Draws the episodes of a batch, and looks on if it has to.

    Text needs nobody to look on: it is about the present alone.

    Args:
        config: The hedging problem.
        n_paths: Size of the batch.
        mode: "ansi", "rgb_array", or None for no frames.
    """

    def __init__(self, config: EnvConfig, n_paths: int, mode: str | None) -> None:
        self._mode = mode
        self._recorder: EpisodeRecorder | None = None
        if mode == "rgb_array":
            self._recorder = EpisodeRecorder(config, n_paths)

    def begin(self, batch: HedgeBatch) -> None:
        """Look at where every path is now, before a first decision or resumed."""
        if self._recorder is not None:
            self._recorder.begin(batch.rows, batch.totals)

    def record(self, before: FloatArray, record: StepRecord, after: FloatArray) -> None:
        """Look at one decision of every path; see `evaluate.Observer`."""
        if self._recorder is not None:
            self._recorder(before, record, after)

    def frames(
        self, batch: HedgeBatch, seed: int, stream: str
    ) -> tuple[str | NDArray[np.uint8], ...] | None:
        """One frame per path, text or an RGB array (height, width, 3) of uint8.

        Args:
            batch: The physics.
            seed: Of the market.
            stream: training, validation or test.

        Raises:
            MissingDependencyError: If matplotlib is needed and not installed.
        """
        if self._mode is None:
            return None
        spots = starting_spots(batch.config, batch.path_ids, seed=seed, stream=stream)
        places = [(path, float(spot)) for path, spot in enumerate(spots)]
        if self._recorder is None:
            return tuple(_text(batch, path, spot) for path, spot in places)
        trace, steps = self._recorder.trace, batch.step
        return tuple(
            _picture(trace(path, int(steps[path]), spot=spot), batch, path)
            for path, spot in places
        )


def _text(batch: HedgeBatch, path: int, spot: float) -> str:
    """Five lines about where a path is now; `spot` is that of its start [quote]."""
    config, now = batch.config, batch.rows[:, path]
    costs = batch.totals.cost_components[:, path] / BASIS_POINT
    parts = ", ".join(
        f"{name} {cost:.1f}"
        for name, cost in zip(COST_COMPONENTS, costs, strict=True)
        if cost != 0.0
    )
    gas = options = ""
    if config.market.gas is not None:
        gas = f"   gas {now[field.GAS_PRICE]:.3g} gwei"
    if batch.config.execution.option is not None:
        options = f"   options {now[field.OPTION_HOLDINGS]:+.3f}"
    strikes = ", ".join(f"{strike:.6g}" for strike in strikes_of(config, spot))
    tracking = float(batch.totals.tracking[path]) / BASIS_POINT
    return "\n".join(
        (
            _title(batch, path),
            f"spot {now[field.SPOT] * spot:.6g} (strike {strikes}){gas}",
            f"delta {now[field.DELTA]:+.3f}   "
            f"holdings {now[field.HOLDINGS]:+.3f}{options}",
            f"cost {costs.sum():.1f} bp" + (f" ({parts})" if parts else ""),
            f"tracking error {tracking:+.1f} bp",
        )
    )


def _title(batch: HedgeBatch, path: int) -> str:
    """Which episode this is, and how far it has come."""
    config, step = batch.config, int(batch.step[path])
    episode = config.episode
    days = step * episode.decision_interval_hours / HOURS_PER_DAY
    return (
        f"{config.name}, path {batch.path_ids[path]}, "
        f"decision {step} of {episode.decisions}, "
        f"day {days:.1f} of {episode.horizon_days:.1f}"
    )


def _picture(trace: EpisodeTrace, batch: HedgeBatch, path: int) -> NDArray[np.uint8]:
    """The figure of a report as an RGB array; the axes show the whole episode."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError(
            "render_mode rgb_array needs matplotlib: pip install 'hedge-env[report]', "
            "or use render_mode ansi"
        ) from None
    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    figure.suptitle(_title(batch, path), color=INK, fontsize=11)
    panels = draw_episode(figure, trace, _COLOUR)
    # A layout engine would take most of the time of a frame.
    gap = 0.13 * len(panel_heights(trace))
    figure.subplots_adjust(0.1, 0.08, 0.98, 0.91, hspace=gap)
    for panel in panels:
        panel.set_xlim(0.0, batch.config.episode.horizon_days)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(colors=MUTED, labelsize=8)
        panel.yaxis.label.set_fontsize(8)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's stubs
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # same
    return pixels[..., :3].copy()
