"""What tuning minimises: the objective, or a risk measure of the net loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from hedge_env.config import BASIS_POINT
from hedge_env.errors import ConfigError
from hedge_env.evaluation import EpisodeTable
from hedge_env.metrics import tail_and_error

Criterion: TypeAlias = Callable[[EpisodeTable], float]

CRITERIA = "objective, mean-std:K with K >= 0, or cvar:Q with Q in percent below 100"


def parse_criterion(text: str) -> Criterion:
    """Turn `objective`, `mean-std:K` or `cvar:Q` into a function in basis points.

    Args:
        text: `mean-std:1.5` is mean + 1.5 standard deviations of the net loss,
            `cvar:95` the mean of its worst 5 %.

    Raises:
        ConfigError: If it is none of them.
    """
    name, _, argument = text.partition(":")
    if text == "objective":
        return mean_objective
    try:
        number = float(argument)
    except ValueError:
        number = math.nan
    if name == "mean-std" and 0.0 <= number < math.inf:
        return lambda table: mean_plus_deviations(table, number)
    if name == "cvar" and 0.0 < number < 100.0:
        return lambda table: (
            tail_and_error(table.net_loss, number / 100.0)[0] / (BASIS_POINT)
        )
    raise ConfigError(f"criterion {text!r} is unknown; use {CRITERIA}")


def mean_objective(table: EpisodeTable) -> float:
    """Mean of cost + lambda x squared increments [bp]."""
    return float(table.objective.mean()) / BASIS_POINT


def mean_plus_deviations(table: EpisodeTable, k: float) -> float:
    """Mean plus `k` standard deviations of the net loss [bp]."""
    loss = table.net_loss
    return (float(loss.mean()) + k * float(loss.std(ddof=1))) / BASIS_POINT
