"""The no-trade band that any policy plays, found by asking it.

A policy is asked what it would do with other holdings in the same state of the market:
below its lower edge it buys, above its upper edge it sells. Both edges are bisected.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.field import FIELDS
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.band_position import observe_position
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape
from hedge_env.policies.policy import Policy

_HALVINGS = 18  # of the interval that an edge is looked for in
_SURE = 1e-6  # of the largest holdings: below, no difference between two edges
_LEAST_SHARE = 0.5  # of states in which a policy must have a band


class PolicyBand(NamedTuple):
    """Where a policy lets holdings be.

    Attributes:
        low: Lower edge, below which it buys, shape (n,) [-].
        high: Upper edge, above which it sells, shape (n,) [-].
        known: Whether there is a band between both, shape (n,).
    """

    low: FloatArray
    high: FloatArray
    known: BoolArray


def visited_states(
    policy: Policy,
    tape: MarketTape,
    config: EnvConfig,
    risk_aversion: float | None,
    *,
    per_decision: int,
    seed: int,
) -> FloatArray:
    """Rows of states that a policy comes to, shape (N_FIELDS, n).

    Args:
        policy: For one instrument.
        tape: Paths that it plays.
        config: The hedging problem.
        risk_aversion: lambda [1/notional]; None for the config's.
        per_decision: Paths whose state is kept, drawn anew at each decision.
        seed: Of what is kept.
    """
    random = np.random.default_rng(seed)
    kept: list[FloatArray] = []

    def keep(before: FloatArray, record: StepRecord, after: FloatArray) -> None:
        del record, after
        n = before.shape[1]
        picked = random.choice(n, min(per_decision, n), replace=False)
        kept.append(before[: len(FIELDS), picked].copy())

    evaluate_on_tape(policy, tape, config, risk_aversion, observer=keep)
    return np.hstack(kept)


def policy_band(policy: Policy, rows: FloatArray, config: EnvConfig) -> PolicyBand:
    """Edges of the band that a policy plays in some states.

    Args:
        policy: For one instrument, without memory.
        rows: Shape (N_FIELDS, n); holdings and what follows from them do not matter.
        config: The hedging problem.
    """
    low, high = config.holdings_bounds
    size = max(abs(low), abs(high))
    least, most = low - size, high + size

    def edge(sign: float) -> FloatArray:
        """Where the policy stops trading in the direction of the sign."""
        trades = np.full(rows.shape[1], least if sign > 0.0 else most)
        waits = np.full(rows.shape[1], most if sign > 0.0 else least)
        for _ in range(_HALVINGS):
            middle = 0.5 * (trades + waits)
            moves = sign * (_target(policy, rows, middle) - middle) > 0.0
            trades = np.where(moves, middle, trades)
            waits = np.where(moves, waits, middle)
        found: FloatArray = 0.5 * (trades + waits)
        return found

    lower, upper = edge(1.0), edge(-1.0)
    # Who trades nowhere has no edges, and who always trades has them in one place.
    blur = 2.0 * (most - least) * 2.0**-_HALVINGS + _SURE * size
    inside = (lower > least + blur) & (upper < most - blur)
    wide = upper - lower > blur
    return PolicyBand(low=lower, high=upper, known=inside & wide)


def require_band(policy: Policy, band: PolicyBand) -> None:
    """Refuse a policy that has a band in too few states.

    Raises:
        ConfigError: If that is fewer than half of them.
    """
    if band.known.mean() < _LEAST_SHARE:
        share = 100.0 * band.known.mean()
        raise ConfigError(
            f"{policy.name} holds still in a band of holdings in {share:.0f} % of its "
            "states, so that no band can be written down; distill a policy of action "
            "mode band, band_free or discrete"
        )


def _target(policy: Policy, rows: FloatArray, holdings: FloatArray) -> FloatArray:
    """What the policy would hold next, with these holdings now, shape (n,)."""
    asked = rows.copy()
    asked[field.HOLDINGS] = holdings
    observe_position(asked)
    named = dict(zip(FIELDS, asked, strict=True))
    target: FloatArray = policy.target(named)[:, 0]
    return target
