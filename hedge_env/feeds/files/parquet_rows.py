"""Rows of a Parquet file; needs polars, which only who has such a file must install."""

from __future__ import annotations

import io

from hedge_env.base.errors import DataError, MissingDependencyError, one_line


def rows_of_parquet(source: str, data: bytes) -> tuple[list[str], list[list[str]]]:
    """Names of the columns and the rows as text; times in ISO form.

    Raises:
        DataError: If the file is damaged.
        MissingDependencyError: If polars is not installed.
    """
    try:
        import polars
    except ModuleNotFoundError:
        text = f"{source} is a Parquet file, for which polars is needed: pip install"
        text = f"{text} 'hedge-env[report]', or give a CSV file"
        raise MissingDependencyError(one_line(text)) from None
    try:
        frame = polars.read_parquet(io.BytesIO(data))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # of polars, or a panic, which is no Exception
        text = f"{source} is a damaged Parquet file: {error}"
        raise DataError(one_line(text)) from None
    rows = [[_cell(cell) for cell in row] for row in frame.iter_rows()]
    return list(frame.columns), rows


def _cell(value: object) -> str:
    return "" if value is None else str(value)
