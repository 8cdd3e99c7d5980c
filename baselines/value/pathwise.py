r"""What a band rule costs from every decision on, for every holding, in one pass back.

No holding moves the market, so that one path tells the cost-to-go of all of them. With
the no-trade band of a rule known at every decision,

.. math::
    W_k(y) = c_k(y \to g) + \lambda (g \, dS_k + dB_k)^2 + g f_{k+1} + W_{k+1}(g),
    \quad g = \begin{cases} y & \text{inside the band} \\
                            \text{nearest of the inner band, or 0} & \text{outside}
              \end{cases}

and :math:`W_N(y)` what liquidation costs. A decision trades to three points at most,
each of which is followed until it leaves a later band, where the pass has been already:
nothing is interpolated, and the numbers are those of an episode that starts there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.capabilities import BOUNDED, unknown_keys
from hedge_env.baselines.rule.band_rule import BandRule, banded_target
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.config import EnvConfig
from hedge_env.desk.observables import observable_index
from hedge_env.desk.orders import order_params
from hedge_env.feeds.tape import MarketTape
from hedge_env.risk.minimum_variance import MinimumVariance


class PathCosts(NamedTuple):
    """What trades and holdings cost on recorded paths, each (decisions + 1, n).

    Attributes:
        unit: Proportional cost of a unit of holdings [notional].
        fixed: Cost of a transaction [notional].
        linear: Impact per unit squared [notional].
        root: Impact per unit to the power 1.5 [notional].
        square: lambda dS^2 of the step from here [notional].
        product: 2 lambda dS dB, and the funding of a unit [notional].
        rest: lambda dB^2 [notional].
    """

    unit: FloatArray
    fixed: FloatArray
    linear: FloatArray
    root: FloatArray
    square: FloatArray
    product: FloatArray
    rest: FloatArray


class PathMoves(NamedTuple):
    """What one interval brings whoever holds something, each (decisions + 1, n).

    Attributes:
        price: Move of the hedge instrument's price from here, 0 at the end [S_0].
        book: Move of the book's value [notional].
        funding: Paid by a unit held [S_0].
    """

    price: FloatArray
    book: FloatArray
    funding: FloatArray


def pathwise_values(
    rule: BandRule,
    tape: MarketTape,
    config: EnvConfig,
    holdings: FloatArray,
    risk_aversion: float,
) -> FloatArray:
    """Cost-to-go of a rule for every holding, at every decision of recorded paths.

    Args:
        rule: A band that depends neither on holdings nor on what was before.
        tape: Recorded paths of the problem.
        config: The hedging problem.
        holdings: Of which the cost-to-go is wanted, shape (n_holdings,) [-].
        risk_aversion: lambda [1/notional].

    Returns:
        Before the trade of each decision, and at the end what liquidation costs; shape
        (decisions + 1, n_holdings, n_paths) [notional].

    Raises:
        ConfigError: If the rule remembers, or if holdings move the market or an order
            can do anything but fill.
    """
    if isinstance(rule, RememberingRule):
        raise ConfigError(
            f"{rule.name} remembers what was before, so that its cost-to-go is none of "
            "the present holdings alone; choose a rule without memory"
        )
    unknown = unknown_keys(config, BOUNDED)
    if unknown or tape.live is not None:
        raise ConfigError(
            f"{config.name} has no values of all holdings: "
            f"{', '.join(unknown) or 'its prices answer to what is held'}; switch "
            "that off"
        )
    orders, costs = order_params(config), path_costs(tape, config, risk_aversion)
    decisions, n = config.episode.decisions, tape.n_paths
    edges = np.empty((decisions, 4, n))
    snap = 0.0
    for step in range(decisions):
        band = rule.band(_observed(rule, tape.rows[step], config, risk_aversion))
        snap = band.snap
        for edge, found in zip(edges[step], band[:4], strict=True):
            edge[:] = found
    shares = np.array(
        [config.execution.charge_opening, config.execution.charge_liquidation], float
    )
    out = np.empty((decisions + 1, holdings.size, n))
    bounds = np.array([orders.low, orders.high, orders.least])
    _go_back(edges, snap, bounds, shares, costs, holdings, out)
    return out


def path_costs(
    tape: MarketTape,
    config: EnvConfig,
    risk_aversion: FloatArray | float,
    best: MinimumVariance | None = None,
) -> PathCosts:
    """Read what everything costs from recorded rows.

    Args:
        tape: Recorded paths.
        config: The hedging problem.
        risk_aversion: lambda, one number or shape (n,) [1/notional].
        best: Holdings of least risk; with them risk is what is expected of holdings
            beyond it, lambda A (y - y*)^2, instead of what happened.
    """
    rows, price = tape.rows, tape.rows[:, order_params(config).price_row]
    move, change, funding = path_moves(tape, config)
    square, product, rest = move**2, 2.0 * move * change, change**2
    if best is not None:
        for step, now in enumerate(rows[:-1]):
            present = np.ascontiguousarray(now)
            square[step], least = best.price_variance(present), best.holdings(present)
            product[step], rest[step] = -2.0 * least, least * least
        product[:-1] *= square[:-1]
        rest[:-1] *= square[:-1]
    return PathCosts(
        unit=rows[:, field.PROPORTIONAL_COST] * price,
        fixed=rows[:, field.FIXED_COST].copy(),
        linear=rows[:, field.IMPACT_LINEAR] * price**2,
        root=rows[:, field.IMPACT_SQRT] * price**1.5,
        square=risk_aversion * square,
        product=risk_aversion * product + funding,
        rest=risk_aversion * rest,
    )


def path_moves(tape: MarketTape, config: EnvConfig) -> PathMoves:
    """Read from recorded rows what holdings gain and pay.

    Args:
        tape: Recorded paths.
        config: The hedging problem.
    """
    rows = tape.rows
    price, book = rows[:, order_params(config).price_row], rows[:, field.BOOK_VALUE]
    move, change, funding = (np.zeros_like(price) for _ in range(3))
    move[:-1], change[:-1] = np.diff(price, axis=0), np.diff(book, axis=0)
    if config.execution.instrument == "perp":
        funding[:-1] = rows[1:, field.FUNDING_ACCRUED]
    return PathMoves(move, change, funding)


def _observed(
    rule: BandRule, rows: FloatArray, config: EnvConfig, risk_aversion: float
) -> dict[str, FloatArray]:
    index, n = observable_index(config), rows.shape[1]
    known = {"risk_aversion": np.full(n, risk_aversion), "holdings": np.zeros(n)}
    return {
        name: known[name] if name in known else rows[index[name]]
        for name in rule.inputs
    }


@scalar_kernel
def cost_of_trade(
    size: float, fixed: float, unit: float, linear: float, root: float
) -> float:
    """Cost of a trade of some units, which is not zero."""
    found: float = fixed + size * unit
    found += size * size * linear + size * np.sqrt(size) * root
    return found


@scalar_kernel
def cost_of_keeping(y: float, square: float, product: float, rest: float) -> float:
    """Risk and funding of holding y over a step."""
    return y * (y * square + product) + rest


@scalar_kernel
def trade_cost(size: float, k: int, i: int, costs: PathCosts) -> float:
    """`cost_of_trade` at decision k of path i."""
    unit, linear, root = costs.unit[k, i], costs.linear[k, i], costs.root[k, i]
    found: float = cost_of_trade(size, costs.fixed[k, i], unit, linear, root)
    return found


@scalar_kernel
def keep_cost(y: float, k: int, i: int, costs: PathCosts) -> float:
    """`cost_of_keeping` over the step from decision k of path i."""
    square, product = costs.square[k, i], costs.product[k, i]
    found: float = cost_of_keeping(y, square, product, costs.rest[k, i])
    return found


@scalar_kernel
def _goal(
    y: float, k: int, i: int, edges: FloatArray, snap: float, bounds: FloatArray
) -> float:
    """Holdings after a decision; exactly y where nothing is traded."""
    goal = banded_target(
        y, edges[k, 0, i], edges[k, 1, i], edges[k, 2, i], edges[k, 3, i], snap
    )
    goal = min(max(goal, bounds[0]), bounds[1])
    return y if abs(goal - y) < bounds[2] else goal


@kernel
def _go_back(
    edges: FloatArray,
    snap: float,
    bounds: FloatArray,
    shares: FloatArray,
    costs: PathCosts,
    holdings: FloatArray,
    out: FloatArray,
) -> None:
    """Fill `out`, path by path; see `pathwise_values`.

    Args:
        edges: Of the bands, shape (decisions, 4, n).
        snap: New holdings closer to 0 than this become 0.
        bounds: Of holdings, and the least order, shape (3,).
        shares: Of the cost of opening and of liquidation that is charged, shape (2,).
        costs: Of the paths.
        holdings: Shape (n_holdings,).
        out: Shape (decisions + 1, n_holdings, n), written.
    """
    decisions, n = edges.shape[0], edges.shape[2]
    # Where a decision trades up to, down to, and 0; and what it costs from there on.
    goals, after = np.empty((decisions, 3)), np.empty((decisions, 3))
    for i in range(n):
        for h in range(holdings.size):
            size = abs(holdings[h])
            last = (
                shares[1] * trade_cost(size, decisions, i, costs) if size > 0.0 else 0.0
            )
            out[decisions, h, i] = last
        for k in range(decisions - 1, -1, -1):
            for g in range(3):
                far = -1e9 if g == 0 else 1e9
                y = _goal(far, k, i, edges, snap, bounds) if g < 2 else 0.0
                goals[k, g] = y
                after[k, g] = _follow(
                    y, k, i, edges, snap, bounds, shares, costs, goals, after
                )
            for h in range(holdings.size):
                y = holdings[h]
                goal = _goal(y, k, i, edges, snap, bounds)
                if goal == y:
                    out[k, h, i] = keep_cost(y, k, i, costs) + out[k + 1, h, i]
                else:
                    share = shares[0] if k == 0 else 1.0
                    paid = share * trade_cost(abs(goal - y), k, i, costs)
                    out[k, h, i] = paid + _reached(goal, k, goals, after)


@scalar_kernel
def _reached(goal: float, k: int, goals: FloatArray, after: FloatArray) -> float:
    """Cost from one of the points that a decision trades to."""
    near = 0
    for g in range(1, 3):
        if abs(goal - goals[k, g]) < abs(goal - goals[k, near]):
            near = g
    found: float = after[k, near]
    return found


@kernel
def _follow(
    y: float,
    k: int,
    i: int,
    edges: FloatArray,
    snap: float,
    bounds: FloatArray,
    shares: FloatArray,
    costs: PathCosts,
    goals: FloatArray,
    after: FloatArray,
) -> float:
    """Cost of keeping y at decision k and following the rule from the next one on."""
    total = keep_cost(y, k, i, costs)
    for j in range(k + 1, edges.shape[0]):
        goal = _goal(y, j, i, edges, snap, bounds)
        if goal != y:
            paid = trade_cost(abs(goal - y), j, i, costs)
            return total + paid + _reached(goal, j, goals, after)
        total += keep_cost(y, j, i, costs)
    size = abs(y)
    last = shares[1] * trade_cost(size, edges.shape[0], i, costs) if size > 0.0 else 0.0
    return total + last
