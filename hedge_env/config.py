"""What a hedging problem consists of, as frozen and validated models.

Units are a trader's (days, basis points, gwei); the conversion to years and
fractions of notional happens where a model is compiled into kernel parameters.
Every default of the package lives here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

HOURS_PER_DAY = 24.0
BASIS_POINT = 1e-4
_MOST_MARKET_STEPS = 2**32 - 1  # the last count is the start of an episode

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Correlation = Annotated[float, Field(gt=-1.0, lt=1.0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class Model(BaseModel):
    """Base of every model: immutable, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class EpisodeConfig(Model):
    """The decision grid."""

    decisions: int = Field(default=180, ge=1, le=1_000_000)
    decision_interval_hours: Positive = 4.0
    market_steps: int = Field(default=1, ge=1, le=10_000)  # per decision
    days_per_year: Positive = 365.0
    start_hour: float | None = Field(default=0.0, ge=0.0, lt=24.0)  # None: uniform

    @model_validator(mode="after")
    def _countable(self) -> EpisodeConfig:
        if self.decisions * self.market_steps >= _MOST_MARKET_STEPS:
            raise ValueError(
                f"decisions x market_steps must be below {_MOST_MARKET_STEPS}: random "
                "numbers are counted by 32 bits of market steps"
            )
        return self

    @property
    def hours_per_market_step(self) -> float:
        """Length of one market step [hour]."""
        return self.decision_interval_hours / self.market_steps

    @property
    def years_per_decision(self) -> float:
        """Length of one decision interval [year]."""
        return self.decision_interval_hours / (HOURS_PER_DAY * self.days_per_year)

    @property
    def horizon_days(self) -> float:
        """Length of the episode [day]."""
        return self.decisions * self.decision_interval_hours / HOURS_PER_DAY


class MeanReverting(Model):
    """An Ornstein-Uhlenbeck factor by what one can see of it."""

    half_life_days: Positive
    sd: NonNegative  # stationary standard deviation, in the factor's own unit


class JumpConfig(Model):
    """Kou double-exponential jumps of log spot, with a co-jump of volatility."""

    per_year: NonNegative
    probability_up: Probability = 0.44
    mean_up: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.043  # [-], of log spot
    mean_down: Positive = 0.043  # [-], of log spot, as a positive number
    volatility_jump: Finite = 0.0  # added to the fast log volatility at each jump


class ConstantVolatility(Model):
    """The same volatility always."""

    model: Literal["constant"] = "constant"
    level: NonNegative = 0.8  # [1/sqrt(year)]


class LogOuVolatility(Model):
    """Log volatility is its median plus two or three mean-reverting factors."""

    model: Literal["log_ou"]
    level: Positive  # median volatility [1/sqrt(year)]
    fast: MeanReverting
    slow: MeanReverting
    intraday: MeanReverting | None = None  # a third factor, of hours
    leverage: Correlation = 0.0  # of returns with shocks of all but the slow factor


VolatilityConfig = Annotated[
    ConstantVolatility | LogOuVolatility, Field(discriminator="model")
]


class FlatSurface(Model):
    """One implied volatility for all strikes and maturities."""

    model: Literal["flat"] = "flat"
    volatility: Positive | None = None  # None: the level of the volatility model


class SkewConfig(MeanReverting):
    """Correlation parameter of SSVI: tanh of a mean-reverting factor."""

    mean: Correlation = 0.0
    return_correlation: Correlation = 0.0


class CurvatureConfig(MeanReverting):
    """Wing parameter of SSVI: exponential of a mean-reverting factor."""

    mean: Annotated[float, Field(gt=0.0, le=1.4)] = 0.6


class LevelConfig(MeanReverting):
    """Log of implied over fair volatility: a mean-reverting factor."""

    return_correlation: Correlation = 0.0


class SsviSurface(Model):
    """SSVI with stochastic level, skew and curvature; see pricing/ssvi.py."""

    model: Literal["ssvi"]
    variance_premium: Positive = 1.0  # implied over expected variance
    level: LevelConfig
    skew: SkewConfig
    curvature: CurvatureConfig


SurfaceConfig = Annotated[FlatSurface | SsviSurface, Field(discriminator="model")]


class SpikeConfig(Model):
    """Poisson spikes of the log gas price."""

    per_year: NonNegative
    # Mean of the exponential size; from 1 on the mean gas price would be infinite.
    mean_size: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.7


