"""What a fit may change, where it starts, and the statistics each part aims at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hedge_env.config import FundingConfig, MarketConfig, SsviSurface
from hedge_env.training.calibrate.fit.moments import Parameter
from hedge_env.training.calibrate.statistics.funding import FUNDING
from hedge_env.training.calibrate.statistics.gas_price import DAILY, HOURLY, WEEK
from hedge_env.training.calibrate.statistics.implied import IMPLIED
from hedge_env.training.calibrate.statistics.skew import SKEW
from hedge_env.training.calibrate.statistics.spot import SPOT
from hedge_env.training.calibrate.statistics.statistic import Statistic

STATISTICS = (*SPOT, *IMPLIED, *DAILY, *WEEK, *HOURLY, *FUNDING, *SKEW)
AIMS = {
    "spot": (*SPOT, *IMPLIED),
    "gas": (*DAILY, *HOURLY),
    "funding": FUNDING,
    "skew": SKEW,
}

_LESS = 4.0  # times the tolerance
_CLOSER = {
    "sd of log daily volatility": 0.1,
    "sd of log implied volatility": 0.15,
    "daily change of log implied volatility": 0.15,
    "kurtosis 1 d": 0.06,
}
"""Tolerances where a market can spread volatility as widely as the data do: for the
spreads a third of what a good fit reaches, or half, and daily kurtosis, which pays for
them, as close as weekly kurtosis."""

VOLATILITY_PARAMETERS = (
    Parameter("volatility.fast.half_life_days", 7.0, 1.0, 30.0),
    Parameter("volatility.fast.sd", 0.22, 0.03, 1.0),
    Parameter("volatility.slow.half_life_days", 300.0, 30.0, 400.0),
    Parameter("volatility.slow.sd", 0.6, 0.05, 0.8),
    Parameter("volatility.intraday.half_life_days", 0.22, 0.02, 0.8),
    Parameter("volatility.intraday.sd", 0.5, 0.05, 1.0),
    Parameter("volatility.leverage", -0.15, -0.6, 0.6, scale=0.4),
    Parameter("jumps.per_year", 80.0, 2.0, 1000.0),
    Parameter("jumps.mean_down", 0.02, 0.001, 0.3),
    Parameter("jumps.probability_up", 0.47, 0.2, 0.8, scale=0.4),
    Parameter("jumps.volatility_jump", 0.1, 0.0, 1.0, scale=0.5),
)
# With a chain of calm and stress that lasts for months, the slow factor moves faster.
REGIME_PARAMETERS = (
    Parameter("regime.calm_days", 190.0, 30.0, 730.0),
    Parameter("regime.stress_days", 160.0, 30.0, 730.0),
    Parameter("regime.volatility", 5.0, 1.05, 5.5),
)
# Where the base has them: stress that multiplies jumps too, and a variance on its way.
REGIME_JUMPS = Parameter("regime.jumps", 3.0, 0.5, 30.0)
REGIME_HALF_LIFE = Parameter("regime.volatility_half_life_days", 6.0, 0.5, 60.0)
# Where the base has them: jumps that call for jumps.
CASCADE_PARAMETERS = (
    Parameter("jumps.excitation", 0.1, 0.0, 0.8, scale=0.5),
    Parameter("jumps.excitation_half_life_hours", 3.0, 0.5, 24.0),
)
# Of a variance on its way from calm to stress, which leaves the fast factor hours and
# the level of the surface months.
_BOUNDS_OF_A_WAY = {
    "volatility.fast.half_life_days": (0.3, 30.0),
    "volatility.slow.sd": (0.02, 0.8),
    "volatility.leverage": (-0.6, -0.03),  # the data's sign, which nothing else holds
    "surface.level.half_life_days": (0.5, 200.0),
    "regime.volatility_half_life_days": (0.5, 60.0),
}
STARTS_BESIDE_REGIME = {
    "volatility.fast.half_life_days": 8.0,
    "volatility.fast.sd": 0.09,
    "volatility.slow.half_life_days": 80.0,
    "volatility.slow.sd": 0.14,
    "jumps.per_year": 45.0,
    "surface.level.half_life_days": 25.0,
    "surface.level.sd": 0.09,
    "surface.level.return_correlation": -0.8,
}
LEVEL_PARAMETERS = (
    Parameter("surface.variance_premium", 1.0, 0.5, 2.0),
    Parameter("surface.level.half_life_days", 6.0, 0.5, 60.0),
    Parameter("surface.level.sd", 0.06, 0.005, 0.5),
    Parameter("surface.level.return_correlation", -0.3, -0.95, 0.95, scale=0.5),
)
# Where the base has one: implied volatility that follows volatility only in part.
REACTION = Parameter("surface.reaction", 0.8, 0.1, 2.0, scale=0.5)
GAS_PARAMETERS = (
    Parameter("gas.slow.half_life_days", 30.0, 8.0, 120.0),
    Parameter("gas.slow.sd", 0.4, 0.05, 1.5),
    Parameter("gas.fast.half_life_days", 1.2, 0.2, 6.0),
    Parameter("gas.fast.sd", 0.3, 0.03, 1.0),
)
RESPONSE_PARAMETERS = (
    Parameter("gas.return_response", 0.2, 0.0, 0.6, scale=0.3),
    Parameter("gas.burst_half_life_hours", 2.0, 0.5, 12.0),
)
FUNDING_PARAMETERS = (
    Parameter("funding.premium_mean_bp", 2.0, -10.0, 20.0, scale=2),
    Parameter("funding.premium_sd_bp", 4.0, 0.2, 50.0),
    Parameter("funding.premium_half_life_hours", 30.0, 4.0, 1500.0),
    Parameter("funding.clamp_bp", 3.0, 0.05, 20.0),
    Parameter("funding.return_response_bp", 20.0, -100.0, 300.0, scale=30),
)
# Where the market knows a second factor of the premium, or no funding as yet.
FAST_FUNDING_PARAMETERS = (
    Parameter("funding.fast_sd_bp", 2.0, 0.05, 50.0),
    Parameter("funding.fast_half_life_hours", 4.0, 0.5, 48.0),
)

SKEW_PARAMETERS = (
    Parameter("surface.skew.mean", -0.1, -0.9, 0.9, scale=0.2),
    Parameter("surface.skew.sd", 0.08, 0.005, 0.6),
    Parameter("surface.skew.half_life_days", 5.0, 0.5, 60.0),
    Parameter("surface.skew.return_correlation", 0.3, -0.95, 0.95, scale=0.5),
)


def spot_parameters(
    volatility: float, market: MarketConfig, *, implied: bool
) -> tuple[Parameter, ...]:
    """What the fit of spot may change.

    Args:
        volatility: Of the data, where the search starts [1/sqrt(year)].
        market: Of the base. If it knows calm and stress, days and volatility are fitted
            too, and the jumps and the half-life that it has; so is a reaction of the
            surface that is not one.
        implied: Whether there are data of implied volatility.
    """
    regime, surface = market.regime, market.surface
    start = volatility * (0.46 if regime is None else 0.19)
    level = Parameter("volatility.level", start, 0.05 * volatility, 2.0 * volatility)
    parameters: tuple[Parameter, ...] = (level, *VOLATILITY_PARAMETERS)
    if market.jumps is not None and market.jumps.excitation:
        parameters += CASCADE_PARAMETERS
    parameters += LEVEL_PARAMETERS if implied else ()
    if implied and isinstance(surface, SsviSurface) and surface.reaction != 1.0:
        parameters += (REACTION,)
    if regime is None:
        return parameters
    starts = STARTS_BESIDE_REGIME
    moved = [replace(p, start=starts.get(p.key, p.start)) for p in parameters]
    moved += REGIME_PARAMETERS
    moved += [REGIME_JUMPS] if regime.jumps != 1.0 else []
    moved += [REGIME_HALF_LIFE] if regime.volatility_half_life_days else []
    return tuple(_from_base(moved, market) if spreads(market) else moved)


def spreads(market: MarketConfig) -> bool:
    """Whether the market can spread volatility as widely as the data do, no wider.

    It takes calm and stress with jumps of their own and a variance that moves from one
    to the other, and implied volatility that follows in part (docs/calibration.md).

    Args:
        market: Of the base.
    """
    regime, surface = market.regime, market.surface
    return (
        regime is not None
        and regime.jumps != 1.0
        and bool(regime.volatility_half_life_days)
        and isinstance(surface, SsviSurface)
        and surface.reaction != 1.0
    )


def _from_base(
    parameters: Sequence[Parameter], market: MarketConfig
) -> Iterator[Parameter]:
    """The parameters started at the base: from afar the search ends on a ridge."""
    document = market.model_dump(mode="json")
    for parameter in parameters:
        low, high = _BOUNDS_OF_A_WAY.get(parameter.key, (parameter.low, parameter.high))
        value: Any = document
        for name in parameter.key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        start = parameter.start if value is None else float(value)
        yield replace(parameter, start=start, low=low, high=high)


def funding_parameters(config: FundingConfig | None) -> tuple[Parameter, ...]:
    """What the fit of funding may change.

    Args:
        config: Of the market that is fitted; None: it has no funding as yet.
    """
    own: tuple[Parameter, ...] = FUNDING_PARAMETERS
    if config is not None and not config.has_clamp:
        own = tuple(p for p in own if p.key != "funding.clamp_bp")
    if config is not None and config.fast_sd_bp == 0.0:
        return own
    slower = {"funding.premium_half_life_hours": 100.0}
    moved = (replace(p, start=slower.get(p.key, p.start)) for p in own)
    return (*moved, *FAST_FUNDING_PARAMETERS)


def spot_aims(*, regime: bool, spread: bool = False) -> tuple[Statistic, ...]:
    """What the fit of spot aims at.

    Args:
        regime: Whether the market knows calm and stress. Two states cannot spread
            volatility as the data do, so what has no limit counts for less.
        spread: Whether it can nevertheless, see `spreads`: then the spreads count
            almost as if what a good fit reaches were their limit.
    """
    if not regime:
        return AIMS["spot"]
    closer = _CLOSER if spread else {}
    tolerances = {
        s.name: s.tolerance * (1.0 if s.is_asked else _LESS) for s in AIMS["spot"]
    } | closer
    return tuple(replace(s, tolerance=tolerances[s.name]) for s in AIMS["spot"])


def spot_starts(
    volatility: float, *, regime: bool, spread: bool = False
) -> tuple[dict[str, float], ...]:
    """Where else the search of spot might start: shorter or milder states.

    Each has about the same volatility in the long run as the first start.

    Args:
        volatility: Of the data [1/sqrt(year)].
        regime: Whether the market knows calm and stress.
        spread: Whether it starts at the base's own numbers, and nowhere else.
    """
    if not regime or spread:
        return ()
    short = {"regime.calm_days": 80.0, "regime.stress_days": 65.0}
    mild = {"regime.volatility": 3.0, "volatility.level": 0.31 * volatility}
    return (short, mild, short | mild)
