"""How far a solution on a grid is from the optimum in the limit of a fine grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.config import EnvConfig

HOLDINGS = (101, 201, 401)
FINER_SPOTS = (1.0, 1.5, 2.0)  # points of log spot, over the default
_MIDDLE = 1  # the grid of holdings on which spot is refined


@dataclass(frozen=True)
class Solved:
    """The value on one grid."""

    n_holdings: int
    n_spots: int
    value: float  # J at the start [notional]


@dataclass(frozen=True)
class Convergence:
    """Values on finer and finer grids.

    Attributes:
        risk_aversion: lambda [1/notional].
        by_holdings: With more and more holdings, on the default grid of spot.
        by_spots: With a finer and finer grid of spot.
    """

    risk_aversion: float
    by_holdings: tuple[Solved, ...]
    by_spots: tuple[Solved, ...]

    @property
    def value(self) -> float:
        """On the default grid, which has the most holdings [notional]."""
        return self.by_holdings[-1].value

    @property
    def error(self) -> float:
        """Estimated distance of `value` above the limit [notional].

        Both errors are of second order: the limit is further by a third of what the
        last halving of the spacing of holdings changed, and by four thirds of what
        halving that of spot changes.
        """
        coarse, fine = self.by_holdings[-2:]
        first, last = self.by_spots[0], self.by_spots[-1]
        ratio = (last.n_spots - 1) / (first.n_spots - 1)
        spots = (first.value - last.value) / (1.0 - ratio**-2)
        return (coarse.value - fine.value) / 3.0 + spots

    @property
    def limit(self) -> float:
        """Extrapolated to spacings of zero [notional]."""
        return self.value - self.error


def convergence(
    config: EnvConfig,
    risk_aversion: float,
    *,
    holdings: Sequence[int] = HOLDINGS,
    finer_spots: Sequence[float] = FINER_SPOTS,
    advance: Callable[[], None] = lambda: None,
) -> Convergence:
    """Solve a problem on several grids.

    Args:
        config: See `dynamic_programming.solve`.
        risk_aversion: lambda, positive [1/notional].
        holdings: Points of the grids of holdings, each spacing half the one before.
        finer_spots: Points of the grids of log spot over the default, from 1 up.
        advance: Called after each solution.

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """

    def solved(n_holdings: int, n_spots: int | None) -> Solved:
        optimum = solve(config, risk_aversion, n_holdings=n_holdings, n_spots=n_spots)
        advance()
        return Solved(n_holdings, optimum.log_moneyness.size, optimum.value)

    by_holdings = tuple(solved(n, None) for n in holdings)
    middle = by_holdings[_MIDDLE]
    half = (middle.n_spots - 1) // 2
    by_spots = (
        middle,
        *(
            solved(middle.n_holdings, 2 * round(finer * half) + 1)
            for finer in finer_spots[1:]
        ),
    )
    return Convergence(risk_aversion, by_holdings, by_spots)
