"""The published benchmark of Cao and others (2023), hedging gamma with options.

Profit over 30 days of a desk that writes a client option of 100 units on the first day
and takes Poisson orders on each of the 29 after it, in currency at a price of 10: mean,
standard deviation, and the 5 % quantile ("VaR 95"). `docs/options.md` holds the result.
"""

from math import sqrt

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.evaluation.metrics import deviation_and_error, mean_and_error
from hedge_env.training.study.published.table import (
    Figure,
    PublishedRow,
    PublishedTable,
)

__all__ = ["CAO_2023", "lower_quantile"]

_LEVEL = 0.05  # of the quantile
_WIDTH = 0.01  # of the band of probabilities that its density is taken from


def lower_quantile(values: FloatArray) -> Figure:
    r"""The 5 % quantile and its standard error.

    .. math:: \mathrm{se} = \sqrt{q (1 - q) / n} / f, \quad
              f = 2 w / (v_{q + w} - v_{q - w})

    with the level :math:`q`, the density :math:`f` there, and quantiles :math:`v`.

    Args:
        values: Shape (n,).
    """
    low, quantile, high = np.quantile(
        values, [_LEVEL - _WIDTH, _LEVEL, _LEVEL + _WIDTH]
    )
    density = 2.0 * _WIDTH / (high - low)
    return float(quantile), sqrt(_LEVEL * (1.0 - _LEVEL) / values.size) / density


def _row(
    preset: str, days: int, share: float, rule: str, *figures: float | None
) -> PublishedRow:
    """A row; maturity of the option [trading day], cost over its value, figures."""
    settings = (
        f"execution.option.maturity_days={days}",
        f"execution.option.half_spread_share={share}",
    )
    option = (
        ("none", "none") if rule == "delta" else (f"{days} d", f"{100 * share:g} %")
    )
    return PublishedRow(preset, settings, rule, (*option, f"`{rule}`"), figures)


def _profit(table: EpisodeTable, config: EnvConfig, seed: int) -> FloatArray:
    """Of each episode, shape (n,) [currency]."""
    del seed
    return -config.market.spot * config.book.contracts * table.net_loss


_GBM, _SABR = "gamma-vega", "gamma-vega-sabr"

# Tables 1 and 2 of the authors' evaluation; no quantile of delta hedging with SABR.
CAO_2023 = PublishedTable(
    name="cao-2023",
    title="Cao and others (2023): profit in currency at a price of 10",
    columns=("option", "cost", "rule"),
    statistics={
        "mean": mean_and_error,
        "sd": deviation_and_error,
        "VaR 95": lower_quantile,
    },
    outcome=_profit,
    n_episodes=5_000,
    digits=2,
    rows=(
        _row(_GBM, 30, 0.01, "delta", 0.05, 14.99, -24.29),  # the same at any cost
        _row(_GBM, 30, 0.005, "delta-gamma", -3.41, 1.44, -5.78),
        _row(_GBM, 30, 0.01, "delta-gamma", -6.84, 1.88, -10.12),
        _row(_GBM, 30, 0.02, "delta-gamma", -13.69, 3.07, -19.11),
        _row(_SABR, 30, 0.01, "delta", 0.22, 21.87, None),
        _row(_SABR, 30, 0.01, "delta-gamma", -6.85, 9.86, -23.02),
        _row(_SABR, 30, 0.01, "delta-vega", -13.08, 23.27, -50.24),
        _row(_SABR, 90, 0.01, "delta-gamma", -18.46, 10.23, -35.01),
        _row(_SABR, 90, 0.01, "delta-vega", -12.16, 6.10, -22.05),
    ),
)