class GasConfig(Model):
    """Gas price: slow level, fast log-OU, season, response to returns, spikes."""

    median_gwei: Positive
    slow: MeanReverting
    fast: MeanReverting
    season: NonNegative = 0.0  # amplitude of the daily season of log gas [-]
    season_peak_hour: Annotated[float, Field(ge=0.0, lt=24.0)] = 16.5  # UTC
    return_response: NonNegative = 0.0  # log gas per local sigma of |return|
    burst_half_life_hours: Positive = 2.0  # of responses and spikes
    spikes: SpikeConfig = SpikeConfig(per_year=0.0)


class FundingConfig(Model):
    """Perpetual funding through the exchange's clamp formula."""

    interest_bp: Finite = 1.0  # per settlement
    clamp_bp: NonNegative = 5.0
    premium_mean_bp: Finite = 1.0
    premium_sd_bp: NonNegative = 5.0
    premium_half_life_hours: Positive = 24.0
    return_response_bp: Finite = 0.0  # premium per unit of trailing log return
    trailing_days: Positive = 7.0
    settlement_hours: Positive = 8.0


class LiquidityConfig(Model):
    """Half-spread and impact scale as (volatility / reference)^exponent."""

    exponent: NonNegative = 0.0
    reference_volatility: Positive = 0.7  # [1/sqrt(year)]


class MarketConfig(Model):
    """What the hedger cannot change; a part that is None is off."""

    spot: Positive = 100.0  # [quote]
    drift: Finite = 0.0  # [1/year]
    volatility: VolatilityConfig = ConstantVolatility()
    jumps: JumpConfig | None = None
    surface: SurfaceConfig = FlatSurface()
    gas: GasConfig | None = None
    funding: FundingConfig | None = None
    liquidity: LiquidityConfig = LiquidityConfig()


class ExecutionConfig(Model):
    """What a trade in the hedge instrument costs."""

    instrument: Literal["spot", "perp"] = "spot"  # only a perp pays funding
    fee_bp: NonNegative = 0.0  # of traded value
    half_spread_bp: NonNegative = 0.0  # of traded value
    fixed_cost_bp: NonNegative = 0.0  # of initial notional, per transaction
    gas_units: NonNegative = 0.0  # per transaction
    depth: Positive | None = None  # AMM depth [quote]: cost = value^2 / depth
    square_root_impact: NonNegative = 0.0  # Y: cost = Y daily_vol sqrt(value/volume)
    daily_volume: Positive = 1e9  # [quote], for the square-root impact
    charge_opening: bool = True
    charge_liquidation: bool = True


class LegConfig(Model):
    """One European option of the book."""

    kind: Literal["call", "put"]
    quantity: Finite = -1.0  # per contract; negative is short
    moneyness: Positive = 1.0  # strike over initial spot
    maturity_days: Positive = 30.0


class BookConfig(Model):
    """The option liability."""

    contracts: Positive = 1.0  # units of underlying per unit of quantity
    legs: tuple[LegConfig, ...] = Field(default=(LegConfig(kind="call"),), min_length=1)


class HoldingsConfig(Model):
    """Bounds of the holdings; None: the book's limiting deltas."""

    low: Finite | None = None
    high: Finite | None = None


class RiskAversionRange(Model):
    """Risk aversion drawn log-uniformly per episode."""

    low: Positive
    high: Positive

    @model_validator(mode="after")
    def _ordered(self) -> RiskAversionRange:
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self


class ObservationConfig(Model):
    """What a policy sees."""

    features: tuple[str, ...] | None = None  # None: the default set for the market
    true_volatility: bool = False  # may a policy see the volatility itself?
    realised_half_life_days: Positive = 3.0  # of the realised-volatility estimate


class ActionConfig(Model):
    """How an action becomes target holdings; see actions.py."""

    mode: Literal["band", "band_free", "target", "discrete"] = "band"
    risk_scale: Positive = 1.8  # g / (2 lambda) at lambda 10, 2 bp: see bands.py
    offset_range: Positive = 1.0  # offset of the centre at action 1 [half-widths]
    log_width_range: Positive = 0.7  # |log width ratio| at action +-1
    snap: bool = True
    worth_it: bool = True
    choices: int = Field(default=21, ge=2, le=10_001)  # of the discrete mode


class RewardConfig(Model):
    """What is paid per step; metrics never depend on it."""

    name: Literal["objective", "kolm_ritter"] = "objective"
    kappa: NonNegative = 10.0  # risk weight of kolm_ritter [1/notional]


