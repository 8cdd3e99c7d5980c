"""A published table: its rows as problems, and what this package measures for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, TypeAlias

from hedge_env.base.types import FloatArray
from hedge_env.baselines import BASELINES
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate

# A figure and its standard error.
Figure: TypeAlias = tuple[float, float]
Statistic: TypeAlias = Callable[[FloatArray], Figure]
# Outcome of each episode in the paper's unit, shape (n,), given its problem and a seed.
Outcome: TypeAlias = Callable[[EpisodeTable, EnvConfig, int], FloatArray]
Progress: TypeAlias = Callable[[int], None]


@dataclass(frozen=True)
class PublishedRow:
    """One row of a table.

    Attributes:
        preset: The problem, but for the settings.
        settings: What turns the preset into the problem of the row.
        rule: Name of the rule.
        cells: What the table says about the row, by its columns.
        figures: Published, by the table's statistics; None if one was not.
    """

    preset: str
    settings: tuple[str, ...]
    rule: str
    cells: tuple[str, ...]
    figures: tuple[float | None, ...]

    @property
    def problem(self) -> tuple[str, tuple[str, ...]]:
        """Rows of one problem are measured on the same paths."""
        return self.preset, self.settings


@dataclass(frozen=True)
class PublishedTable:
    """A table and how its figures come about.

    Attributes:
        name: As `hedge study --published` takes it.
        title: What was measured, by whom.
        columns: Headings of the cells of a row.
        statistics: Of the outcomes, by heading.
        outcome: Of the episodes of a rule.
        n_episodes: Number behind a published figure.
        digits: Of the published figures.
        rows: In the order published.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    statistics: dict[str, Statistic]
    outcome: Outcome
    n_episodes: int
    digits: int
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True)
class MeasuredRow:
    """What this package finds for a row.

    Attributes:
        row: What was published.
        figures: Found, by the table's statistics.
        distances: From published to found, in standard errors of the difference; None
            where nothing was published.
    """

    row: PublishedRow
    figures: tuple[Figure, ...]
    distances: tuple[float | None, ...]


def measure_rows(
    table: PublishedTable,
    rows: Sequence[PublishedRow],
    *,
    n_episodes: int,
    seed: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[MeasuredRow]:
    """Measure rows, those of one problem on the same test paths.

    Args:
        table: What they are from.
        rows: Some or all of them.
        n_episodes: Number of paths, at least 2.
        seed: Of the paths.
        threads: The result does not depend on it.
        progress: Called with the number of rows measured so far.

    Returns:
        One entry per row, in their order.
    """
    found: dict[PublishedRow, MeasuredRow] = {}
    for problem in dict.fromkeys(row.problem for row in rows):
        chosen = [row for row in rows if row.problem == problem]
        config = load_config(problem[0], settings=problem[1])
        tables = evaluate(
            [(BASELINES[row.rule](), None) for row in chosen],
            config,
            n_episodes=n_episodes,
            seed=seed,
            threads=threads,
        )
        for row, episodes in zip(chosen, tables, strict=True):
            outcome = table.outcome(episodes, config, seed)
            found[row] = _measured(table, row, outcome)
        if progress is not None:
            progress(len(found))
    return [found[row] for row in rows]


def _measured(
    table: PublishedTable, row: PublishedRow, outcome: FloatArray
) -> MeasuredRow:
    figures = tuple(of(outcome) for of in table.statistics.values())
    distances = [
        None if theirs is None else distance(theirs, figure, outcome.size, table)
        for theirs, figure in zip(row.figures, figures, strict=True)
    ]
    return MeasuredRow(row, figures, tuple(distances))


def distance(theirs: float, ours: Figure, n: int, table: PublishedTable) -> float:
    """From a published figure to ours, in standard errors of the difference [-].

    Their paths are of the same law, so that their error is ours times a root.

    Args:
        theirs: The published figure.
        ours: The measured one, and its standard error.
        n: Number of our paths.
        table: Which says how many theirs were.
    """
    value, error = ours
    return (value - theirs) / (error * sqrt(1.0 + n / table.n_episodes))


def to_markdown(table: PublishedTable, found: Sequence[MeasuredRow]) -> str:
    """Published and measured figures, and how far they are apart."""
    names = list(table.statistics)
    head = ("preset", *table.columns, f"published {' / '.join(names)}", *names)
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for entry in found:
        row = entry.row
        published = (f"{x:.{table.digits}f}" for x in row.figures if x is not None)
        cells = (
            f"`{row.preset}`",
            *row.cells,
            " / ".join(published),
            *(f"{value:.2f} ± {error:.2f}" for value, error in entry.figures),
        )
        lines.append(f"| {' | '.join(cells)} |")
    sizes = [abs(d) for entry in found for d in entry.distances if d is not None]
    lines += [
        "",
        f"Of {len(sizes)} published figures the farthest is {max(sizes):.1f} standard "
        "errors of the difference away.",
    ]
    return "\n".join(lines)


def to_document(
    table: PublishedTable, found: Sequence[MeasuredRow], n_episodes: int, seed: int
) -> dict[str, Any]:
    """The same as plain values for JSON."""
    rows = [
        {
            "preset": entry.row.preset,
            "settings": list(entry.row.settings),
            "rule": entry.row.rule,
            **{
                name: {
                    "published": theirs,
                    "found": value,
                    "se": error,
                    "distance": away,
                }
                for name, theirs, (value, error), away in zip(
                    table.statistics,
                    entry.row.figures,
                    entry.figures,
                    entry.distances,
                    strict=True,
                )
            },
        }
        for entry in found
    ]
    return {
        "table": table.name,
        "title": table.title,
        "n_episodes": n_episodes,
        "seed": seed,
        "rows": rows,
    }
