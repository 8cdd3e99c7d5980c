"""Rows of a JSON document: answers of exchanges, lists of records, one object a line.

The longest list of lists, or of objects, is the table, wherever in the document it is.
"""

from __future__ import annotations

import json

from hedge_env.base.errors import DataError, one_line

Rows = list[list[str]]
_DEEPEST = 8
_COMPLAINTS = ("error", "errors", "msg", "retmsg", "message", "error_message")
_CONTENT = ("", "ok", "success")


def rows_of_json(source: str, text: str) -> tuple[list[str] | None, Rows]:
    """Names of the columns, None where rows are bare lists, and the rows as text.

    Raises:
        DataError: If it is no JSON, or holds no table.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        try:
            document = [json.loads(line) for line in text.split("\n") if line.strip()]
        except (ValueError, RecursionError):
            problem = f"{source} is damaged JSON: {error}; fetch it again, or give CSV"
            raise DataError(one_line(problem)) from None
    found: list[list[object]] = []
    _tables(document, found, 0)
    if not found and isinstance(document, dict):
        columns = _columns(document)
        if columns is not None:
            return columns
    if not found:
        raise _without_rows(source, document)
    table = max(found, key=len)
    if isinstance(table[0], dict):
        header = list(
            dict.fromkeys(str(k) for r in table if isinstance(r, dict) for k in r)
        )
        named = [
            [_cell(row.get(name)) for name in header]
            for row in table
            if isinstance(row, dict)
        ]
        return header, named
    return None, [
        [_cell(cell) for cell in row] for row in table if isinstance(row, list)
    ]


def _without_rows(source: str, document: object) -> DataError:
    said = _complaint(document)
    problem = f"{source} is JSON without a list of rows"
    if said:
        return DataError(one_line(f"{problem}: it says {said!r}; mend that"))
    problem = f"{problem}; give the answer of an exchange, a list of objects, or CSV"
    return DataError(one_line(problem))


def _complaint(node: object, depth: int = 0) -> str:
    """What an exchange says instead of rows: the first of its usual words for it."""
    if isinstance(node, list) and len(node) == 1:
        node = node[0]
    if not isinstance(node, dict) or depth > _DEEPEST:
        return ""
    for name, said in node.items():
        if name.lower() not in _COMPLAINTS:
            continue
        if isinstance(said, list) and said:
            said = said[0]
        if isinstance(said, str) and said.lower() not in _CONTENT:
            return said[:200]
    return next(filter(None, (_complaint(v, depth + 1) for v in node.values())), "")


def _columns(document: dict[str, object]) -> tuple[list[str], Rows] | None:
    """A table written by columns, as pandas does; None if it is none."""
    columns = [
        list(column.values()) if isinstance(column, dict) else column
        for column in document.values()
    ]
    lists = [column for column in columns if isinstance(column, list)]
    lengths = {len(column) for column in lists}
    if len(lists) != len(columns) or len(lists) < 2 or len(lengths) != 1:
        return None
    rows = [[_cell(cell) for cell in row] for row in zip(*lists, strict=True)]
    return list(document), rows


def _tables(node: object, found: list[list[object]], depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(node, dict):
        for child in node.values():
            _tables(child, found, depth + 1)
    elif isinstance(node, list) and node:
        if all(isinstance(row, dict) for row in node) or all(
            isinstance(row, list) and row and not isinstance(row[0], list | dict)
            for row in node
        ):
            found.append(node)
        if len(node) < 100:
            for child in node:
                if isinstance(child, dict):
                    _tables(child, found, depth + 1)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
