r"""The present state as the value of holdings sees it: a centre, a scale, features.

Holdings are measured from a centre, :math:`y = m + \ell x`, in units of a
half-width that a fixed and a proportional cost would give a no-trade band,

.. math:: \ell^2 = \sqrt{6 F / \lambda} \, |\Gamma|
                   + \frac{F}{\lambda \sigma^2 S^2 \tau}
                   + \left( \frac{3 c \Gamma^2}{2 \lambda S} \right)^{2/3}

with F the fixed cost of a trade (its mean to the power .7, today's to the power .3), c
the proportional one, lambda risk aversion, Gamma, S, sigma, tau gamma, spot, implied
volatility and time left (the terms of `deadline_band` and of Whalley and Wilmott 1997).
In these units values are much alike at all times and in all states, so that a linear
regression on a few features describes the rest.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.pricing.funding_lean import bounded
from hedge_env.risk.minimum_variance import MinimumVariance

_LEAST, _MOST = 0.004, 0.6  # of the scale [-]
_TINY = 1e-12
_MAIN = 7  # features that stand first, after the constant


class Scene(NamedTuple):
    """States of some paths, each array of shape (n,) but the last.

    Attributes:
        centre: Holdings of least risk of who does not see the diffusive volatility,
            which move as slowly as holdings should, leaning to the side that funding
            usually pays (`pricing.funding_lean`) [-].
        scale: l, unit of the distance from them [-].
        curvature: lambda E_k[dS^2] [notional].
        lean: Best holdings over the next step alone, funding included, y*, less the
            centre [-].
        unit_cost: Proportional cost of a unit of holdings, that of the impact of a
            trade of size l included [notional].
        fixed: Cost of a transaction [notional].
        gauge: Fixed cost that what is fitted is a multiple of [notional].
        paid: Expected funding of a unit over the next step [notional].
        features: Shape (N_FEATURES, n) [-]; of an outline its seven numbers.
    """

    centre: FloatArray
    scale: FloatArray
    curvature: FloatArray
    lean: FloatArray
    unit_cost: FloatArray
    fixed: FloatArray
    gauge: FloatArray
    paid: FloatArray
    features: FloatArray


class Ruler(NamedTuple):
    """What holdings are measured by.

    Attributes:
        risk_aversion: lambda [1/notional].
        slow: Holdings of least risk of who does not see the diffusive volatility.
        best: Those of the next step, and its variance; whether it is informed decides
            whether the diffusive volatility is among the features.
        price_row: Of the hedge instrument.
    """

    risk_aversion: float
    slow: MinimumVariance
    best: MinimumVariance
    price_row: int


def scene_of(rows: FloatArray, ruler: Ruler, carry: FloatArray) -> Scene:
    """Describe the states of some paths at one decision.

    Args:
        rows: Present rows, shape (rows, n).
        ruler: What holdings are measured by.
        carry: Expected funding of a unit over this step, the next one and a usual one:
            what spot, and spot times the present rate, are multiplied by; shape (3, 2).
    """
    outline = outline_of(rows, ruler, carry)
    own, due = list(outline.features[:5]), outline.features[5:]
    features = _features(rows, own, ruler.best)
    with_main = features[: 1 + _MAIN]
    features = np.concatenate([features, *(each * with_main for each in due)])
    return outline._replace(features=features)


def outline_of(rows: FloatArray, ruler: Ruler, carry: FloatArray) -> Scene:
    """The scene with no more features than what scale, costs and funding give.

    Seven, each in units of a trade of the size of the scale and bounded: risk, the
    share of proportional cost, the present rate of funding, distance of the centre from
    being flat and from the best holdings of one step, funding of this and the next one.

    Args:
        rows: See `scene_of`, as the two others.
        ruler: What holdings are measured by.
        carry: Of funding.
    """
    price, best = rows[ruler.price_row], ruler.best
    scale = _scale(rows, ruler.risk_aversion, price)
    impact = rows[field.IMPACT_SQRT] * price**1.5 * np.sqrt(scale)
    impact += rows[field.IMPACT_LINEAR] * price**2 * scale
    unit_cost = rows[field.PROPORTIONAL_COST] * price + impact
    usual, fixed = ruler.slow.holdings(rows), rows[field.FIXED_COST]
    curvature = ruler.risk_aversion * best.price_variance(rows)
    rate, (now, following, mean) = rows[field.FUNDING_RATE], carry
    paid = price * (now[0] + now[1] * rate)
    later = price * (following[0] + following[1] * rate)
    usually = price * (mean[0] + mean[1] * rate)
    risk = 2.0 * np.maximum(curvature, _TINY)
    centre = usual - bounded(usually / risk)
    lean = best.holdings(rows) - centre - paid / risk
    trade = fixed + unit_cost * scale + _TINY
    own = [
        _bounded_log(curvature * scale**2, trade, 6.0) / 2.0,
        unit_cost * scale / trade,
        np.clip(rate * price * scale / trade, -3.0, 3.0),
        np.clip(-centre / scale, -3.0, 3.0) / 2.0,
        np.clip(lean / scale, -3.0, 3.0) / 2.0,
    ]
    due = [np.clip(each * scale / trade, -3.0, 3.0) for each in (paid, later)]
    return Scene(
        centre=centre,
        scale=scale,
        curvature=curvature,
        lean=lean,
        unit_cost=unit_cost,
        fixed=fixed.copy(),
        gauge=fixed.copy(),
        paid=paid,
        features=np.array([*own, *due]),
    )


def blended_fixed(rows: FloatArray) -> FloatArray:
    """Fixed cost between its mean and today's, F of the scale, shape (n,)."""
    now, mean = rows[field.FIXED_COST], rows[field.MEAN_FIXED_COST]
    found: FloatArray = np.maximum(mean, 0.0) ** 0.7 * np.maximum(now, 0.0) ** 0.3
    return found


