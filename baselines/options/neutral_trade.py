r"""Rules that trade the listed option for gamma or vega, and the underlying for delta.

A share :math:`\kappa` of the neutral trade (see `option_shares`): 1 is the
textbook's rule, which leaves no gamma (or vega) at any cost; 0 is delta hedging. The
dearer the option, the smaller the best share.

Source: Hull, "Options, Futures, and Other Derivatives", chapter on the Greek letters;
the share is the action of Cao, Chen, Farghadani, Hull, Poulos, Wang and Yuan (2023),
"Gamma and vega hedging using deep distributional reinforcement learning", Frontiers in
Artificial Intelligence 6.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import AbstractRule


@dataclass(frozen=True)
class NeutralOptions(AbstractRule):
    """What both rules have in common."""

    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "ratio": ParameterRange(0.0, 1.0)
    }

    n_instruments: ClassVar[int] = 2

    ratio: float = 1.0  # share of the neutral trade [-]

    @abstractmethod
    def neutral_trade(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Units to buy that leave none of the Greek, shape (n,) [-]."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Underlying and option, shape (n, 2) [-]."""
        held, limit = observables["option_holdings"], observables["option_limit"]
        wanted = held + self.ratio * self.neutral_trade(observables)
        units = np.clip(wanted, -limit, limit)
        delta = observables["delta"] - (units - held) * observables["option_delta"]
        return np.stack([delta, units], axis=1)
