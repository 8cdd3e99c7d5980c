"""What a policy can name: observables, and where their rows lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hedge_env.base.field import visible
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig


class Observables(Mapping[str, FloatArray]):
    """What a policy may see, by name, in internal units; rows of the batch.

    Values are views that the next decision overwrites.

    Attributes:
        rows: All rows, shape (N_FIELDS, n), for action decoding and observation.
    """

    def __init__(self, rows: FloatArray, index: Mapping[str, int]) -> None:
        self.rows = rows
        self._index = index

    def __getitem__(self, name: str) -> FloatArray:
        """Row `name`, shape (n,)."""
        row: FloatArray = self.rows[self._index[name]]
        return row

    def __iter__(self) -> Iterator[str]:
        """Names in the order of `fields.FIELDS`."""
        return iter(self._index)

    def __len__(self) -> int:
        """Number of rows a policy may see."""
        return len(self._index)


def observable_index(config: EnvConfig) -> dict[str, int]:
    """Names a policy may see under a config, with their rows."""
    return {row.name: row.number for row in visible(config)}
