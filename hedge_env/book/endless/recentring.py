r"""Liquidity of a range that is put around the present price again, and its cost.

A range from :math:`c^2 a` to :math:`c^2 b`, with the root c of the price that it was
put around, is that of a and b in prices over :math:`c^2`: of a liquidity L it holds
:math:`(L/c) \, x(r/c)` units and is worth :math:`c L \, v(r/c)` at the root r of the
price, with x and v of the range at the start (:mod:`hedge_env.pricing.amm`). When the
price has gone the share `at` of the way to an end,

.. math:: \ln (r/c) \le \tfrac{at}{2} \ln a \quad \text{or} \quad
          \ln (r/c) \ge \tfrac{at}{2} \ln b ,

all is withdrawn at a decision and put around the price of then, with the liquidity that
is worth the same. What it then has to hold, :math:`x'`, and held, :math:`x`, are
swapped at the market for a share of the value, and the transaction costs gas:

.. math:: s \, |x' - x| \, P + g

both out of the cash that the fees have left, so that the value of the liquidity is
continuous. A pool of the same price has it back at once: nobody trades in between.
Where a policy decides, the same is done at the decision at which it says so, wherever
the price is; of a range that stands around the price already nothing is moved or paid.

Source: Uniswap v3 (Adams and others 2021), whose positions have fixed ends, so that to
move one is to withdraw and to mint; the formulas are those of a range in other units.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.sections.liabilities import AmmConfig, StreamedConfig
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.amm import amm_units, amm_value

# Rows of a position that recentres, after those of all positions: root of its centre,
# liquidity over that of the start, both less 1; and what it has cost.
N_REMEMBERED: Final = 3
_GWEI: Final = 1e-9
_HAIR: Final = 1e-12  # of the root of a price


class RecentringParams(NamedTuple):
    """Constants of the positions of a book, arrays over them."""

    any: bool
    low: FloatArray  # root of price over centre at and below which it is done; 0: never
    high: FloatArray  # at and above which
    asked: BoolArray  # is it done when a policy says so, and never by itself?
    down: FloatArray  # from the centre to the lower end, of the root's logarithm
    up: FloatArray  # to the upper end
    swap: FloatArray  # of the value swapped [-]
    gas: FloatArray  # of one time, per gwei and unit of spot, of one unit of position
    fixed: FloatArray  # of one time, of one unit of position


def recentring_params(
    positions: Sequence[AmmConfig | StreamedConfig], config: EnvConfig
) -> RecentringParams:
    """Compile what becomes of ranges; costs are of one unit of each position."""
    terms = [one.recentre if isinstance(one, AmmConfig) else None for one in positions]
    rows = []
    for position, term in zip(positions, terms, strict=True):
        root_low, inverse_high = position.range_roots
        if term is None:
            rows.append((0.0, inf, 0.0, 0.0, 0.0, inf, inf))
            continue
        down, up = -float(log(root_low)), -float(log(inverse_high))
        each = 0.0 if position.quantity == 0.0 else 1.0 / position.quantity
        never = term.by == "policy" or position.quantity == 0.0
        rows.append(
            (
                0.0 if never else float(exp(-term.at * down)),
                inf if never else float(exp(term.at * up)),
                term.swap_bp * BASIS_POINT,
                term.gas_units * _GWEI / config.book.contracts * each,
                term.fixed_cost_bp * BASIS_POINT * each,
                down,
                up,
            )
        )
    low, high, swap, gas, fixed, down, up = (row.copy() for row in np.array(rows).T)
    return RecentringParams(
        any=any(term is not None for term in terms),
        low=low,
        high=high,
        asked=np.array([term is not None and term.by == "policy" for term in terms]),
        down=down,
        up=up,
        swap=swap,
        gas=gas,
        fixed=fixed,
    )


@scalar_kernel
def is_due(root: float, centre: float, k: int, p: RecentringParams) -> bool:
    """Whether the price has gone far enough from the centre of position k."""
    place = root / centre
    return bool(place <= p.low[k] or place >= p.high[k])


@scalar_kernel
def is_away(root: float, centre: float) -> bool:
    """Whether there is anything to move; a hair is the rounding of the centre."""
    return bool(abs(root / centre - 1.0) > _HAIR)


@scalar_kernel
def place_in_range(root: float, centre: float, k: int, p: RecentringParams) -> float:
    """Way of the price from the centre of position k to an end, in logs [-].

    Returns:
        1 at the upper end, -1 at the lower one, beyond these outside.
    """
    way = log(root / centre)
    return float(way / (p.down[k] if way < 0.0 else p.up[k]))


@scalar_kernel
def new_scale(
    root: float, centre: float, scale: float, low: float, high: float
) -> float:
    """Liquidity, over that of the start, that is worth the same around the price.

    Args:
        root: Of the price.
        centre: Root of the price that the range was put around.
        scale: Liquidity over that of the start [-].
        low: Root of the lower end of the range at the start.
        high: One over the root of the upper end.
    """
    worth = scale * centre * amm_value(root / centre, low, high)
    return float(worth / (root * amm_value(1.0, low, high)))


@scalar_kernel
def swapped(root: float, centre: float, scale: float, low: float, high: float) -> float:
    """Units that are swapped, of a liquidity of one at the start; see `new_scale`."""
    held = scale / centre * amm_units(root / centre, low, high)
    wanted = new_scale(root, centre, scale, low, high) / root
    return float(abs(wanted * amm_units(1.0, low, high) - held))
