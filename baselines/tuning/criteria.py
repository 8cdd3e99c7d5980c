"""What is minimised: the objective, or a risk measure of the net loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from hedge_env.agent.terminal_rewards import MEAN_STD
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, RewardConfig
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.evaluation.metrics import mean_and_error, tail_and_error

Criterion: TypeAlias = Callable[[EpisodeTable], float]
CriterionWithError: TypeAlias = Callable[[EpisodeTable], tuple[float, float]]

CRITERIA = (
    "objective, entropic, mean-std:K with K >= 0, or cvar:Q with Q from 50 to below 100"
)
_BLOCKS = 20  # of paths, whose differences are compared
_LEAST_PERCENT = 50.0  # of a tail; below, somebody most likely wrote a share


def parse_criterion(text: str) -> Criterion:
    """Turn the name of a criterion into a function in basis points.

    Args:
        text: `objective`; `mean-std:1.5` is mean + 1.5 standard deviations of the net
            loss, `cvar:95` the mean of its worst 5 %, Q in percent, at least 50;
            `entropic` the certainty equivalent of `certainty_equivalent`.

    Raises:
        ConfigError: If it is none of them.
    """
    measure = criterion_with_error(text)
    return lambda table: measure(table)[0]


def criterion_with_error(text: str) -> CriterionWithError:
    """As `parse_criterion`, with the standard error beside the value [bp].

    Raises:
        ConfigError: If the criterion is unknown.
    """
    name, _, argument = text.partition(":")
    if text == "objective":
        return lambda table: mean_and_error(table.objective / BASIS_POINT)
    if text == "entropic":
        return lambda table: certainty_equivalent(
            table.net_loss / BASIS_POINT, 2.0 * BASIS_POINT * table.risk_aversion
        )
    try:
        number = float(argument)
    except ValueError:
        number = math.nan
    if name == "mean-std" and 0.0 <= number < math.inf:
        return lambda table: mean_plus_deviations(table.net_loss / BASIS_POINT, number)
    if name == "cvar" and 0.0 < number < _LEAST_PERCENT:
        raise ConfigError(
            f"criterion {text!r}: Q is in percent, from 50 to below 100; for the worst "
            f"{_worst(number):g} % use cvar:{100.0 - _worst(number):g}"
        )
    if name == "cvar" and _LEAST_PERCENT <= number < 100.0:
        return lambda table: tail_and_error(
            table.net_loss / BASIS_POINT, number / 100.0
        )
    raise ConfigError(f"criterion {text!r} is unknown; use {CRITERIA}")


def _worst(number: float) -> float:
    """Percent of the worst losses that a Q below 50 most likely means.

    0.95 is the share of what is not looked at; 5 that of what is, in percent; 0.05 may
    be either, and a share below one half is taken for that of the worst.
    """
    if number >= 1.0:
        return number
    share = 1.0 - number if number > 0.5 else number
    return max(round(100.0 * share, 6), 0.1)


def mean_plus_deviations(losses: FloatArray, k: float) -> tuple[float, float]:
    r"""Mean plus `k` standard deviations, and its error by the delta method.

    .. math:: \mathrm{se}^2 = \frac{1}{n} \mathrm{var}
              \left(L + k \frac{(L - m)^2}{2 s}\right)

    Args:
        losses: L, of mean m and standard deviation s, shape (n,).
        k: At least 0 [-].
    """
    mean, deviation = float(losses.mean()), float(losses.std(ddof=1))
    influence = losses
    if deviation > 0.0:
        influence = losses + k * (losses - mean) ** 2 / (2.0 * deviation)
    return mean + k * deviation, mean_and_error(influence)[1]


def certainty_equivalent(losses: FloatArray, g: FloatArray) -> tuple[float, float]:
    r"""What an exponential utility takes for sure, and its error.

    .. math:: \frac{1}{\bar g} \ln \frac{1}{n} \sum e^{g L}

    Args:
        losses: L, shape (n,).
        g: Absolute risk aversion, 2 lambda, positive, shape (n,); its mean is taken
            where it differs from path to path.
    """
    aversion, worst = float(g.mean()), float((g * losses).max())
    weights = np.exp(g * losses - worst)
    mean, error = mean_and_error(weights)
    return (worst + math.log(mean)) / aversion, error / mean / aversion


def criterion_of(reward: RewardConfig) -> str:
    """What a reward is paid for, as `parse_criterion` reads it.

    Args:
        reward: Settings of the reward.
    """
    if reward.name in MEAN_STD:
        return f"mean-std:{reward.deviations:g}"
    if reward.name == "cvar":
        return f"cvar:{reward.quantile:g}"
    return "entropic" if reward.name == "entropic" else "objective"


def paired_difference(
    criterion: str, ours: EpisodeTable, theirs: EpisodeTable
) -> tuple[float, float]:
    """Criterion of one policy minus that of another on the same paths [bp].

    Args:
        criterion: See `parse_criterion`.
        ours: Episodes of the one.
        theirs: Those of the other.

    Returns:
        The difference and its standard error: over paths if the criterion is a mean
        over them, else over blocks of paths.

    Raises:
        ConfigError: If the criterion is unknown.
    """
    measure = parse_criterion(criterion)
    if criterion == "objective":
        return mean_and_error((ours.objective - theirs.objective) / BASIS_POINT)
    edges = np.linspace(0, ours.n_episodes, _BLOCKS + 1).astype(int)
    blocks = [slice(a, b) for a, b in pairwise(edges.tolist()) if b - a > 1]
    found = [measure(ours.part(b)) - measure(theirs.part(b)) for b in blocks]
    error = mean_and_error(np.array(found))[1] if len(found) > 1 else math.inf
    return measure(ours) - measure(theirs), error
