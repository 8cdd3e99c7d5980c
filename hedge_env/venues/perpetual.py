"""What holding a perpetual costs: funding, and its basis to spot."""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.perpetual.funding import funding_rate
from hedge_env.numerics.special import exp


@kernel
def quote_funding(
    rows: FloatArray, x: FloatArray, low: int, high: int, p: MarketParams
) -> None:
    """Quote the rate and hand over what was settled since the last decision."""
    rate = rows[field.FUNDING_RATE, low:high]
    accrued = rows[field.FUNDING_ACCRUED, low:high]
    premium, owed = (
        x[market_state.PREMIUM, low:high],
        x[market_state.FUNDING_ACCRUED, low:high],
    )
    trailing = x[market_state.TRAILING_RETURN, low:high]
    for i in range(high - low):
        rate[i] = funding_rate(premium[i], trailing[i], p.funding)
        accrued[i] = owed[i]
        owed[i] = 0.0


@kernel
def _quote_basis(
    rows: FloatArray, x: FloatArray, low: int, high: int, market: MarketParams
) -> None:
    log_spot, factor = (
        x[market_state.LOG_SPOT, low:high],
        x[market_state.BASIS, low:high],
    )
    basis, price = rows[field.BASIS, low:high], rows[field.HEDGE_PRICE, low:high]
    for i in range(high - low):
        basis[i] = market.basis.mean + factor[i]
    for i in range(high - low):
        price[i] = exp(log_spot[i] + basis[i])
