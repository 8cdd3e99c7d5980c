"""What a desk knows of its book and its market now, in a practitioner's units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from hedge_env.advice.legs import AnyLeg, Leg, Time, Units
from hedge_env.base.errors import ConfigError
from hedge_env.config.model import (
    BasisPoints,
    Model,
    NonNegative,
    Positive,
    RiskAversion,
    Volatility,
)
from hedge_env.config.validation import validate

_MOST_LEGS = 1000


class DeskState(Model):
    """The present of a desk.

    Attributes:
        time: Now.
        spot: Price of the underlying [currency].
        legs: The book, at least one position.
        holdings: Units of the underlying held now.
        implied_volatility: Of the legs that name none [1/sqrt(year)].
        gas_price: In gwei; needed where gas is paid, unless `fixed_cost` is given.
        fixed_cost: Of one transaction, all in [currency]; in place of gas.
        funding_rate: Per settlement [-].
        realised_volatility: Of the recent past [1/sqrt(year)].
        skew: Slope of implied volatility in standardised log strike [-].
        decisions_since_trade: Decision intervals since the last trade.
        net_loss: Cost less profit of hedge and book since they were opened [currency];
            negative is a gain.
        fee_bp: In place of the market's own [bp of traded value].
        half_spread_bp: In place of the market's own [bp of traded value].
        risk_aversion: lambda of the objective; None: that of the policy.
        risk_aversion_per: What lambda counts in: `notional` (1/notional, as
            everywhere here) or `currency` (1/currency).
        margin_equity: What the margin account is worth now [currency]; needed where
            the market has one.
        contracts: Units that make up the notional; None: those of the market's config.
        start_spot: Spot that the notional is reckoned at [currency]; None: spot now.
    """

    time: Time
    spot: Positive
    legs: Annotated[tuple[AnyLeg, ...], Field(min_length=1, max_length=_MOST_LEGS)]
    holdings: Units
    implied_volatility: Volatility | None = None
    gas_price: NonNegative | None = None
    fixed_cost: NonNegative | None = None
    funding_rate: Annotated[float, Field(ge=-1.0, le=1.0)] | None = None
    realised_volatility: Volatility | None = None
    skew: Annotated[float, Field(ge=-10.0, le=10.0)] | None = None
    decisions_since_trade: Annotated[float, Field(ge=0.0, le=1e9)] | None = None
    net_loss: Annotated[float, Field(ge=-1e18, le=1e18)] | None = None
    fee_bp: BasisPoints | None = None
    half_spread_bp: BasisPoints | None = None
    risk_aversion: RiskAversion | None = None
    risk_aversion_per: Literal["notional", "currency"] = "notional"
    margin_equity: Positive | None = None
    contracts: Positive | None = None
    start_spot: Positive | None = None

    def volatility_of(self, leg: Leg) -> float:
        """Implied volatility of a leg [1/sqrt(year)]."""
        return leg.implied_volatility or self.implied_volatility or 0.0


def read_state(document: Mapping[str, Any], source: str = "state") -> DeskState:
    """Check a state.

    Args:
        document: Plain values, as a YAML file or a line of JSON holds them.
        source: Where they are from, for errors.

    Raises:
        ConfigError: In one sentence: source, line, key, what is allowed.
    """
    state = validate(DeskState, document, [(source, document)])
    for number, leg in enumerate(state.legs):
        key = f"{source}: legs.{number}"
        leg.check(key, state.time)
        if leg.implied_volatility is None and state.implied_volatility is None:
            raise ConfigError(
                f"{key}.implied_volatility is missing; give one to the leg, or one for "
                "all of them (0.8 is 80 %)"
            )
    if state.gas_price is not None and state.fixed_cost is not None:
        raise ConfigError(
            f"{source}: gas_price and fixed_cost are two answers to one question; "
            "leave out one of them"
        )
    return state
