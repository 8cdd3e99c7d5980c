"""Refuses numbers that are each within bounds but overflow together.

A double reaches to e^709, and costs and profits are squared; so each logarithm that
the kernels take the exponential of is kept below a hundred or so, at six to seven
standard deviations of what moves it, which no normal number drawn here exceeds
(they are made of 32 bits). Spot needs no bound of its own volatility: it is a
martingale but for its drift, and so above e^x with a probability below e^-x.
"""

from __future__ import annotations

from math import expm1, log, sqrt

from hedge_env.config.model import HOURS_PER_DAY
from hedge_env.config.sections.book import BookConfig
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.execution import ExecutionConfig
from hedge_env.config.sections.market import GasConfig, JumpConfig, MarketConfig
from hedge_env.config.sections.volatility import LogOuVolatility, SabrVolatility

_SIGMAS = 7.0  # the largest normal number of 32 bits is 6.77
_MOST_DRIFT = 50.0  # of log spot over an episode
_MOST_SHIFT = 3.0  # standard deviation that jumps give log volatility
_MOST_LOG_GAS = 60.0
_MOST_MEAN_GAS = 100.0  # times its median
# Standard deviation of log gas by responses to returns alone: the mean is then twice
# what it is without them. The largest of a fit to hourly prices is 1.1.
_MOST_BURST = 1.2
_MOST_LOG_LIQUIDITY = 50.0
# Of log spot, by one order: where a day's volume is traded at once, a law that is
# linear in it says nothing any more.
MOST_OWN_MOVE = 1.0
# Of what hedgers' orders do to spot, and so ask for again: at one they never end.
_MOST_FEEDBACK = 0.9
_KICK = 0.603  # standard deviation of |z|
_LARGEST_KICK = 6.0  # what a return can do at most: market/gas/gas_price.py
_LOG_TWO = log(2.0)


def check_extremes(
    market: MarketConfig,
    execution: ExecutionConfig,
    book: BookConfig,
    episode: EpisodeConfig,
    holdings_range: float,
) -> None:
    """Refuse a problem whose numbers may leave the range of a double.

    Args:
        market: Of the problem, as the other sections.
        execution: What trades cost.
        book: What is hedged.
        episode: Its time grid.
        holdings_range: Highest minus lowest holdings [-].

    Raises:
        ValueError: In one sentence that names the keys, the figure and its bound.
    """
    _check_drift(market, episode)
    if market.jumps is not None:
        _check_shifts(market.jumps, market, episode)
    if market.gas is not None:
        _check_gas(market.gas, market, episode)
    _check_liquidity(market, episode)
    _check_own_impact(execution, market, book, holdings_range)
    _check_contagion(market)


def _check_drift(market: MarketConfig, episode: EpisodeConfig) -> None:
    years = episode.decisions * episode.years_per_decision
    drift = abs(market.drift)
    if market.regime is not None:
        drift += abs(market.regime.drift)
    if drift * years > _MOST_DRIFT:
        raise ValueError(
            f"market.drift = {market.drift:g}, with that of market.regime, moves log "
            f"spot by {drift * years:.3g} in the {years:.3g} years of an episode, more "
            f"than {_MOST_DRIFT:g}; use a drift per year, such as 0.1"
        )


def _check_shifts(
    jumps: JumpConfig, market: MarketConfig, episode: EpisodeConfig
) -> None:
    """Bound what a sum of decaying shifts, one at each jump, does to volatility."""
    if not isinstance(market.volatility, LogOuVolatility):
        return
    per_day = jumps.per_year / episode.days_per_year
    if market.regime is not None:
        per_day *= max(1.0, market.regime.jumps)
    memory = market.volatility.fast.half_life_days / (2.0 * _LOG_TWO)
    crowding = 1.0 / (1.0 - jumps.excitation)  # a cluster shifts as one large jump
    sd = abs(jumps.volatility_jump) * crowding * sqrt(per_day * memory)
    if sd > _MOST_SHIFT:
        raise ValueError(
            f"market.jumps.volatility_jump = {jumps.volatility_jump:g} at "
            f"{per_day:.3g} jumps a day gives log volatility a standard deviation of "
            f"{sd:.3g}, more than {_MOST_SHIFT:g}; lower it, market.jumps.per_year or "
            "market.jumps.excitation"
        )


def _check_gas(gas: GasConfig, market: MarketConfig, episode: EpisodeConfig) -> None:
    _check_response(gas, episode.hours_per_market_step)
    burst = gas.return_response * _kicks(gas, episode.hours_per_market_step)
    number = gas.spikes.per_year * gas.burst_half_life_hours / _LOG_TWO
    number /= HOURS_PER_DAY * episode.days_per_year
    variance = gas.slow.sd**2 + gas.fast.sd**2 + burst**2
    log_mean = 0.5 * variance - number * log(1.0 - gas.spikes.mean_size)
    if log_mean > log(_MOST_MEAN_GAS):
        raise ValueError(
            f"market.gas has a mean of e^{log_mean:.3g} times its median, more than "
            f"{_MOST_MEAN_GAS:g} times; lower the standard deviations of its factors "
            "or market.gas.spikes"
        )
    spikes = gas.spikes.mean_size * (number + _SIGMAS * sqrt(number) + 22.0)
    if gas.spikes.per_year == 0.0:
        spikes = 0.0
    fast = _SIGMAS if gas.fast_states is None else sqrt(gas.fast_states - 1.0)
    largest = _SIGMAS * gas.slow.sd + fast * gas.fast.sd + gas.season + spikes
    largest += _SIGMAS * burst + _LARGEST_KICK * gas.return_response
    largest += abs(log(gas.weekend))
    if market.regime is not None:
        largest += abs(log(market.regime.gas))
    if largest > _MOST_LOG_GAS:
        raise ValueError(
            f"market.gas can reach e^{largest:.3g} times its median, more than "
            f"e^{_MOST_LOG_GAS:g}; lower market.gas.return_response (every market step "
            "adds to it), market.gas.burst_half_life_hours, market.gas.spikes or the "
            "standard deviations"
        )


