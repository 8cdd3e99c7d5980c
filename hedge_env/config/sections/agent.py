"""What a policy sees, how it acts and what it is paid."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import Field, model_validator

from hedge_env.config.model import Days, Model, RiskAversion


class RiskAversionRange(Model):
    """Risk aversion drawn log-uniformly per episode; `[2, 50]` is short for it."""

    low: RiskAversion
    high: RiskAversion

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        if len(value) != 2:
            raise ValueError(
                f"takes one number or two, [low, high], and not a list of {len(value)}"
            )
        return {"low": value[0], "high": value[1]}

    @model_validator(mode="after")
    def _ordered(self) -> RiskAversionRange:
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self


class ObservationConfig(Model):
    """What a policy sees."""

    # None: the default set for the market, for which `default` stands in a list.
    features: tuple[str, ...] | None = Field(default=None, min_length=1, max_length=64)
    true_volatility: bool = False  # may a policy see the volatility itself?
    realised_half_life_days: Days = 3.0  # of the realised-volatility estimate


ActionMode: TypeAlias = Literal[
    "band", "band_free", "band_edges", "target", "discrete", "ratio"
]
ACTION_MODES: Final[tuple[str, ...]] = get_args(ActionMode)


class ActionConfig(Model):
    """How an action becomes target holdings; see `agent/actions`."""

    mode: ActionMode = "band"
    neutral: Literal["gamma", "vega"] = "gamma"  # what a ratio of 1 trades to zero
    # g / (2 lambda) at lambda 10 and 2 bp: see bands.py.
    risk_scale: Annotated[float, Field(ge=1e-3, le=1e3)] = 1.8
    # Offset of the centre at action 1 [half-widths].
    offset_range: Annotated[float, Field(ge=1e-3, le=1e3)] = 1.0
    # |log width ratio| at action +-1.
    log_width_range: Annotated[float, Field(ge=1e-3, le=10.0)] = 0.7
    # Where the bands stand: theta and phi of pricing/least_variance.py; 0 is delta.
    centre_vega: Annotated[float, Field(ge=-4.0, le=4.0)] = 0.0
    centre_smile: Annotated[float, Field(ge=-4.0, le=4.0)] = 0.0
    # How far they lean to the side funding pays: kappa of pricing/funding_lean.py.
    centre_funding: Annotated[float, Field(ge=0.0, le=16.0)] = 0.0
    snap: bool = True
    worth_it: bool = True
    choices: int = Field(default=21, ge=2, le=10_001)  # of the discrete mode


class RewardConfig(Model):
    """What is paid per step; metrics never depend on it."""

    name: Literal[
        "objective",
        "expected",
        "controlled",
        "kolm_ritter",
        "accounting",
        "cash_flow",
        "mean_std",
        "entropic",
        "cvar",
    ] = "objective"
    # Risk weight of kolm_ritter [1/notional].
    kappa: Annotated[float, Field(ge=0.0, le=1e6)] = 10.0
    balanced: bool = False  # where risk aversion has a range: see agent/balance
    # K of mean_std, accounting and cash_flow: mean + K standard deviations.
    deviations: Annotated[float, Field(ge=0.0, le=100.0)] = 1.645
    # Of cvar: the mean of what is worse than this share of the paths [%].
    quantile: Annotated[float, Field(ge=50.0, le=99.99)] = 95.0
    # Net loss that those rewards are taken around; None: those of the analytic band.
    mean_bp: Annotated[float, Field(ge=-1e5, le=1e5)] | None = None
    deviation_bp: Annotated[float, Field(gt=0.0, le=1e5)] | None = None
    threshold_bp: Annotated[float, Field(ge=-1e5, le=1e5)] | None = None
