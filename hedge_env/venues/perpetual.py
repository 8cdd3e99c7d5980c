"""What holding a perpetual costs: funding, and its basis to spot."""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.perpetual.funding import funding_rate
from hedge_env.numerics.special import exp


@kernel
def quote_funding(rows: Tile, x: Tile, p: MarketParams) -> None:
    """Quote the rate and hand over what was settled since the last decision."""
    rate = part(rows, field.FUNDING_RATE)
    accrued = part(rows, field.FUNDING_ACCRUED)
    premium = part(x, market_state.PREMIUM)
    if p.funding.of_basis:
        premium = part(x, market_state.BASIS)
    owed = part(x, market_state.FUNDING_ACCRUED)
    trailing = part(x, market_state.TRAILING_RETURN)
    for i in range(rate.size):
        rate[i] = funding_rate(premium[i], trailing[i], p.funding)
        accrued[i] = owed[i]
        owed[i] = 0.0


@kernel
def _quote_basis(rows: Tile, x: Tile, market: MarketParams) -> None:
    log_spot, factor = part(x, market_state.LOG_SPOT), part(x, market_state.BASIS)
    basis, price = part(rows, field.BASIS), part(rows, field.HEDGE_PRICE)
    for i in range(basis.size):
        basis[i] = market.basis.mean + factor[i]
    for i in range(price.size):
        price[i] = exp(log_spot[i] + basis[i])
