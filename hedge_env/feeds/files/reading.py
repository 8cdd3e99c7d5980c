"""The one reader of series: from the rows of a file to times and values.

Recorded days and fits differ only in what they make of a bad cell: the one refuses the
file, the other leaves out the row. Both read cells here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.feeds.files.cells import Numbers, number, read_numbers
from hedge_env.feeds.files.columns import (
    Place,
    SeriesKind,
    place_of,
    require_one_symbol,
)
from hedge_env.feeds.files.csv_file import CsvFile
from hedge_env.feeds.files.layouts import Stamp
from hedge_env.feeds.files.moments import DAY, Moment, rounded, shift, usual_spacing
from hedge_env.feeds.files.timestamps import is_date, read_times
from hedge_env.feeds.history.gas_units import require_one_unit
from hedge_env.feeds.history.headings import clock_of, unit_of
from hedge_env.feeds.history.spacings import require_one_spacing
from hedge_env.feeds.history.unfinished import without_unfinished

_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp][Mm])?")
_MOST_WIDE = 0.1  # share of rows that may have more cells than the header
_PERCENT_OF = ("implied volatility", "funding rate", "risk reversal")
_PRICES_LOOK_LIKE_TIMES = 5e8
_LARGEST = 1e18  # of any value: a gas price in wei, a price in the smallest unit


@dataclass(frozen=True)
class Reading:
    """Cells of a file as times and values, in the order of the file.

    Attributes:
        source: The file.
        layout: Name of the layout it was taken for.
        column: Name of the column that the values come from; empty without a header.
        moment: Of the value: start or end of its bar, or its own.
        lines: Line of each row.
        times: Text of each time.
        texts: Text of each value.
        seconds: Unix time at which a value is known, NaN where there is none [second].
        values: NaN where a cell is no number; percent signs taken into account.
        complete: Whether a row has as many cells as the header.
        width: Cells due in a row.
        spacing: Usual time between two rows [second].
        percent: Whether values were written in percent and are now fractions.
        remarks: What was noticed and done.
    """

    source: str
    layout: str
    column: str
    moment: Moment
    lines: list[int]
    times: list[str]
    texts: list[str]
    seconds: FloatArray
    values: FloatArray
    complete: BoolArray
    width: int
    spacing: float
    percent: bool
    remarks: tuple[str, ...]

    def at(self, index: int, problem: str) -> DataError:
        """An error that names the line of a row."""
        return DataError(one_line(f"{self.source} line {self.lines[index]}: {problem}"))


def read_series_cells(
    file: CsvFile, kind: SeriesKind, *, closes: bool = False
) -> Reading:
    """Read times and values.

    Args:
        file: Its rows.
        kind: What is looked for.
        closes: Take the close of a bar, not its open.

    Raises:
        DataError: If it is not clear where or what they are.
    """
    file, unfinished = without_unfinished(file)
    place = place_of(file, kind, closes=closes)
    times, texts = _times(file, place.time_at), file.column(place.value_at)
    _require_rows(file, times)
    numbers = read_numbers(texts, file.delimiter)
    values, percent, signs = _fractions(file, numbers, kind, place)
    seconds, said = _seconds(file, place.time_at, times)
    _require_values(file, seconds, values, kind, place.value_at)
    moment, stamp = _meant(place, kind, times)
    spacing = _whole(usual_spacing(seconds[np.isfinite(seconds)]))
    require_one_spacing(file.source, seconds, spacing, settled=kind.settled)
    return Reading(
        source=file.source,
        layout=place.layout,
        column="" if file.header is None else file.header[place.value_at],
        moment=moment,
        lines=[line for line, _ in file.rows],
        times=times,
        texts=texts,
        seconds=seconds + shift(moment, stamp, spacing),
        values=values,
        complete=_complete(file),
        width=file.width,
        spacing=spacing,
        percent=percent,
        remarks=(*unfinished, *file.form, *numbers.remarks, *signs, *said),
    )


def _times(file: CsvFile, at: int) -> list[str]:
    """Cells of the times; of a day and an hour in two columns, both."""
    texts = file.column(at)
    header = file.header or []
    if "date" not in header or "time" not in header:
        return texts
    days, hours = file.column(header.index("date")), file.column(header.index("time"))
    if not all(_CLOCK.fullmatch(hour) for hour in hours if hour):
        return texts
    return [f"{day} {hour}".strip() for day, hour in zip(days, hours, strict=True)]


def _complete(file: CsvFile) -> BoolArray:
    """Whether each row has as many cells as are due, blank ones after them apart."""
    widths = np.array([len(cells) for _, cells in file.rows])
    complete = widths >= file.width
    for at in np.flatnonzero(widths > file.width):
        complete[at] = not _is_wide(file.rows[at][1], file.width)
    return complete


def _is_wide(cells: list[str], width: int) -> bool:
    return len(cells) > width and any(cell.strip() for cell in cells[width:])


def _meant(place: Place, kind: SeriesKind, times: list[str]) -> tuple[Moment, Stamp]:
    """Moment of the value and of the stamp; a value of a day is whole when it ends."""
    if kind.dated and place.stamp == "instant" and all(is_date(t) for t in times if t):
        return "close", "open"
    return place.moment, place.stamp


def _seconds(
    file: CsvFile, at: int, times: list[str]
) -> tuple[FloatArray, tuple[str, ...]]:
    """Times in UTC, whatever clock the heading names, near round ones brought there."""
    read = read_times(times, file.source)
    ahead = 0.0
    if file.header is not None:
        ahead = clock_of(file.source, file.header[at], times)
    said = read.remarks
    if ahead:
        said += (f"times are {ahead / 3600.0:+g} h from UTC: brought to it",)
    seconds, moved = _rounded(read.seconds - ahead)
    return seconds, (*said, *moved)


def _rounded(seconds: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
    known = np.isfinite(seconds)
    out = seconds.copy()
    out[known], moved = rounded(seconds[known])
    remark = f"{moved} times brought to the round time next to them"
    return out, (remark,) if moved else ()


def _whole(spacing: float) -> float:
    """A length of bars: near a day or a minute it is one."""
    for unit in (DAY, 60.0):
        near = unit * round(spacing / unit)
        if near > 0.0 and abs(spacing - near) < 0.02 * unit:
            return near
    return float(round(spacing))


def _fractions(
    file: CsvFile, numbers: Numbers, kind: SeriesKind, place: Place
) -> tuple[FloatArray, bool, list[str]]:
    """Values with their percent signs taken into account."""
    named = place.percent
    heading = "" if file.header is None else file.header[place.value_at]
    basis_points = unit_of(heading) == "bp"
    percent = numbers.percent & np.isfinite(numbers.values)
    if not percent.any():
        if named and kind.word in _PERCENT_OF:
            return numbers.values * 0.01, True, ["the column's name says percent"]
        if basis_points and kind.word in _PERCENT_OF:
            return numbers.values * 1e-4, True, ["the column's name says basis points"]
        return numbers.values, False, []
    bare = ~percent & np.isfinite(numbers.values) & (numbers.values != 0.0)
    if kind.word not in _PERCENT_OF or bare.any():
        signed = int(np.argmax(percent))
        line = file.rows[signed][0]
        text = f"{file.source} line {line}: a {kind.word} in percent"
        if kind.word in _PERCENT_OF:
            other = file.rows[int(np.argmax(bare))][0]
            text = f"{text}, but without the sign in line {other}; write all alike"
        else:
            text = f"{text} is none; is it the right column?"
        raise DataError(one_line(text))
    return numbers.values * 0.01, True, ["values bear a percent sign"]


def _require_rows(file: CsvFile, times: list[str]) -> None:
    """Refuse rows of several markets, of rounded times or of cut decimals."""
    require_one_symbol(file)
    _require_whole_stamps(file, times)
    _require_width(file)


def _require_width(file: CsvFile) -> None:
    """Refuse rows wider than the header: cells would be taken for their neighbours.

    Raises:
        DataError: If that is the rule, not a slip.
    """
    width = file.width
    wide = [(line, cells) for line, cells in file.rows if _is_wide(cells, width)]
    if len(wide) > _MOST_WIDE * len(file.rows):
        line, cells = wide[0]
        text = f"{file.source} line {line}: {len(cells)} columns where {file.width}"
        text = f"{text} are due; are decimals written with commas? put ; between cells"
        raise DataError(one_line(text))


def _require_whole_stamps(file: CsvFile, times: list[str]) -> None:
    """Refuse times that a spreadsheet has rounded, as 1.70925E+12.

    Raises:
        DataError: If two rows got one time, or the times no longer lie evenly.
    """
    powers = (i for i, text in enumerate(times) if "E" in text or "e" in text)
    written = [i for i in powers if _SCIENTIFIC.fullmatch(times[i])]
    if len(written) < 2:
        return
    stamps = [number(times[i].replace(",", ".")) for i in written]
    steps = np.diff(np.sort(np.array(stamps)))
    if steps.min() > 0.0 and np.abs(steps % steps.min()).max() < 1e-3:
        return
    first = written[0]
    line, text = file.rows[first][0], times[first]
    raise DataError(
        one_line(
            f"{file.source} line {line}: the time {text!r} was rounded by a "
            "spreadsheet, so that rows can no longer be told apart in time; fetch the "
            "file again, or format the column as whole numbers before saving"
        )
    )


def _require_values(
    file: CsvFile, seconds: FloatArray, values: FloatArray, kind: SeriesKind, at: int
) -> None:
    """Refuse a column of values that holds Unix times, as if columns were exchanged."""
    heading = "" if file.header is None else file.header[at]
    large = np.isfinite(values) & (np.abs(values) > _LARGEST)
    if large.any():
        at = int(np.argmax(large))
        text = f"{file.source} line {file.rows[at][0]}: {values[at]:g} is too large for"
        raise DataError(one_line(f"{text} a {kind.word}: at most {_LARGEST:g}"))
    if kind.averaged:
        require_one_unit(file.source, values, heading)
    if kind.averaged or not np.isfinite(seconds).any():
        return
    known = values[np.isfinite(values)]
    # A price in a small currency is as large, but it goes up and down.
    steps = np.diff(known)
    one_way = steps.size > 0 and bool((steps > 0.0).all() or (steps < 0.0).all())
    if one_way and np.median(known) > _PRICES_LOOK_LIKE_TIMES:
        text = f"{file.source} line {file.rows[0][0]}: the {kind.word} looks like a"
        raise DataError(one_line(f"{text} Unix time; are the columns exchanged?"))
