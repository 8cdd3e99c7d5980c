"""What a command writes, and where.

Standard output carries the result: a table, or one JSON document. Progress and
remarks go to standard error, so that a program can read the first undisturbed. All
of it goes through here, and loses what could steer a terminal: a name in a table may
come from a file of somebody else's.
"""

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hedge_env.base.errors import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.progress import Progress, TaskID
    from rich.segment import Segment

__all__ = [
    "Advance",
    "counter",
    "fits",
    "folded",
    "log",
    "progress_bar",
    "result_width",
    "write_json",
    "write_table",
    "write_text",
]

# Takes the amount of work done since the last call, and figures worth showing.
Advance = Callable[..., None]

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_OF_PACE = 600.0  # that the time left is estimated from
_FILE_WIDTH = 180  # characters of a table, where there is no terminal to ask


def log(message: str) -> None:
    """Write one remark to standard error."""
    print(printable(message), file=sys.stderr, flush=True)


@contextmanager
def _writing_the_result() -> Iterator[None]:
    """Say of an error, a full disk for example, that it was the result's."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads it has enough: no error
    except OSError as error:
        problem = f"standard output cannot be written: {error.strerror or error}"
        raise OSError(error.errno, problem) from None


def write_text(text: str) -> None:
    """Write lines of the result to standard output."""
    with _writing_the_result():
        print(printable(text))


def result_width() -> int:
    """Columns that the result has: of the terminal or of the variable COLUMNS.

    A file or a pipe has as many as most tables take.
    """
    asked = _width_asked()
    return _FILE_WIDTH if asked is None else max(asked, 20)


def _width_asked() -> int | None:
    """Columns of the terminal or of the variable COLUMNS, if there is either."""
    if sys.stdout is None or not sys.stdout.isatty():
        asked = os.environ.get("COLUMNS", "")
        return int(asked) if asked.isdecimal() else None
    return shutil.get_terminal_size().columns


def folded(text: str, *, indent: int = 0) -> str:
    """One paragraph in lines no longer than the result is wide.

    Args:
        text: Without line breaks.
        indent: Blanks before all lines but the first.
    """
    return textwrap.fill(
        text,
        result_width(),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def write_table(*parts: "RenderableType", least_width: int = 0) -> None:
    """Write tables of the result, and lines between them, to standard output.

    Args:
        parts: Tables and texts; no markup is read into a text.
        least_width: Columns that tables take at least, even where there are fewer: a
            figure that is cut is another figure.
    """
    from rich.console import Console
    from rich.text import Text

    for part in parts:
        text = isinstance(part, str | Text)
        width = result_width() if text else max(result_width(), least_width)
        with _writing_the_result():
            Console(width=width, highlight=False).print(
                _Plain(Text(part) if isinstance(part, str) else part)
            )


def fits(width: int) -> bool:
    """Whether so many columns are there; a file or a pipe has as many as it takes."""
    return _width_asked() is None or width <= result_width()


@dataclass(frozen=True)
class _Plain:
    """What it holds, its texts without control characters.

    The colours and the moves of the cursor that rich itself adds come afterwards.
    """

    inner: "RenderableType"

    def __rich_console__(
        self, console: "Console", options: "ConsoleOptions"
    ) -> "Iterable[Segment]":
        """Segments of what it holds, cleaned."""
        for segment in console.render(self.inner, options):
            text = segment.text if segment.control else printable(segment.text)
            yield segment._replace(text=text)


def write_json(document: Mapping[str, Any]) -> None:
    """Write the one document that `--json` promises to standard output.

    Args:
        document: Plain values; a NaN is an error, since JSON has none.
    """
    text = json.dumps(document, indent=2, allow_nan=False)
    with _writing_the_result():
        sys.stdout.write(text + "\n")


@contextmanager
def progress_bar(
    description: str, total: int, *, enabled: bool = True
) -> Iterator[Advance]:
    """Show the progress of long work on standard error, with the time left.

    On a terminal this is a bar; elsewhere a plain line every ten seconds. The
    caller gets a function `advance(amount, **figures)`; the figures, for example
    `objective_bp=50.3`, are shown behind the bar.

    Args:
        description: What is being done, in a word or two.
        total: Amount of work in all, in the unit that `advance` takes.
        enabled: False shows nothing; nor is anything shown where nothing is to do.

    Yields:
        The function to call as the work proceeds.
    """
    if not enabled or total < 1:
        yield lambda amount=1, **figures: None
        return
    progress = _new_progress()
    task = progress.add_task(printable(description), total=total, figures="")
    if not sys.stderr.isatty():
        yield _line_writer(progress, task)
        return

    def advance(amount: int = 1, **figures: float) -> None:
        progress.advance(task, amount)
        if figures:
            progress.update(task, figures=_format_figures(figures))

    with progress:
        yield advance


@contextmanager
def counter(
    description: str, total: int, *, enabled: bool
) -> Iterator[Callable[[int], None]]:
    """A progress bar that is told how much is done, not how much was added.

    Args:
        description: What is being done, in a word or two.
        total: Amount of work in all.
        enabled: False shows nothing.

    Yields:
        The function to call with the amount of work done.
    """
    shown = 0
    with progress_bar(description, total, enabled=enabled) as advance:

        def report(done: int) -> None:
            nonlocal shown
            if done > shown:
                advance(done - shown)
                shown = done

        yield report


def _new_progress() -> "Progress":
    """A bar that is not shown yet; rich is slow to import, and only long work needs it.

    The pace is that since the first report: what comes before it, such as compiling,
    says nothing about the work.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=Console(stderr=True),
        get_time=lambda: time.monotonic(),
        speed_estimate_period=_SECONDS_OF_PACE,
    )


def _line_writer(progress: "Progress", number: "TaskID") -> Advance:
    """Return an `advance` that writes a plain line now and then."""
    task = progress.tasks[number]
    last = time.monotonic()

    def advance(amount: int = 1, **figures: float) -> None:
        nonlocal last
        progress.advance(number, amount)
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES and not task.finished:
            return
        last = now
        left = task.time_remaining
        time_left = "" if left is None else f", {left:.0f} s left"
        line = f"{task.description}: {int(task.percentage)} %{time_left}"
        log(f"{line} {_format_figures(figures)}".rstrip())

    return advance


def _format_figures(figures: Mapping[str, float]) -> str:
    """Write named figures in a row, for example `objective_bp 50.3`."""
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
