"""Which hedging problems have an exact optimum here, and what keeps the others."""

from __future__ import annotations

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.capabilities import DYNAMIC_PROGRAMMING, unknown_keys
from hedge_env.config import (
    ConstantVolatility,
    EnvConfig,
    EpisodeConfig,
    FlatSurface,
    GasConfig,
)

# Of the range of holdings: a least order below it is below every step of a grid.
_MOST_LOTS = 2000  # that make a grid of holdings
_NEGLIGIBLE_ORDER = 1e-6


def why_unsolvable(config: EnvConfig) -> str | None:
    """What keeps a problem from having an exact optimum here, or None."""
    market, execution = config.market, config.execution
    horizon = config.episode.horizon_days
    reasons = {
        "its days are recorded": config.replay is not None,
        "its volatility is not constant": not isinstance(
            market.volatility, ConstantVolatility
        ),
        "its spot jumps": market.jumps is not None,
        "its surface is not flat": not isinstance(market.surface, FlatSurface),
        "its gas price is not a Markov chain of few states": market.gas is not None
        and not _is_chain(market.gas),
        "its gas has a season and the time it starts at is drawn": market.gas
        is not None
        and _starts_anywhere(market.gas, config.episode),
        "options are traded too": config.execution.option is not None,
        "clients bring orders": config.book.arrivals is not None,
        "it pays funding": market.funding is not None
        and execution.instrument == "perp",
        "its costs are not fixed plus proportional": execution.depth is not None
        or execution.square_root_impact > 0.0,
        f"its orders are in more than {_MOST_LOTS} lots": 0.0
        < execution.lot
        < _largest_order(config) / _MOST_LOTS,
        "its least order is felt": execution.least_order
        > max(_NEGLIGIBLE_ORDER * _largest_order(config), execution.lot),
        "its book holds more than European options": bool(config.book.others),
        "an option expires before the end": any(
            leg.maturity_days < horizon - 1e-9 for leg in config.book.europeans
        ),
    }
    found = next((reason for reason, holds in reasons.items() if holds), None)
    unknown = unknown_keys(config, DYNAMIC_PROGRAMMING)
    return found or (f"it uses {unknown[0]}" if unknown else None)


def _largest_order(config: EnvConfig) -> float:
    """From one bound of the holdings to the other [units of the underlying]."""
    low, high = config.holdings_bounds
    return (high - low) * config.book.contracts


def _starts_anywhere(gas: GasConfig, episode: EpisodeConfig) -> bool:
    """Whether the season of gas begins at a random hour or weekday."""
    daily = gas.season > 0.0 and episode.start_hour is None
    return daily or (gas.weekend != 1.0 and episode.start_weekday is None)


def _is_chain(gas: GasConfig) -> bool:
    """Whether nothing but a season and the chain moves gas."""
    still = gas.slow.sd == 0.0 and gas.return_response == 0.0
    still = still and gas.spikes.per_year == 0.0
    return still and (gas.fast_states is not None or gas.fast.sd == 0.0)


def require_solvable(config: EnvConfig) -> None:
    """Refuse a problem that has no exact optimum here.

    Raises:
        HedgeError: With the reason.
    """
    reason = why_unsolvable(config)
    if reason is not None:
        raise HedgeError(
            f"{config.name} has no exact optimum: {reason}; presets reference and "
            "reference-gas have one, and perp-liquidation has optimal-liquidation"
        )
