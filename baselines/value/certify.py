r"""A lower bound on J in any market whose paths do not react to what is held.

The bound of `optimum/lower_bound` with V the value of all holdings, by a network that
knows the whole state (`network_value`), regressed (`fit`) or by programmes of frozen
volatilities (`baselines/frozen`), and every expectation by
weighted draws of the simulator (`risk/next_rows`), none of which is the path's own next
step. Trades of the relaxed player are charged what they cost on the path: fixed and
proportional cost, impact, liquidation. Draws of the present
state know all of it; so does V, where a policy does not see the diffusive volatility.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.capabilities import BOUNDED, unknown_keys
from hedge_env.baselines.optimum.lower_bound import Bound, require_exogenous
from hedge_env.baselines.optimum.relaxed_path import trade_on_paths
from hedge_env.baselines.value.impact import trade_with_impact
from hedge_env.baselines.value.penalties import (
    Careful,
    Value,
    parabola,
    penalties,
    risk_moments,
    trade_cost,
    trading_costs,
)
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.orders import order_params
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape, record_tapes
from hedge_env.policies.policy import Policy

_CHUNK = 32  # paths whose draws are in memory at a time


@dataclass(frozen=True)
class Certified(Bound):
    """A bound, and what of it nobody can avoid.

    Attributes:
        floor: Risk that the holdings of least risk leave on each path, shape (n,); its
            mean is the least J of free trades [notional].
    """

    floor: FloatArray


def certify(
    config: EnvConfig,
    value: Value,
    policies: Sequence[Policy],
    n_paths: int,
    *,
    careful: Careful | None = None,
    seed: int = 0,
    stream: str = "test",
) -> Certified:
    """Bound J from below, and value policies on the same paths.

    Args:
        config: The hedging problem.
        value: V, of other paths.
        policies: Each runs on all paths at the risk aversion of `value`.
        n_paths: Number of paths.
        careful: Grid and draws.
        seed: Of the market.
        stream: Of the paths.

    Raises:
        ConfigError: If paths of the market depend on what is held, or if orders can do
            anything but fill at once.
    """
    require_bounded(config)
    careful = careful or Careful()
    parts = []
    for tape in record_tapes(config, n_paths, _CHUNK, seed=seed, stream=stream):
        parts.append(_part(config, value, policies, tape, careful, seed, stream))
    return Certified(
        np.concatenate([one.lower for one in parts]),
        np.concatenate([one.values for one in parts], axis=1),
        np.concatenate([one.floor for one in parts]),
    )


def require_bounded(config: EnvConfig) -> None:
    """Refuse a market that has no bound here.

    Raises:
        HedgeError: With the reason.
    """
    require_exogenous(config)
    unknown = unknown_keys(config, BOUNDED)
    if unknown:
        raise ConfigError(
            f"{config.name} has no bound: {', '.join(unknown)} would have to be in the "
            "relaxed player's problem; set each to its default"
        )


def _part(
    config: EnvConfig,
    value: Value,
    policies: Sequence[Policy],
    tape: MarketTape,
    careful: Careful,
    seed: int,
    stream: str,
) -> Certified:
    orders, paths = order_params(config), tape.rows
    y = _holdings(orders.low, orders.high, careful.n_holdings)
    moments, floor = risk_moments(config, value, tape, careful, seed, stream)
    stages = penalties(config, value, tape, careful, y, seed, stream)
    runs = [_run(p, tape, config, value.risk_aversion) for p in policies]
    values = np.array([cost for cost, _ in runs]).reshape(len(runs), tape.n_paths)
    after = trading_costs(paths[-1], value.price_row)
    lower = value.charged_at_end * trade_cost(after, y, 0.0)
    for step in reversed(range(config.episode.decisions)):
        for one, (_, held) in zip(values, runs, strict=True):
            one += parabola(moments[step], held[step][:, None])[:, 0]
            one += read_at(y, stages[step], held[step])
        kept = lower + stages[step] + parabola(moments[step], y)
        charged = 1.0 if step > 0 or config.execution.charge_opening else 0.0
        costs = [charged * cost for cost in trading_costs(paths[step], value.price_row)]
        if any(each.any() for each in costs[2:]):
            unit, fixed, linear, root = costs
            trade_with_impact(kept, unit, fixed, linear, root, y, lower)
        else:
            unit, fixed = costs[:2]  # no fee has a limit here: `BOUNDED`
            trade_on_paths(kept, unit, fixed, np.zeros_like(unit), np.inf, y, lower)
    flat = int(np.argmin(np.abs(y)))
    return Certified(lower[:, flat].copy(), values, floor)


def _holdings(low: float, high: float, n: int) -> FloatArray:
    """An even grid over the bounds, with exactly 0 on it."""
    step = (high - low) / (n - 1)
    below = int(np.ceil(max(-low, 0.0) / step - 1e-9))
    above = int(np.ceil(max(high, 0.0) / step - 1e-9))
    found: FloatArray = step * np.arange(-below, above + 1).astype(np.float64)
    return found


def _run(
    policy: Policy, tape: MarketTape, config: EnvConfig, risk_aversion: float
) -> tuple[FloatArray, list[FloatArray]]:
    """Cost of trades without funding, and what was held over each step."""
    held: list[FloatArray] = []
    funding = np.zeros(tape.n_paths)
    paid = 1.0 if config.execution.instrument == "perp" else 0.0

    def look(before: FloatArray, record: StepRecord, after: FloatArray) -> None:
        y = before[field.HOLDINGS] + record.traded
        held.append(y)
        funding[:] += paid * y * after[field.FUNDING_ACCRUED]

    table = evaluate_on_tape(policy, tape, config, risk_aversion, observer=look)
    return table.cost - funding, held


def read_at(y: FloatArray, values: FloatArray, held: FloatArray) -> FloatArray:
    """Read a row of each path at a holding, on a line; exactly 0 has its own value."""
    step = y[1] - y[0]
    place = np.clip((held - y[0]) / step, 0.0, y.size - 1.0)
    near = np.round(place)
    place = np.where(np.abs(place - near) < 1e-9, near, place)
    low = np.minimum(place.astype(np.int64), y.size - 2)
    share, each = place - low, np.arange(held.size)
    found: FloatArray = (1.0 - share) * values[each, low]
    found += share * values[each, low + 1]
    return found
