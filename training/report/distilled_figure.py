"""How the band of a formula resembles that of the policy it was distilled from."""

import numpy as np
from matplotlib.axes import Axes

from hedge_env.base.field import FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.config import EnvConfig
from hedge_env.evaluation.policy_band import PolicyBand
from hedge_env.training.report.style import (
    INK,
    MUTED,
    WIDE,
    figure_context,
    finish_axes,
    to_png,
)

__all__ = ["distilled_figure"]

_SHOWN = 4000  # states
_RULE, _FORMULA = "#0072B2", "#D55E00"
_RANGE = (0.005, 0.995)  # quantiles of what is shown


def distilled_figure(
    name: str,
    band: DistilledBand,
    rows: FloatArray,
    own: PolicyBand,
    config: EnvConfig,
) -> bytes:
    """Centre and half-width of rule and formula against those of the policy, as PNG.

    Args:
        name: Of the policy.
        band: The formula; its base is the rule.
        rows: Of states, shape (N_FIELDS, n).
        own: The policy's band in them.
        config: The hedging problem, for the title.
    """
    known = np.flatnonzero(own.known)
    picked = known[:: max(known.size // _SHOWN, 1)]
    observables = dict(zip(FIELDS, rows[:, picked], strict=True))
    delta = observables["delta"]
    low, high = own.low[picked], own.high[picked]
    with figure_context(WIDE, 3.9) as figure:
        left, right = figure.subplots(1, 2)
        for label, rule, colour in (
            (f"{band.base.name}, tuned", band.base, _RULE),
            ("formula", band, _FORMULA),
        ):
            found = rule.band(observables)
            middle = 0.5 * (np.asarray(found.high) + found.low) - delta
            half = 0.5 * (np.asarray(found.high) - found.low)
            _scatter(left, 0.5 * (high + low) - delta, middle, label, colour)
            _scatter(right, 0.5 * (high - low), half, label, colour)
        _finish(left, "centre less delta")
        _finish(right, "half-width")
        figure.suptitle(
            f"The band of {name} in {config.name}, and what a formula makes of it",
            fontsize=9,
            color=MUTED,
        )
        return to_png(figure)


def _scatter(axes: Axes, x: FloatArray, y: FloatArray, label: str, colour: str) -> None:
    residual = float(np.median(np.abs(y - x)))
    axes.plot(
        x,
        y,
        ".",
        color=colour,
        markersize=1.6,
        alpha=0.35,
        label=f"{label}: off by {residual:.2g}",
        rasterized=True,
    )


def _finish(axes: Axes, what: str) -> None:
    """The diagonal, limits without far points, and names."""
    data = np.concatenate([line.get_xydata() for line in axes.lines])
    low, high = np.quantile(data, _RANGE)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.plot([low, high], [low, high], color=INK, lw=0.8)
    axes.set_title(what)
    axes.set_xlabel("policy [holdings]")
    axes.set_ylabel("rule, formula [holdings]")
    axes.legend(
        loc="lower right", title="median distance", markerscale=5.0, frameon=True
    )
    finish_axes(axes)
