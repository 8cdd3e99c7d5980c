"""Neutralise gamma with the listed option and delta with the underlying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.agent.option_shares import neutral_gamma
from hedge_env.base.types import FloatArray
from hedge_env.baselines.options.neutral_trade import NeutralOptions


@dataclass(frozen=True)
class DeltaGamma(NeutralOptions):
    """A share of the gamma-neutral trade at every decision, and delta."""

    name: ClassVar[str] = "delta-gamma"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "gamma",
        "option_delta",
        "option_gamma",
        "option_holdings",
        "option_limit",
    )
    reads_sign_of_gamma: ClassVar[bool] = True

    def neutral_trade(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Units to buy that leave no gamma, shape (n,) [-]."""
        return neutral_gamma(observables["gamma"], observables["option_gamma"])