def _scale(rows: FloatArray, risk_aversion: float, price: FloatArray) -> FloatArray:
    ratio = blended_fixed(rows) / risk_aversion
    left = np.maximum(rows[field.TIME_TO_MATURITY], 1e-5)
    variance = (rows[field.IMPLIED_VOLATILITY] * price) ** 2 * left
    gamma = np.abs(rows[field.GAMMA])
    squared = np.sqrt(6.0 * ratio) * gamma + ratio / np.maximum(variance, _TINY)
    proportional = 1.5 * rows[field.PROPORTIONAL_COST] * gamma**2 * price
    squared += (proportional / risk_aversion) ** (2.0 / 3.0)
    found: FloatArray = np.clip(np.sqrt(squared), _LEAST, _MOST)
    return found


def _features(
    rows: FloatArray, own: list[FloatArray], best: MinimumVariance
) -> FloatArray:
    implied = np.maximum(rows[field.IMPLIED_VOLATILITY], 1e-9)
    left = np.maximum(rows[field.TIME_TO_MATURITY], 1e-5)
    sd = implied * np.sqrt(left)
    realised = rows[field.REALISED_VOLATILITY]
    true = rows[field.TRUE_VOLATILITY] if best.informed else realised
    z = np.clip(rows[field.LOG_MONEYNESS] / sd, -3.0, 3.0) / 2.0
    t = np.clip(np.log(12.0 * left), -4.0, 1.0) / 2.0
    ratio, share, funding, flat, lean = own
    gas = np.clip(rows[field.LOG_GAS], -3.0, 3.0)
    main = [z, t, _bounded_log(true, implied, 2.0), ratio, gas, share, flat]
    pairs = [x * y for x, y in combinations_with_replacement(main, 2)]
    others = [
        _bounded_log(realised, implied, 2.0),
        _bounded_log(implied, np.full_like(implied, best.level), 2.0),
        _bounded_log(np.abs(rows[field.GAMMA]) * rows[field.SPOT] * sd, 1.0, 4.0),
        np.clip(5.0 * rows[field.SKEW], -4.0, 4.0),
        rows[field.GAS_SEASON],
        rows[field.HOUR_SIN],
        rows[field.HOUR_COS],
        funding,
        lean,
        lean * ratio,
        np.abs(flat),
    ]
    shaping = [z, t, main[2], ratio, flat]
    triples = [x * y * w for x, y, w in combinations_with_replacement(shaping, 3)]
    hours = [rows[field.GAS_SEASON], rows[field.HOUR_SIN], rows[field.HOUR_COS]]
    seasons = [x * y for x in hours for y in (t, main[2], ratio, gas, gas**2)]
    found: FloatArray = np.array(
        [np.ones_like(z), *main, *pairs, *triples, *others, *seasons]
    )
    return found


def _bounded_log(x: FloatArray, y: FloatArray | float, most: float) -> FloatArray:
    """Log of x / y, at most `most` in size."""
    found: FloatArray = np.log(np.maximum(x, _TINY) / np.maximum(y, _TINY))
    return np.clip(found, -most, most)
