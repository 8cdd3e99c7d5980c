r"""Trades in the listed option that leave no gamma, or no vega.

The book together with everything held has delta :math:`\Delta` (the holdings of the
underlying that neutralise it), gamma :math:`\Gamma` (positive if short gamma) and vega
:math:`V`. One unit of the option has :math:`\Delta_o, \Gamma_o, V_o`. Buying

.. math:: x = \Gamma / \Gamma_o \quad\text{or}\quad x = -V / V_o

leaves no gamma or no vega; after buying :math:`x`

.. math:: \Delta' = \Delta - x \Delta_o, \quad \Gamma' = \Gamma - x \Gamma_o, \quad
          V' = V + x V_o.

Source: Hull, "Options, Futures, and Other Derivatives", chapter on the Greek letters;
trading a share of it is the action of Cao, Chen, Farghadani, Hull, Poulos, Wang and
Yuan (2023), "Gamma and vega hedging using deep distributional reinforcement learning",
Frontiers in Artificial Intelligence 6.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.desk.band_position import observe_position

Greek: TypeAlias = Literal["gamma", "vega"]

LEAST_GREEK = 1e-12  # gamma or vega of an option that can neutralise anything


def neutral_gamma(gamma: FloatArray, option_gamma: FloatArray) -> FloatArray:
    """Units to buy that leave no gamma; 0 where the option has none.

    Args:
        gamma: Of the book and what is held, positive if short, shape (n,) [1/S_0].
        option_gamma: Of one unit, shape (n,) [1/S_0].
    """
    useful = option_gamma > LEAST_GREEK
    return np.where(useful, gamma / np.where(useful, option_gamma, 1.0), 0.0)


def neutral_vega(vega: FloatArray, option_vega: FloatArray) -> FloatArray:
    """Units to buy that leave no vega; 0 where the option has none.

    Args:
        vega: Of the book and what is held, negative if short, shape (n,) [notional].
        option_vega: Of one unit, shape (n,) [S_0].
    """
    return neutral_gamma(-vega, option_vega)


def option_target(
    share: FloatArray | float, rows: FloatArray, greek: Greek
) -> FloatArray:
    """Holdings of the option after a share of the neutral trade, within their limit.

    Args:
        share: In [0, 1], shape (n,) [-].
        rows: Shape (at least N_FIELDS, n).
        greek: What a share of 1 leaves none of.
    """
    if greek == "gamma":
        units = neutral_gamma(rows[field.GAMMA], rows[field.OPTION_GAMMA])
    else:
        units = neutral_vega(rows[field.VEGA], rows[field.OPTION_VEGA])
    limit = rows[field.OPTION_LIMIT]
    wanted = rows[field.OPTION_HOLDINGS] + share * units
    return np.asarray(np.clip(wanted, -limit, limit))


def after_option_trade(rows: FloatArray, target: FloatArray) -> FloatArray:
    """Rows as they would be with other holdings of the option, a copy.

    Args:
        rows: Shape (at least N_FIELDS, n).
        target: Holdings of the option, shape (n,) [-].
    """
    rows = rows[: field.N_FIELDS].copy()
    bought = target - rows[field.OPTION_HOLDINGS]
    rows[field.OPTION_HOLDINGS] = target
    rows[field.DELTA] -= bought * rows[field.OPTION_DELTA]
    rows[field.GAMMA] -= bought * rows[field.OPTION_GAMMA]
    rows[field.VEGA] += bought * rows[field.OPTION_VEGA]
    observe_position(rows)
    return rows
