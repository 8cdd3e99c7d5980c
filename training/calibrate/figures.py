"""One picture of data against model: returns, clustering, volatility, gas, funding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, SsviSurface
from hedge_env.training.calibrate.data.history import History
from hedge_env.training.calibrate.fit.simulation import simulate
from hedge_env.training.calibrate.statistics import (
    funding,
    gas_price,
    implied,
    spot_returns,
)
from hedge_env.training.calibrate.statistics.statistic import Values

_DATA, _MODEL = "#0072B2", "#D55E00"
_HISTORIES = 4
_LAGS = (1, 2, 4, 6, 12, 24, 48, 72, 120, 168, 336, 720)


def draw_comparison(path: Path, history: History, config: EnvConfig) -> None:
    """Draw every panel that the data allow and write a PNG file."""
    rows = _simulate(history, config)
    returns = np.diff(rows["log_spot"], axis=-1)
    panels: list[Callable[[Axes], None]] = [
        lambda axes: _distribution(axes, history.returns, returns),
        lambda axes: _clustering(axes, history.returns, returns),
        lambda axes: _volatility(axes, history.returns, returns),
        lambda axes: _volatility_season(axes, history.returns, returns),
    ]
    if history.implied is not None and isinstance(config.market.surface, SsviSurface):
        model = implied.implied_volatility(
            config, {name: rows[name][:, 24::24] for name in implied.ROWS}
        )
        panels.append(lambda axes: _implied(axes, history.implied, model))
    if history.gas_hourly is not None and config.market.gas is not None:
        price = gas_price.gas_price(config.market.gas, rows)[:, 1:]
        panels.append(lambda axes: _season(axes, history.gas_hourly, price))
    if history.rates is not None and config.market.funding is not None:
        step = round(config.market.funding.settlement_hours)
        ends = {name: rows[name][:, step::step] for name in funding.ROWS}
        rates = funding.funding_rate(config.market.funding, ends)
        panels.append(lambda axes: _funding(axes, history.rates, rates))
    columns = 3 if len(panels) <= 6 else 4
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(3.7 * columns, 3.2 * lines), layout="constrained")
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(lines, columns, number + 1)
        panel(axes)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def _simulate(history: History, config: EnvConfig) -> Values:
    names = ["log_spot", *implied.ROWS]
    names += gas_price.ROWS if config.market.gas is not None else ()
    names += funding.ROWS if config.market.funding is not None else ()
    hours = 24 * history.days["spot"]
    return simulate(config, tuple(names), _HISTORIES, hours, seed=1)


def _distribution(axes: Axes, data: FloatArray, model: FloatArray) -> None:
    bins = np.linspace(-0.15, 0.15, 61)
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        known = values[np.isfinite(values)]
        density, _ = np.histogram(known, bins, density=True)
        middle = 0.5 * (bins[1:] + bins[:-1])
        axes.semilogy(
            middle, np.where(density > 0, density, np.nan), color=colour, label=name
        )
    axes.set(title="hourly returns, density", xlabel="log return")


def _clustering(axes: Axes, data: FloatArray, model: FloatArray) -> None:
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        square = values**2
        curve = [
            float(np.mean(spot_returns.autocorrelation(square, lag))) for lag in _LAGS
        ]
        axes.semilogx(_LAGS, curve, "o-", ms=3, color=colour, label=name)
    axes.set(title="autocorrelation of squared returns", xlabel="lag [hour]")


def _volatility(axes: Axes, data: FloatArray, model: FloatArray) -> None:
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        path = spot_returns.realised_volatility(values[:1], 30)[0]
        axes.plot(np.arange(path.size) / 365.0, path, color=colour, lw=0.8, label=name)
    axes.set(title="30-day realised volatility, one path", xlabel="year")


def _volatility_season(axes: Axes, data: FloatArray, model: FloatArray) -> None:
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        n = values.shape[-1] // 24
        size = np.abs(values[:, : 24 * n]).reshape(values.shape[0], n, 24)
        curve = np.nanmean(size, axis=(0, 1))
        axes.plot(curve / curve.mean(), color=colour, label=name)
    axes.set(title="mean absolute return by hour of day", xlabel="hour UTC")


def _implied(axes: Axes, data: FloatArray | None, model: FloatArray) -> None:
    if data is None:
        return
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        path = values[0][: data.shape[-1]]
        axes.plot(np.arange(path.size) / 365.0, path, color=colour, lw=0.8, label=name)
    axes.set(title="implied volatility, one path", xlabel="year")


def _season(axes: Axes, data: FloatArray | None, model: FloatArray) -> None:
    if data is None:
        return
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        n = values.shape[-1] // 24
        logs = np.log(values[:, : 24 * n]).reshape(values.shape[0], n, 24)
        curve = np.nanmean(logs, axis=(0, 1))
        axes.plot(np.exp(curve - curve.mean()), color=colour, label=name)
    axes.set(title="gas by hour of day, over its mean", xlabel="hour UTC")


def _funding(axes: Axes, data: FloatArray | None, model: FloatArray) -> None:
    if data is None:
        return
    bins = np.arange(-10.25, 20.5, 0.5)
    for values, colour, name in ((data, _DATA, "data"), (model, _MODEL, "model")):
        known = values[np.isfinite(values)]
        share, _ = np.histogram(np.clip(known, -10, 20), bins)
        axes.stairs(share / known.size, bins, color=colour, label=name)
    axes.set(title="funding, share of settlements", xlabel="bp", yscale="log")
