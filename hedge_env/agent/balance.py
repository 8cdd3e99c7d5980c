r"""Rewards of many risk aversions brought to one size, so that each is learned.

What can be gained at a risk aversion grows with it: J less its floor is 28, 48 and 85
bp at lambda 2, 10 and 50 in `reference`. An agent that is to act at all of them, and is
paid in basis points, learns the highest first and the lowest last. Its rewards are
multiplied by

.. math:: w(\lambda) = V(\bar\lambda) / V(\lambda), \quad
          \bar\lambda = \sqrt{\lambda_{low} \lambda_{high}}

with :math:`V(\lambda)` what trading costs, in the mean of an episode and without
funding, when holdings follow the analytic no-trade band. A band that is the best leaves
risk in a fixed proportion to cost, 1/2 where costs are proportional and 1 where they
are fixed, so that V is proportional to what a policy can gain; J itself, most of which
nobody can avoid, is not. One factor per episode changes no optimum.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from hedge_env.agent.actions import ActionDecoder
from hedge_env.base.account_rows import FUNDING
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.desk.batch import HedgeBatch

_LEVELS: Final = 5  # risk aversions it is measured at, between them it is interpolated
_PATHS: Final = 2048  # V to 1 %, its ratios on common paths closer
_KEPT: Final = 16  # problems whose measurement a process remembers
_LEAST_COST: Final = 1e-9  # [notional] below: nothing is paid for a trade


class Balance(NamedTuple):
    """w(lambda) as a table; outside the range it is that of the nearer end.

    Attributes:
        log_risk_aversion: Rising.
        log_weight: At each.
    """

    log_risk_aversion: tuple[float, ...]
    log_weight: tuple[float, ...]

    def weight(self, risk_aversion: FloatArray) -> FloatArray:
        """Factor w of each path, shape (n,) [-].

        Args:
            risk_aversion: lambda, positive, shape (n,) [1/notional].
        """
        at = np.log(risk_aversion)
        found: FloatArray = np.exp(
            np.interp(at, self.log_risk_aversion, self.log_weight)
        )
        return found


def measure_balance(config: EnvConfig, *, seed: int) -> Balance | None:
    """Measure V on paths of a seed; None where risk aversion is one number.

    Args:
        config: The hedging problem; what is paid and seen in it does not matter.
        seed: Of the paths, which no run should see.

    Returns:
        The same for the same problem and seed, to the last bit.
    """
    setting = config.risk_aversion
    if not isinstance(setting, RiskAversionRange) or setting.low == setting.high:
        return None
    return _measured(config.model_dump_json(), seed)


@lru_cache(maxsize=_KEPT)
def _measured(document: str, seed: int) -> Balance:
    config = EnvConfig.model_validate_json(document)
    setting = config.risk_aversion
    assert isinstance(setting, RiskAversionRange)
    levels = np.geomspace(setting.low, setting.high, _LEVELS)
    costs = np.array([_cost_of_the_band(config, level, seed) for level in levels])
    if costs.min() < _LEAST_COST:  # no cost: what is left of J is linear in lambda
        costs = levels
    logs = np.log(costs)
    weights = logs[_LEVELS // 2] - logs
    return Balance(tuple(np.log(levels).tolist()), tuple(weights.tolist()))


def _cost_of_the_band(config: EnvConfig, risk_aversion: float, seed: int) -> float:
    """Mean cost of an episode without funding, zero action in mode band [notional]."""
    batch = HedgeBatch(config, _PATHS, seed=seed, stream="training")
    decoder = ActionDecoder(config, "band")
    action = np.zeros((_PATHS, *decoder.shape))
    batch.reset(np.arange(_PATHS), risk_aversion=risk_aversion)
    total = 0.0
    for _ in range(batch.n_decisions):
        record = batch.advance(decoder.decode(action, batch.seen))
        total += float((record.cost - record.cost_components[FUNDING]).sum())
    return total / _PATHS
