"""Random numbers of a market step, and the rows of a tile's scratch they land in.

Random numbers are a function of (key, path id, market step, block) alone: block b
of a step is always the same noise, whichever parts of the market are on. Each process
declares the shocks it reads, `SHOCKS`; a shock `z_gas_slow` lands in the row
`noise.Z_GAS_SLOW`. A block is drawn if a part that is on reads one of its numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.market.engine.processes import PROCESSES
from hedge_env.numerics.philox import fill_normals, fill_uniforms
from hedge_env.numerics.random_blocks import PLACES, DrawParams, Shock

SHOCKS: Final = tuple(shock for p in PROCESSES.values() for shock in p.SHOCKS)
BLOCKS: Final = tuple(sorted({shock.block for shock in SHOCKS}))

# What else a step leaves in the scratch, besides random numbers.
_RESULTS = (
    "jump",
    "log_return",
    "hours",
    "probability",
    "crowd_volatility",
    "crowd_jump",
)
N_SCRATCH: Final = PLACES * len(BLOCKS) + len(_RESULTS)
_NO_JUMP: Final = PLACES * len(BLOCKS) + _RESULTS.index("jump")


def _row(shock: Shock) -> int:
    return PLACES * BLOCKS.index(shock.block) + shock.place


globals().update({shock.name.upper(): _row(shock) for shock in SHOCKS})
globals().update(
    {name.upper(): PLACES * len(BLOCKS) + i for i, name in enumerate(_RESULTS)}
)


def __getattr__(name: str) -> int:  # tells type checkers what the constants are
    raise AttributeError(f"no process declares a shock {name.lower()!r}")


def draw_params(is_on: Callable[[str], bool]) -> DrawParams:
    """List what is drawn; `is_on` says of a part by name whether the market has it."""
    wanted = [s for s in SHOCKS if not s.parts or any(is_on(part) for part in s.parts)]
    return DrawParams(
        step=_plan([shock for shock in wanted if not shock.at_start_only]),
        start=_plan(wanted),
    )


def _plan(shocks: list[Shock]) -> IntArray:
    """Blocks of some shocks, shape (m, 3)."""
    blocks = sorted({(s.block, _row(s) - s.place, int(s.is_normal)) for s in shocks})
    return np.array(blocks, dtype=np.int64).reshape(-1, 3)


@kernel
def new_noise(size: int) -> FloatArray:
    """Scratch of a tile of `size` paths, shape (N_SCRATCH, size).

    What nobody fills is no number, but for the jumps of a market without any. Every
    step fills again what it reads, so that the next tile can use the same memory.
    """
    noise = np.full((N_SCRATCH, size), np.nan)
    noise[_NO_JUMP, :] = 0.0
    return noise


@kernel
def draw_noise(
    noise: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    plan: IntArray,
) -> None:
    """Fill the rows of `noise` (N_SCRATCH, n) that a plan of `DrawParams` lists."""
    k0, k1 = key
    for i in range(plan.shape[0]):
        block, first, is_normal = plan[i, 0], plan[i, 1], plan[i, 2]
        rows = noise[first : first + 4]
        if is_normal == 1:
            fill_normals(rows, path_ids, counters, block, k0, k1)
        else:
            fill_uniforms(rows, path_ids, counters, block, k0, k1)
