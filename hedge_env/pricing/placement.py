r"""Where to trade on two chains, and when to move inventory between them.

An order of value :math:`v` costs :math:`F + c v + a v^2` on either chain. It goes where
that is less, as far as the treasury there has the units or the cash; the rest goes to
the other. A treasury that can sell :math:`s` units and buy :math:`r` is balanced where
:math:`s / (s + r)` is a half. Once that share is nearer to either end than a threshold,
inventory is moved to the goal, at a decision without a trade: the market makers'
rule of a threshold and a return point, since a transfer has a fixed cost as well.

Source of the form of the rule: impulse control with fixed and proportional cost, as in
Constantinides and Richard (1978), "Existence of optimal simple policies for
discounted-cost inventory and cash management", Operations Research 26(4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray

_ENDLESS: Final = 1e6  # units: a treasury of so many has no limit

# Observables that orders are placed by.
PLACEMENT_INPUTS: Final = (
    "spot",
    "holdings",
    "fixed_cost",
    "proportional_cost",
    "impact_linear",
    "rollup_fixed_cost",
    "rollup_proportional_cost",
    "rollup_impact",
    "rollup_holdings",
    "rollup_stock",
    "rollup_room",
    "home_stock",
    "home_room",
    "bridge_units",
    "bridge_room",
)


def cost_at_home(now: Mapping[str, FloatArray], value: FloatArray) -> FloatArray:
    """Cost of an order on the first chain, shape (n,) [notional].

    Args:
        now: Observables.
        value: At least 0, shape (n,) [notional].
    """
    rate = now["proportional_cost"] + now["impact_linear"] * value
    return np.asarray(now["fixed_cost"] + rate * value)


def cost_on_rollup(now: Mapping[str, FloatArray], value: FloatArray) -> FloatArray:
    """Cost of an order on the rollup; as of `cost_at_home`."""
    rate = now["rollup_proportional_cost"] + now["rollup_impact"] * value
    return np.asarray(now["rollup_fixed_cost"] + rate * value)


def is_cheaper_there(
    now: Mapping[str, FloatArray], order: FloatArray, preference: FloatArray | float
) -> BoolArray:
    """Whether an order belongs on the rollup, shape (n,).

    Args:
        now: Observables.
        order: Units bought, negative where sold, shape (n,) [-].
        preference: For the rollup: log of how many times as dear it may be [-].
    """
    value = np.abs(order) * now["spot"]
    home, there = cost_at_home(now, value), cost_on_rollup(now, value)
    return np.asarray(there <= home * np.exp(preference))


def fits_there(now: Mapping[str, FloatArray], order: FloatArray) -> FloatArray:
    """What of an order the rollup's treasury can do, shape (n,) [-]."""
    return np.clip(order, -now["rollup_stock"], now["rollup_room"])


def fits_at_home(now: Mapping[str, FloatArray], order: FloatArray) -> FloatArray:
    """What of an order the first chain's treasury can do, shape (n,) [-]."""
    return np.clip(order, -now["home_stock"], now["home_room"])


def inventory_move(
    now: Mapping[str, FloatArray],
    threshold: FloatArray | float,
    goal: float = 0.5,
) -> FloatArray:
    """Units to move to the rollup, negative from it; 0 where it is balanced enough.

    They are those that the first bridge can take now; while it is under way none are.

    Args:
        now: Observables.
        threshold: Share of the treasury from 0 to 1/2: the nearer to 1/2, the sooner
            it is moved; 0 is never [-].
        goal: Share that it is moved to [-].

    Returns:
        Shape (n,) [-].
    """
    stock, room = now["rollup_stock"], now["rollup_room"]
    size = stock + room
    can = (size > 0.0) & (size < _ENDLESS) & (now["bridge_units"] == 0.0)
    share = stock / np.where(size > 0.0, size, 1.0)
    due = can & ((share < threshold) | (share > 1.0 - np.asarray(threshold)))
    wanted = np.where(due, goal * size - stock, 0.0)
    most = now["bridge_room"] / now["spot"]
    wanted = np.clip(wanted, -np.minimum(most, now["home_room"]), most)
    return np.minimum(wanted, now["home_stock"])


def placed(
    now: Mapping[str, FloatArray],
    total: FloatArray,
    *,
    preference: FloatArray | float = 0.0,
    threshold: FloatArray | float,
) -> FloatArray:
    """What of the holdings is to be on the rollup, shape (n,) [-].

    Args:
        now: Observables.
        total: Holdings wanted in all, shape (n,) [-].
        preference: As of `is_cheaper_there`.
        threshold: As of `inventory_move`.
    """
    order = total - now["holdings"]
    first = fits_there(now, order)
    last = fits_there(now, order - fits_at_home(now, order))
    there = np.where(is_cheaper_there(now, order, preference), first, last)
    moved = inventory_move(now, threshold)
    return np.asarray(now["rollup_holdings"] + np.where(order == 0.0, moved, there))
