"""One episode of one policy, recorded decision by decision, and its picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hedge_env.batch import HedgeBatch
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.evaluation import EpisodeTable
from hedge_env.history.timestamps import date_text
from hedge_env.ledger import COST_COMPONENTS
from hedge_env.policy import Policy
from hedge_env.replay import starting_spots, starting_times
from training.plot_style import (
    COMPONENT_COLOURS,
    INK,
    MUTED,
    WIDE,
    PolicyStyle,
    Size,
    figure_context,
    finish_axes,
)

__all__ = ["EpisodeTrace", "episode_figure", "record_episode", "typical_path"]

FloatArray = NDArray[np.float64]

_BUY, _SELL = "#0072B2", "#D55E00"


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
        target = policy.target(observables)
        if batch.n_instruments > 1:
            limit = observables["option_limit"][0]
            asked = (target[0, -1], observables["option_holdings"][0])
            units[step] = np.clip(asked[target.shape[1] == 1], -limit, limit)
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
        strikes=tuple(sorted({leg.moneyness * spot for leg in config.book.legs})),
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


def episode_figure(
    trace: EpisodeTrace, style: PolicyStyle, size: Size = WIDE
) -> Figure:
    """Price, holdings with their target, cost and tracking error, gas or funding.

    Args:
        trace: What happened.
        style: The look of the policy.
        size: For a screen or for a phone.
    """
    others = trace.options, trace.gas_price, trace.funding_bp
    extra = [values is not None for values in others]
    ratios = [1.1, 1.6, 1.1, *(0.7 for present in extra if present)]
    with figure_context(size, 1.55 * sum(ratios)) as figure:
        panels = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
        remaining = iter(panels)
        _draw_price(next(remaining), trace)
        _draw_holdings(next(remaining), trace, style, size)
        _draw_cost(next(remaining), trace, size)
        if trace.options is not None:
            label = "options (per contract)"
            _draw_series(next(remaining), trace, trace.options, label)
        if trace.gas_price is not None:
            _draw_series(next(remaining), trace, trace.gas_price, "gas (gwei)")
        if trace.funding_bp is not None:
            _draw_series(next(remaining), trace, trace.funding_bp, "funding (bp)")
        for axes in panels:
            finish_axes(axes)
            axes.margins(x=0.01)
        panels[-1].set_xlabel(f"days since {trace.date or 'the start'}")
        figure.align_ylabels()
    return figure


def _draw_price(axes: Axes, trace: EpisodeTrace) -> None:
    axes.plot(trace.days, trace.spot, color=INK, linewidth=1.0)
    for strike in trace.strikes:
        axes.axhline(strike, color=MUTED, linewidth=0.9, linestyle="--")
        axes.annotate(
            f"strike {strike:g}",
            (1.0, strike),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="right",
            fontsize=7.5,
            color=MUTED,
        )
    axes.set_ylabel("price (quote)")


def _draw_holdings(
    axes: Axes, trace: EpisodeTrace, style: PolicyStyle, size: Size
) -> None:
    axes.fill_between(
        trace.days[:-1],
        trace.delta[:-1] - trace.half_width,
        trace.delta[:-1] + trace.half_width,
        color="#999999",
        alpha=0.22,
        linewidth=0,
        label="analytic band",
    )
    axes.plot(trace.days, trace.delta, color=MUTED, linewidth=0.9, label="delta")
    axes.step(
        trace.days,
        np.append(trace.holdings, trace.holdings[-1]),
        where="post",
        color=style.colour,
        linewidth=1.8,
        label="holdings",
    )
    for name, marker, colour, happened in (
        ("buy", "^", _BUY, trace.trade > 0.0),
        ("sell", "v", _SELL, trace.trade < 0.0),
    ):
        axes.plot(
            trace.days[:-1][happened],
            trace.holdings[happened],
            linestyle="none",
            marker=marker,
            markersize=5.5,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=name,
            zorder=4,
        )
    low = min(trace.delta.min(), trace.holdings.min())
    high = max(trace.delta.max(), trace.holdings.max())
    margin = 0.12 * (high - low) or 0.1
    axes.set_ylim(low - margin, high + margin)
    axes.set_ylabel("holdings (per contract)")
    _legend_above(axes, 3 if size.is_narrow else 5)


def _draw_cost(axes: Axes, trace: EpisodeTrace, size: Size) -> None:
    charged = [
        number
        for number in range(len(COST_COMPONENTS))
        if np.abs(trace.costs[number]).max() > 0.0
    ]
    base = np.zeros_like(trace.days)
    for number in charged:
        top = base + trace.costs[number]
        axes.fill_between(
            trace.days,
            base,
            top,
            step="pre",
            color=COMPONENT_COLOURS[number % len(COMPONENT_COLOURS)],
            alpha=0.75,
            linewidth=0,
            label=COST_COMPONENTS[number],
        )
        base = top
    axes.plot(
        trace.days, trace.tracking, color=INK, linewidth=1.0, label="hedge + book P&L"
    )
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    axes.set_ylabel("so far (bp)")
    _legend_above(axes, 3 if size.is_narrow else 6)


def _draw_series(
    axes: Axes, trace: EpisodeTrace, values: FloatArray, label: str
) -> None:
    """Draw what was paid for, marked where a trade paid it."""
    axes.plot(trace.days[:-1], values, color=MUTED, linewidth=0.9)
    traded = trace.trade != 0.0
    axes.plot(
        trace.days[:-1][traded],
        values[traded],
        linestyle="none",
        marker="o",
        markersize=3.5,
        color=INK,
        label="trade",
    )
    axes.set_ylabel(label)


def _legend_above(axes: Axes, columns: int) -> None:
    options: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 0.98)}
    axes.legend(ncols=columns, borderaxespad=0.1, handlelength=1.4, **options)
