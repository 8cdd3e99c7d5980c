"""Rows of the simulator's own state, a float64 array `(N_STATES, n)`.

Each process declares the rows it owns in its own file, `STATES`; here they are put
one after the other and numbered: a row `gas_slow` is the constant
`market_state.GAS_SLOW`, an integer that kernels freeze.
"""

from __future__ import annotations

from typing import Final

from hedge_env.market.engine.processes import PROCESSES

# The order in which checkpoints hold the first rows. Rows declared since come after
# them, by process: nothing is to be added here.
_EARLIEST = (
    *("log_spot", "volatility", "fast", "slow", "level", "skew", "curvature"),
    *("gas_slow", "gas_fast", "gas_burst", "premium", "trailing_return"),
    *("funding_accrued", "realised_variance", "start_hour", "intraday"),
    *("start_weekday", "stress", "excitation", "basis", "crowd"),
    *("opening_log_spot", "halted", "own_move", "fill_log_price", "fill_funding"),
    *("premium_fast", "depth"),
)


def _declared() -> dict[str, str]:
    """Meaning of every row by its name, in the order of the rows."""
    found: dict[str, str] = {}
    for process in PROCESSES.values():
        for name, meaning in process.STATES.items():
            if name in found:
                raise ValueError(f"two processes declare a state {name!r}; rename one")
            found[name] = meaning
    later = [name for name in found if name not in _EARLIEST]
    return {name: found[name] for name in [*_EARLIEST, *later]}


MEANINGS: Final = _declared()
STATES: Final = tuple(MEANINGS)
N_STATES: Final = len(STATES)

globals().update({name.upper(): number for number, name in enumerate(STATES)})


def __getattr__(name: str) -> int:  # tells type checkers what the constants are
    raise AttributeError(f"no process declares a state {name.lower()!r}")
