"""Statistics of the final market: what the table shows beside the data."""

from __future__ import annotations

from hedge_env.config import LogOuVolatility, SsviSurface
from hedge_env.market.simulator import TILE
from training.calibration.fitting import Effort, Fitted
from training.calibration.history import History
from training.calibration.model import model_values
from training.calibration.simulation import HOURS_PER_YEAR
from training.calibration.spot_statistics import together
from training.calibration.statistic import Values

_MORE = 4  # times the histories of the fit behind the table


def final_values(fitted: Fitted, history: History, effort: Effort) -> Values:
    """Statistics of the fitted market, of all its parts that the data have.

    Of more histories than the fit: a fit meets the noise of its own.
    """
    days = dict(history.days)
    if isinstance(fitted.config.market.surface, SsviSurface) and isinstance(
        fitted.config.market.volatility, LogOuVolatility
    ):
        days.setdefault("implied", history.days["spot"])
        days.setdefault("skew", days["implied"])
    n = table_histories(history, effort)
    batch = min(n, effort.histories, TILE)
    return together(
        [
            model_values(
                fitted.config, days, min(batch, n - first), effort.seed, first=first
            )
            for first in range(0, n, batch)
        ]
    )


def table_histories(history: History, effort: Effort) -> int:
    """Number of histories behind the final table."""
    if effort.years is None:
        return _MORE * effort.histories
    hours = effort.years * HOURS_PER_YEAR
    return max(1, round(hours / (24 * history.days["spot"])))
