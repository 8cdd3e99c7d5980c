"""Statistics of the final market: what the table shows beside the data."""

from __future__ import annotations

from hedge_env.config import LogOuVolatility, SsviSurface
from hedge_env.training.calibrate.data.history import History
from hedge_env.training.calibrate.fit.effort import Effort
from hedge_env.training.calibrate.fit.fitting import Fitted
from hedge_env.training.calibrate.fit.model_values import model_values, together
from hedge_env.training.calibrate.fit.simulation import HOURS_PER_YEAR
from hedge_env.training.calibrate.statistics.statistic import Values

_BATCH = 32  # histories at once: each of eight years takes 8 MB


def final_values(fitted: Fitted, history: History, effort: Effort) -> Values:
    """Statistics of the fitted market, of all its parts that the data have.

    Of other histories than those of the fit: a fit meets the noise of its own.
    """
    days = dict(history.days)
    if isinstance(fitted.config.market.surface, SsviSurface) and isinstance(
        fitted.config.market.volatility, LogOuVolatility
    ):
        days.setdefault("implied", history.days["spot"])
        days.setdefault("skew", days["implied"])
    if effort.years is not None:
        days = dict.fromkeys(days, history.days["spot"])
    n = table_histories(history, effort)
    seen = effort.histories if fitted.estimates else 0
    return together(
        [
            model_values(
                fitted.config,
                days,
                min(_BATCH, n - first),
                effort.seed,
                first=seen + first,
            )
            for first in range(0, n, _BATCH)
        ],
        weighted=effort.weighted,
    )


def table_histories(history: History, effort: Effort) -> int:
    """Number of histories behind the final table."""
    if effort.years is None:
        return effort.table
    hours = effort.years * HOURS_PER_YEAR
    return max(1, round(hours / (24 * history.days["spot"])))
