"""One episode of several policies, step by step, without a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.desk.instruments import complete_target
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.recorded import starting_spots, starting_times
from hedge_env.policies.policy import Policy

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class EpisodeTrace:
    """What happened at each decision; expiry is the last entry.

    Attributes:
        policy: Name of the policy.
        path_id: Which test path.
        date: Of its start, UTC; None if simulated.
        risk_aversion: Lambda the policy acted at [1/notional].
        days: Time since the start, shape (n + 1,) [day].
        spot: Price, shape (n + 1,) [quote].
        strikes: Strikes of the book [quote].
        delta: Holdings that neutralise the book, shape (n + 1,) [-].
        half_width: Half-width of the analytic band, shape (n,) [-].
        holdings: Holdings after the trade, shape (n,) [-].
        trade: Units bought per contract, shape (n,) [-].
        costs: Cost so far by component, shape (n_components, n + 1) [bp].
        tracking: Tracking error so far, shape (n + 1,) [bp].
        gas_price: Shape (n,) [gwei]; None if the market has no gas.
        funding_bp: Rate, shape (n,) [bp a settlement]; None if none is paid.
        options: Units of the option listed now, after the trade, shape (n,) [-]; None
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
    """Run one path and keep everything that the picture shows.

    Args:
        policy: It is reset.
        config: The hedging problem.
        path_id: Which path.
        risk_aversion: Lambda the policy acts at [1/notional].
        seed: Seed of the market.
        stream: training, validation or test.
    """
    batch = HedgeBatch(config, 1, seed=seed, stream=stream)
    batch.reset(np.array([path_id]), risk_aversion=risk_aversion)
    policy.reset(1)
    shown = ("spot", "delta", "band_half_width", "gas_price", "funding_rate")
    seen = {name: np.zeros(batch.n_decisions + 1) for name in shown}
    holdings, trade = np.zeros(batch.n_decisions), np.zeros(batch.n_decisions)
    units = np.zeros(batch.n_decisions)
    costs = np.zeros((len(COST_COMPONENTS), batch.n_decisions + 1))
    tracking = np.zeros(batch.n_decisions + 1)
    for step in range(batch.n_decisions + 1):
        observables = batch.observables()
        for name, values in seen.items():
            values[step] = observables[name][0]
        if step == batch.n_decisions:
            break
        held = observables["holdings"][0]
        given = policy.target(observables)
        target = complete_target(given, batch.rows, batch.instruments, policy.name).T
        for option in batch.instruments[1:]:
            units[step] = np.clip(target[0, 1], option.low, option.high)
        record = batch.advance(target)
        trade[step] = record.traded[0]
        holdings[step] = held + record.traded[0]
        costs[:, step + 1] = record.cost_components[:, 0]
        tracking[step + 1] = record.tracking_increment[0]
    path = np.array([path_id])
    spot = float(starting_spots(config, path, seed=seed, stream=stream)[0])
    start = starting_times(config, path, seed=seed, stream=stream)
    pays_gas = config.execution.gas_units > 0.0
    pays_funding = config.execution.instrument == "perp" and config.market.funding
    per_day = HOURS_PER_DAY / config.episode.decision_interval_hours
    return EpisodeTrace(
        policy=policy.name,
        path_id=path_id,
        date=None if start is None else date_text(int(start[0])),
        risk_aversion=risk_aversion,
        days=np.arange(batch.n_decisions + 1) / per_day,
        spot=seen["spot"] * spot,
        strikes=tuple(strike * spot for strike in config.book.strikes),
        delta=seen["delta"],
        half_width=seen["band_half_width"][:-1],
        holdings=holdings,
        trade=trade,
        costs=np.cumsum(costs, axis=1) / BASIS_POINT,
        tracking=np.cumsum(tracking) / BASIS_POINT,
        gas_price=seen["gas_price"][:-1] if pays_gas else None,
        funding_bp=seen["funding_rate"][:-1] / BASIS_POINT if pays_funding else None,
        options=units if batch.n_instruments > 1 else None,
    )
