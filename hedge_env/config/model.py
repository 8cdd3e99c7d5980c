"""What every model of a config is built from."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

HOURS_PER_DAY = 24.0
BASIS_POINT = 1e-4

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class Model(BaseModel):
    """Base of every model: immutable, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class MeanReverting(Model):
    """An Ornstein-Uhlenbeck factor by what one can see of it."""

    half_life_days: Positive
    sd: NonNegative  # stationary standard deviation, in the factor's own unit
