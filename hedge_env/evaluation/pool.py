r"""A pool of depositors: the price of a share, how far it falls, and who pays what.

The share price starts at 1 and follows what the notional earns after cost,

.. math:: V_k = 1 + \sum_{j < k} (\text{hedge P\&L} + \text{book P\&L} - \text{cost})_j,

and its drawdown is :math:`\max_k (1 - V_k / \max_{j \le k} V_j)`.

Depositors of equal shares pay alike, and share each transaction's gas. With deposits of
the size they have, :math:`N` depositors make a pool :math:`s = N / N_0` times as large.
The same trades of it cost each of them, as a share of the deposit,

.. math:: c(N) = c_{value} + c_{gas} / s + c_{impact}\, s^e

with costs in proportion to value, costs per transaction, and impact, whose exponent
:math:`e` is 1 where it is linear in size and 1/2 where it is a square root.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, ExecutionConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tapes
from hedge_env.policies.policy import Policy

_CHUNK = 4096  # paths in memory at a time
# Components of cost that a transaction has whatever its size; impact grows faster than
# its value; all others are in proportion to it.
PER_TRANSACTION: Final = ("gas", "fixed", "failed_gas", "keeper")
IMPACT: Final = "impact"


class CostShares(NamedTuple):
    """Cost of a pool by how it grows with its size [notional]."""

    value: float  # in proportion to value
    transactions: float  # the same bill, whatever the size
    impact: float
    exponent: float  # of impact in size, over that of value [-]


def cost_shares(
    components: Mapping[str, float], execution: ExecutionConfig
) -> CostShares | None:
    """Sort the components of a cost by how they grow.

    Args:
        components: By their names in `COST_COMPONENTS`, in any one unit.
        execution: What a trade costs.

    Returns:
        None where impact has parts that grow differently, or how is not known.
    """
    if execution.moves_perpetual:
        return None  # what a position loses by its own orders grows with its square
    linear, root = execution.depth is not None, execution.square_root_impact > 0.0
    if (linear and root) or execution.venues or execution.slicing is not None:
        return None
    bill = sum(components[name] for name in PER_TRANSACTION)
    others = set(COST_COMPONENTS) - {*PER_TRANSACTION, IMPACT}
    return CostShares(
        value=sum(components[name] for name in COST_COMPONENTS if name in others),
        transactions=bill,
        impact=components[IMPACT],
        exponent=1.0 if linear else 0.5,
    )


def cost_of_depositor(shares: CostShares, size: float) -> float:
    """Cost of a depositor in the unit of the shares, per deposit; see the module.

    Args:
        shares: Of the pool as it is.
        size: Number of depositors over what it is now, positive [-].
    """
    impact = shares.impact * float(size**shares.exponent)
    return shares.value + shares.transactions / size + impact


def drawdown(prices: FloatArray) -> FloatArray:
    """Largest fall from a peak before it, shape (n,) [-].

    Args:
        prices: Positive, shape (times, n).
    """
    peaks = np.maximum.accumulate(prices, axis=0)
    worst: FloatArray = np.max(1.0 - prices / peaks, axis=0)
    return worst


class _SharePrice:
    """Follows the price of a share on each path; see `evaluate.Observer`."""

    def __init__(self, n_paths: int) -> None:
        self.prices: list[FloatArray] = [np.ones(n_paths)]

    def __call__(
        self, before: FloatArray, record: StepRecord, after: FloatArray
    ) -> None:
        del before, after
        gain = record.tracking_increment - record.cost
        self.prices.append(self.prices[-1] + gain)


def share_prices(
    policy: Policy,
    config: EnvConfig,
    risk_aversion: float,
    *,
    n_paths: int,
    seed: int = 0,
    stream: str = "test",
) -> FloatArray:
    """Price of a share at each decision and the end, shape (decisions + 1, n_paths).

    Args:
        policy: Any policy.
        config: The hedging problem.
        risk_aversion: Lambda that it acts at [1/notional].
        n_paths: Number of paths.
        seed: Of the market.
        stream: training, validation or test.
    """
    parts = []
    for tape in record_tapes(config, n_paths, _CHUNK, seed=seed, stream=stream):
        seen = _SharePrice(tape.n_paths)
        evaluate_on_tape(policy, tape, config, risk_aversion, observer=seen)
        parts.append(np.stack(seen.prices))
    return np.concatenate(parts, axis=1)
