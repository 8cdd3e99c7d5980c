"""Wei or gwei: nine zeros that a heading may name and the size of the values shows."""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.feeds.history.headings import unit_of

_WEI_FROM: Final = 1e6  # gas has never cost a million gwei
_LEAST_WEI: Final = 1e3  # nor less than a millionth of one
_LARGEST_RATIO: Final = 1e6  # of a price to the usual one
_SLIPS: Final = 0.05  # share of values that may be mistakes, which a fit leaves out


def gas_unit(values: FloatArray, heading: str = "") -> tuple[str, float]:
    """Unit of gas prices and its factor to gwei; NaN and zeros are left out.

    Args:
        values: As in the file, shape (n,).
        heading: Name of their column, which may name the unit, in lower case.
    """
    paid = values[values > 0.0]
    wei = paid.size > 0 and float(np.median(paid)) > _WEI_FROM
    return ("wei", 1e-9) if wei or unit_of(heading) == "wei" else ("gwei", 1.0)


def require_one_unit(source: str, values: FloatArray, heading: str) -> None:
    """Refuse a file whose heading and values say different units, or both units.

    Args:
        source: The file, for messages.
        values: As in the file, shape (n,).
        heading: Name of their column, in lower case.

    Raises:
        DataError: Saying which.
    """
    paid = values[values > 0.0]
    if paid.size == 0:
        return
    usual, named = float(np.median(paid)), unit_of(heading)
    wrong = usual > _WEI_FROM if named == "gwei" else usual < _LEAST_WEI
    if named and wrong:
        text = f"{source}: {usual:g}, the usual value, can be no gas price in {named}"
        raise DataError(one_line(f"{text}, as the column {heading!r} says"))
    far = of_another_unit(paid)
    if far.sum() > _SLIPS * paid.size:
        text = f"{source}: gas prices of {paid[np.argmax(far)]:g} beside {usual:g}"
        raise DataError(one_line(f"{text}; are wei and gwei mixed?"))


def of_another_unit(values: FloatArray) -> BoolArray:
    """Which values are so far from the usual one that they must be in another unit."""
    out = np.zeros(values.shape, dtype=np.bool_)
    paid = values > 0.0
    if paid.any():
        off = np.abs(np.log(values[paid] / np.median(values[paid])))
        out[paid] = off > np.log(_LARGEST_RATIO)
    return out
