r"""Action mode `band_edges`: where a band ends and what is traded to, each by itself.

A best policy with a fixed and a proportional cost holds between two edges and trades to
one of two targets from outside, whatever it holds. Mode `band` draws the targets from
the edges; here all of them are the action's. With :math:`y` the moved delta of mode
`band`, u and v its half-width and inner distance at present cost, F the present fixed
cost, lambda risk aversion, sigma, S, tau implied volatility, spot and time left, and
the action :math:`a`:

.. math::
    \ell^2 = u^2 + \frac{F}{\lambda \sigma^2 S^2 \tau}
           + \left( \frac{c}{2 \lambda \sigma^2 S \tau} \right)^2, \quad
    m = y + r_c a_0 \ell, \quad w_- = \ell e^{r_w a_1}, \quad w_+ = \ell e^{r_w a_2}

the edges are :math:`m - w_-` and :math:`m + w_+`, the targets
:math:`m - q_- w_-` and :math:`m + q_+ w_+`, with shares that are those of mode `band`
moved in their log odds, :math:`q_\mp = \mathrm{logistic}(\mathrm{logit}(v / u) +
3 a_{3, 4})`; a target nearer to zero than :math:`s e^{2 a_5}` becomes zero, s the
distance at which mode `band` snaps. c is the proportional cost. Close to expiry, and
where gamma vanishes, the terms after the first are the larger ones, since the risk that
is left is not worth a trade, whether its cost is fixed or not:
`action.worth_it = false` leaves it out, `action.snap = false` the snapping. Ranges
:math:`r_c` and :math:`r_w`: `action.offset_range` and `action.log_width_range`.

Who learns needs the slopes: `pull_back` takes those of a cost in edges and targets, and
gives those in the action.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.agent.band_actions import DecoderParams, snap_distance
from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.numerics.special import exp

# Rows of edges, in the order in which holdings rise but the last.
LOWER, LOWER_TARGET, UPPER_TARGET, UPPER, SNAP = range(5)
N_EDGES: Final = 5
N_NUMBERS: Final = 6  # of an action

_SHARE_RANGE = 3.0  # of the log odds of a target's share
_SNAP_RANGE = 2.0  # of the log of the snapping distance
_LEAST_SHARE = 1e-3  # of the analytic target's, so that its odds can be moved
_NARROWEST, _WIDEST = 0.004, 0.6  # l over the largest holdings
_TINY = 1e-12


@scalar_kernel
def scale_of(
    half_width: float,
    fixed: float,
    rate: float,
    aversion: float,
    volatility: float,
    spot: float,
    left: float,
    p: DecoderParams,
) -> float:
    """Half-width l with the deadline in it [-]."""
    risk = aversion * volatility * volatility * spot * spot * left
    unit = 0.5 * rate * spot / (risk + _TINY)
    deadline = p.worth_it * (fixed / (risk + _TINY) + unit * unit)
    found: float = np.sqrt(half_width * half_width + deadline) / (p.size + 1e-300)
    found = _NARROWEST if found < _NARROWEST else found
    return p.size * (_WIDEST if found > _WIDEST else found)


@scalar_kernel
def _share_of(analytic: float, number: float) -> float:
    """Share of a width that a target is at, its log odds moved by the action."""
    share = _LEAST_SHARE if analytic < _LEAST_SHARE else analytic
    share = 1.0 - _LEAST_SHARE if share > 1.0 - _LEAST_SHARE else share
    odds = share / (1.0 - share) * exp(_SHARE_RANGE * number)
    return odds / (1.0 + odds)


@kernel
def fill_scale(rows: FloatArray, p: DecoderParams, out: FloatArray) -> None:
    """Write l of each path, shape (n,)."""
    half_width, fixed = rows[field.BAND_HALF_WIDTH], rows[field.FIXED_COST]
    rate = rows[field.PROPORTIONAL_COST]
    aversion, volatility = rows[field.RISK_AVERSION], rows[field.IMPLIED_VOLATILITY]
    spot, left = rows[field.SPOT], rows[field.TIME_TO_MATURITY]
    for i in range(out.shape[0]):
        out[i] = scale_of(
            half_width[i],
            fixed[i],
            rate[i],
            aversion[i],
            volatility[i],
            spot[i],
            left[i],
            p,
        )


@kernel
def fill_edges(
    rows: FloatArray,
    base: FloatArray,
    action: FloatArray,
    p: DecoderParams,
    out: FloatArray,
) -> None:
    """Write edges, targets and snapping distance.

    Args:
        rows: Shape (at least N_FIELDS, n).
        base: What the band stands around, shape (n,) [-].
        action: Shape (6, n), in [-1, 1].
        p: Constants.
        out: Shape (5, n), written: rows LOWER to SNAP [-].
    """
    half_width, inner = rows[field.BAND_HALF_WIDTH], rows[field.BAND_INNER]
    mean_fixed, log_aversion = (
        rows[field.MEAN_FIXED_COST],
        rows[field.LOG_RISK_AVERSION],
    )
    fill_scale(rows, p, out[SNAP])
    for i in range(base.shape[0]):
        scale, share = out[SNAP, i], inner[i] / (half_width[i] + 1e-300)
        centre = base[i] + p.offset_range * action[0, i] * scale
        below = scale * exp(p.log_width_range * action[1, i])
        above = scale * exp(p.log_width_range * action[2, i])
        out[LOWER, i] = centre - below
        out[LOWER_TARGET, i] = centre - below * _share_of(share, action[3, i])
        out[UPPER_TARGET, i] = centre + above * _share_of(share, action[4, i])
        out[UPPER, i] = centre + above
        snap = p.snap * snap_distance(log_aversion[i], mean_fixed[i], p.size)
        out[SNAP, i] = snap * exp(_SNAP_RANGE * action[5, i])


@kernel
def pull_back(
    rows: FloatArray,
    action: FloatArray,
    edges: FloatArray,
    slopes: FloatArray,
    p: DecoderParams,
    out: FloatArray,
) -> None:
    """Slopes in the action from slopes in edges and targets, by the chain rule.

    Args:
        rows: Shape (at least N_FIELDS, n).
        action: Shape (6, n), in [-1, 1].
        edges: Of `fill_edges`, shape (5, n).
        slopes: Of a cost in each of them, the same shape.
        p: Constants.
        out: Shape (6, n), written.
    """
    half_width, inner = rows[field.BAND_HALF_WIDTH], rows[field.BAND_INNER]
    fill_scale(rows, p, out[0])
    for i in range(action.shape[1]):
        scale, share = out[0, i], inner[i] / (half_width[i] + 1e-300)
        below = scale * exp(p.log_width_range * action[1, i])
        above = scale * exp(p.log_width_range * action[2, i])
        low, high = _share_of(share, action[3, i]), _share_of(share, action[4, i])
        to_low, to_high = slopes[LOWER_TARGET, i], slopes[UPPER_TARGET, i]
        at_low, at_high = slopes[LOWER, i], slopes[UPPER, i]
        out[0, i] = p.offset_range * scale * (at_low + to_low + to_high + at_high)
        out[1, i] = -p.log_width_range * below * (at_low + low * to_low)
        out[2, i] = p.log_width_range * above * (at_high + high * to_high)
        out[3, i] = -_SHARE_RANGE * below * low * (1.0 - low) * to_low
        out[4, i] = _SHARE_RANGE * above * high * (1.0 - high) * to_high
        out[5, i] = _SNAP_RANGE * edges[SNAP, i] * slopes[SNAP, i]


@kernel
def decode_edges(
    rows: FloatArray,
    base: FloatArray,
    action: FloatArray,
    target: FloatArray,
    p: DecoderParams,
) -> None:
    """Write the targets (n,) of actions (6, n) around `base` (n,)."""
    held = rows[field.HOLDINGS]
    edges = np.empty((N_EDGES, target.shape[0]))
    fill_edges(rows, base, action, p, edges)
    for i in range(target.shape[0]):
        h = held[i]
        wanted = edges[LOWER_TARGET, i] if h < edges[LOWER, i] else h
        wanted = edges[UPPER_TARGET, i] if h > edges[UPPER, i] else wanted
        wanted = p.low if wanted < p.low else wanted
        wanted = p.high if wanted > p.high else wanted
        snaps = wanted != h and abs(wanted) < edges[SNAP, i]
        target[i] = 0.0 if snaps else wanted
