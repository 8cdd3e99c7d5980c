"""Numbers as people write them: thousands, decimal commas, percent, currency signs.

What a comma means is decided by a whole column, never by one cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from hedge_env.base.types import FloatArray

_SIGNS = re.compile(r"[\s\u00a0\u202f']|^[$€£₿]|[$€£₿]$|(?i:usdt?|usdc|eur|gwei|wei)$")
_MINUS = str.maketrans("\u2212\u2012\u2013\uff0d", "----")  # typographic
_OWED = re.compile(r"\(([^()+-]+)\)(%?)|(\d[\d.,]*)-(%?)")  # an accountant's negative
_POINT_LAST = re.compile(r"[-+]?\d{1,3}(,\d{3})+\.\d*")
_COMMA_LAST = re.compile(r"[-+]?\d{1,3}(\.\d{3})+,\d*")
_GROUPS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
_POINT_GROUPS = re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3}){2,}")


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column.

    Attributes:
        values: NaN where a cell is no number, shape (n,).
        percent: Which cells bear a percent sign; their value is what stands before it.
        remarks: What was noticed.
    """

    values: FloatArray
    percent: np.ndarray
    remarks: tuple[str, ...]


def number(text: str) -> float:
    """A finite or infinite number in plain form, NaN if the text is none."""
    try:
        return nan if "_" in text else float(text)
    except ValueError:
        return nan


def read_numbers(texts: Sequence[str], delimiter: str) -> Numbers:
    """Read the cells of a column.

    Args:
        texts: Cells, stripped.
        delimiter: What separates the cells of a row; empty if nothing does.
    """
    values = np.array([number(text) for text in texts], dtype=np.float64)
    percent = np.zeros(len(texts), dtype=np.bool_)
    odd, bare = [], []
    for i in map(int, np.flatnonzero(np.isnan(values))):
        text = _negative(texts[i].translate(_MINUS))
        percent[i] = text.endswith("%")
        values[i] = number(text)
        if text and np.isnan(values[i]):
            odd.append(i)
            bare.append(_SIGNS.sub("", text.removesuffix("%").strip()))
    decimal = _comma_is_decimal(bare, delimiter)
    for i, text in zip(odd, bare, strict=True):
        values[i] = number(_plain(text, decimal=decimal))
    known = [text for i, text in zip(odd, bare, strict=True) if not np.isnan(values[i])]
    remarks = []
    if any("," in text for text in known):
        use = "decimal commas" if decimal else "commas between thousands"
        remarks.append(f"numbers are written with {use}")
    return Numbers(values, percent, tuple(remarks))


def _negative(text: str) -> str:
    """`(0.01%)` and `0.01-%` are `-0.01%`; other texts as they are."""
    found = _OWED.fullmatch(text)
    return (
        text if found is None else "-" + "".join(part or "" for part in found.groups())
    )


def _comma_is_decimal(texts: Sequence[str], delimiter: str) -> bool:
    if any(_COMMA_LAST.fullmatch(text) for text in texts):
        return True
    if any(_POINT_LAST.fullmatch(text) for text in texts):
        return False
    commas = [text for text in texts if _DECIMAL_COMMA.fullmatch(text)]
    if any(not _GROUPS.fullmatch(text) for text in commas):
        return True
    return bool(commas) and delimiter in (";", "\t", "|")


def _plain(text: str, *, decimal: bool) -> str:
    if decimal:
        if _COMMA_LAST.fullmatch(text) or _POINT_GROUPS.fullmatch(text):
            return text.replace(".", "").replace(",", ".")
        return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text
    if _POINT_LAST.fullmatch(text) or _GROUPS.fullmatch(text):
        return text.replace(",", "")
    return text
