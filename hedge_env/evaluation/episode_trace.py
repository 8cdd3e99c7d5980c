"""One episode of one policy, decision by decision: what a picture of it shows.

The environment while it is played and the evaluation of a policy record with the same
`EpisodeRecorder`, an observer of `evaluate_on_tape`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.account_rows import N_COMPONENTS
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.desk.accounts import StepRecord, Totals
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate_on_tape
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.recorded import starting_spots, starting_times
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy import Policy


@dataclass(frozen=True)
class EpisodeTrace:
    """What has happened up to decision k; at expiry k is the number of decisions.

    Attributes:
        policy: Name of the policy.
        path_id: Which path.
        date: Of its start, UTC; None if simulated.
        risk_aversion: Lambda the policy acted at [1/notional].
        days: Time since the start, shape (k + 1,) [day].
        spot: Price, shape (k + 1,) [quote].
        strikes: Strikes of the book, rising [quote].
        delta: Holdings that neutralise the book, shape (k + 1,) [-].
        half_width: Half-width of the analytic band, shape (k,) [-].
        holdings: Holdings after the trade, shape (k,) [-].
        trade: Units bought per contract, shape (k,) [-].
        costs: Cost so far by component, shape (n_components, k + 1) [bp].
        tracking: Tracking error so far, shape (k + 1,) [bp].
        gas_price: Shape (k,) [gwei]; None if the market has no gas.
        funding_bp: Rate, shape (k,) [bp a settlement]; None if none is paid.
        options: Units of the option listed now, after the trade, shape (k,) [-]; None
            if none is listed.
    """

    policy: str
    path_id: int
    date: str | None
    risk_aversion: float
    days: FloatArray
    spot: FloatArray
    strikes: tuple[float, ...]
    delta: FloatArray
    half_width: FloatArray
    holdings: FloatArray
    trade: FloatArray
    costs: FloatArray
    tracking: FloatArray
    gas_price: FloatArray | None
    funding_bp: FloatArray | None
    options: FloatArray | None = None


# What is kept: rows as they are seen at a decision, what it did, sums so far.
_SEEN: Final = (
    field.SPOT,
    field.DELTA,
    field.BAND_HALF_WIDTH,
    field.GAS_PRICE,
    field.FUNDING_RATE,
    field.RISK_AVERSION,
)
_SPOT, _DELTA, _HALF_WIDTH, _GAS, _FUNDING, _AVERSION = range(len(_SEEN))
_HOLDINGS, _TRADE, _OPTIONS, _TRACKING, _COSTS = range(len(_SEEN), len(_SEEN) + 5)
_N_KEPT: Final = _COSTS + N_COMPONENTS


class EpisodeRecorder:
    """Keeps the present episode of every path of a batch.

    Args:
        config: The hedging problem.
        n_paths: Size of the batch.
    """

    def __init__(self, config: EnvConfig, n_paths: int) -> None:
        self._config = config
        self._paths = np.arange(n_paths)
        shape = (_N_KEPT, config.episode.decisions + 1, n_paths)
        self._values: FloatArray = np.full(shape, np.nan)

    def begin(self, rows: FloatArray, totals: Totals) -> None:
        """Keep where every path is now: before a first decision, or resumed.

        Args:
            rows: Shape (N_FIELDS, n).
            totals: Of the episodes so far.
        """
        step = self._see(rows)
        self._values[_COSTS:, step, self._paths] = totals.cost_components
        self._values[_TRACKING, step, self._paths] = totals.tracking

    def __call__(
        self, before: FloatArray, record: StepRecord, after: FloatArray
    ) -> None:
        """Keep one decision of every path; see `evaluate.Observer`."""
        values, now = self._values, self._see(before)
        runs = now < self._config.episode.decisions
        path, now = self._paths[runs], now[runs]
        is_first = now == 0
        values[_TRACKING:, 0, path[is_first]] = 0.0
        values[_HOLDINGS, now, path] = (before[field.HOLDINGS] + record.traded)[runs]
        values[_TRADE, now, path] = record.traded[runs]
        if self._config.execution.option is not None:
            units = before[field.OPTION_HOLDINGS] + record.option_traded
            values[_OPTIONS, now, path] = units[runs]
        sums = values[_TRACKING:, now, path]
        sums[0] += record.tracking_increment[runs]
        sums[1:] += record.cost_components[:, runs]
        values[_TRACKING:, now + 1, path] = sums
        self._see(after)

    def _see(self, rows: FloatArray) -> IntArray:
        """Keep the rows of every path at its own decision, shape (n,), returned."""
        step: IntArray = rows[field.STEP].astype(np.int64)
        self._values[: len(_SEEN), step, self._paths] = rows[list(_SEEN)]
        return step

    def trace(
        self,
        place: int,
        n_decisions: int,
        *,
        policy: str = "",
        path_id: int = 0,
        spot: float = 1.0,
        date: str | None = None,
    ) -> EpisodeTrace:
        """The episode of one path.

        Args:
            place: Of the path in the batch.
            n_decisions: Decisions it has taken.
            policy: Name of the policy.
            path_id: Which path.
            spot: At its start [quote].
            date: Of its start; None if simulated.
        """
        config = self._config
        kept = self._values[:, : n_decisions + 1, place]
        taken = kept[:, :n_decisions]
        pays_funding = (
            config.execution.instrument == "perp" and config.market.funding is not None
        )
        days: FloatArray = np.arange(n_decisions + 1, dtype=np.float64)
        days *= config.episode.decision_interval_hours / HOURS_PER_DAY
        return EpisodeTrace(
            policy=policy,
            path_id=path_id,
            date=date,
            risk_aversion=float(kept[_AVERSION, -1]),
            days=days,
            spot=kept[_SPOT] * spot,
            strikes=strikes_of(config, spot),
            delta=kept[_DELTA],
            half_width=taken[_HALF_WIDTH],
            holdings=taken[_HOLDINGS],
            trade=taken[_TRADE],
            costs=kept[_COSTS:] / BASIS_POINT,
            tracking=kept[_TRACKING] / BASIS_POINT,
            gas_price=taken[_GAS] if config.market.gas is not None else None,
            funding_bp=taken[_FUNDING] / BASIS_POINT if pays_funding else None,
            options=None if config.execution.option is None else taken[_OPTIONS],
        )


def strikes_of(config: EnvConfig, spot: float) -> tuple[float, ...]:
    """Distinct strikes of the book, rising [quote].

    Args:
        config: The hedging problem.
        spot: Price at the start of the episode [quote].
    """
    return tuple(strike * spot for strike in config.book.strikes)


def typical_path(table: EpisodeTable) -> int:
    """Path whose objective is the median of all: neither lucky nor unlucky."""
    order = np.argsort(table.objective, kind="stable")
    return int(table.path_id[order[len(order) // 2]])


def record_episode(
    policy: Policy,
    config: EnvConfig,
    *,
    path_id: int,
    risk_aversion: float,
    seed: int,
    stream: str = "test",
) -> EpisodeTrace:
    """Evaluate a policy on one path and keep everything that the picture shows.

    Args:
        policy: Left as it is.
        config: The hedging problem.
        path_id: Which path.
        risk_aversion: Lambda the policy acts at [1/notional].
        seed: Seed of the market.
        stream: training, validation or test.

    Raises:
        HedgeError: If the policy reads what the config does not show.
        ValueError: If a target has the wrong shape or is not finite.
    """
    path = np.array([path_id])
    tape = record_tape(config, path, seed=seed, stream=stream)
    recorder = EpisodeRecorder(config, 1)
    evaluate_on_tape(policy, tape, config, risk_aversion, observer=recorder)
    start = starting_times(config, path, seed=seed, stream=stream)
    return recorder.trace(
        0,
        config.episode.decisions,
        policy=policy.name,
        path_id=path_id,
        spot=float(starting_spots(config, path, seed=seed, stream=stream)[0]),
        date=None if start is None else date_text(int(start[0])),
    )
