"""Neutralise vega with the listed option and delta with the underlying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from baselines.neutral_options import NeutralOptions
from hedge_env._types import FloatArray
from hedge_env.neutral import neutral_vega


@dataclass(frozen=True)
class DeltaVega(NeutralOptions):
    """A share of the vega-neutral trade at every decision, and delta."""

    name: ClassVar[str] = "delta-vega"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "vega",
        "option_delta",
        "option_vega",
        "option_holdings",
        "option_limit",
    )

    def neutral_trade(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Units to buy that leave no vega, shape (n,) [-]."""
        return neutral_vega(observables["vega"], observables["option_vega"])
