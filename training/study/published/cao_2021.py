"""The published benchmark of Cao, Chen, Hull and Poulos (2021).

Net loss of hedging a short call with daily to weekly decisions, in percent of the
premium: mean, standard deviation and Y = mean + 1.5 standard deviations. Delta hedging
with constant volatility, and with SABR at the option's own implied volatility
("practitioner delta") and with Bartlett's delta. `docs/cao.md` holds the result.
"""

from functools import partial

from hedge_env.base.types import FloatArray
from hedge_env.baselines.tuning.criteria import mean_plus_deviations
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.evaluation.metrics import deviation_and_error, mean_and_error
from hedge_env.training.results.measurement import premium_bp
from hedge_env.training.study.published.table import PublishedRow, PublishedTable

__all__ = ["CAO_2021"]

_HOURS = 24.0  # of a trading day

# 20 days are no multiple of 3: the published row of every third day is of 21 days.
_MATURITIES = {"1m": (20, 21, 20, 20), "3m": (60, 60, 60, 60)}
_INTERVALS = (5, 3, 2, 1)

# Mean, standard deviation and Y, decided at these intervals, from the authors'
# published networks and evaluation code, 100 001 paths; the figures of the paper are
# these, rounded.
_PUBLISHED = {
    ("cao-gbm-1m", "delta"): (
        (68.7, 49.5, 143.0),
        (77.9, 41.9, 140.8),
        (88.0, 39.2, 146.9),
        (107.6, 37.7, 164.1),
    ),
    ("cao-gbm-3m", "delta"): (
        (54.5, 31.1, 101.2),
        (63.2, 27.9, 105.0),
        (71.7, 27.0, 112.2),
        (90.6, 29.2, 134.4),
    ),
    ("cao-sabr-1m", "delta"): (
        (69.1, 50.2, 144.4),
        (78.4, 42.5, 142.1),
        (88.4, 39.8, 148.1),
        (108.0, 38.1, 165.1),
    ),
    ("cao-sabr-3m", "delta"): (
        (55.0, 34.6, 106.9),
        (63.5, 31.7, 111.1),
        (72.0, 30.9, 118.4),
        (90.6, 33.1, 140.3),
    ),
    ("cao-sabr-1m", "bartlett"): (
        (68.6, 51.3, 145.5),
        (77.9, 43.7, 143.5),
        (88.1, 41.0, 149.6),
        (107.7, 39.4, 166.8),
    ),
    ("cao-sabr-3m", "bartlett"): (
        (55.1, 36.0, 109.1),
        (63.6, 33.2, 113.5),
        (72.1, 32.5, 120.9),
        (91.0, 34.7, 143.1),
    ),
}


def _row(
    preset: str, rule: str, days: int, interval: int, figures: tuple[float, ...]
) -> PublishedRow:
    """A row; days in trading days, figures in percent of the premium."""
    settings = (
        f"episode.decisions={days // interval}",
        f"episode.decision_interval_hours={interval * _HOURS:g}",
        f"book.legs.0.maturity_days={days}",
    )
    cells = f"`{rule}`", f"{days}", f"{interval} d"
    return PublishedRow(preset, settings, rule, cells, figures)


def _percent_of_premium(
    table: EpisodeTable, config: EnvConfig, seed: int
) -> FloatArray:
    """Net loss of each episode, shape (n,) [% of the premium]."""
    return 1e6 / premium_bp(config, 1, seed) * table.net_loss


CAO_2021 = PublishedTable(
    name="cao-2021",
    title="Cao, Chen, Hull and Poulos (2021): net loss in percent of the premium",
    columns=("rule", "days", "every"),
    statistics={
        "mean": mean_and_error,
        "sd": deviation_and_error,
        "Y": partial(mean_plus_deviations, k=1.5),
    },
    outcome=_percent_of_premium,
    n_episodes=100_001,
    digits=1,
    rows=tuple(
        _row(preset, rule, days, interval, figures)
        for (preset, rule), rows in _PUBLISHED.items()
        for days, interval, figures in zip(
            _MATURITIES[preset[-2:]], _INTERVALS, rows, strict=True
        )
    ),
)
