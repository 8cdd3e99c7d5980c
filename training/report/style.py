"""Colours, markers and fonts shared by every figure of a report.

The colours are Okabe and Ito's and Paul Tol's "muted" scheme, both made to be told
apart with any common form of colour blindness; markers differ as well, so that a
figure survives a black-and-white printer.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.evaluation.episode_figure import COMPONENT_COLOURS, INK, MUTED

__all__ = [
    "COMPONENT_COLOURS",
    "INK",
    "MUTED",
    "NARROW",
    "WIDE",
    "PolicyStyle",
    "Size",
    "figure_context",
    "policy_styles",
    "to_data_uri",
    "to_png",
]

GRID = "#e3e3e3"

_AGENTS = ("#D55E00", "#E69F00", "#B22222")
_RULES = (
    "#0072B2",  # blue
    "#117733",  # green
    "#AA4499",  # purple
    "#44AA99",  # teal
    "#332288",  # indigo
    "#999933",  # olive
    "#882255",  # wine
    "#56B4E9",  # sky
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")

_RC: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#9a9a9a",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # looks the same in every viewer
    "svg.hashsalt": "hedge_env",  # the same figure has the same bytes
    "text.color": INK,
    "text.parse_math": False,  # a name may contain a dollar sign
    "xtick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.color": MUTED,
    "ytick.labelsize": 8,
}


@dataclass(frozen=True)
class Size:
    """Width of a figure and what follows from it."""

    name: str
    width: float  # [inch]

    @property
    def is_narrow(self) -> bool:
        """Whether it is meant for a phone."""
        return self.name == "narrow"


WIDE = Size("wide", 8.2)
NARROW = Size("narrow", 4.1)


@dataclass(frozen=True)
class PolicyStyle:
    """How one policy looks in every figure."""

    colour: str
    marker: str
    linewidth: float
    linestyle: str
    zorder: float


def policy_styles(policies: Sequence[tuple[str, str]]) -> dict[str, PolicyStyle]:
    """Give every policy a look of its own.

    Args:
        policies: Name and kind of each, names repeated or not.

    Returns:
        Name to look. It depends on the set of policies, not on their order.
    """
    styles = {}
    for kind in ("agent", "optimal", "baseline"):
        names = sorted({name for name, own_kind in policies if own_kind == kind})
        for number, name in enumerate(names):
            styles[name] = _style(kind, number)
    return styles


def _style(kind: str, number: int) -> PolicyStyle:
    marker = _MARKERS[(number + number // len(_RULES)) % len(_MARKERS)]
    if kind == "optimal":
        colour = "#000000" if number == 0 else "#777777"
        return PolicyStyle(colour, "*", 1.2, "--", 3.5)
    if kind == "agent":
        return PolicyStyle(_AGENTS[number % len(_AGENTS)], marker, 2.2, "-", 4.0)
    return PolicyStyle(_RULES[number % len(_RULES)], marker, 1.2, "-", 3.0)


@contextmanager
def figure_context(size: Size, height: float) -> Iterator[Figure]:
    """Make an empty figure in the report's style; draw inside the `with`.

    Args:
        size: For a screen or for a phone.
        height: [inch]
    """
    with matplotlib.rc_context(_RC):
        yield Figure(figsize=(size.width, height))


def finish_axes(axes: Axes, grid: str = "both") -> None:
    """Remove tick marks and keep only the grid lines that help reading."""
    axes.tick_params(length=0)
    if grid != "both":
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x" if grid == "x" else "y")


def to_png(figure: Figure, dpi: int = 200) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(_RC):
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def to_data_uri(figure: Figure) -> str:
    """The figure as an SVG inside a `data:` address, which needs no other file."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(_RC):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/svg+xml;base64,{encoded}"
