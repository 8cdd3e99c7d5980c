r"""Others with triggers, whose orders move spot and so set each other off.

Two kinds. *Hedgers* are short gamma and rebalance once log spot has moved by more than
their trigger :math:`b_k` from where they last did, :math:`a_k`: of each of
:math:`G` groups,

.. math:: \frac{\Gamma}{G} (x - a_k) \quad \text{is bought once } |x - a_k| > b_k,

and :math:`a_k = x`. *Leveraged positions* are closed by force, in turn: the j-th of
:math:`n` long ones at a log price :math:`m_j` below the entry e, short ones as far
above, with m evenly from the nearest to the farthest; each is worth
:math:`(W/n) e^x`. What is bought, net, moves log spot by

.. math:: \Delta x = \kappa \, \text{value} / \text{volume},

of which a share stays and the rest, `pressure`, decays with a half-life. The move may
reach further triggers: there are rounds, all at one price each, until nobody is left
or for `ROUNDS`. So one's liquidation is another's trigger.

The entry follows spot with a half-life (positions are closed and opened all the time);
what was closed by force opens again one at a time, every so many hours, where it is not
due at once. Hedgers may look at random market steps only: of the groups a share looks,
chosen by one uniform number u, group k if the fraction of u + k/G is below the share.
With a circuit breaker none of them trades for some hours once a market step has moved
log spot by more than its threshold; liquidations go on.

A process of the market: the hedger's own orders move the same spot at their fill
(`interval`), decay with the same half-life and may set off what is here. Spot does not
keep its drift, and what decays can be foreseen.

Sources: program traders who hedge and so raise volatility, Frey and Stremme (1997),
"Market volatility and feedback effects from dynamic hedging", and Sircar and
Papanicolaou (1998), "General Black-Scholes models accounting for increased market
volatility from hedging strategies" (abstracts); that impact decays, Donier and Bonart
(2014), arXiv 1412.4503 (abstract). Groups, triggers in turn and rounds are made here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import (
    HOURS_PER_DAY,
    ContagionConfig,
    LeveragedConfig,
    MarketConfig,
    TriggeredHedgersConfig,
)
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.random_blocks import Shock, uniform
from hedge_env.numerics.special import exp

GROUPS: Final = 6
ROUNDS: Final = 32  # of a market step; what is due after them waits for the next

STATES: Final[dict[str, str]] = {
    "pressure": "log move of spot by orders that is still to pass",
    "hedgers_stopped": "hours that the others' circuit breaker still lasts",
    "entry": "log price that leveraged positions were opened at",
    "longs_closed": "number of long positions closed by force",
    "shorts_closed": "number of short positions closed by force",
    "reopening": "hours since one of them opened again",
    **{
        f"rebalanced_{k}": f"log spot at which group {k} of hedgers last traded"
        for k in range(GROUPS)
    },
}
SHOCKS: Final[tuple[Shock, ...]] = (uniform("u_look", 23, 0, "contagion"),)
_PRESSURE, _STOPPED, _ENTRY, _LONGS, _SHORTS, _REOPENING, _REBALANCED = range(7)


class HedgerParams(NamedTuple):
    """Constants of the hedgers."""

    gamma: float  # Gamma / G times kappa / volume: log move for a log move of one [-]
    triggers: FloatArray  # b_k, shape (GROUPS,) [-]
    share: float  # of the groups that look at a market step [-]
    move: float  # of log spot in a market step that stops them [-]; inf: none
    hours: float  # for which


class PositionParams(NamedTuple):
    """Constants of the leveraged positions of either side."""

    number: float  # n; 0: none
    size: float  # W / n times kappa / volume: log move of one at entry prices [-]
    shorts: float  # size of a short one over that of a long one [-]
    nearest: float  # m_1 [-]
    spacing: float  # of m, positive [-]
    follow: float  # of the way to spot that the entry goes in a market step [-]
    reopen_hours: float


class ContagionParams(NamedTuple):
    """Constants of everybody with a trigger, for one step length."""

    on: bool
    keep: float  # of the pressure, over a market step [-]
    passing: float  # share of a move that passes [-]
    hedgers: HedgerParams
    positions: PositionParams


_NO_HEDGERS: Final = HedgerParams(
    gamma=0.0,
    triggers=np.full(GROUPS, np.inf),
    share=1.0,
    move=np.inf,
    hours=0.0,
)
_NO_POSITIONS: Final = PositionParams(
    number=0.0,
    size=0.0,
    shorts=0.0,
    nearest=1.0,
    spacing=1.0,
    follow=0.0,
    reopen_hours=1.0,
)
OFF: Final = ContagionParams(
    on=False, keep=1.0, passing=0.0, hedgers=_NO_HEDGERS, positions=_NO_POSITIONS
)


def compile(market: MarketConfig, length: StepLength) -> ContagionParams:
    """See `market.process`."""
    contagion = market.contagion
    if contagion is None:
        return OFF
    return ContagionParams(
        on=True,
        keep=half_life_decay(contagion.half_life_hours, length.hours),
        passing=1.0 - contagion.lasting,
        hedgers=_hedgers(contagion.hedgers, contagion),
        positions=_positions(contagion.leveraged, contagion, length),
    )


def _hedgers(
    config: TriggeredHedgersConfig | None, contagion: ContagionConfig
) -> HedgerParams:
    if config is None:
        return _NO_HEDGERS
    places = np.linspace(-config.spread, config.spread, GROUPS)
    halt = config.halt
    return HedgerParams(
        gamma=config.gamma * contagion.move_per_value / GROUPS,
        triggers=np.array([config.trigger * float(exp(place)) for place in places]),
        share=float(config.attention),
        move=np.inf if halt is None else float(halt.move),
        hours=0.0 if halt is None else float(halt.hours),
    )


def _positions(
    config: LeveragedConfig | None, contagion: ContagionConfig, length: StepLength
) -> PositionParams:
    if config is None:
        return _NO_POSITIONS
    n = config.positions
    reach = config.farthest - config.nearest
    half_life = config.turnover_days * HOURS_PER_DAY
    return PositionParams(
        number=float(n),
        size=config.open_interest * contagion.move_per_value / n,
        shorts=float(config.shorts),
        nearest=float(config.nearest),
        spacing=reach / (n - 1) if n > 1 and reach > 0.0 else 1e-12,
        follow=1.0 - half_life_decay(half_life, length.hours),
        reopen_hours=float(config.reopen_hours),
    )


@scalar_kernel
def due(distance: float, p: PositionParams) -> float:
    """Number of positions of a side whose price is reached; see the module.

    Args:
        distance: How far log spot has gone against them from their entry.
        p: Constants.
    """
    number = np.floor((distance - p.nearest) / p.spacing) + 1.0
    number = 0.0 if number < 0.0 else number
    return float(p.number if number > p.number else number)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: ContagionParams) -> None:
    """Everybody is at the first price, which is zero, and so are the rows."""


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: ContagionParams) -> None:
    """See `answer`; nothing moves a price that is recorded."""
    if p.on and not step.recorded:
        answer(own, row(shocks, 0), step, p)


@kernel
def answer(own: Rows, u_look: FloatArray, step: Step, p: ContagionParams) -> None:
    """Let what was pressed pass, then let all whose trigger is reached trade."""
    log_spot, log_return = step.log_spot, step.log_return
    pressure = row(own, _PRESSURE)
    for i in range(log_spot.size):
        back = (p.keep - 1.0) * pressure[i]
        log_spot[i] += back
        log_return[i] += back
        pressure[i] *= p.keep
    _renew(own, log_spot, step.dt_hours, p.positions)
    _stop(row(own, _STOPPED), log_return, step.dt_hours, p.hedgers)
    moves = np.empty(log_spot.size)
    for _ in range(ROUNDS):
        moves[:] = 0.0
        _hedge(own, log_spot, u_look, moves, p.hedgers)
        _liquidate(own, log_spot, moves, p.positions)
        is_over = True
        for i in range(moves.size):
            is_over = is_over and moves[i] == 0.0
            log_spot[i] += moves[i]
            log_return[i] += moves[i]
            pressure[i] += p.passing * moves[i]
        if is_over:
            break


@kernel
def _renew(own: Rows, log_spot: FloatArray, hours: float, p: PositionParams) -> None:
    """Let the entry follow spot, and one position open again where it is time."""
    entry, waited = row(own, _ENTRY), row(own, _REOPENING)
    longs, shorts = row(own, _LONGS), row(own, _SHORTS)
    for i in range(log_spot.size):
        entry[i] += p.follow * (log_spot[i] - entry[i])
        waited[i] = waited[i] + hours if longs[i] + shorts[i] > 0.0 else 0.0
        if waited[i] >= p.reopen_hours:
            waited[i] = 0.0
            below = due(entry[i] - log_spot[i], p)
            above = due(log_spot[i] - entry[i], p)
            longs[i] -= 1.0 if longs[i] > below else 0.0
            shorts[i] -= 1.0 if shorts[i] > above else 0.0


@kernel
def _stop(
    stopped: FloatArray, log_return: FloatArray, hours: float, p: HedgerParams
) -> None:
    """Count down the circuit breaker, or start it anew after a large move."""
    for i in range(stopped.size):
        left = stopped[i] - hours
        left = 0.0 if left < 0.0 else left
        stopped[i] = p.hours if abs(log_return[i]) > p.move else left


@kernel
def _hedge(
    own: Rows,
    log_spot: FloatArray,
    u_look: FloatArray,
    moves: FloatArray,
    p: HedgerParams,
) -> None:
    """Add what hedgers whose trigger is reached move log spot by."""
    stopped = row(own, _STOPPED)
    for k in range(GROUPS):
        last, trigger = row(own, _REBALANCED + k), p.triggers[k]
        for i in range(moves.size):
            gap = log_spot[i] - last[i]
            place = u_look[i] + k / GROUPS
            place = place - 1.0 if place >= 1.0 else place
            trades = abs(gap) > trigger and stopped[i] == 0.0 and place < p.share
            moves[i] += p.gamma * gap if trades else 0.0
            last[i] = log_spot[i] if trades else last[i]


@kernel
def _liquidate(
    own: Rows, log_spot: FloatArray, moves: FloatArray, p: PositionParams
) -> None:
    """Add what positions that are closed by force move log spot by."""
    if p.number == 0.0:
        return
    entry, longs, shorts = row(own, _ENTRY), row(own, _LONGS), row(own, _SHORTS)
    for i in range(moves.size):
        below = due(entry[i] - log_spot[i], p)
        above = due(log_spot[i] - entry[i], p)
        if below > longs[i]:
            moves[i] -= (below - longs[i]) * p.size * exp(log_spot[i])
            longs[i] = below
        if above > shorts[i]:
            moves[i] += (above - shorts[i]) * p.size * p.shorts * exp(log_spot[i])
            shorts[i] = above
