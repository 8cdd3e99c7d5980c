r"""How far spot falls within a day, and a policy's own share of it.

The fall of a path is the largest of log spot from one decision to one of the day after
it,

.. math:: F = \max_{k < l \le k + d} \; \ln S_k - \ln S_l

with d decisions to a day. A policy's own share is what the same random numbers give
less where its orders do not move spot (`execution.permanent_impact` = 0).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tapes
from hedge_env.policies.policy import Policy

_CHUNK = 4096  # paths in memory at a time


class Tails(NamedTuple):
    """What a policy's paths came to, shape (n,) each."""

    falls: FloatArray  # F [-]
    losses: FloatArray  # net, of the policy [notional]
    objective: FloatArray  # [notional]


def day_of(config: EnvConfig) -> int:
    """Decisions to a day, at least 1."""
    return max(1, round(HOURS_PER_DAY / config.episode.decision_interval_hours))


def falls(spots: FloatArray, window: int) -> FloatArray:
    """Largest fall F of log spot within a window, shape (n,), 0 or more.

    Args:
        spots: At decisions, positive, shape (times, n).
        window: d, at least 1.
    """
    log_spot = np.log(spots)
    worst = np.zeros(spots.shape[1])
    for later in range(1, min(window, spots.shape[0] - 1) + 1):
        fall = log_spot[:-later] - log_spot[later:]
        worst = np.maximum(worst, fall.max(axis=0))
    return worst


class _Spot:
    """Follows spot on each path; see `evaluate.Observer`."""

    def __init__(self) -> None:
        self.seen: list[FloatArray] = []

    def __call__(
        self, before: FloatArray, record: StepRecord, after: FloatArray
    ) -> None:
        del record
        if not self.seen:
            self.seen.append(before[field.SPOT].copy())
        self.seen.append(after[field.SPOT].copy())


def tails(
    policy: Policy,
    config: EnvConfig,
    risk_aversion: float | None,
    *,
    n_paths: int,
    seed: int = 0,
    stream: str = "test",
) -> Tails:
    """Play a policy and look at spot and losses on every path.

    Args:
        policy: Any policy.
        config: The hedging problem.
        risk_aversion: Lambda that it acts at [1/notional]; None: the config's.
        n_paths: Number of paths.
        seed: Of the market.
        stream: training, validation or test.
    """
    parts = []
    for tape in record_tapes(config, n_paths, _CHUNK, seed=seed, stream=stream):
        spot = _Spot()
        table = evaluate_on_tape(policy, tape, config, risk_aversion, observer=spot)
        fall = falls(np.stack(spot.seen), day_of(config))
        parts.append((fall, table.net_loss, table.objective))
    return Tails(*(np.concatenate(part) for part in zip(*parts, strict=True)))
