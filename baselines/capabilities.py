"""What the solver, the fused episodes and tuned files know of a config.

Each lists the keys that it knows, section by section. A key that is not listed must be
at its default: a setting that nobody has thought of yet is refused, or left to the
batch, which knows everything, and never passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from hedge_env.config import EnvConfig

Known: TypeAlias = Mapping[str, str]  # section ("": the config itself) to its keys

# Costs that are fixed, or proportional to the value traded.
_PLAIN_COSTS: Final = (
    "instrument fee_bp half_spread_bp fixed_cost_bp gas_units gas_cost_bp "
    "charge_opening charge_liquidation least_order"
)
_SECTIONS: Final = (
    "name description episode market execution book holdings observation action "
    "reward replay report risk_aversion"
)

# Exact dynamic programming (`optimum`). What it cannot do with these is in `solvable`.
DYNAMIC_PROGRAMMING: Final[Known] = {
    "": _SECTIONS,
    "market": "spot drift volatility jumps surface gas funding liquidity",
    "market.volatility": "model level",
    "execution": (
        f"{_PLAIN_COSTS} fee_limit_bp lot depth square_root_impact daily_volume"
    ),
    "book": "contracts legs",
    "holdings": "low high",
}

# Whole episodes by one compiled function (`tuning/fused_episodes`): it plays any market
# and book from a tape of their rows, and one instrument.
FUSED_EPISODES: Final[Known] = {
    "": _SECTIONS,
    "execution": (
        f"{_PLAIN_COSTS} depth square_root_impact daily_volume lot failure sandwich "
        "halt keeper"
    ),
    "book": "contracts legs margin",
    "holdings": "low high",
}

# Values of all holdings and the bound (`value`): any market and book that is simulated
# and does not answer, one instrument, orders that fill at once. The relaxed player is
# allowed parts of a lot, which bounds from below all the same.
BOUNDED: Final[Known] = {
    "": _SECTIONS,
    "market": (
        "spot drift volatility season jumps regime surface gas funding liquidity basis "
        "forecasts"
    ),
    "execution": f"{_PLAIN_COSTS} depth square_root_impact daily_volume lot",
    "book": "contracts legs margin",
    "holdings": "low high",
}

# A perpetual that is sold in the best way (`liquidation`).
LIQUIDATION: Final[Known] = {
    "": _SECTIONS,
    "market": "spot volatility surface funding basis",
    "market.volatility": "model level",
    "market.funding": "rule premium interest_bp clamp_bp cap_bp period_hours "
    "settlement_hours "
    "premium_mean_bp premium_sd_bp premium_half_life_hours trailing_days",
    "market.basis": "sd_bp half_life_hours mean_bp premium_correlation",
    "execution": "instrument depth daily_volume permanent_impact impact_on least_order",
    "book": "contracts legs",
    "holdings": "low high start",
}

# Sections that no rule's best parameters depend on (`results/tuned_file`).
NOT_TUNED_FOR: Final = (
    "name",
    "description",
    "risk_aversion",
    "reward",
    "action",
    "report",
)


def unknown_keys(config: EnvConfig, known: Known) -> list[str]:
    """Dotted keys in use that are not known, in the order of the sections.

    Legs are known as a whole, but for a range that a policy moves: none of these knows
    a book that answers to decisions.
    """
    unknown = [
        f"{section}.{key}" if section else key
        for section, keys in known.items()
        for key in config.keys_in_use(section, keys.split())
    ]
    return [*unknown, *config.book.recentring_keys]
