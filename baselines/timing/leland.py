"""Leland's delta at a volatility that pays for the costs, at fixed intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.deltas.smoothed_delta import INPUTS, smoothed_delta
from hedge_env.baselines.rule.assumptions import (
    why_not_a_few_options,
    why_nothing_to_hedge,
)
from hedge_env.baselines.rule.band_rule import (
    Band,
    BandRule,
    band_around,
    half_width_when_due,
)
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.timing.time_based import is_due
from hedge_env.config import EnvConfig

_MEAN_SIZE = sqrt(2.0 / pi)  # of a standard normal


def leland_variance_ratio(
    gamma: FloatArray,
    proportional_cost: FloatArray,
    volatility: FloatArray,
    revisions_per_year: float,
) -> FloatArray:
    r"""Leland's variance over the volatility's own.

    .. math:: \frac{\tilde\sigma^2}{\sigma^2} = 1 \pm \sqrt{\frac{2}{\pi}}
              \frac{2 c}{\sigma \sqrt{\delta t}}

    with plus for short and minus for long gamma; 2 c is the cost of a round trip.

    Args:
        gamma: Positive where the book is short gamma, shape (n,) [1/S_0].
        proportional_cost: c of traded value, one way, shape (n,) [-].
        volatility: sigma, shape (n,) [1/sqrt(year)].
        revisions_per_year: 1 / delta t [1/year].

    Returns:
        Shape (n,) [-]; negative where a long book's costs exceed its convexity.
    """
    number = _MEAN_SIZE * 2.0 * proportional_cost * sqrt(revisions_per_year)
    return 1.0 + np.sign(gamma) * number / volatility


@dataclass(frozen=True)
class Leland(BandRule):
    """Trade to Leland's delta at every `interval`-th decision.

    The formula's time between trades is a parameter of its own, because no observable
    says at the first decision how far away the next is; 250 is daily trading in a year
    of 250 days. Tuned, it says how much to smooth delta, given the interval.

    Source:
        Leland (1985), Journal of Finance 40(5), 1283-1301.
    """

    name: ClassVar[str] = "leland"
    inputs: ClassVar[tuple[str, ...]] = (
        *INPUTS,
        "holdings",
        "step",
        "proportional_cost",
    )
    reads_sign_of_gamma: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "interval": ParameterRange(1, 400, "integer"),
        "revisions_per_year": ParameterRange(1.0, 1e6, "log"),
    }

    interval: int = 6  # [decisions]
    revisions_per_year: float = 365.0  # [1/year]

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """See `smoothed_delta`."""
        return why_nothing_to_hedge(config) or why_not_a_few_options(config)

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Leland's delta alone where a trade is due, else everything."""
        ratio = leland_variance_ratio(
            observables["gamma"],
            observables["proportional_cost"],
            observables["implied_volatility"],
            self.revisions_per_year,
        )
        due = is_due(observables["step"], self.interval)
        goal = self.centre(observables, smoothed_delta(observables, ratio))
        return band_around(goal, half_width_when_due(due))
