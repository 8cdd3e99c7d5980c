"""What happens at a certain time of a decision interval: a fill, a halt.

The fill of the trade decided at the start of the interval comes `latency` market
steps later: its price and the funding until then are noted, and spot takes the
permanent impact of the trade. At the end, a move of spot over the whole interval
beyond a threshold halts trading at the next decisions.
"""

from __future__ import annotations

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.interval_params import IntervalParams


@kernel
def note_interval(
    x: FloatArray, low: int, high: int, step: int, p: IntervalParams
) -> None:
    """Do what is due before market step `step`, or after the last one.

    Args:
        x: State of all paths, shape (N_STATES, n), updated in place.
        low: First path.
        high: Path after the last.
        step: Market steps taken since the decision, 0 to `market_steps`.
        p: Constants.
    """
    log_spot = x[market_state.LOG_SPOT, low:high]
    opening = x[market_state.OPENING_LOG_SPOT, low:high]
    if p.halt and step == 0:
        opening[:] = log_spot
    if p.fills and step == p.latency:
        _fill(x, low, high, p)
    if p.halt and step == p.market_steps:
        halted = x[market_state.HALTED, low:high]
        for i in range(high - low):
            left = halted[i] - 1.0 if halted[i] > 0.0 else 0.0
            is_large = abs(log_spot[i] - opening[i]) > p.move
            halted[i] = p.decisions if is_large else left


@kernel
def _fill(x: FloatArray, low: int, high: int, p: IntervalParams) -> None:
    """Note price and funding of the fill, then let it move spot."""
    log_spot, basis = (
        x[market_state.LOG_SPOT, low:high],
        x[market_state.BASIS, low:high],
    )
    price = x[market_state.FILL_LOG_PRICE, low:high]
    for i in range(high - low):
        price[i] = log_spot[i] + (p.basis_mean + basis[i])
    x[market_state.FILL_FUNDING, low:high] = x[market_state.FUNDING_ACCRUED, low:high]
    own = x[market_state.OWN_MOVE, low:high]
    for i in range(high - low):
        log_spot[i] += own[i]
    own[:] = 0.0