def _check_response(gas: GasConfig, hours: float) -> None:
    """Bound what a sum of decaying responses, one at each market step, does to gas.

    Args:
        gas: With a response to the return of a market step.
        hours: Length of that step.
    """
    kicks = _kicks(gas, hours)
    if gas.return_response * kicks <= _MOST_BURST:
        return
    least = _MOST_BURST / kicks
    as_hourly = gas.return_response * _kicks(gas, 1.0) / kicks
    alike = f"; {as_hourly:.2g} moves gas as now at hourly ones"
    raise ValueError(
        f"market.gas.return_response = {gas.return_response:g} at every market step of "
        f"{hours:.3g} h gives log gas a standard deviation of "
        f"{gas.return_response * kicks:.3g}, more than {_MOST_BURST:g}: at most "
        f"{least:.2g} at such steps{alike if as_hourly <= least else ''}"
    )


def _kicks(gas: GasConfig, hours: float) -> float:
    """Standard deviation of the sum of decaying |z| of market steps so long [-]."""
    forgotten = -expm1(-2.0 * _LOG_TWO * hours / gas.burst_half_life_hours)
    return _KICK / sqrt(forgotten)


def _check_liquidity(market: MarketConfig, episode: EpisodeConfig) -> None:
    volatility, liquidity = market.volatility, market.liquidity
    if liquidity.exponent == 0.0 or volatility.level == 0.0:
        return
    spread = 0.0
    if isinstance(volatility, LogOuVolatility):
        hours = volatility.intraday
        sds = (volatility.fast.sd, volatility.slow.sd, hours.sd if hours else 0.0)
        spread = _SIGMAS * sqrt(sum(sd * sd for sd in sds))
        shifts = 0.0 if market.jumps is None else abs(market.jumps.volatility_jump)
        spread += _SIGMAS * shifts
    elif isinstance(volatility, SabrVolatility):
        years = episode.decisions * episode.years_per_decision
        spread = _SIGMAS * volatility.volatility_of_volatility * sqrt(years)
    ratio = abs(log(volatility.level / liquidity.reference_volatility))
    if market.regime is not None:
        ratio += abs(log(market.regime.volatility))
    if liquidity.exponent * (ratio + spread) > _MOST_LOG_LIQUIDITY:
        raise ValueError(
            f"market.liquidity.exponent = {liquidity.exponent:g} makes trading up to "
            f"e^{liquidity.exponent * (ratio + spread):.3g} times as dear, more than "
            f"e^{_MOST_LOG_LIQUIDITY:g}, in this market of volatility; use 0.5 to 2"
        )


def _check_own_impact(
    execution: ExecutionConfig,
    market: MarketConfig,
    book: BookConfig,
    holdings_range: float,
) -> None:
    notional = market.spot * book.contracts
    move = execution.permanent_impact * notional / execution.daily_volume
    move *= holdings_range
    if move > MOST_OWN_MOVE:
        raise ValueError(
            f"execution.permanent_impact = {execution.permanent_impact:g} lets the "
            f"largest order, {holdings_range * notional:.3g} with a daily volume of "
            f"{execution.daily_volume:.3g}, move log spot by {move:.3g}, more than "
            f"{MOST_OWN_MOVE:g}; raise execution.daily_volume or lower book.contracts"
        )


def _check_contagion(market: MarketConfig) -> None:
    contagion = market.contagion
    if contagion is None:
        return
    if contagion.hedgers is not None:
        feedback = contagion.hedgers.gamma * contagion.move_per_value
        if abs(feedback) > _MOST_FEEDBACK:
            raise ValueError(
                f"market.contagion.hedgers.gamma = {contagion.hedgers.gamma:g} lets a "
                f"move of spot cause one of {feedback:.3g} times its size, more than "
                f"{_MOST_FEEDBACK:g}; lower it or market.contagion.impact, or raise "
                "market.contagion.daily_volume"
            )
    if contagion.leveraged is not None:
        leveraged = contagion.leveraged
        move = leveraged.open_interest * max(leveraged.shorts, 1.0)
        move *= contagion.move_per_value
        if move > MOST_OWN_MOVE:
            raise ValueError(
                f"market.contagion.leveraged.open_interest = "
                f"{leveraged.open_interest:g}, with shorts, moves log spot by "
                f"{move:.3g} if all of it is closed, more than {MOST_OWN_MOVE:g}; "
                "lower it or market.contagion.impact, or raise "
                "market.contagion.daily_volume"
            )
