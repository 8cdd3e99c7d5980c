"""Margin accounts: of the perpetual alone, or of all that the desk holds and owes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from hedge_env.config.model import BasisPoints, Model
from hedge_env.config.sections.book import BookConfig

Fraction = Annotated[float, Field(ge=1e-6, le=1.0)]
# Posted at the start [notional].
Collateral = Annotated[float, Field(ge=1e-9, le=1e6)]
_USUAL = "isolated"  # where a file does not say which


class IsolatedMargin(Model):
    """Margin account of a perpetual position alone; see desk/margin.py."""

    model: Literal["isolated"] = "isolated"
    collateral: Collateral
    initial: Fraction = 0.1  # equity needed to open, over the position's value
    maintenance: Fraction = 0.05  # equity needed to keep it, over its value
    penalty_bp: BasisPoints = 50.0  # of the value closed by force
    reopen: bool = True  # may a position be opened again after a liquidation?

    @model_validator(mode="after")
    def _ordered(self) -> IsolatedMargin:
        if self.maintenance >= self.initial:
            raise ValueError(
                f"maintenance = {self.maintenance} must be below initial = "
                f"{self.initial}: a position just opened would be liquidated"
            )
        return self


class PortfolioMargin(Model):
    """One account of book and hedge by a scenario matrix; see desk/portfolio_margin.py.

    What is needed to open is the matrix of pricing/portfolio_margin.py.
    """

    model: Literal["portfolio"]
    collateral: Collateral
    # Equity needed to keep what is held, over what is needed to open it.
    maintenance: Annotated[float, Field(ge=1e-6, lt=1.0)] = 0.5
    penalty_bp: BasisPoints = 50.0  # of the value of the perpetual closed by force
    # Of the underlying's value, for every option that is taken over.
    option_penalty_bp: BasisPoints = 20.0
    insurance: bool = True  # does a fund pay what is owed beyond the collateral?


def _model_of(values: Any) -> str:
    """Which account a section is of."""
    if isinstance(values, Mapping):
        return str(values.get("model", _USUAL))
    return str(getattr(values, "model", _USUAL))


MarginConfig = Annotated[
    Annotated[IsolatedMargin, Tag("isolated")]
    | Annotated[PortfolioMargin, Tag("portfolio")],
    Discriminator(
        _model_of,
        custom_error_type="margin_model",
        custom_error_message="must name a model, isolated or portfolio",
    ),
]

_KNOWN = ("call", "put", "forward")  # kinds that book/margin_scenarios.py revalues


def check_margin(margin: MarginConfig | None, book: BookConfig) -> None:
    """Refuse a book that the scenario matrix does not know.

    Raises:
        ValueError: In one sentence that names the key.
    """
    if not isinstance(margin, PortfolioMargin):
        return
    if book.margin == "coin":
        raise ValueError(
            "execution.margin.model = portfolio keeps its equity in the quote currency "
            "and does not go together with book.margin = coin; use book.margin = "
            "quote, or execution.margin.model = isolated"
        )
    for number, leg in enumerate(book.legs):
        if leg.kind not in _KNOWN:
            raise ValueError(
                f"book.legs.{number}.kind = {leg.kind} has no place in a scenario "
                f"matrix, which knows {', '.join(_KNOWN)}; remove it, or use "
                "execution.margin.model = isolated"
            )
