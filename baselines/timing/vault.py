"""How option vaults hedge: on a schedule, and at once when the error is large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.timing.time_based import is_due


@dataclass(frozen=True)
class Vault(BandRule):
    r"""Trade to delta on a schedule, or when the error is an emergency.

    .. math:: |h - \Delta| > \theta, \quad \text{or} \quad
              |h - \Delta| > d \text{ at every } n\text{-th decision}

    with an emergency `threshold` :math:`\theta`, a `dead_zone` :math:`d` and an
    `interval` :math:`n`. A wide threshold leaves the schedule alone, a long interval
    the threshold.
    """

    name: ClassVar[str] = "vault"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "step")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "interval": ParameterRange(1, 400, "integer"),
        "threshold": ParameterRange(0.005, 1.0, "log"),
        "dead_zone": ParameterRange(0.0, 0.3),
    }

    interval: int = 6  # [decisions]
    threshold: float = 0.15  # [-], holdings per contract
    dead_zone: float = 0.1  # [-], holdings per contract

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre, narrower when the schedule says so."""
        due = is_due(observables["step"], self.interval)
        narrow = min(self.dead_zone, self.threshold)
        half_width = np.where(due, narrow, self.threshold)
        return band_around(self.centre(observables), half_width)
