"""The names of the policies on the frontier, next to their points."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.textpath import text_to_path

from hedge_env.base.types import FloatArray
from hedge_env.training.report.label_placement import place_labels
from hedge_env.training.report.style import PolicyStyle, Size

__all__ = ["label_policies"]

Point = tuple[float, float]


def label_policies(
    axes: Axes,
    lines: Mapping[str, Sequence[Point]],
    others: Sequence[Point],
    styles: Mapping[str, PolicyStyle],
    size: Size,
) -> None:
    """Write each policy's name next to its line; the layout must be final.

    Args:
        axes: Where the lines are.
        lines: Points of each policy as they are drawn, by its name.
        others: Whatever else is drawn and not to be covered.
        styles: The look of each policy.
        size: For a screen or for a phone.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None  # the axes were made from one
    scale = 72.0 / figure.dpi  # from pixels to points, which fonts are measured in
    names = sorted(lines, key=lambda name: -styles[name].zorder)
    to_pixels = axes.transData.transform
    anchors = [scale * to_pixels(lines[name]) for name in names]
    fonts = {name: _font(styles[name], size) for name in names}
    sizes = np.array([_extent(name, fonts[name]) for name in names])
    drawn = [_along(points) for points in lines.values()]
    drawn += [np.array(others).reshape(-1, 2)]
    pixels = [*map(to_pixels, drawn), *map(_grid, axes.texts)]
    obstacles = scale * np.concatenate(pixels)
    left, bottom, right, top = scale * np.array(axes.bbox.extents)
    places = place_labels(anchors, sizes, obstacles, (left, bottom, right, top))
    offsets = places.corner + sizes / 2.0 - places.start
    starts = axes.transData.inverted().transform(places.start / scale)
    for number, name in enumerate(names):
        colour = styles[name].colour
        attached = (places.end[number] - places.corner[number]) / sizes[number]
        axes.annotate(
            name,
            (float(starts[number, 0]), float(starts[number, 1])),
            xytext=(float(offsets[number, 0]), float(offsets[number, 1])),
            textcoords="offset points",
            ha="center",
            va="center",
            fontproperties=fonts[name],
            color=colour,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
            zorder=6.0,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.6,
                "relpos": tuple(attached),
                "shrinkA": 0,
                "shrinkB": 3,
            },
        )


def _font(style: PolicyStyle, size: Size) -> FontProperties:
    return FontProperties(
        size=7.5 if size.is_narrow else 8.5,
        weight="bold" if style.zorder == 4.0 else "normal",
    )


def _extent(name: str, font: FontProperties) -> tuple[float, float]:
    """Width and height of a name, in points."""
    width, _, _ = text_to_path.get_text_width_height_descent(name, font, False)
    return width + 1.0, 1.25 * font.get_size_in_points()


def _along(points: Sequence[Point]) -> FloatArray:
    """Points on the line that joins `points`, close enough to stand for it."""
    vertices = np.array(points)
    where = np.linspace(0, len(vertices) - 1, 12 * len(vertices))
    whole = np.arange(len(vertices))
    return np.column_stack(
        [np.interp(where, whole, vertices[:, axis]) for axis in (0, 1)]
    )


def _grid(text: Text) -> FloatArray:
    """Points all over a text, close enough to stand for it [pixel]."""
    box = text.get_window_extent()
    x, y = np.linspace(box.x0, box.x1, 8), np.linspace(box.y0, box.y1, 3)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
