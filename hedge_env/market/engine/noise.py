"""Random numbers of a market step: which block holds what, and where it lands.

Random numbers are a function of (key, path id, market step, block) alone: block b
of a step is always the same noise, whichever parts of the market are on.

| block | normals or uniforms |
|---|---|
| 0 | spot, fast volatility, slow volatility, surface level |
| 1 | skew, curvature, slow gas, fast gas |
| 2 | funding premium (and basis), intraday volatility, fast factor of the premium |
| 3 | uniforms: jump occurs, jump sign, gas spike, start hour and weekday |
| 4 | uniform: change of regime; at the start a second one: depth of stress |
| 6 | two uniforms, at decisions: order fails, sandwich; then the normal of the basis |
| 7 | uniforms: state of the gas chain |
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.market.engine.parameters import MarketParams
from hedge_env.numerics.philox import fill_normals, fill_uniforms

# Scratch rows of a tile. Blocks 0 to 3 are the rows 0 to 15, in the order above.
U_JUMP, U_SIGN, U_SPIKE, U_HOUR = 12, 13, 14, 15
JUMP, LOG_RETURN, HOURS, PROBABILITY = 16, 17, 18, 19
U_CHAIN, U_REGIME = 20, 24  # and three rows after each
Z_BASIS = 28  # four rows, of which the third is used
CROWD_VOLATILITY, CROWD_JUMP = 32, 33
N_SCRATCH = 34

# Counter word of the draws from the stationary distribution, which no step reaches.
INITIAL_COUNTER = 2**32 - 1
EXECUTION_BLOCK = 6


@kernel
def draw_noise(
    noise: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: MarketParams,
) -> None:
    """Fill the rows of `noise` (N_SCRATCH, n) that the parts need for one step."""
    k0, k1 = key
    fill_normals(noise[0:4], path_ids, counters, 0, k0, k1)
    if p.parts.surface or p.parts.gas:
        fill_normals(noise[4:8], path_ids, counters, 1, k0, k1)
    if p.parts.funding or p.parts.basis or p.parts.intraday:
        fill_normals(noise[8:12], path_ids, counters, 2, k0, k1)
    if p.parts.jumps or p.parts.gas or p.parts.regime:
        fill_uniforms(noise[12:16], path_ids, counters, 3, k0, k1)
    if p.parts.gas_chain:
        rows = noise[U_CHAIN : U_CHAIN + 4]
        fill_uniforms(rows, path_ids, counters, 7, k0, k1)
    if p.parts.regime:
        rows = noise[U_REGIME : U_REGIME + 4]
        fill_uniforms(rows, path_ids, counters, 4, k0, k1)
    if p.parts.basis:
        rows = noise[Z_BASIS : Z_BASIS + 4]
        fill_normals(rows, path_ids, counters, EXECUTION_BLOCK, k0, k1)
