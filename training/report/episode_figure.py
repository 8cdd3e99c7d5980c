"""The picture of one episode in the style of a report."""

from matplotlib.figure import Figure

from hedge_env.evaluation.episode_figure import draw_episode, panel_heights
from hedge_env.evaluation.episode_trace import EpisodeTrace
from hedge_env.training.report.style import (
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
)

__all__ = ["episode_figure"]

_INCHES = 1.55  # of a panel of height 1


def episode_figure(
    trace: EpisodeTrace, style: PolicyStyle, size: Size = WIDE
) -> Figure:
    """Price, holdings with their target, cost and tracking error, gas or funding.

    Args:
        trace: What happened.
        style: The look of the policy.
        size: For a screen or for a phone.
    """
    with figure_context(size, _INCHES * sum(panel_heights(trace))) as figure:
        columns = 3 if size.is_narrow else 6
        for axes in draw_episode(figure, trace, style.colour, legend_columns=columns):
            finish_axes(axes)
    return figure
