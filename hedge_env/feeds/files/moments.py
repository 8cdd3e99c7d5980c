"""When a value of a file is known.

A stamp is the start of a bar, its end, or a moment of its own. The open of a bar is
known at its start, its close at its end:

    t(open) = stamp             t(close) = stamp + spacing    if the stamp opens the bar
    t(open) = stamp - spacing   t(close) = stamp              if the stamp closes it

Stamps that miss a round time by a little (a few milliseconds early, some seconds late,
23:59:59.999) are first brought to it.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from hedge_env.base.types import FloatArray

Moment = Literal["open", "close", "instant"]

DAY: Final = 86_400.0  # [second]
_ROUND: Final = (900.0, 300.0, 60.0, 30.0, 15.0, 10.0, 5.0, 1.0)  # [second]
_SHARE: Final = 1.0 / 40.0  # of the spacing that a stamp may be off a round time
_MOST: Final = 90.0  # and at most so much [second]


def usual_spacing(seconds: FloatArray) -> float:
    """Usual time between two rows, whatever their order [second]; 0 for one row."""
    times = np.unique(np.round(seconds))
    return float(np.median(np.diff(times))) if times.size > 1 else 0.0


def rounded(seconds: FloatArray) -> tuple[FloatArray, int]:
    """Stamps brought to the round time they are close to, and how many moved.

    Args:
        seconds: Unix time, shape (n,) [second].

    Returns:
        Shape (n,) [second], and how many were moved.
    """
    spacing = usual_spacing(seconds)
    if spacing < 1.0:
        return seconds, 0
    reach = min(_SHARE * spacing, _MOST)
    unit = next(unit for unit in _ROUND if unit <= spacing + reach)
    slot = unit * np.round(seconds / unit)
    moved = (slot != seconds) & (np.abs(slot - seconds) <= min(reach, 0.4 * unit))
    return np.where(moved, slot, seconds), int(moved.sum())


def shift(moment: Moment, stamp: str, spacing: float) -> float:
    """What is added to a stamp to give the time at which its value is known [second].

    Args:
        moment: Of the bar that the value belongs to.
        stamp: `open` or `close`: what of the bar the stamp marks; else its own time.
        spacing: Length of a bar [second].
    """
    if moment == "close" and stamp == "open":
        return spacing
    return -spacing if moment == "open" and stamp == "close" else 0.0
