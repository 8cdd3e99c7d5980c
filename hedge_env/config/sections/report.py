"""What a report says beside cost and risk: in which currency, whose, against what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hedge_env.config.model import Model, Title


class ReportConfig(Model):
    """What a report needs to be read by an operator; no result depends on it."""

    # Of spot, as in USD; the first sentence then says what a month costs.
    currency: Title = ""
    # Rules with parameters, as on the command line, that are what people do today:
    # they are compared as well, and the first sentence counts what is saved.
    usual: tuple[Title, ...] = ()
    # Equal shares of the notional, of a pool; None: it is nobody's in particular.
    depositors: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
