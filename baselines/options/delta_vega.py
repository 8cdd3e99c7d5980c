"""Neutralise vega with the listed option and delta with the underlying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.agent.option_shares import neutral_vega
from hedge_env.base.types import FloatArray
from hedge_env.baselines.options.neutral_trade import NeutralOptions


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
