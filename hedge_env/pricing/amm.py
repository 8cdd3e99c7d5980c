r"""Positions in an automated market maker: value, Greeks, loss to arbitrage.

A position of liquidity :math:`L` in the range :math:`[p_a, p_b]` of prices holds, with
the price P cut off to the range,

.. math:: x = L (1/\sqrt P - 1/\sqrt{p_b}), \quad y = L (\sqrt P - \sqrt{p_a}), \quad
          V = x P + y,

so that :math:`dV/dP = x` and, in the range, :math:`d^2V/dP^2 = -L / (2 P^{3/2})`. A
constant product is the range from 0 to infinity, :math:`V = 2 L \sqrt P`. Whoever
rebalances at the market's price instead of the pool's earns what the pool loses to
arbitrage, the *loss versus rebalancing*. Its rate in the range is

.. math:: \ell = \tfrac12 \sigma^2 P^2 \, |x'(P)| = \tfrac14 \sigma^2 L \sqrt P .

With a fee of :math:`\gamma` (of log price) and blocks that arrive at random, every
:math:`\Delta` on average, the arbitrageurs keep a share of it and pay the rest as fee,

.. math:: s = \frac{1}{1 + \gamma \sqrt{2 / \Delta} / \sigma}
              \frac{e^{\gamma / 2}}{1 - \sigma^2 \Delta / 8} .

Units: prices in any one unit, volatility and :math:`\Delta` in one unit of time.

Sources: Adams, Zinsmeister, Salem, Keefer and Robinson (2021), "Uniswap v3 Core";
Milionis, Moallemi, Roughgarden and Zhang (2022), "Automated market making and
loss-versus-rebalancing", arXiv 2208.06046; Milionis, Moallemi and Roughgarden (2023),
"Automated market making and arbitrage profits in the presence of fees", arXiv
2305.14604.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.numerics.special import exp


@scalar_kernel
def amm_units(root: float, root_low: float, inverse_root_high: float) -> float:
    """Units of the underlying held by a liquidity of 1: also delta.

    Args:
        root: Square root of the price.
        root_low: Square root of the lower end of the range; 0 for none.
        inverse_root_high: One over the square root of the upper end; 0 for none.
    """
    inverse = 1.0 / (root if root > root_low else root_low)
    return inverse - inverse_root_high if inverse > inverse_root_high else 0.0


@scalar_kernel
def amm_cash(root: float, root_low: float, inverse_root_high: float) -> float:
    """Units of the quote currency held by a liquidity of 1; see `amm_units`."""
    inverse = 1.0 / (root if root > root_low else root_low)
    inverse = inverse if inverse > inverse_root_high else inverse_root_high
    return 1.0 / inverse - root_low


@scalar_kernel
def amm_value(root: float, root_low: float, inverse_root_high: float) -> float:
    """Value of a liquidity of 1 in the quote currency; see `amm_units`."""
    units = amm_units(root, root_low, inverse_root_high)
    return units * root * root + amm_cash(root, root_low, inverse_root_high)


@scalar_kernel
def amm_gamma(root: float, root_low: float, inverse_root_high: float) -> float:
    """Second derivative of the value by the price, at most 0; 0 out of the range."""
    inside = (root >= root_low) & (root * inverse_root_high <= 1.0)
    return -0.5 / (root * root * root) if inside else 0.0


@scalar_kernel
def amm_depth(root: float, root_low: float, inverse_root_high: float) -> float:
    """Value that a liquidity of 1 would have over all prices; 0 out of the range.

    What volume of a given size in the pool earns is in proportion to it.
    """
    inside = (root >= root_low) & (root * inverse_root_high <= 1.0)
    return 2.0 * root if inside else 0.0


@scalar_kernel
def arbitrage_share(volatility: float, fee: float, block: float) -> float:
    """Share of the loss versus rebalancing that arbitrageurs keep, in (0, 1].

    Args:
        volatility: Of log price, at least 0; at 0 nobody trades and the share is 0.
        fee: gamma, of log price, at least 0.
        block: Mean time from block to block, positive.
    """
    if volatility <= 0.0:
        return 0.0
    trades = 1.0 / (1.0 + fee * float(np.sqrt(2.0 / block)) / volatility)
    left = 1.0 - volatility * volatility * block / 8.0
    share = trades * exp(0.5 * fee) / left if left > 0.0 else 1.0
    return share if share < 1.0 else 1.0