class ReplayConfig(Model):
    """Recorded days instead of simulated ones; see `history` for the files.

    The dates, UTC, cut the history into training, validation and test days; None
    leaves the last two fifths, in equal shares, to validation and test.
    """

    spot: str | None = None  # CSV file of prices; must be given to run
    implied_volatility: str | None = None  # CSV files; None: modelled
    gas: str | None = None
    funding: str | None = None
    funding_utc_offset_hours: Finite = 0.0  # of that file's clock
    begin: date | None = None  # None: all there is
    validation_from: date | None = None
    test_from: date | None = None
    end: date | None = None  # exclusive
    stride_hours: Positive = 24.0  # between the starts of two windows
    longest_gap_hours: NonNegative = 3.0  # windows with a longer one are skipped

    @model_validator(mode="after")
    def _in_order(self) -> ReplayConfig:
        names = ("begin", "validation_from", "test_from", "end")
        given = [name for name in names if getattr(self, name) is not None]
        for first, second in pairwise(given):
            if not getattr(self, first) < getattr(self, second):
                raise ValueError(f"{first} must be before {second}")
        return self


class EnvConfig(Model):
    """One hedging problem."""

    name: str = "custom"
    description: str = ""
    episode: EpisodeConfig = EpisodeConfig()
    market: MarketConfig = MarketConfig()
    execution: ExecutionConfig = ExecutionConfig()
    book: BookConfig = BookConfig()
    holdings: HoldingsConfig = HoldingsConfig()
    observation: ObservationConfig = ObservationConfig()
    action: ActionConfig = ActionConfig()
    reward: RewardConfig = RewardConfig()
    replay: ReplayConfig | None = None  # None: the market is simulated
    risk_aversion: Positive | RiskAversionRange = 10.0  # lambda [1/notional]

    @model_validator(mode="after")
    def _consistent(self) -> EnvConfig:
        for number, leg in enumerate(self.book.legs):
            steps = leg.maturity_days * HOURS_PER_DAY
            steps /= self.episode.decision_interval_hours
            if leg.maturity_days < self.episode.horizon_days and (
                abs(steps - round(steps)) > 1e-9
            ):
                raise ValueError(
                    f"book.legs.{number}.maturity_days = {leg.maturity_days} falls "
                    "between two decisions; use a multiple of "
                    "episode.decision_interval_hours"
                )
        low, high = self.holdings_bounds
        if not low < high:
            raise ValueError(
                f"holdings.low = {low} must be below holdings.high = {high}; "
                "set both for a book whose delta cannot move"
            )
        if self.execution.gas_units > 0.0 and self.market.gas is None:
            raise ValueError(
                "execution.gas_units needs market.gas; use execution.fixed_cost_bp "
                "for a constant cost per transaction"
            )
        if self.replay is not None:
            _check_recorded(self.replay, self.market)
        return self

    @property
    def holdings_bounds(self) -> tuple[float, float]:
        """Lowest and highest holdings per contract [-].

        The range, over spot, of the hedge of the payoff of the legs that are left:
        of all, and of those that are still alive once shorter ones have expired. A
        leg's hedge is 0 or -quantity for a call and quantity or 0 for a put.
        """
        low = self.holdings.low
        high = self.holdings.high
        if low is None or high is None:
            lowest, highest = _limiting_deltas(self.book)
            low = lowest if low is None else low
            high = highest if high is None else high
        return low, high


def _check_recorded(replay: ReplayConfig, market: MarketConfig) -> None:
    """A recorded series drives a part of the market, which must be on."""
    if replay.implied_volatility is not None and not isinstance(
        market.surface, SsviSurface
    ):
        raise ValueError("replay.implied_volatility needs market.surface.model = ssvi")
    if replay.gas is not None and market.gas is None:
        raise ValueError("replay.gas needs market.gas, whose median it is quoted over")
    if replay.funding is not None and market.funding is None:
        raise ValueError("replay.funding needs market.funding, for its settlements")


def _limiting_deltas(book: BookConfig) -> tuple[float, float]:
    """Extremes over spot, and over the legs that are left, of the payoff's hedge."""
    maturities = {leg.maturity_days for leg in book.legs}
    hedges: list[float] = []
    for maturity in maturities:
        hedges += _hedges([leg for leg in book.legs if leg.maturity_days >= maturity])
    return min(hedges), max(hedges)


def _hedges(legs: Sequence[LegConfig]) -> list[float]:
    """Hedge of the payoff of some legs in each interval between their strikes."""
    strikes = sorted({leg.moneyness for leg in legs})
    probes = [strikes[0] / 2.0]
    probes += [(a + b) / 2.0 for a, b in pairwise(strikes)]
    probes += [strikes[-1] * 2.0]
    hedges = []
    for spot in probes:
        hedge = 0.0
        for leg in legs:
            if leg.kind == "call" and spot > leg.moneyness:
                hedge -= leg.quantity
            if leg.kind == "put" and spot < leg.moneyness:
                hedge += leg.quantity
        hedges.append(hedge)
    return hedges
