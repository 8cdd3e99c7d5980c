"""`hedge study --published`: tables of papers, measured and printed."""

from collections.abc import Sequence

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.training.cli.commands import StudyOptions
from hedge_env.training.output.console import counter, write_json, write_text
from hedge_env.training.results.contenders import ALL
from hedge_env.training.results.recorded_market import require_two_paths
from hedge_env.training.study.published import TABLES, PublishedTable
from hedge_env.training.study.published.table import (
    measure_rows,
    to_document,
    to_markdown,
)

__all__ = ["print_published"]


def print_published(options: StudyOptions) -> None:
    """Measure the tables asked for and print each as soon as it is there.

    Args:
        options: Which tables, on how many paths.

    Raises:
        ConfigError: If a table is unknown or there are too few paths.
    """
    require_two_paths(options.episodes)
    documents = []
    for table in tables_called(options.published):
        rows = table.rows
        with counter(table.name, len(rows), enabled=options.progress) as report:
            found = measure_rows(
                table,
                rows,
                n_episodes=options.episodes,
                seed=options.seed,
                threads=options.threads,
                progress=report,
            )
        if options.json:
            documents.append(to_document(table, found, options.episodes, options.seed))
        else:
            write_text(f"{table.title}\n\n{to_markdown(table, found)}\n")
    if options.json:
        write_json({"tables": documents})


def tables_called(names: Sequence[str]) -> list[PublishedTable]:
    """Tables by name, each once; all of them for `all`.

    Args:
        names: From the command line.

    Raises:
        ConfigError: If one is unknown.
    """
    for name in names:
        if name not in (*TABLES, ALL):
            known = ", ".join(TABLES)
            raise ConfigError(
                one_line(
                    f"--published: no table is called {name}; use {known} or {ALL}"
                )
            )
    chosen = TABLES if ALL in names else dict.fromkeys(names)
    return [TABLES[name] for name in chosen]
