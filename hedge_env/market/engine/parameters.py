"""Everything the market kernels need, compiled from a config."""

from __future__ import annotations

from typing import Any

from hedge_env.config import (
    EnvConfig,
    HestonSurface,
    HestonVolatility,
    MarketConfig,
    SabrVolatility,
)
from hedge_env.market.engine.interval_params import interval_params
from hedge_env.market.engine.noise import draw_params
from hedge_env.market.engine.parts import ClockParams, PartsParams, parts_params
from hedge_env.market.engine.processes import PROCESSES, MarketParams
from hedge_env.market.liquidity import liquidity_params
from hedge_env.market.process import compile_process, step_length
from hedge_env.market.spot.cascades import CascadeParams, cascade_params
from hedge_env.market.spot.crowd import crowd_params
from hedge_env.market.spot.diffusion import price_params
from hedge_env.market.spot.jumps import JumpParams, jump_params, step_probability
from hedge_env.market.spot.regime import RegimeParams, in_stress, regime_params
from hedge_env.market.volatility.factors import VolatilityParams, volatility_params
from hedge_env.market.volatility.heston import OFF as NO_HESTON
from hedge_env.market.volatility.heston import HestonParams, heston_params
from hedge_env.market.volatility.season import season_params
from hedge_env.market.volatility.surface import surface_params
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.special import exp
from hedge_env.pricing.heston import NO_HESTON as NO_SMILE
from hedge_env.pricing.heston import HestonLaw, HestonSmile, heston_smile
from hedge_env.pricing.sabr import SabrParams


def market_params(config: EnvConfig) -> MarketParams:
    """Compile a config; years, fractions of notional and spot over its start."""
    episode, market = config.episode, config.market
    length = step_length(episode)
    dt_hours, dt_days, dt = length
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
    usual = _usual_variance(volatility, jumps, cascades, regime, dt)
    start, weekday = episode.start_hour, episode.start_weekday
    interval = interval_params(config.execution, episode.market_steps, market.basis)
    parts = parts_params(market, volatility, cascades, interval)
    compiled = {
        name: compile_process(file, market, length) for name, file in PROCESSES.items()
    }
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
        liquidity=liquidity_params(market.liquidity),
        season=season_params(market.season, dt_hours),
        regime=regime,
        cascades=cascades,
        crowd=crowd_params(market.crowd),
        interval=interval,
        draws=draw_params(lambda part: _is_on(part, parts, compiled)),
        realised_decay=half_life_decay(
            config.observation.realised_half_life_days, dt_days
        ),
        **{name: params for name, params in compiled.items() if params is not None},
    )


def _is_on(part: str, parts: PartsParams, compiled: dict[str, Any]) -> bool:
    """Whether the market has a part: by its flag, or as a process that is not off."""
    if part in parts._fields:
        return bool(getattr(parts, part))
    if compiled.get(part) is None:
        raise ValueError(
            f"a shock is drawn for {part!r}, which is neither a flag of PartsParams "
            "nor a process that compiles itself; name one of these in SHOCKS"
        )
    # What compiles itself has an `OFF`, which the protocol does not ask of others.
    off: object = PROCESSES[part].OFF  # type: ignore[attr-defined]
    return compiled[part] is not off


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
