r"""Where a policy's profit and loss come from, and when it trades.

Over one decision interval the book's value changes, to second order, by

.. math:: \Delta B \approx -\Delta \, dS - \tfrac12 \Gamma \, dS^2 + \Theta \, dt
          + V \, d\sigma

with the holdings :math:`\Delta` that neutralise it, its :math:`\Gamma` (positive where
it is short gamma), vega :math:`V` and implied volatility :math:`\sigma`. Rates are
zero, so that :math:`\Theta = -V \hat\sigma / (2 \tau)` with the volatility that the
options are marked at, :math:`\hat\sigma = V / (-\Gamma S^2 \tau)`. The profit of the
hedge less :math:`\Delta \, dS` is what holding something else than delta won or lost.
What is left of the profit of book and hedge together is the rest: skew and curvature,
jumps, legs of other maturities, higher orders; by its definition the sum is exact.

Where options are listed, the Greeks are those of the book and of the options held
after the decision's trade. Their maturities, and those in a book of more than European
options, are others than the book's, so that time is counted by gamma,
:math:`\Theta = \tfrac12 \Gamma \sigma^2 S^2`, and not at all without vega: what pays
for the gamma of liquidity are fees, in the rest. Orders of clients join the book when
they arrive: what they move until the next decision is in the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.band_scaling import BandScaling, band_scaling
from hedge_env.evaluation.evaluate import Entry, evaluate_on_tape
from hedge_env.evaluation.policy_band import visited_states
from hedge_env.feeds.tape import MarketTape, record_tape
from hedge_env.policies.policy import Policy

PNL_PARTS: Final = ("delta", "gamma", "theta", "vega", "rest")
BINS = 10  # of time and of gas
_OWN_VOLATILITY = (0.5, 2.0)  # range of marking over at-the-money volatility
_LEAST = 1e-300
_CHUNK = 1024  # paths
_STATES, _STATE_PATHS = 2000, 128  # in which a policy's band is looked for, and of


@dataclass(frozen=True)
class Attribution:
    """Means over episodes of one policy.

    Attributes:
        n_episodes: Number of paths.
        pnl_bp: Mean profit of book and hedge by `PNL_PARTS` [bp].
        pnl_std_bp: Standard deviation over episodes of each part [bp].
        mean_error: Mean of holdings minus delta after each decision: a bet on the
            direction of spot that hides in the hedge [-].
        mean_absolute_error: Mean of its size [-].
        trades_by_time: Trades per episode in each tenth of its time, the first first.
        trades_by_gas: Trades per episode at each tenth of gas prices, the cheapest
            first; None where gas does not move.
        mean_error_se: Standard error of `mean_error`, over paths [-]; None of one path.
        r_squared: Share of the variance of the holdings, over all decisions, that a
            straight line in delta explains: near 1 for a hedge, near 0 for a bet; None
            where nothing is held or delta stands still.
        band: How the width of its band grows with gamma and with costs; None of a
            policy that has no band, or more than one instrument.
    """

    n_episodes: int
    pnl_bp: dict[str, float]
    pnl_std_bp: dict[str, float]
    mean_error: float
    mean_absolute_error: float
    trades_by_time: list[float]
    trades_by_gas: list[float] | None
    mean_error_se: float | None = None
    r_squared: float | None = None
    band: BandScaling | None = None


class Attributor:
    """Adds up the parts of each episode as its decisions are taken.

    Args:
        n_paths: Size of the batch.
        config: The hedging problem.
        gas_edges: Inner edges between the tenths of gas prices; None without gas.

    Attributes:
        pnl: Profit by `PNL_PARTS`, shape (parts, n_paths) [notional].
        error: Sum of holdings minus delta, shape (n_paths,) [-].
        absolute_error: Sum of its size, shape (n_paths,) [-].
        by_time: Trades of all paths by tenths of the episode.
        by_gas: Trades of all paths by tenths of gas prices.
        moments: Sums over decisions of holdings h, delta d, h^2, d^2 and h d, shape
            (5, n_paths).
    """

    def __init__(
        self, n_paths: int, config: EnvConfig, gas_edges: FloatArray | None
    ) -> None:
        self.pnl: FloatArray = np.zeros((len(PNL_PARTS), n_paths))
        self.error: FloatArray = np.zeros(n_paths)
        self.absolute_error: FloatArray = np.zeros(n_paths)
        self.moments: FloatArray = np.zeros((5, n_paths))
        self.by_time: FloatArray = np.zeros(BINS)
        self.by_gas: FloatArray = np.zeros(BINS)
        self._decisions = config.episode.decisions
        self._years = config.episode.years_per_decision
        self._gas_edges = gas_edges
        self._one_clock = not config.book.others
        self._step = 0

    def __call__(
        self, before: FloatArray, record: StepRecord, after: FloatArray
    ) -> None:
        """Add one decision of every path; see `evaluation.Observer`."""
        rows, clock = (before, record, after, self._years), self._one_clock
        self.pnl += interval_parts(*rows, one_clock=clock)
        held = before[field.HOLDINGS] + record.traded
        delta = greeks_held(before, record)[0]
        self.moments += (held, delta, held**2, delta**2, held * delta)
        error = held - delta
        self.error += error
        self.absolute_error += np.abs(error)
        traded = record.traded != 0.0
        self.by_time[BINS * self._step // self._decisions] += np.count_nonzero(traded)
        if self._gas_edges is not None:
            places = np.searchsorted(self._gas_edges, before[field.GAS_PRICE][traded])
            self.by_gas += np.bincount(places, minlength=BINS)
        self._step += 1


def interval_parts(
    before: FloatArray,
    record: StepRecord,
    after: FloatArray,
    years: float,
    *,
    one_clock: bool = True,
) -> FloatArray:
    """Profit of book and hedge over one interval by part; see the module docstring.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        record: What the decision did.
        after: Rows at the next decision.
        years: Between two decisions.
        one_clock: Whether the book is European options alone.

    Returns:
        By `PNL_PARTS`, shape (parts, n) [notional]; the sum is the record's
        `hedge_pnl + book_pnl`.
    """
    delta, gamma, vega = greeks_held(before, record)
    spot, volatility = before[field.SPOT], before[field.IMPLIED_VOLATILITY]
    move = after[field.SPOT] - spot
    listed = before.shape[0] > field.N_FIELDS
    held = (before[field.HOLDINGS] + record.traded) * move
    parts = np.empty((len(PNL_PARTS), spot.size))
    parts[0] = (held if listed else record.hedge_pnl) - delta * move
    parts[1] = -0.5 * gamma * move**2
    if listed or not one_clock:
        by_gamma = 0.5 * gamma * (volatility * spot) ** 2 * years
        parts[2] = np.where(vega == 0.0, 0.0, by_gamma)
    else:
        parts[2] = _theta_as_marked(before, after)
    parts[3] = vega * (after[field.IMPLIED_VOLATILITY] - volatility)
    parts[4] = record.hedge_pnl + record.book_pnl - parts[:4].sum(axis=0)
    return parts


def greeks_held(
    before: FloatArray, record: StepRecord
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Delta, gamma and vega after the decision's trade in options, shape (n,) each.

    The rows at the decision are those of the book and of the options held before it.

    Args:
        before: Rows at the decision, shape (at least N_FIELDS, n).
        record: What the decision did.
    """
    delta, gamma, vega = (before[row] for row in (field.DELTA, field.GAMMA, field.VEGA))
    if before.shape[0] == field.N_FIELDS:
        return delta, gamma, vega
    bought = record.option_traded
    return (
        delta - bought * before[field.OPTION_DELTA],
        gamma - bought * before[field.OPTION_GAMMA],
        vega + bought * before[field.OPTION_VEGA],
    )


