"""Funding of a perpetual: its premium, and the rules of exchanges by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from hedge_env.config.model import BasisPoints, Days, Hours, Model

FundingRule = Literal["clamp", "binance", "deribit", "hyperliquid", "derive"]
_Rate = Annotated[float, Field(ge=-1e6, le=1e6)]  # of funding [bp]


RULE_NUMBERS: Final = (
    *("interest_bp", "clamp_bp", "cap_bp", "period_hours", "settlement_hours"),
)
# What a rule sets where a config does not; sources in docs/market.md. Caps of Binance
# and Deribit depend on the contract, and so does the period of Derive, 16 hours for
# Bitcoin, Ether and Solana. Caps of the others: 4 % and 1.7123 bp an hour.
_TABLE: Final = {
    "clamp": (1.0, 5.0, None, None, 8.0),
    "binance": (1.0, 5.0, None, 8.0, 8.0),
    "deribit": (0.0, 2.5, None, 8.0, 1.0),
    "hyperliquid": (1.0, 5.0, 8.0 * 400.0, 8.0, 1.0),
    "derive": (0.0, 0.0, 16.0 * 1.7123, 16.0, 1.0),
}
RULES: Final = MappingProxyType(
    {rule: dict(zip(RULE_NUMBERS, row, strict=True)) for rule, row in _TABLE.items()}
)
PLAIN_RULE: Final = "clamp"  # one that is named nowhere
# Paid all the time: a settlement is what the rate is quoted for.
_CONTINUOUS: Final = ("deribit", "derive")
_HAS_NOT: Final = {"deribit": "interest_bp", "derive": "clamp_bp"}


class FundingConfig(Model):
    """Perpetual funding by the rule of an exchange.

    Rates, interest, clamp and cap among them, are of `period_hours`; each settlement
    pays its share of them. `clamp` is the formula with one whole rate a settlement.
    """

    rule: FundingRule = "clamp"
    # What the premium P is: a process of its own, by the numbers below, or the log of
    # the perpetual's price over spot, `market.basis`, which own orders may move.
    premium: Literal["process", "basis"] = "process"
    interest_bp: _Rate = 1.0
    clamp_bp: BasisPoints = 5.0
    cap_bp: BasisPoints | None = None  # None: there is none
    # None: of a settlement.
    period_hours: Annotated[float, Field(ge=1.0, le=1e4)] | None = None
    settlement_hours: Hours = 8.0
    premium_mean_bp: _Rate = 1.0
    premium_sd_bp: BasisPoints = 5.0
    premium_half_life_hours: Hours = 24.0
    # Of a second, faster factor of the premium; zero: there is none.
    fast_sd_bp: BasisPoints = 0.0
    fast_half_life_hours: Hours = 4.0
    return_response_bp: _Rate = 0.0  # premium per unit of trailing log return
    trailing_days: Days = 7.0

    @model_validator(mode="before")
    @classmethod
    def _by_rule(cls, values: Any) -> Any:
        """Take what is not given from the rule."""
        if not isinstance(values, Mapping):
            return values
        rule = values.get("rule", PLAIN_RULE)
        numbers = RULES.get(rule, {}) if isinstance(rule, str) else {}
        return {**numbers, **values}

    @model_validator(mode="after")
    def _fitting(self) -> FundingConfig:
        key = _HAS_NOT.get(self.rule)
        if key is not None and getattr(self, key) != 0.0:
            value = getattr(self, key)
            raise ValueError(
                f"{key} = {value:g} is in no formula of rule = {self.rule}; leave it "
                "out, or use rule = clamp"
            )
        return self

    @property
    def share(self) -> float:
        """Of a rate, what a settlement pays [-]."""
        period = self.period_hours
        return 1.0 if period is None else self.settlement_hours / period

    @property
    def is_continuous(self) -> bool:
        """Whether it is paid all the time and not on the clock."""
        return self.rule in _CONTINUOUS

    @property
    def has_clamp(self) -> bool:
        """Whether the rule cuts off or damps the premium; else it adds interest."""
        return self.rule != "derive"

    @property
    def has_usual_rate(self) -> bool:
        """Whether the clamp draws the rate to an interest."""
        return self.rule not in _HAS_NOT

    @property
    def added_bp(self) -> float:
        """Interest that is added to the premium, not what the clamp draws it to."""
        return 0.0 if self.has_clamp else self.interest_bp
