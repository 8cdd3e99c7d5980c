"""Rows of the simulator's own state, a float64 array `(N_STATES, n)`."""

from __future__ import annotations

from typing import Final

STATES: Final = (
    "log_spot",  # log of S / S_0
    "volatility",  # diffusive volatility of the next market step [1/sqrt(year)]
    "fast",  # fast factor of log volatility; of Heston the variance [1/year]
    "slow",  # slow factor of log volatility
    "level",  # log of implied over fair volatility
    "skew",  # factor of SSVI's correlation
    "curvature",  # factor of SSVI's wing parameter
    "gas_slow",  # slow factor of the log gas price
    "gas_fast",  # fast factor of the log gas price
    "gas_burst",  # responses and spikes of the log gas price
    "premium",  # factors of the perpetual's premium over the index [fraction]
    "trailing_return",  # exponentially weighted sum of log returns
    "funding_accrued",  # funding paid per unit held since the last decision [S_0]
    "realised_variance",  # exponentially weighted squared returns [1/year]
    "start_hour",  # hour of day at which the episode starts
    "intraday",  # intraday factor of log volatility
    "start_weekday",  # day of the week at which the episode starts, 0: Monday
    "stress",  # 1 under stress, 0 in calm
    "excitation",  # probability of a jump in the next market step, due to past ones
    "basis",  # log of the perpetual's price over spot, less its mean
    "crowd",  # relative amplification of returns by other hedgers
    "opening_log_spot",  # log_spot at the last decision
    "halted",  # decisions that are still halted
    "own_move",  # of log spot by the hedger's own trade, at its fill
    "fill_log_price",  # of the hedge instrument when the last decision's trade filled
    "fill_funding",  # funding accrued until then [S_0]
    "premium_fast",  # the fast one of them [fraction]
    "depth",  # of stress: share of the way of the variance from calm to stress
)
N_STATES: Final = len(STATES)

(
    LOG_SPOT,
    VOLATILITY,
    FAST,
    SLOW,
    LEVEL,
    SKEW,
    CURVATURE,
    GAS_SLOW,
    GAS_FAST,
    GAS_BURST,
    PREMIUM,
    TRAILING_RETURN,
    FUNDING_ACCRUED,
    REALISED_VARIANCE,
    START_HOUR,
    INTRADAY,
    START_WEEKDAY,
    STRESS,
    EXCITATION,
    BASIS,
    CROWD,
    OPENING_LOG_SPOT,
    HALTED,
    OWN_MOVE,
    FILL_LOG_PRICE,
    FILL_FUNDING,
    PREMIUM_FAST,
    DEPTH,
) = range(N_STATES)