def _theta_as_marked(before: FloatArray, after: FloatArray) -> FloatArray:
    """What time brings a book at the volatility that its options are marked at."""
    spot, gamma, vega = (before[row] for row in (field.SPOT, field.GAMMA, field.VEGA))
    time = before[field.TIME_TO_MATURITY]
    volatility = before[field.IMPLIED_VOLATILITY]
    low, high = _OWN_VOLATILITY
    ratio = np.abs(vega) / (np.abs(gamma) * spot**2 * time * volatility + _LEAST)
    own = volatility * np.clip(ratio, low, high)
    passed = time - after[field.TIME_TO_MATURITY]  # none after the last payoff
    theta: FloatArray = -0.5 * vega * own / np.maximum(time, _LEAST) * passed
    return theta


def gas_tenths(tape: MarketTape) -> FloatArray | None:
    """Inner edges between the tenths of all gas prices.

    None if gas does not move, or if the market is not recorded since it reacts to what
    is held.
    """
    prices = tape.rows[:-1, field.GAS_PRICE]
    if prices.size == 0 or not prices.max() > prices.min():
        return None
    edges: FloatArray = np.quantile(prices, np.arange(1, BINS) / BINS)
    return edges


def attribute(
    entries: Sequence[Entry],
    config: EnvConfig,
    *,
    n_episodes: int,
    seed: int = 0,
    stream: str = "test",
    threads: int = 1,
) -> list[Attribution]:
    """Run every policy through common episodes and say where its profit is from.

    Args:
        entries: Policies, each with the risk aversion it is to act at.
        config: The hedging problem.
        n_episodes: Number of paths, all kept in memory.
        seed: Seed of the market.
        stream: training, validation or test.
        threads: Policies that run at the same time.

    Returns:
        One attribution per entry, in their order.
    """
    ids = np.arange(n_episodes, dtype=np.int64)
    tape = record_tape(config, ids, seed=seed, stream=stream)
    edges = gas_tenths(tape)

    def run(entry: Entry) -> Attribution:
        return _attribute_one(*entry, tape, config, edges)

    if threads <= 1:
        return [run(entry) for entry in entries]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, entries))


