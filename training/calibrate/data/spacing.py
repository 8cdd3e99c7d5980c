"""How far apart the values of a file are, and whether that tells what is measured."""

from __future__ import annotations

import numpy as np

from hedge_env.base.errors import DataError
from hedge_env.training.calibrate.data.cleaning import Series
from hedge_env.training.calibrate.data.read_table import Table


def median_spacing(table: Table) -> float:
    """Usual time between two rows [second]."""
    return float(np.median(np.diff(np.unique(table.seconds))))


def require_daily(series: Series) -> None:
    """Refuse what is rarer than the daily changes that are measured.

    Raises:
        DataError: In one sentence.
    """
    if series.step > 24:
        raise DataError(
            f"{series.source}: a value every {series.step} hours; one a day is needed"
        )
