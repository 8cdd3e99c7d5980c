"""What the hedger cannot change."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hedge_env.config.model import (
    Correlation,
    Days,
    Drift,
    Hours,
    MeanReverting,
    Model,
    Multiple,
    PerYear,
    Positive,
    Probability,
    Quote,
    Volatility,
)
from hedge_env.config.sections.forecasts import ForecastsConfig
from hedge_env.config.sections.funding import FundingConfig
from hedge_env.config.sections.onchain.fees import FeesConfig
from hedge_env.config.sections.surface import FlatSurface, SurfaceConfig
from hedge_env.config.sections.volatility import ConstantVolatility, VolatilityConfig

# Models of volatility that jumps, a season, an SSVI surface and recorded days are made
# for; the others come from papers that have none of these.
GENERAL_VOLATILITY = ("constant", "log_ou")


_Duration = Annotated[float, Field(ge=1e-4, le=1e16)]  # [day]; or without end


class JumpConfig(Model):
    """Kou double-exponential jumps of log spot, with a co-jump of volatility."""

    per_year: PerYear
    probability_up: Probability = 0.44
    mean_up: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.043  # [-], of log spot
    # [-], of log spot, as a positive number.
    mean_down: Annotated[float, Field(gt=0.0, le=10.0)] = 0.043
    # Added to the fast log volatility at each jump.
    volatility_jump: Annotated[float, Field(ge=-5.0, le=5.0)] = 0.0
    # Mean number of jumps that each jump sets off; per_year counts these as well.
    excitation: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    excitation_half_life_hours: Hours = 3.0


class RegimeConfig(Model):
    """Calm and stress as a two-state Markov chain; what stress multiplies and shifts.

    All other numbers of the market are those of calm.
    """

    calm_days: _Duration  # mean duration
    stress_days: _Duration  # mean duration
    start: Literal["stationary", "calm", "stress"] = "stationary"
    volatility: Multiple = 1.0  # times
    # Of the way of the variance from one level to the other; None: at once.
    volatility_half_life_days: Annotated[float, Field(ge=1e-4, le=365.0)] | None = None
    jumps: Annotated[float, Field(ge=0.0, le=1e4)] = 1.0  # times the intensity
    # Added to the skew factor; to rho, to first order.
    skew: Annotated[float, Field(ge=-10.0, le=10.0)] = 0.0
    gas: Multiple = 1.0  # times
    liquidity: Multiple = 1.0  # half-spread and impact times
    drift: Drift = 0.0  # added [1/year]

    @property
    def share(self) -> float:
        """Of time under stress, in the long run [-]."""
        return self.stress_days / (self.calm_days + self.stress_days)


class SpikeConfig(Model):
    """Poisson spikes of the log gas price."""

    per_year: PerYear
    # Mean of the exponential size; from 1 on the mean gas price would be infinite.
    mean_size: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.7


class VolatilitySeasonConfig(Model):
    """Season of diffusive volatility over the week; its mean variance is one."""

    # Of the variance over the day: 1 + amplitude at the peak, 1 - amplitude opposite.
    daily_amplitude: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    peak_hour: Annotated[float, Field(ge=0.0, lt=24.0)] = 16.0  # UTC
    weekend: Multiple = 1.0  # volatility on Saturday and Sunday over that of weekdays


class GasConfig(Model):
    """Gas price: slow level, fast log-OU, season, response to returns, spikes."""

    median_gwei: Positive
    slow: MeanReverting
    fast: MeanReverting
    # States of the fast factor as a Markov chain; None: it is Gaussian.
    fast_states: Annotated[int, Field(ge=2, le=99)] | None = None
    # Amplitude of the daily season of log gas [-].
    season: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0
    season_peak_hour: Annotated[float, Field(ge=0.0, lt=24.0)] = 16.5  # UTC
    weekend: Multiple = 1.0  # gas on Saturday and Sunday over that of weekdays
    # Log gas per local sigma of |return|.
    return_response: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0
    burst_half_life_hours: Hours = 2.0  # of responses and spikes
    spikes: SpikeConfig = SpikeConfig(per_year=0.0)


class LiquidityConfig(Model):
    """Half-spread and impact scale as (volatility / reference)^exponent."""

    exponent: Annotated[float, Field(ge=0.0, le=20.0)] = 0.0
    reference_volatility: Volatility = 0.7  # [1/sqrt(year)]


class BasisConfig(Model):
    """Log price of the perpetual over spot: a mean-reverting factor."""

    sd_bp: Annotated[float, Field(ge=0.0, le=1e4)]  # stationary standard deviation
    half_life_hours: Hours = 24.0
    mean_bp: Annotated[float, Field(ge=-1e4, le=1e4)] = 0.0
    premium_correlation: Correlation = 0.0  # of its shocks with the funding premium's


class CrowdConfig(Model):
    """Other hedgers of the same book, whose rebalancing moves spot."""

    # Relative move of spot per notional that the crowd trades.
    size: Annotated[float, Field(ge=0.0, le=1e6)]
    cap: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5  # of the feedback


class OthersHaltConfig(Model):
    """A circuit breaker that other hedgers share."""

    # Of log spot in a market step.
    move: Annotated[float, Field(gt=0.0, le=1e3)]
    hours: Hours = 12.0  # for which they do not trade


class TriggeredHedgersConfig(Model):
    """Others who are short gamma and rebalance at a trigger."""

    # Bought by all of them for a log move of one; negative: they are long gamma.
    gamma: Annotated[float, Field(ge=-1e15, le=1e15)]  # [quote]
    trigger: Annotated[float, Field(gt=0.0, le=1e3)] = 0.05  # move of log spot
    # Triggers lie evenly, in logs, from trigger / e^spread to trigger x e^spread.
    spread: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0
    attention: Probability = 1.0  # share of market steps at which each looks, at random
    halt: OthersHaltConfig | None = None


class LeveragedConfig(Model):
    """Leveraged positions of others, closed by force one after the other."""

    # Of the long ones, at the price of the start [quote].
    open_interest: Annotated[float, Field(ge=0.0, le=1e15)]
    shorts: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0  # over the long ones
    positions: int = Field(default=20, ge=1, le=1000)  # of either side
    # Log move from the entry at which the first and the last one are closed.
    nearest: Annotated[float, Field(gt=0.0, le=100.0)] = 0.05
    farthest: Annotated[float, Field(gt=0.0, le=100.0)] = 0.5
    turnover_days: Days = 7.0  # half-life with which entries follow spot
    reopen_hours: Hours = 24.0  # from one that opens again to the next

    @model_validator(mode="after")
    def _in_order(self) -> LeveragedConfig:
        if self.farthest < self.nearest:
            raise ValueError(
                f"farthest = {self.farthest} must not be below nearest = {self.nearest}"
            )
        return self


class ContagionConfig(Model):
    """Others with triggers, whose orders move spot and set each other off."""

    daily_volume: Quote  # [quote]
    # Log move of spot for a net order as large as a day's volume.
    impact: Annotated[float, Field(ge=0.0, le=1e3)] = 1.0
    lasting: Probability = 0.5  # share of a move that stays, own orders' included
    half_life_hours: Hours = 6.0  # of the rest
    hedgers: TriggeredHedgersConfig | None = None
    leveraged: LeveragedConfig | None = None

    @property
    def move_per_value(self) -> float:
        """Log move of spot for an order of one [1/quote]."""
        return self.impact / self.daily_volume


class MarketConfig(Model):
    """What the hedger cannot change; a part that is None is off."""

    spot: Positive = 100.0  # [quote]
    drift: Drift = 0.0  # [1/year]
    volatility: VolatilityConfig = ConstantVolatility()
    season: VolatilitySeasonConfig | None = None  # of volatility, over the week
    jumps: JumpConfig | None = None
    regime: RegimeConfig | None = None  # None: always calm
    surface: SurfaceConfig = FlatSurface()
    gas: GasConfig | None = None
    funding: FundingConfig | None = None
    liquidity: LiquidityConfig = LiquidityConfig()
    basis: BasisConfig | None = None
    crowd: CrowdConfig | None = None
    contagion: ContagionConfig | None = None  # others with triggers
    forecasts: ForecastsConfig | None = None  # of the hedger's own, as observables
    fees: FeesConfig | None = None  # of blocks and blobs, by their rules
    # What options are settled at: the last price, or its mean over the last minutes.
    settlement: Literal["spot", "twap"] = "spot"
    settlement_minutes: Annotated[float, Field(ge=0.1, le=1440.0)] = 30.0

    @model_validator(mode="after")
    def _fitting(self) -> MarketConfig:
        if self.forecasts is not None and self.forecasts.gas and self.gas is None:
            raise ValueError(
                "forecasts.gas needs a price of gas; set market.gas or leave it out"
            )
        surface, volatility = self.surface.model, self.volatility.model
        if surface not in ("flat", "ssvi") and surface != volatility:
            raise ValueError(
                f"surface.model = {surface} is quoted by the model of the same name; "
                f"set volatility.model = {surface} too"
            )
        if volatility in GENERAL_VOLATILITY:
            return self
        if surface == "ssvi":
            raise ValueError(
                f"surface.model = ssvi does not go with volatility.model = {volatility}"
                f"; use {volatility} or flat"
            )
        for part in ("jumps", "season", "regime"):
            if getattr(self, part) is not None:
                raise ValueError(
                    f"{part} does not go with volatility.model = {volatility}; set "
                    f"market.{part} = null"
                )
        return self
