r"""What a trade of any size costs at one of several venues.

A trade of value :math:`v` at the mid price, not of nothing, costs

.. math:: k(v) = G + c v + a v^2 + b v^{3/2} + p(v)

with fixed cost :math:`G` (gas and the like), rate :math:`c`, linear impact :math:`a`,
square-root impact :math:`b` and, in a constant-product pool of which each side is worth
:math:`R` and which keeps the fee :math:`\varphi = 1 - \gamma` of what is paid in,

.. math:: p(v) = v \frac{\varphi R + \gamma v}{\gamma (R - v)} \text{ (buying)}, \quad
   p(v) = v \frac{\varphi R + \gamma v}{R + \gamma v} \text{ (selling)}

Buying takes out what is worth :math:`v` and pays :math:`R v / (\gamma (R - v))`;
selling pays in what is worth :math:`v` and takes :math:`\gamma R v / (R + \gamma v)`.
The pool follows the market: before the trade its price is the mid price. Beyond 99 % of
what it holds, where the price is ten thousand times that of before, it is its tangent.

Without :math:`G` a curve is convex, so that an order is split well where what the last
unit costs is the same everywhere: `marginal_cost` :math:`k'(v)`, and its inverse
`amount_at`.

Source of the pool's curve: Angeris, Kao, Chiang, Noyes and Chitra (2019), "An analysis
of Uniswap markets".
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.types import FloatArray

# Rows of an array of curves, shape (N_TERMS, n_venues).
FIXED: Final = 0  # G [notional]
LINEAR: Final = 1  # c [-]
QUADRATIC: Final = 2  # a [1/notional]
ROOT: Final = 3  # b [1/sqrt(notional)]
RESERVE: Final = 4  # R [notional]; 0: no pool
KEPT: Final = 5  # gamma [-]
N_TERMS: Final = 6

_MOST_OF_POOL: Final = 0.99  # that can be bought along its curve
_LEFT: Final = 1.0 - _MOST_OF_POOL


class Curve(NamedTuple):
    """One venue's curve, at one time.

    Attributes:
        fixed: G, at least 0 [notional].
        linear: c, at least 0 [-].
        quadratic: a, at least 0 [1/notional].
        root: b, at least 0 [1/sqrt(notional)].
        reserve: R, each side of a pool [notional]; 0: it is none.
        kept: gamma, one minus the pool's fee [-].
    """

    fixed: float = 0.0
    linear: float = 0.0
    quadratic: float = 0.0
    root: float = 0.0
    reserve: float = 0.0
    kept: float = 1.0


@scalar_kernel
def variable_cost(curves: FloatArray, j: int, value: float, buys: bool) -> float:
    """k(v) - G of venue `j` at `value`, at least 0 [notional]; see the module."""
    linear, quadratic, root = curves[LINEAR, j], curves[QUADRATIC, j], curves[ROOT, j]
    cost: float = value * (linear + quadratic * value + root * float(np.sqrt(value)))
    reserve: float = curves[RESERVE, j]
    kept: float = curves[KEPT, j]
    if reserve == 0.0:
        return cost
    if not buys:
        paid_in = kept * value
        return cost + value * ((1.0 - kept) * reserve + paid_in) / (reserve + paid_in)
    most = _MOST_OF_POOL * reserve
    taken = value if value < most else most
    top = (1.0 - kept) * reserve + kept * taken
    cost += taken * top / (kept * (reserve - taken))
    return cost + (value - taken) * (1.0 / (kept * _LEFT * _LEFT) - 1.0)


@scalar_kernel
def marginal_cost(curves: FloatArray, j: int, value: float, buys: bool) -> float:
    """What the last unit of value costs at venue `j`, k'(v) [-]."""
    cost: float = curves[LINEAR, j] + 2.0 * curves[QUADRATIC, j] * value
    cost += 1.5 * curves[ROOT, j] * float(np.sqrt(value))
    reserve: float = curves[RESERVE, j]
    kept: float = curves[KEPT, j]
    if reserve == 0.0:
        return cost
    if not buys:
        share = reserve / (reserve + kept * value)
        return cost + 1.0 - kept * share * share
    left = 1.0 - value / reserve
    left = _LEFT if left < _LEFT else left
    return cost + 1.0 / (kept * left * left) - 1.0


@scalar_kernel
def flat_cost(curves: FloatArray, j: int, buys: bool) -> float:
    """Marginal cost at which venue `j` takes any more [-]; infinite if at none."""
    linear: float = curves[LINEAR, j]
    if curves[RESERVE, j] > 0.0:
        if not buys:
            return np.inf
        kept: float = curves[KEPT, j]
        return linear + 1.0 / (kept * _LEFT * _LEFT) - 1.0
    if curves[QUADRATIC, j] > 0.0 or curves[ROOT, j] > 0.0:
        return np.inf
    return linear


@scalar_kernel
def amount_at(
    curves: FloatArray, j: int, marginal: float, buys: bool
) -> tuple[float, float]:
    r"""Value that venue `j` takes until the last unit costs `marginal`.

    .. math:: \sqrt{v} = \frac{2 (\mu - c)}{3b/2 + \sqrt{9b^2/4 + 8a(\mu - c)}}, \quad
       v = R \left(1 - \frac{1}{\sqrt{\gamma(1 + \mu - c)}}\right), \quad
       v = \frac{R}{\gamma} \left(\sqrt{\frac{\gamma}{1 - \mu + c}} - 1\right)

    of an order book, of a pool bought from, of one sold to; 0 where that is negative.

    Args:
        curves: Shape (N_TERMS, n_venues).
        j: Which of them.
        marginal: mu [-].
        buys: Whether the underlying is bought.

    Returns:
        The value [notional], and its derivative by `marginal`.
    """
    excess = marginal - curves[LINEAR, j]
    reserve, kept = curves[RESERVE, j], curves[KEPT, j]
    if reserve > 0.0 and buys:
        return _bought_from_pool(excess, reserve, kept)
    if reserve > 0.0:
        return _sold_to_pool(excess, reserve, kept)
    a, b = curves[QUADRATIC, j], 1.5 * curves[ROOT, j]
    if excess <= 0.0 or (a == 0.0 and b == 0.0):
        return 0.0, 0.0
    top = float(np.sqrt(b * b + 8.0 * a * excess))
    size = 2.0 * excess / (b + top)
    return size * size, 2.0 * size / top


@scalar_kernel
def _bought_from_pool(
    excess: float, reserve: float, kept: float
) -> tuple[float, float]:
    above = kept * excess - (1.0 - kept)  # gamma (1 + mu) - 1
    if above <= 0.0:
        return 0.0, 0.0
    ratio = float(np.sqrt(1.0 + above))
    value = reserve * above / (ratio * (ratio + 1.0))
    if value >= _MOST_OF_POOL * reserve:
        return _MOST_OF_POOL * reserve, 0.0
    return value, 0.5 * reserve * kept / (ratio * ratio * ratio)


@scalar_kernel
def _sold_to_pool(excess: float, reserve: float, kept: float) -> tuple[float, float]:
    above = excess - (1.0 - kept)
    left = 1.0 - excess
    if above <= 0.0:
        return 0.0, 0.0
    if left <= 0.0:
        return np.inf, 0.0
    ratio = float(np.sqrt(kept / left))
    value = reserve / kept * (above / left) / (ratio + 1.0)
    return value, 0.5 * reserve / kept * ratio / left
