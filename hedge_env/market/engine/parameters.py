"""Everything the market kernels need, compiled from a config."""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.config import (
    HOURS_PER_DAY,
    ConstantVolatility,
    EnvConfig,
    HestonSurface,
    HestonVolatility,
    MarketConfig,
    SabrSurface,
    SabrVolatility,
    SsviSurface,
    VolatilitySeasonConfig,
)
from hedge_env.market.engine.interval import IntervalParams, interval_params
from hedge_env.market.engine.noise import DrawParams, draw_params
from hedge_env.market.gas.gas_chain import GasChainParams, gas_chain_params
from hedge_env.market.gas.gas_price import GasParams, gas_params
from hedge_env.market.liquidity import LiquidityParams, liquidity_params
from hedge_env.market.perpetual.basis import BasisParams, basis_params
from hedge_env.market.perpetual.funding import FundingParams, funding_params
from hedge_env.market.spot.cascades import CascadeParams, cascade_params
from hedge_env.market.spot.crowd import CrowdParams, crowd_params
from hedge_env.market.spot.diffusion import PriceParams, price_params
from hedge_env.market.spot.jumps import JumpParams, jump_params, step_probability
from hedge_env.market.spot.regime import RegimeParams, in_stress, regime_params
from hedge_env.market.volatility.factors import VolatilityParams, volatility_params
from hedge_env.market.volatility.heston import OFF as NO_HESTON
from hedge_env.market.volatility.heston import HestonParams, heston_params
from hedge_env.market.volatility.season import SeasonParams, season_params
from hedge_env.market.volatility.surface import SurfaceParams, surface_params
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.special import exp
from hedge_env.pricing.heston import NO_HESTON as NO_SMILE
from hedge_env.pricing.heston import HestonLaw, HestonSmile, heston_smile
from hedge_env.pricing.sabr import SabrParams


class ClockParams(NamedTuple):
    """The time grid."""

    decisions: int
    market_steps: int  # per decision
    hours_per_step: float  # of a market step [hour]
    start_hour: float  # [hour]; negative: uniform over the day
    start_weekday: float  # 0: Monday; negative: uniform over the week


class PartsParams(NamedTuple):
    """Which parts of the market are on; a part that is off draws nothing."""

    jumps: bool
    volatility: bool
    intraday: bool
    surface: bool  # SSVI
    sabr: bool  # Hagan's surface
    heston: bool  # Heston's price and variance
    heston_surface: bool
    gas: bool
    gas_chain: bool
    funding: bool
    season: bool
    regime: bool
    cascades: bool
    basis: bool
    crowd: bool
    interval: bool  # something happens at a time within a decision interval


class MarketParams(NamedTuple):
    """All constants of one market."""

    clock: ClockParams
    parts: PartsParams
    price: PriceParams
    jumps: JumpParams
    volatility: VolatilityParams
    surface: SurfaceParams
    sabr: SabrParams
    heston: HestonParams
    heston_smile: HestonSmile
    gas: GasParams
    gas_chain: GasChainParams
    funding: FundingParams
    liquidity: LiquidityParams
    season: SeasonParams
    regime: RegimeParams
    cascades: CascadeParams
    basis: BasisParams
    crowd: CrowdParams
    interval: IntervalParams
    draws: DrawParams
    realised_decay: float  # of the realised-variance estimate, per market step


def market_params(config: EnvConfig) -> MarketParams:
    """Compile a config; years, fractions of notional and spot over its start."""
    episode, market = config.episode, config.market
    dt_hours = episode.hours_per_market_step
    dt_days = dt_hours / HOURS_PER_DAY
    dt = dt_days / episode.days_per_year
    jumps = jump_params(market.jumps, dt)
    regime = regime_params(market.regime, dt_days, episode.days_per_year)
    cascades = cascade_params(
        market.jumps,
        jumps.probability,
        _stress_probability(config, jumps.probability, dt),
        regime.share,
        dt_hours,
        dt,
    )
    volatility = volatility_params(
        market.volatility,
        market.jumps,
        cascades.mean,
        dt_days,
        episode.days_per_year,
    )
    gas = gas_params(market.gas, dt, dt_days)
    usual = _usual_variance(volatility, jumps, cascades, regime, dt)
    start, weekday = episode.start_hour, episode.start_weekday
    interval = interval_params(config.execution, episode.market_steps, market.basis)
    parts = _parts(market, volatility, cascades, interval)
    return MarketParams(
        clock=ClockParams(
            decisions=episode.decisions,
            market_steps=episode.market_steps,
            hours_per_step=dt_hours,
            start_hour=-1.0 if start is None else float(start),
            start_weekday=-1.0 if weekday is None else float(weekday),
        ),
        parts=parts,
        price=price_params(market.drift, dt, jumps.compensator),
        jumps=jumps,
        volatility=volatility,
        surface=surface_params(market.surface, market.volatility.level, usual, dt_days),
        sabr=_sabr_params(market),
        heston=_heston_params(market, dt),
        heston_smile=_heston_smile(config),
        gas=gas,
        gas_chain=gas_chain_params(market.gas, dt_days),
        funding=funding_params(market.funding, dt_hours),
        liquidity=liquidity_params(market.liquidity),
        season=season_params(market.season, dt_hours),
        regime=regime,
        cascades=cascades,
        basis=basis_params(market.basis, dt_hours),
        crowd=crowd_params(market.crowd),
        interval=interval,
        draws=draw_params(lambda part: bool(getattr(parts, part))),
        realised_decay=half_life_decay(
            config.observation.realised_half_life_days, dt_days
        ),
    )