def _attribute_one(
    policy: Policy,
    risk_aversion: float | None,
    tape: MarketTape,
    config: EnvConfig,
    gas_edges: FloatArray | None,
) -> Attribution:
    decisions, n = config.episode.decisions, tape.n_paths
    found = []
    for low in range(0, n, _CHUNK):
        part = tape.part(low, min(low + _CHUNK, n))
        seen = Attributor(part.n_paths, config, gas_edges)
        evaluate_on_tape(policy, part, config, risk_aversion, observer=seen)
        found.append(seen)
    pnl = np.concatenate([seen.pnl for seen in found], axis=1) / BASIS_POINT
    by_time = sum(seen.by_time for seen in found) / n
    by_gas = sum(seen.by_gas for seen in found) / n
    total = decisions * n
    errors = np.concatenate([seen.error for seen in found]) / decisions
    moments = np.concatenate([seen.moments for seen in found], axis=1)
    return Attribution(
        n_episodes=n,
        pnl_bp=dict(zip(PNL_PARTS, pnl.mean(axis=1).tolist(), strict=True)),
        pnl_std_bp=dict(zip(PNL_PARTS, pnl.std(axis=1).tolist(), strict=True)),
        mean_error=float(sum(seen.error.sum() for seen in found)) / total,
        mean_absolute_error=float(sum(seen.absolute_error.sum() for seen in found))
        / total,
        trades_by_time=np.asarray(by_time).tolist(),
        trades_by_gas=None if gas_edges is None else np.asarray(by_gas).tolist(),
        mean_error_se=float(errors.std(ddof=1)) / n**0.5 if n > 1 else None,
        r_squared=_r_squared(moments.sum(axis=1) / total),
        band=_band(policy, risk_aversion, tape, config),
    )


def _band(
    policy: Policy, risk_aversion: float | None, tape: MarketTape, config: EnvConfig
) -> BandScaling | None:
    if config.n_instruments > 1:
        return None
    each = max(1, _STATES // config.episode.decisions)
    few = tape.part(0, min(tape.n_paths, max(_STATE_PATHS, each)))
    rows = visited_states(policy, few, config, risk_aversion, per_decision=each, seed=0)
    return band_scaling(policy, rows, config)


def _r_squared(means: FloatArray) -> float | None:
    """Squared correlation by the means of h, d, h^2, d^2 and h d; None if undefined.

    A variance that is rounding is none.
    """
    h, d, hh, dd, hd = means.tolist()
    own, delta = hh - h * h, dd - d * d
    if own <= 1e-12 * max(hh, 1e-300) or delta <= 1e-12 * max(dd, 1e-300):
        return None
    return min(float((hd - h * d) ** 2 / (own * delta)), 1.0)
