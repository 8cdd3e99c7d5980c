"""Wei or gwei: nine zeros that a heading may name and the size of the values shows."""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env._types import FloatArray
from hedge_env.errors import DataError, one_line
from hedge_env.history.headings import unit_of

_WEI_FROM: Final = 1e6  # gas has never cost a million gwei
_LEAST_WEI: Final = 1e3  # nor less than a millionth of one
_LARGEST_STEP: Final = 1e6  # from a price to the next


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
    steps = np.abs(np.diff(np.log(paid)))
    if steps.size and steps.max() > np.log(_LARGEST_STEP):
        at = int(np.argmax(steps))
        text = f"{source}: the gas price goes from {paid[at]:g} to {paid[at + 1]:g}"
        raise DataError(one_line(f"{text} in one row; are wei and gwei mixed?"))
