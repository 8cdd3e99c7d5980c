"""A structure of arrays whose rows are declared once, each under its own name.

A module such as `field` makes a `RowTable` and declares its rows one by one,

    SPOT: Final = _table.row("S_0", "price of the underlying")

so that the row's number is a plain integer that a kernel freezes and mypy knows, and
its name, unit and meaning stand beside it. `declared` closes the table: it reads the
names from the module, so that no name is written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row of a structure of arrays.

    Attributes:
        name: The name of its constant in lower case.
        number: Its place among the rows.
        unit: Of its numbers.
        meaning: In words.
        when: Dotted name of the setting it belongs to; empty: it always exists.
        seen: Whether a policy may see it: True, False, or the dotted name of the
            setting that shows it.
        stops: Whether no order is taken where its number is positive.
    """

    name: str
    number: int
    unit: str
    meaning: str
    when: str
    seen: bool | str
    stops: bool = False

    def is_present(self, config: object) -> bool:
        """Whether the row is written under a config, which has the settings named.

        A setting is on if it is neither None nor zero nor False, and in a section that
        is there.
        """
        return not self.when or _is_on(config, self.when)

    def is_seen(self, config: object) -> bool:
        """Whether a policy may see the row under a config."""
        if isinstance(self.seen, bool):
            return self.seen and self.is_present(config)
        return _is_on(config, self.seen) and self.is_present(config)


def _is_on(config: object, setting: str) -> bool:
    for name in setting.split("."):
        if config is None:
            return False
        config = getattr(config, name)
    return bool(config)


class RowTable:
    """Rows in the order of their declaration.

    Args:
        first: Number of the first row.
        prefix: Which the constants have, and the names have not.
    """

    def __init__(self, first: int = 0, prefix: str = "") -> None:
        self._first = first
        self._prefix = prefix
        self._columns: list[tuple[str, str, str, bool | str, bool]] = []

    def row(
        self,
        unit: str,
        meaning: str,
        *,
        when: str = "",
        seen: bool | str = True,
        stops: bool = False,
    ) -> int:
        """Declare the next row; see `Row` for the arguments.

        Returns:
            Its number.
        """
        self._columns.append((unit, meaning, when, seen, stops))
        return self._first + len(self._columns) - 1

    def declared(self, namespace: Mapping[str, object]) -> tuple[Row, ...]:
        """All rows, named after the constants that were given their numbers last.

        Args:
            namespace: `globals()` of the module, directly after the declarations.

        Raises:
            ValueError: If a row was given to no constant, or to two.
        """
        constants = [
            (name, value)
            for name, value in namespace.items()
            if name.isupper() and type(value) is int
        ][-len(self._columns) :]
        numbers = [self._first + place for place in range(len(self._columns))]
        if [value for _, value in constants] != numbers:
            raise ValueError(
                "each row is given to one constant, and no other integer is defined "
                "between the first row and the call of declared"
            )
        return tuple(
            Row(name.removeprefix(self._prefix).lower(), value, *columns)
            for (name, value), columns in zip(constants, self._columns, strict=True)
        )


def present(rows: Iterable[Row], config: object) -> tuple[Row, ...]:
    """Those of `rows` that are written under a config."""
    return tuple(row for row in rows if row.is_present(config))
