"""Classical hedging rules, one per file, and their tuning.

They see the market through named observables, as an agent does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hedge_env.baselines.allocation.cppi import Cppi
from hedge_env.baselines.allocation.volatility_target import VolatilityTarget
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.fixed_cost_band import FixedCostBand
from hedge_env.baselines.bands.gamma_band import GammaBand
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.bands.volatility_band import VolatilityBand
from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from hedge_env.baselines.bands.zakamouline import Zakamouline
from hedge_env.baselines.deltas.bartlett import Bartlett
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.linear_greeks import LinearGreeks
from hedge_env.baselines.deltas.minimum_variance import MinimumVariance
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.baselines.options.delta_gamma import DeltaGamma
from hedge_env.baselines.options.delta_vega import DeltaVega
from hedge_env.baselines.rule import AbstractRule
from hedge_env.baselines.timing.gamma_scalping import GammaScalping
from hedge_env.baselines.timing.gas_wait import GasWait
from hedge_env.baselines.timing.leland import Leland
from hedge_env.baselines.timing.profit_triggered import ProfitTriggered
from hedge_env.baselines.timing.random_threshold import RandomThreshold
from hedge_env.baselines.timing.time_based import TimeBased
from hedge_env.baselines.timing.vault import Vault
from hedge_env.baselines.timing.volatility_interval import VolatilityInterval
from hedge_env.config import EnvConfig
from hedge_env.desk.observables import observable_index

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
        LinearGreeks,
        Bartlett,
        GasWait,
        Vault,
        RandomThreshold,
        GammaScalping,
        DeltaGamma,
        DeltaVega,
    )
}

# What a first look shows: `delta` and `whalley-wilmott`, which everybody knows; the
# best rules of every market and risk aversion in docs/study; and `linear-greeks`, which
# contains `delta-band` and leads at an exchange where risk hardly counts.
MAIN_RULES: Final = (
    "delta",
    "gamma-band",
    "whalley-wilmott",
    "gas-band",
    "deadline-band",
    "zakamouline",
    "minimum-variance",
    "linear-greeks",
)

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
    "MAIN_RULES",
    "RULES",
    "AbstractRule",
    "rules_for",
    "unfit_rules",
]
