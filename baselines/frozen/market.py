"""The market as it would be if volatility stayed as it is: one that has an optimum."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.config import (
    BASIS_POINT,
    HOURS_PER_DAY,
    ConstantVolatility,
    EnvConfig,
    FlatSurface,
    GasConfig,
    MarketConfig,
    MeanReverting,
)
from hedge_env.feeds.tape import MarketTape

_GAS_STATES = 9
_MOST_SD = 2.5  # of log gas
_LEAST_MEMORY, _MOST_MEMORY = 0.05, 0.9999  # of gas, from one decision to the next


class GasLaw(NamedTuple):
    """Deviations of log gas from its season, as a mean-reverting factor.

    Attributes:
        mean: Of log gas over the median of the config [-].
        sd: Stationary standard deviation [-].
        memory: Autocorrelation from one decision to the next, in (0, 1).
        tail: Mean price over that of a log-normal one with this mean and deviation.
    """

    mean: float
    sd: float
    memory: float
    tail: float = 1.0


def gas_law(tape: MarketTape, config: EnvConfig) -> GasLaw | None:
    """What recorded paths say of gas; None where no trade pays any.

    Args:
        tape: Recorded paths of the problem.
        config: The hedging problem.
    """
    execution = config.execution
    pays = execution.gas_units > 0.0 or execution.gas_cost_bp > 0.0
    if config.market.gas is None or not pays:
        return None
    level = tape.rows[:, field.LOG_GAS] - tape.rows[:, field.GAS_SEASON]
    mean, sd = float(level.mean()), min(float(level.std()), _MOST_SD)
    moved = level - mean
    both = float((moved[1:] * moved[:-1]).mean())
    memory = both / max(float((moved**2).mean()), 1e-12)
    return GasLaw(
        mean=mean,
        sd=sd,
        memory=min(max(memory, _LEAST_MEMORY), _MOST_MEMORY),
        tail=float(np.exp(moved - 0.5 * sd**2).mean()),
    )


def frozen_market(
    config: EnvConfig, volatility: float, gas: GasLaw | None, unit_cost: float
) -> EnvConfig:
    """The same book and horizon where volatility and costs stay as they are.

    Spot is a geometric Brownian motion, options are priced at its volatility, gas is a
    chain of nine states with the season of the config, if the hour of its start is
    known, and a trade costs a share of its value.

    Args:
        config: The hedging problem.
        volatility: That stays [1/sqrt(year)].
        gas: Law of gas; None for none, or for one that never moves.
        unit_cost: Cost of a trade, as a share of its value.

    Returns:
        A problem with an exact optimum.
    """
    own = config.execution
    execution = own.model_copy(
        update={
            "instrument": "spot",
            "fee_bp": unit_cost / BASIS_POINT,
            "fee_limit_bp": None,
            "half_spread_bp": 0.0,
            "gas_cost_bp": own.gas_cost_bp / (1.0 if gas is None else gas.tail),
            "depth": None,
            "square_root_impact": 0.0,
            "lot": 0.0,
            "least_order": 0.0,
            "permanent_impact": 0.0,
            "impact_on": "spot",
        }
    )
    market = MarketConfig(
        spot=config.market.spot,
        drift=config.market.drift,
        volatility=ConstantVolatility(level=volatility),
        surface=FlatSurface(volatility=volatility),
        gas=None if gas is None else _gas_chain(config, gas),
    )
    update = {
        "market": market,
        "execution": execution,
        "replay": None,
        "holdings": config.holdings.model_copy(update={"start": 0.0}),
    }
    return config.model_copy(update=update)


def _gas_chain(config: EnvConfig, law: GasLaw) -> GasConfig:
    source = config.market.gas
    assert source is not None  # only then there is a law
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    half_life = days * math.log(2.0) / -math.log(law.memory)
    known = config.episode.start_hour is not None
    return GasConfig(
        median_gwei=source.median_gwei * math.exp(law.mean),
        slow=MeanReverting(half_life_days=half_life, sd=0.0),
        fast=MeanReverting(half_life_days=half_life, sd=law.sd),
        fast_states=_GAS_STATES,
        season=source.season if known else 0.0,
        season_peak_hour=source.season_peak_hour,
    )
