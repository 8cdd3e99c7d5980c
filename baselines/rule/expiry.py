"""Time left, for formulas that divide by it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hedge_env.base.types import FloatArray


def time_left(observables: Mapping[str, FloatArray]) -> FloatArray:
    """Time to the longest maturity; infinite once every option has been paid out.

    What is held from then on hedges nothing, and no expiry ends its risk before the
    episode does: a rule that leaves an error alone because little time is left must
    not leave that.

    Args:
        observables: With `time_to_maturity`, which is 0 from the last expiry on.

    Returns:
        Shape (n,), positive [year].
    """
    time = observables["time_to_maturity"]
    return np.where(time > 0.0, time, np.inf)
