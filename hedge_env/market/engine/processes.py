"""The ordered list of processes, each a file that declares its own rows and shocks.

`STATES` maps the name of each row a process owns to its meaning, `SHOCKS` lists the
random numbers it reads (`numerics.random_blocks.Shock`). `market_state` and `noise`
number them; nothing else has to know how many there are.
"""

from __future__ import annotations

from typing import Final, Protocol

from hedge_env.market.gas import gas_chain, gas_price
from hedge_env.market.perpetual import basis, funding
from hedge_env.market.spot import cascades, crowd, diffusion, jumps, regime
from hedge_env.market.volatility import factors, season, surface
from hedge_env.numerics.random_blocks import Shock


class Process(Protocol):
    """What a file of a process declares."""

    @property
    def STATES(self) -> dict[str, str]:  # noqa: N802 (a constant of the module)
        """Meaning of each row of the state it owns, by name."""

    @property
    def SHOCKS(self) -> tuple[Shock, ...]:  # noqa: N802
        """Random numbers it reads."""


PROCESSES: Final[tuple[Process, ...]] = (
    diffusion,
    factors,
    surface,
    gas_price,
    gas_chain,
    funding,
    season,
    jumps,
    regime,
    cascades,
    basis,
    crowd,
)
