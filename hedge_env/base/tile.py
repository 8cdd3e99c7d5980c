"""A tile: some neighbouring paths of a structure of arrays.

Kernels go through a batch tile by tile, so that what one function writes is still in
the cache when the next one reads it. A tile is handed around as one thing; `part` cuts
a row's numbers out of it, contiguous in memory, so that loops over them vectorise.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray

TILE: Final = 256  # paths: the rows of a tile fit into the second-level cache


class Tile(NamedTuple):
    """The paths from `low` to `high` - 1 of `rows`."""

    rows: FloatArray  # shape (number of rows, n)
    low: int
    high: int


@scalar_kernel
def part(tile: Tile, row: int) -> FloatArray:
    """The numbers of one row on the tile's paths, shape (high - low,); a view."""
    numbers: FloatArray = tile.rows[row, tile.low : tile.high]
    return numbers


@scalar_kernel
def rows_from(tile: Tile, first: int) -> Tile:
    """The same paths of the rows from `first` on; a view."""
    return Tile(tile.rows[first:], tile.low, tile.high)


@kernel
def copy_row(values: FloatArray, out: FloatArray) -> None:
    """Copy numbers (n,) to `out` (n,).

    `out[:] = values` does the same, and has numba compile the words of an error about
    shapes first, for half a second.
    """
    for i in range(out.size):
        out[i] = values[i]
