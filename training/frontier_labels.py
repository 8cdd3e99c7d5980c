"""The names of the policies on the frontier, next to their lines."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from training.label_placement import place_labels
from training.plot_style import PolicyStyle, Size
from training.summary import PolicyRow

__all__ = ["label_policies"]

FloatArray = NDArray[np.float64]


def label_policies(
    axes: Axes,
    policies: Mapping[str, Sequence[PolicyRow]],
    styles: Mapping[str, PolicyStyle],
    size: Size,
) -> None:
    """Write each policy's name next to its line; the layout must be final.

    Args:
        axes: Where the lines are.
        policies: Rows shown, by name of the policy and rising risk aversion.
        styles: The look of each policy.
        size: For a screen or for a phone.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None  # the axes were made from one
    to_pixels = axes.transData.transform
    points = [[(r.cost_bp, r.tracking_error_bp) for r in p] for p in policies.values()]
    obstacles = to_pixels(np.concatenate([*points, *map(_along, points)]))
    names = sorted(policies, key=lambda name: -styles[name].zorder)
    # The policies lie farthest apart where risk aversion is lowest.
    anchors = to_pixels(
        [(policies[n][0].cost_bp, policies[n][0].tracking_error_bp) for n in names]
    )
    scale = figure.dpi / 72.0
    font = 7.5 if size.is_narrow else 8.5
    sizes = np.array([(0.62 * font * len(name), 1.25 * font) for name in names]) * scale
    box = axes.get_window_extent()
    corners = place_labels(
        anchors / scale,
        sizes / scale,
        obstacles / scale,
        (box.x0 / scale, box.y0 / scale, box.x1 / scale, box.y1 / scale),
    )
    for name, anchor, corner, extent in zip(
        names, anchors / scale, corners, sizes / scale, strict=True
    ):
        centre = corner + extent / 2.0
        x, y = axes.transData.inverted().transform(anchor * scale)
        axes.annotate(
            name,
            (float(x), float(y)),
            xytext=(float(centre[0] - anchor[0]), float(centre[1] - anchor[1])),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=font,
            color=styles[name].colour,
            fontweight="bold" if styles[name].zorder == 4.0 else "normal",
            arrowprops={
                "arrowstyle": "-",
                "color": styles[name].colour,
                "linewidth": 0.6,
                "shrinkA": 0,
                "shrinkB": 3,
            },
        )


def _along(points: Sequence[tuple[float, float]]) -> FloatArray:
    """Points on the line that joins `points`, close enough to stand for it."""
    vertices = np.array(points)
    where = np.linspace(0, len(vertices) - 1, 12 * len(vertices))
    whole = np.arange(len(vertices))
    return np.column_stack(
        [np.interp(where, whole, vertices[:, axis]) for axis in (0, 1)]
    )
