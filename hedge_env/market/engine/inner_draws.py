r"""Many next states of each of many present ones, for expectations over one decision.

An expectation given the present, :math:`E_k f`, is a weighted mean of `f` over draws of
the next decision's state. Plain draws are poor: once in fifty intervals spot jumps,
once in a thousand the regime changes, and those few draws are most of a mean square.
Here they are stratified, and the mean stays exactly unbiased. A *candidate* is a
uniform number below :math:`p`, the largest usual probability of a jump in a market
step, or below :math:`r`, that of a change of regime; where the present probability is
another one, the mean is still unbiased. Of the :math:`m` market steps of a decision,

* *still* draws have no candidate, with probability :math:`(1 - p)^m (1 - r)^m`: the sum
  of the spot shocks, standard normal after division by :math:`\sqrt m`, is the quantile
  of :math:`u = v^2 (3 - 2 v)`, `v` in one of as many equal intervals as there are such
  draws, which weighs :math:`6 v (1 - v)`: the largest moves, whose squared errors are
  most of a mean, come more often than they would and weigh less;
* *jump* draws have no candidate for a change of regime and the first one for a jump in
  step j, :math:`(1 - r)^m p (1 - p)^j`, with j uniform: its uniform number is
  :math:`p v^3` with `v` in one of as many equal intervals, of density
  :math:`1 / (3 p v^2)`, so that large jumps, which belong to small numbers, come often
  and weigh little. The uniform number of its sign is in one of the same intervals,
  turned by a random number of places (a Latin square);
* *regime* draws have the first candidate for a change of regime in step j,
  :math:`r (1 - r)^j`, with j uniform; jumps are as they come.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import TILE, Tile
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.market.engine.draw_plan import DrawPlan
from hedge_env.market.engine.in_turn import note_in_turn
from hedge_env.market.engine.noise import (
    U_HOUR,
    U_JUMP,
    U_REGIME,
    U_SIGN,
    Z_SPOT,
    draw_noise,
    new_noise,
)
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.engine.simulator import advance_step
from hedge_env.market.spot.diffusion import SHOCKS
from hedge_env.numerics.philox import fill_normals
from hedge_env.numerics.special import exp, log, normal_cdf, normal_pdf

(_SPOT,) = SHOCKS
_BLOCK: Final = _SPOT.block
_PLACE: Final = _SPOT.place
_LEAST = 1e-12  # of a probability whose normal quantile is asked for


@scalar_kernel
def normal_quantile(u: float) -> float:
    """Inverse of `normal_cdf`: Abramowitz and Stegun 26.2.23, three Newton steps."""
    low = u if u < 0.5 else 1.0 - u
    low = max(low, _LEAST)
    t = np.sqrt(-2.0 * log(low))
    top = 2.515517 + t * (0.802853 + t * 0.010328)
    x = top / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(3):
        x -= (normal_cdf(x) - low) / normal_pdf(x)
    return float(x if u < 0.5 else -x)


@kernel
def advance_draws(
    state: FloatArray,
    ids: IntArray,
    counters: IntArray,
    weights: FloatArray,
    key: tuple[np.uint32, np.uint32],
    plan: DrawPlan,
    p: MarketParams,
) -> None:
    """Advance copies of present states by one decision interval, each by its own draw.

    Args:
        state: The copies of one state side by side, shape (N_STATES, states x draws),
            updated in place.
        ids: Name the random numbers, all different, shape (states x draws,).
        counters: Market steps already taken, updated.
        weights: Of each draw in the mean over those of its state, written; their sum
            over a state is one in expectation.
        key: Of a stream of its own.
        plan: The draws of a state.
        p: Constants of the market.
    """
    draws, n = plan.still + plan.jumps + plan.regime, state.shape[1]
    width = max(TILE // draws, 1) * draws
    for low in range(0, n, width):
        here = Tile(state, low, min(low + width, n))
        _advance_tile(here, ids, counters, weights, key, plan, p)


@kernel
def _advance_tile(
    state: Tile,
    ids: IntArray,
    counters: IntArray,
    weights: FloatArray,
    key: tuple[np.uint32, np.uint32],
    plan: DrawPlan,
    p: MarketParams,
) -> None:
    m, low, high = p.clock.market_steps, state.low, state.high
    size = high - low
    noise = new_noise(size)
    shift, first, turn = np.empty(size), np.empty(size, np.int64), np.empty(size)
    share = np.ones(size)
    _stratify_spot(shift, share, ids[low:high], counters[low:high], key, plan, m)
    for step in range(m):
        note_in_turn(state, step, p)
        draw_noise(noise, ids[low:high], counters[low:high], key, p.draws.step)
        _place(noise, shift, first, turn, weights[low:high], step, plan, m)
        advance_step(state, noise, counters, p)
        for i in range(low, high):
            counters[i] += 1
    for i in range(size):
        weights[low + i] *= share[i]
    note_in_turn(state, m, p)


@kernel
def _stratify_spot(
    shift: FloatArray,
    share: FloatArray,
    ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    plan: DrawPlan,
    m: int,
) -> None:
    """Write what to add to each step's spot shock for the sum to fall into its place.

    What a draw weighs in the mean of its stratum is written to `share`. Of m
    independent normal numbers the sum and the deviations from the mean are
    independent: another sum of the same law leaves the law of all of them as it was.
    """
    size, draws = shift.shape[0], plan.still + plan.jumps + plan.regime
    total, own = np.zeros(size), np.empty((4, size))
    later = counters.copy()
    for _ in range(m):
        fill_normals(own, ids, later, _BLOCK, key[0], key[1])
        for i in range(size):
            total[i] += own[_PLACE, i]
            later[i] += 1
    root = np.sqrt(float(m))
    for i in range(size):
        draw = i % draws
        shift[i] = 0.0
        if plan.nodes.shape[0] > 0:
            shift[i] = (plan.nodes[draw] - total[i] / root) / root
        elif draw < plan.still:
            v = (draw + normal_cdf(total[i] / root)) / plan.still
            share[i] = 6.0 * v * (1.0 - v)
            u = v * v * (3.0 - 2.0 * v)
            shift[i] = (normal_quantile(u) - total[i] / root) / root


@kernel
def _place(
    noise: FloatArray,
    shift: FloatArray,
    first: IntArray,
    turn: FloatArray,
    weights: FloatArray,
    step: int,
    plan: DrawPlan,
    m: int,
) -> None:
    """Let the random numbers of one market step fall into their strata."""
    spot = noise[Z_SPOT]
    for i in range(shift.shape[0]):
        spot[i] += shift[i]
    if step == 0:
        _choose_steps(noise[U_HOUR], first, turn, weights, plan, m)
    if plan.jumps > 0:
        _place_jumps(noise[U_JUMP], noise[U_SIGN], first, turn, weights, step, plan)
    if plan.regime > 0:
        _place_regime(noise[U_REGIME], first, weights, step, plan)


@kernel
def _choose_steps(
    uniform: FloatArray,
    first: IntArray,
    turn: FloatArray,
    weights: FloatArray,
    plan: DrawPlan,
    m: int,
) -> None:
    """Choose the step of the first candidate, and begin the weights.

    Args:
        uniform: In (0, 1), used by no process of a step; without any candidates unused.
        first: Step of each draw, written; m where there is no candidate.
        turn: Places of the Latin square, the same for all draws of a state, written.
        weights: Written, without what the number of the candidate itself gives.
        plan: The draws of a state.
        m: Market steps of a decision.
    """
    draws = plan.still + plan.jumps + plan.regime
    no_regime = exp(m * log(1.0 - plan.regime_chance))
    no_jump = exp(m * log(1.0 - plan.jump_chance))
    for i in range(first.shape[0]):
        draw = i % draws
        first[i], turn[i] = m, 0.0
        if draw < plan.still:
            weights[i] = no_regime * no_jump / plan.still
            if plan.nodes.shape[0] > 0:
                weights[i] = plan.node_weights[draw]
        elif draw < plan.still + plan.jumps:
            first[i] = int(m * uniform[i])
            turn[i] = np.floor(plan.jumps * uniform[i - draw])
            before = exp(first[i] * log(1.0 - plan.jump_chance))
            weights[i] = no_regime * before * plan.jump_chance * m / plan.jumps
        else:
            first[i] = int(m * uniform[i])
            before = exp(first[i] * log(1.0 - plan.regime_chance))
            weights[i] = before * plan.regime_chance * m / plan.regime


@kernel
def _place_jumps(
    u_jump: FloatArray,
    u_sign: FloatArray,
    first: IntArray,
    turn: FloatArray,
    weights: FloatArray,
    step: int,
    plan: DrawPlan,
) -> None:
    """Place the uniform numbers of one step's jumps; those of regime draws are free."""
    draws, chance = plan.still + plan.jumps + plan.regime, plan.jump_chance
    for i in range(first.shape[0]):
        stratum = i % draws - plan.still
        if stratum >= plan.jumps:
            continue
        if step < first[i]:
            u_jump[i] = chance + (1.0 - chance) * u_jump[i]
        elif step == first[i]:
            v = (stratum + u_jump[i]) / plan.jumps
            u_jump[i] = chance * v * v * v
            weights[i] *= 3.0 * v * v
            place = (3 * stratum + int(turn[i])) % plan.jumps
            u_sign[i] = (place + u_sign[i]) / plan.jumps


@kernel
def _place_regime(
    uniform: FloatArray,
    first: IntArray,
    weights: FloatArray,
    step: int,
    plan: DrawPlan,
) -> None:
    """Place the uniform numbers of one step's change of regime."""
    draws, chance = plan.still + plan.jumps + plan.regime, plan.regime_chance
    for i in range(first.shape[0]):
        is_regime = i % draws >= plan.still + plan.jumps
        if is_regime and step == first[i]:
            uniform[i] = chance * uniform[i]
        elif not is_regime or step < first[i]:
            uniform[i] = chance + (1.0 - chance) * uniform[i]
