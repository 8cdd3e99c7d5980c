"""The time between rows: one for the whole of a file, a day at most.

When the close of a bar is known follows from the length of the bar, so a file in which
days follow hours would show a day's close a day early, or an hour's a day late.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import FloatArray
from hedge_env.feeds.files.moments import DAY
from hedge_env.feeds.files.timestamps import date_text

_LONGEST: Final = 1.5 * DAY  # [second]
_FEW: Final = 8  # rows that may as well be scattered days
_RUN: Final = 12  # equal steps in a row that are no gaps any more


def runs_of_steps(times: FloatArray, least: int) -> list[tuple[int, int, float]]:
    """Runs of at least `least` equal steps: first, last (excluded), length [second].

    Args:
        times: Rising, shape (n,) [second].
        least: Steps that make a run.
    """
    steps = np.round(np.diff(times))
    firsts = np.flatnonzero(np.append(True, np.diff(steps) != 0.0))
    lasts = np.append(firsts[1:], steps.size)
    return [
        (int(first), int(last), float(steps[first]))
        for first, last in zip(firsts, lasts, strict=True)
        if last - first >= least
    ]


def require_one_spacing(
    source: str, seconds: FloatArray, spacing: float, *, settled: bool
) -> None:
    """Refuse bars of several lengths, and bars longer than a day.

    Args:
        source: The file, for messages.
        seconds: Times of its rows, NaN where there is none, shape (n,) [second].
        spacing: Usual step [second].
        settled: Whether values are settlements, whose spacing may change.

    Raises:
        DataError: If the steps are not of one length.
    """
    known = seconds[np.isfinite(seconds)]
    if spacing > _LONGEST and known.size > _FEW:
        text = f"{source}: a row every {spacing / 3600.0:g} hours; one a day is needed"
        raise DataError(one_line(text))
    if settled or known.size < 2:
        return
    times = np.unique(known)
    runs = runs_of_steps(times, _RUN)
    odd = [(at, step) for at, _, step in runs if abs(step - spacing) > 0.02 * spacing]
    if odd:
        at, step = odd[0]
        when = date_text(int(times[at]))
        text = f"{source}: the spacing of rows changes: {_text(step)} from {when} on"
        text = f"{text}, else {_text(spacing)}; give one file for each"
        raise DataError(one_line(text))


def _text(step: float) -> str:
    unit, name = (3600.0, "h") if step >= 3600.0 else (60.0, "min")
    return f"{step / unit:.3g} {name}"
