"""Classical hedging rules, one per file, and their tuning.

They see the market through named observables, as an agent does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from baselines.bartlett import Bartlett
from baselines.cppi import Cppi
from baselines.deadline_band import DeadlineBand
from baselines.delta import Delta
from baselines.delta_band import DeltaBand
from baselines.delta_gamma import DeltaGamma
from baselines.delta_threshold import DeltaThreshold
from baselines.delta_vega import DeltaVega
from baselines.fixed_cost_band import FixedCostBand
from baselines.gamma_band import GammaBand
from baselines.gamma_scalping import GammaScalping
from baselines.gas_band import GasBand
from baselines.gas_wait import GasWait
from baselines.leland import Leland
from baselines.minimum_variance import MinimumVariance
from baselines.no_hedge import NoHedge
from baselines.profit_triggered import ProfitTriggered
from baselines.random_threshold import RandomThreshold
from baselines.rule import AbstractRule
from baselines.time_based import TimeBased
from baselines.vault import Vault
from baselines.volatility_band import VolatilityBand
from baselines.volatility_interval import VolatilityInterval
from baselines.volatility_target import VolatilityTarget
from baselines.whalley_wilmott import WhalleyWilmott
from baselines.zakamouline import Zakamouline
from hedge_env.batch import observable_index
from hedge_env.config import EnvConfig

BASELINES: Final[Mapping[str, type[AbstractRule]]] = {
    rule.name: rule
    for rule in (
        NoHedge,
        Delta,
        TimeBased,
        DeltaThreshold,
        DeltaBand,
        VolatilityInterval,
        VolatilityBand,
        ProfitTriggered,
        GammaBand,
        Leland,
        WhalleyWilmott,
        FixedCostBand,
        GasBand,
        DeadlineBand,
        Zakamouline,
        MinimumVariance,
        Bartlett,
        GasWait,
        Vault,
        RandomThreshold,
        GammaScalping,
        DeltaGamma,
        DeltaVega,
    )
}

# These manage an investment instead of hedging a book: see `allocation`.
ALLOCATIONS: Final[Mapping[str, type[AbstractRule]]] = {
    rule.name: rule for rule in (Cppi, VolatilityTarget)
}

RULES: Final[Mapping[str, type[AbstractRule]]] = {**BASELINES, **ALLOCATIONS}


def rules_for(config: EnvConfig) -> dict[str, type[AbstractRule]]:
    """Rules that hedge, whose assumptions hold, and that see all they read."""
    unfit = unfit_rules(config)
    return {
        name: rule
        for name, rule in BASELINES.items()
        if name not in unfit and _can_read(rule, config)
    }


def unfit_rules(config: EnvConfig) -> dict[str, str]:
    """Names of rules whose assumptions a problem breaks, with how it breaks them.

    Rules that read what the config does not show are not among them: they cannot be
    played at all.
    """
    reasons = {
        name: rule.why_unfit(config)
        for name, rule in RULES.items()
        if _can_read(rule, config)
    }
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _can_read(rule: type[AbstractRule], config: EnvConfig) -> bool:
    return set(rule.inputs) <= observable_index(config).keys()


__all__ = [
    "ALLOCATIONS",
    "BASELINES",
    "RULES",
    "AbstractRule",
    "rules_for",
    "unfit_rules",
]
