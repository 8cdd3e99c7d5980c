"""What every model of a config is built from."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hedge_env.base.errors import one_line

HOURS_PER_DAY = 24.0
BASIS_POINT = 1e-4

# Every number of a config has bounds: far beyond any market, and near enough that no
# product, square or exponential of them leaves the range of a double. What several
# numbers do together is bounded in `extremes`.
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=1e-9, le=1e9)]
NonNegative = Annotated[float, Field(ge=0.0, le=1e9)]
Quantity = Annotated[float, Field(ge=-1e6, le=1e6)]  # options, units: per contract
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Quote = Annotated[float, Field(ge=1.0, le=1e18)]  # an amount [quote]
BasisPoints = Annotated[float, Field(ge=0.0, le=1e6)]
Days = Annotated[float, Field(ge=1e-4, le=1e5)]
Hours = Annotated[float, Field(ge=1e-3, le=1e6)]
Volatility = Annotated[float, Field(ge=1e-6, le=100.0)]  # [1/sqrt(year)]
Multiple = Annotated[float, Field(ge=1e-4, le=1e4)]
PerYear = Annotated[float, Field(ge=0.0, le=1e6)]
Drift = Annotated[float, Field(ge=-1e5, le=1e5)]  # [1/year]

# Far beyond any use: at 1e9 a basis point of tracking error costs ten notionals.
LEAST_RISK_AVERSION, MOST_RISK_AVERSION = 1e-9, 1e9
RiskAversion = Annotated[
    float,
    Field(ge=LEAST_RISK_AVERSION, le=MOST_RISK_AVERSION, allow_inf_nan=False),
]


def _clean(limit: int) -> AfterValidator:
    return AfterValidator(lambda text: one_line(text, limit))


# Texts that are shown in tables, terminals and reports, whoever wrote the file.
Title = Annotated[str, _clean(100)]
Remark = Annotated[str, _clean(2_000)]


class Model(BaseModel):
    """Base of every model: immutable, a key nobody knows is an error, so is a NaN."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, allow_inf_nan=False
    )


class MeanReverting(Model):
    """An Ornstein-Uhlenbeck factor by what one can see of it."""

    half_life_days: Days
    # Stationary standard deviation, in the factor's own unit: 2.5 of a logarithm is a
    # factor of twelve.
    sd: Annotated[float, Field(ge=0.0, le=2.5)]
