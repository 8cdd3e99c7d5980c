"""Classical hedging rules, one per file, and their tuning.

They see the market through named observables, as an agent does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from baselines.deadline_band import DeadlineBand
from baselines.delta import Delta
from baselines.delta_threshold import DeltaThreshold
from baselines.gas_band import GasBand
from baselines.no_hedge import NoHedge
from baselines.rule import AbstractRule
from baselines.time_based import TimeBased
from baselines.volatility_band import VolatilityBand
from baselines.volatility_interval import VolatilityInterval
from baselines.whalley_wilmott import WhalleyWilmott

BASELINES: Final[Mapping[str, type[AbstractRule]]] = {
    rule.name: rule
    for rule in (
        NoHedge,
        Delta,
        TimeBased,
        DeltaThreshold,
        VolatilityInterval,
        VolatilityBand,
        WhalleyWilmott,
        GasBand,
        DeadlineBand,
    )
}

__all__ = ["BASELINES", "AbstractRule"]
