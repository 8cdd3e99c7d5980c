"""What each kind of venue costs, compiled from its section.

A kind is a function of its model, listed in `KINDS`; all else reads `VenueTerms`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT
from hedge_env.config.sections.venues import (
    IntentsVenue,
    OrderBookVenue,
    PoolVenue,
    Venue,
)

_GWEI = 1e-9  # of the gas token, which is the underlying


class Scale(NamedTuple):
    """What internal units are worth, for the compilation of a venue."""

    notional: float  # [quote]
    contracts: float  # [unit]
    day: float  # [year]


class VenueTerms(NamedTuple):
    """Constants of one venue, at reference liquidity, in fractions of notional."""

    fee: float = 0.0  # per traded value; a pool's is in its curve [-]
    half_spread: float = 0.0  # per traded value [-]
    quadratic: float = 0.0  # a [1/notional]
    root: float = 0.0  # b per unit of annual volatility [1/sqrt(notional)]
    reserve: float = 0.0  # each side of a pool [notional]; 0: no pool
    kept: float = 1.0  # one minus the fee of a pool [-]
    fixed: float = 0.0  # per transaction [notional]
    gas_factor: float = 0.0  # gas cost per gwei and unit of relative spot [notional]
    fills: float = 1.0  # probability that an order is filled [-]
    improvement: float = 0.0  # per traded value, off the half-spread [-]
    improves: float = 0.0  # probability of it, if filled [-]


class Venues(NamedTuple):
    """The constants of several venues, `VenueTerms` of each, shape (n_venues,)."""

    fee: FloatArray
    half_spread: FloatArray
    quadratic: FloatArray
    root: FloatArray
    reserve: FloatArray
    kept: FloatArray
    fixed: FloatArray
    gas_factor: FloatArray
    fills: FloatArray
    improvement: FloatArray
    improves: FloatArray


def _pool(venue: PoolVenue, scale: Scale) -> VenueTerms:
    """The curve of a constant product; see `cost_curve`."""
    return VenueTerms(
        reserve=venue.reserve / scale.notional,
        kept=1.0 - venue.fee_bp * BASIS_POINT,
        fixed=venue.fixed_cost_bp * BASIS_POINT,
        gas_factor=venue.gas_units * _GWEI / scale.contracts,
    )


def _order_book(venue: OrderBookVenue, scale: Scale) -> VenueTerms:
    """Fee, half-spread, depth and square-root impact, as of a single venue."""
    share = sqrt(scale.notional / venue.daily_volume)
    return VenueTerms(
        fee=venue.fee_bp * BASIS_POINT,
        half_spread=venue.half_spread_bp * BASIS_POINT,
        quadratic=0.0 if venue.depth is None else scale.notional / venue.depth,
        root=venue.square_root_impact * share * sqrt(scale.day),
        fixed=venue.fixed_cost_bp * BASIS_POINT,
        gas_factor=venue.gas_units * _GWEI / scale.contracts,
    )


def _intents(venue: IntentsVenue, scale: Scale) -> VenueTerms:
    """Fee, half-spread less a price improvement, depth; it may not fill."""
    return VenueTerms(
        fee=venue.fee_bp * BASIS_POINT,
        half_spread=venue.half_spread_bp * BASIS_POINT,
        quadratic=0.0 if venue.depth is None else scale.notional / venue.depth,
        fills=venue.fill_probability,
        improvement=venue.improvement_bp * BASIS_POINT,
        improves=venue.improvement_probability,
    )


KINDS: Final[dict[str, Callable[[Any, Scale], VenueTerms]]] = {
    "pool": _pool,
    "order-book": _order_book,
    "intents": _intents,
}


def compile_venues(venues: Sequence[Venue], scale: Scale) -> Venues:
    """Compile venues, in their order."""
    terms = [KINDS[venue.kind](venue, scale) for venue in venues]
    return Venues(
        **{
            name: np.array([getattr(one, name) for one in terms], dtype=np.float64)
            for name in VenueTerms._fields
        }
    )
