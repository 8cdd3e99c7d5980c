"""What happens at a certain time of a decision interval: a fill, a halt.

The fill of the trade decided at the start of the interval comes `latency` market
steps later: its price and the funding until then are noted, and spot takes the
impact of the trade, of which a part passes again where
`contagion` says so. Where it is filled in slices, one of them comes at each
market step from there on, and what is noted are the means over the slices, weighed by
their shares: what is held of a sliced order earns what one that fills whole at the mean
price would. At the end, a move of spot over the whole interval
beyond a threshold halts trading at the next decisions.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.tile import copy_row
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, ExecutionConfig, MarketConfig
from hedge_env.market.process import Rows, row
from hedge_env.numerics.random_blocks import Shock
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.schedules import slice_shares

STATES: Final[dict[str, str]] = {
    "opening_log_spot": "log_spot at the last decision",
    "halted": "decisions that are still halted",
    "own_move": "of log spot by the hedger's own trade, at its fill",
    "fill_log_price": "of the hedge instrument when the last decision's trade filled",
    "fill_funding": "funding accrued until then [S_0]",
    "rollup_fill_log_price": "when the last decision's trade on the rollup filled",
}
SHOCKS: Final[tuple[Shock, ...]] = ()
USES: Final = ("log_spot", "basis", "funding_accrued", "pressure")
_OPENING, _HALTED, _OWN_MOVE, _FILL_PRICE, _FILL_FUNDING, _ROLLUP = range(6)
_LOG_SPOT, _BASIS, _ACCRUED, _PRESSURE = range(6, 10)  # of USES, which come after


class IntervalParams(NamedTuple):
    """Constants of fills and halts."""

    market_steps: int  # per decision
    fills: bool  # is there anything to note at the fill?
    latency: int  # from decision to fill [market step]
    shares: FloatArray  # of an order that fill, a market step each, shape (slices,)
    basis_mean: float  # log of the hedge instrument's price over spot [-]
    halt: bool
    move: float  # that halts trading, absolute log return [-]
    decisions: float  # that are halted
    moves_basis: bool  # the hedger's own move is of the perpetual alone
    passing: float  # share of the hedger's own move that decays [-]
    rollup: int  # from decision to fill on the rollup [market step]; 0: at once


def interval_params(
    execution: ExecutionConfig, market_steps: int, market: MarketConfig
) -> IntervalParams:
    """Compile fills and halts."""
    halt, basis, contagion = execution.halt, market.basis, market.contagion
    return IntervalParams(
        market_steps=market_steps,
        fills=execution.fills_late or execution.permanent_impact > 0.0,
        latency=execution.latency_steps,
        shares=slice_shares(execution.slicing),
        basis_mean=0.0 if basis is None else basis.mean_bp * BASIS_POINT,
        halt=halt is not None,
        move=np.inf if halt is None else float(halt.move),
        decisions=0.0 if halt is None else float(halt.decisions),
        moves_basis=execution.moves_perpetual,
        passing=0.0 if contagion is None else 1.0 - contagion.lasting,
        rollup=0 if execution.rollup is None else execution.rollup.latency_steps,
    )


@kernel
def note_interval(own: Rows, step: int, p: IntervalParams) -> None:
    """Do what is due before market step `step`, or after the last one.

    Args:
        own: Its rows, updated in place.
        step: Market steps taken since the decision, 0 to `market_steps`.
        p: Constants.
    """
    log_spot, opening = row(own, _LOG_SPOT), row(own, _OPENING)
    if p.halt and step == 0:
        copy_row(log_spot, opening)
    if p.fills and step == p.latency and p.shares.size == 1:
        _fill(own, p)
    if p.shares.size > 1 and p.latency <= step < p.latency + p.shares.size:
        _fill_slice(own, step - p.latency, p)
    if p.rollup > 0 and step == p.rollup:
        copy_row(log_spot, row(own, _ROLLUP))
    if p.halt and step == p.market_steps:
        halted = row(own, _HALTED)
        for i in range(halted.size):
            left = halted[i] - 1.0 if halted[i] > 0.0 else 0.0
            is_large = abs(log_spot[i] - opening[i]) > p.move
            halted[i] = p.decisions if is_large else left


@kernel
def _fill(own: Rows, p: IntervalParams) -> None:
    """Note price and funding of the fill, then let it move spot or the perpetual."""
    log_spot, basis = row(own, _LOG_SPOT), row(own, _BASIS)
    price, move = row(own, _FILL_PRICE), row(own, _OWN_MOVE)
    for i in range(price.size):
        price[i] = log_spot[i] + (p.basis_mean + basis[i])
    copy_row(row(own, _ACCRUED), row(own, _FILL_FUNDING))
    if p.passing > 0.0 and not p.moves_basis:
        _press(row(own, _PRESSURE), move, p.passing)
    moved = basis if p.moves_basis else log_spot
    for i in range(move.size):
        moved[i] += move[i]
        move[i] = 0.0


@kernel
def _fill_slice(own: Rows, number: int, p: IntervalParams) -> None:
    """Add one slice to the means of price and funding, then let it move spot."""
    log_spot, basis = row(own, _LOG_SPOT), row(own, _BASIS)
    mean, move = row(own, _FILL_PRICE), row(own, _OWN_MOVE)
    funding, accrued = row(own, _FILL_FUNDING), row(own, _ACCRUED)
    share, is_last = p.shares[number], number == p.shares.size - 1
    for i in range(mean.size):
        before = mean[i] if number > 0 else 0.0
        mean[i] = before + share * exp(log_spot[i] + (p.basis_mean + basis[i]))
        mean[i] = log(mean[i]) if is_last else mean[i]
    for i in range(funding.size):
        funding[i] = (funding[i] if number > 0 else 0.0) + share * accrued[i]
    if p.passing > 0.0:
        _press(row(own, _PRESSURE), move, p.passing * share)
    for i in range(move.size):
        log_spot[i] += share * move[i]
        move[i] = 0.0 if is_last else move[i]


@kernel
def _press(pressure: FloatArray, move: FloatArray, share: float) -> None:
    """Add what of the hedger's own move is to pass again."""
    for i in range(move.size):
        pressure[i] += share * move[i]
