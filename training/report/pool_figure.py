"""The picture of a pool: the price of a share, and what a depositor pays."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from hedge_env.training.report.style import (
    INK,
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
)

__all__ = ["pool_figure"]


def pool_figure(
    found: Mapping[str, Any], currency: str, style: PolicyStyle, size: Size = WIDE
) -> Figure:
    """Path of the share price, and cost of a depositor against their number.

    Args:
        found: From `results.investors.vault.pool_entry`.
        currency: Name of the currency; may be empty.
        style: The look of the policy.
        size: For a screen or for a phone.
    """
    costs, path = found["cost"], found["path"]
    panels = 1 if costs is None else 2
    shape = (panels, 1) if size.is_narrow else (1, panels)
    with figure_context(size, 2.5 * shape[0]) as figure:
        axes = figure.subplots(*shape, squeeze=False).ravel()
        days, left = path["days"], axes[0]
        left.fill_between(
            days, path["low"], path["high"], color=style.colour, alpha=0.2, linewidth=0
        )
        left.plot(days, path["median"], color=style.colour)
        left.set_xlabel("days")
        left.set_ylabel("price of a share")
        finish_axes(left)
        if costs is not None:
            right = axes[1]
            right.plot(found["numbers"], costs, color=style.colour, marker="o")
            right.axvline(found["depositors"], color=INK, linewidth=0.7, linestyle=":")
            right.set_xscale("log")
            right.set_xticks(found["numbers"], [f"{n:,}" for n in found["numbers"]])
            right.minorticks_off()
            right.set_xlabel("depositors")
            right.set_ylabel(f"{currency} a month and depositor".strip())
            finish_axes(right)
    return figure