def _parts(
    market: MarketConfig,
    volatility: VolatilityParams,
    cascades: CascadeParams,
    interval: IntervalParams,
) -> PartsParams:
    """Which parts of the market are on."""
    heston = isinstance(market.volatility, HestonVolatility)
    moves = not heston and not isinstance(market.volatility, ConstantVolatility)
    seasonal = _is_seasonal(market.season)
    return PartsParams(
        jumps=market.jumps is not None,
        volatility=moves or seasonal or market.regime is not None,
        intraday=volatility.intraday.sd > 0.0,
        surface=isinstance(market.surface, SsviSurface),
        sabr=isinstance(market.surface, SabrSurface),
        heston=heston,
        heston_surface=isinstance(market.surface, HestonSurface),
        gas=market.gas is not None,
        gas_chain=market.gas is not None and market.gas.fast_states is not None,
        funding=market.funding is not None,
        season=seasonal,
        regime=market.regime is not None,
        cascades=cascades.branching > 0.0,
        basis=market.basis is not None,
        crowd=market.crowd is not None,
        interval=interval.fills or interval.halt,
    )


def _stress_probability(config: EnvConfig, calm: float, dt: float) -> float:
    """Probability of a jump in one market step under stress."""
    jumps, regime = config.market.jumps, config.market.regime
    if jumps is None or regime is None:
        return calm
    return step_probability(jumps.per_year * regime.jumps, dt)


def _usual_variance(
    volatility: VolatilityParams,
    jumps: JumpParams,
    cascades: CascadeParams,
    regime: RegimeParams,
    dt: float,
) -> float:
    """Mean variance of the long run, jumps included; seasons average to one [1/year].

    The mean of exp(2 x) of a normal factor x of variance v is exp(2 v). The shifts
    that jumps give the fast factor count as normal, and as if jumps did not cluster,
    and the factors as independent, as in `fair_variance_table`. SABR and Heston, which
    no SSVI surface quotes, have no use for it.
    """
    factors = (volatility.fast, volatility.slow, volatility.intraday)
    spread = sum(factor.sd**2 for factor in factors)
    diffusive = volatility.level**2 * float(exp(2.0 * spread))
    diffusive *= float(in_stress(regime.share, regime.volatility**2))
    return diffusive + cascades.mean * jumps.mean_square / dt


def _is_seasonal(season: VolatilitySeasonConfig | None) -> bool:
    return season is not None and (season.daily_amplitude > 0.0 or season.weekend != 1)


def _sabr_params(market: MarketConfig) -> SabrParams:
    volatility = market.volatility
    if not isinstance(volatility, SabrVolatility):
        return SabrParams(volatility_of_volatility=0.0, correlation=0.0)
    return SabrParams(
        volatility_of_volatility=float(volatility.volatility_of_volatility),
        correlation=float(volatility.correlation),
    )


def _heston_params(market: MarketConfig, dt: float) -> HestonParams:
    volatility = market.volatility
    if not isinstance(volatility, HestonVolatility):
        return NO_HESTON
    return heston_params(volatility, market.drift, dt)


def _heston_smile(config: EnvConfig) -> HestonSmile:
    """Table up to the longest maturity of any option."""
    volatility = config.market.volatility
    if not isinstance(config.market.surface, HestonSurface):
        return NO_SMILE
    if not isinstance(volatility, HestonVolatility):
        raise AssertionError("the config lets a Heston surface quote Heston only")
    law = HestonLaw(
        mean_reversion=float(volatility.mean_reversion),
        long_run=float(volatility.long_run_level**2),
        volatility_of_variance=float(volatility.volatility_of_variance),
        correlation=float(volatility.correlation),
    )
    days = config.longest_maturity_days
    return heston_smile(law, days / config.episode.days_per_year)
