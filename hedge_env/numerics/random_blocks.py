"""Which random numbers belong to whom: every counter and block, said once.

A number is found by (key, path id, counter, block, place): see `philox`. The counter
is the market step, or `INITIAL_COUNTER` for what is drawn before the first. A block
holds four numbers, of which each has one owner: two that read the same place would be
correlated for ever, and one that moves to another place changes every path. The
processes of the market say in their own files which places they read (`Shock`); the
blocks of everything else are listed here. A new shock takes a block of its own, after
those that exist.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.types import IntArray

# Counter of what is drawn at the start of an episode; no market step reaches it.
INITIAL_COUNTER: Final = 2**32 - 1
PLACES: Final = 4  # numbers of a block

# Blocks outside the market's processes, and the places of them that are read.
MISHAPS_BLOCK: Final = 6  # uniforms 0 and 1, at decisions: order fails, sandwich
CLIENT_ORDERS_BLOCK: Final = 8  # uniforms, at decisions
RISK_AVERSION_BLOCK: Final = 16  # uniform 0, at the start
WINDOW_ORDER_BLOCK: Final = 17  # uniforms: order of the windows of a recorded market
POOL_VOLUME_BLOCK: Final = 18  # normal 0, at decisions: volume of a pool
VENUES_BLOCK: Final = 19  # uniforms, at decisions: what fills at several venues
# Uniforms 0 and 1, at decisions: a run of the keeper is missed, comes at random.
KEEPER_BLOCK: Final = 20
ROLLUP_BLOCK: Final = 22  # uniform 0, at decisions: an order on the rollup fails
# Uniforms 0 to 2, at decisions: clients of the first option that pools quote. The
# blocks after it are those of the next ones, as many as there are.
OPTION_POOL_BLOCK: Final = 1000

RESERVED: Final = {
    "mishaps": (MISHAPS_BLOCK, (0, 1)),
    "client orders": (CLIENT_ORDERS_BLOCK, (0, 1, 2, 3)),
    "risk aversion": (RISK_AVERSION_BLOCK, (0,)),
    "order of windows": (WINDOW_ORDER_BLOCK, (0, 1, 2, 3)),
    "pool volume": (POOL_VOLUME_BLOCK, (0,)),
    "venues": (VENUES_BLOCK, (0, 1, 2, 3)),
    "keeper": (KEEPER_BLOCK, (0, 1)),
    "rollup": (ROLLUP_BLOCK, (0,)),
    "option pool": (OPTION_POOL_BLOCK, (0, 1, 2)),
}


class Shock(NamedTuple):
    """A random number that a process reads at every market step.

    Attributes:
        name: Of its constant in `market.engine.noise`, in lower case.
        block: Which four numbers of a step, shared with no shock of the other kind.
        place: 0 to 3, within the block.
        is_normal: Standard normal; otherwise uniform in (0, 1).
        parts: Flags of `PartsParams`, or processes (fields of `MarketParams`), of which
            one that is on makes it be drawn; none: always.
        at_start_only: Whether only the start of an episode reads it.
    """

    name: str
    block: int
    place: int
    is_normal: bool
    parts: tuple[str, ...]
    at_start_only: bool = False


class DrawParams(NamedTuple):
    """Blocks that are drawn, each (block, its first row, 1 if normal), shape (m, 3)."""

    step: IntArray  # at a market step
    start: IntArray  # at the start of an episode


def normal(name: str, block: int, place: int, *parts: str) -> Shock:
    """Declare a standard normal shock; see `Shock`."""
    return Shock(name, block, place, is_normal=True, parts=parts)


def uniform(
    name: str, block: int, place: int, *parts: str, at_start_only: bool = False
) -> Shock:
    """Declare a uniform shock; see `Shock`."""
    return Shock(
        name=name,
        block=block,
        place=place,
        is_normal=False,
        parts=parts,
        at_start_only=at_start_only,
    )
