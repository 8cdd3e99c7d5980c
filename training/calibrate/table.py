"""The table data | model | difference, as rows, text and Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from hedge_env.training.calibrate.statistics.statistic import WEIGHT, Statistic, Values


@dataclass(frozen=True)
class Row:
    """One statistic.

    Attributes:
        statistic: Its name.
        unit: Its unit.
        data: In the data; None if they do not have it.
        model: Mean over simulated histories, with the weights they have.
        difference: Model less data, or the ratio less one.
        relative: Whether the difference is such a ratio.
        allowed: The largest difference of a market that is called fitted, as text; in
            brackets that of a good fit where none is asked.
        asked: Whether one is asked.
        within: Whether the difference is within it; None if there are no data.
        sd: Standard deviation between those histories, of the same kind as the
            difference: how far the data may lie off by chance.
        fitted: Whether the fit aimed at it.
    """

    statistic: str
    unit: str
    data: float | None
    model: float | None
    difference: float | None
    relative: bool
    allowed: str
    asked: bool
    within: bool | None
    sd: float | None
    fitted: bool


def compare(
    statistics: Sequence[Statistic],
    data: Mapping[str, float],
    values: Values,
    fitted: frozenset[str],
) -> list[Row]:
    """Compare every statistic that the model has, in the order given.

    Args:
        statistics: In the order of the rows.
        data: Name -> value in the data.
        values: Name -> value on each simulated history.
        fitted: Names of those that the fit aimed at.
    """
    return [
        _row(s, data.get(s.name), values, s.name in fitted)
        for s in statistics
        if s.name in values
    ]


def _row(s: Statistic, data: float | None, values: Values, fitted: bool) -> Row:
    array = np.asarray(values[s.name], dtype=float)
    model = s.mean(array, values.get(WEIGHT))
    difference, within = None, None
    if data is not None and np.isfinite(data):
        within = s.within(model, data)  # a model without it is not
    if data is not None and np.isfinite(data) and np.isfinite(model):
        if not s.ratio:
            difference = model - data
        elif data > 0.0:
            difference = model / data - 1.0
    scaled = s.scale(array)
    known = scaled[~np.isnan(scaled)]
    sd = float(np.std(known)) if known.size else float("nan")
    return Row(
        s.name,
        s.unit,
        _finite(data),
        _finite(model),
        _finite(difference),
        s.ratio,
        s.allowed,
        s.is_asked,
        within,
        _finite(sd),
        fitted and data is not None,
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


HEADER = ("statistic", "data", "model", "difference", "allowed", "sd", "fitted")


_GAP = 2  # blanks between columns
_LEAST_NAME = 12  # columns of a folded name

BEYOND_LIMIT, BEYOND_REACH = "(!)", "(?)"
"""Marks of a difference: beyond what is asked, and beyond what a good fit reaches."""

LEGEND = (
    "Allowed is the limit within which a market counts as fitted or, in brackets where "
    f"none is asked, what a good fit reaches; {BEYOND_LIMIT} marks a difference beyond "
    f"its limit, {BEYOND_REACH} one beyond what a good fit reaches."
)


def _difference(row: Row) -> str:
    off = row.difference
    if off is None:
        return ""
    return f"{100.0 * off:+.1f} %" if row.relative else f"{off:+.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """One row as text."""
    unit = "" if row.unit == "-" else f" [{row.unit}]"
    difference, sd = _difference(row), row.sd
    spread = ""
    if sd is not None:
        spread = f"{100.0 * sd:.1f} %" if row.relative else f"{sd:.2g}"
    data = "" if row.data is None else f"{row.data:.4g}"
    model = "" if row.model is None else f"{row.model:.4g}"
    mark = "yes" if row.fitted else "no"
    if row.within is False:
        beyond = BEYOND_LIMIT if row.asked else BEYOND_REACH
        difference = f"{difference} {beyond}".lstrip()
    return (row.statistic + unit, data, model, difference, row.allowed, spread, mark)


def verdict(rows: Sequence[Row]) -> str:
    """One sentence on every row: within, beyond (and by how much), or without data."""
    judged = [
        _judged([row for row in rows if row.asked is asked], asked=asked)
        for asked in (True, False)
    ]
    return "; ".join(text for text in judged if text) or "no statistic to judge"


def judgement(rows: Sequence[Row]) -> str:
    """The verdict as it stands below a table, from its capital to its full stop."""
    text = verdict(rows)
    return f"{text[:1].upper()}{text[1:]}."


def _judged(rows: Sequence[Row], *, asked: bool) -> str:
    """What the sentence says of the statistics with a limit, or of the others."""
    if not rows:
        return ""
    known = [row for row in rows if row.within is not None]
    beyond = [
        f"{row.statistic} {_difference(row)}".rstrip()
        for row in known
        if not row.within
    ]
    unknown = [row.statistic for row in rows if row.within is None]
    kind = "with a limit" if asked else "without one"
    least = "within it" if asked else "within what a good fit reaches"
    parts = [
        f"{len(known) - len(beyond)} of {len(known)} statistics {kind} are {least}"
    ]
    if beyond:
        mark = BEYOND_LIMIT if asked else BEYOND_REACH
        parts.append(f"{len(beyond)} beyond {mark} ({'; '.join(beyond)})")
    if unknown:
        parts.append(f"{len(unknown)} more have no data ({'; '.join(unknown)})")
    return ", ".join(parts)


def as_text(rows: Sequence[Row], width: int | None = None) -> str:
    """A table for the terminal.

    Args:
        rows: Of the table.
        width: Columns there are; names of statistics are folded to fit. None: no end.
    """
    lines = [HEADER, *(cells(row) for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(HEADER))]
    if width is not None:
        left = width - sum(w + _GAP for w in widths[1:])
        widths[0] = min(widths[0], max(left, _LEAST_NAME))
    out = []
    for line in lines:
        first, *more = textwrap.wrap(line[0], widths[0], subsequent_indent="  ")
        rest = [cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)]
        out.append((" " * _GAP).join([first.ljust(widths[0]), *rest]).rstrip())
        out += more
    return "\n".join(out)


def as_markdown(rows: Sequence[Row]) -> str:
    """The same as a Markdown table."""
    lines = ["| " + " | ".join(HEADER) + " |", "|---" + "|---:" * 5 + "|---|"]
    for row in rows:
        text = (cell.replace("|", "\\|") for cell in cells(row))
        lines.append("| " + " | ".join(text) + " |")
    return "\n".join(lines)


def as_documents(rows: Sequence[Row]) -> list[dict[str, object]]:
    """The same as plain values."""
    return [asdict(row) for row in rows]
