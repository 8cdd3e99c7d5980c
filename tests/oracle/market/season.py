"""Season of volatility within the day and the week."""

from __future__ import annotations

from itertools import pairwise
from math import floor, pi, sqrt

import numpy as np

from tests.oracle.state import State


def season(world: State) -> float:
    """Root mean square of the season over the next step, by Gauss's rule."""
    season = world.config.market.season
    if season is None:
        return 1.0
    begin = world.hour / 24.0
    edges = [begin, *range(floor(begin) + 1, 99), begin + world.days]
    edges = [edge for edge in edges if begin <= edge <= begin + world.days]
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = 0.0
    for low, high in pairwise(edges):
        day = (world.start_weekday + floor((low + high) / 2.0)) % 7
        weight = season.weekend**2 if day >= 5 else 1.0
        time = low + (high - low) * (nodes + 1.0) / 2.0
        angle = 2.0 * pi * (time - season.peak_hour / 24.0)
        value = weight * (1.0 + season.daily_amplitude * np.cos(angle))
        total += (high - low) / 2.0 * float(weights @ value)
    mean = (5.0 + 2.0 * season.weekend**2) / 7.0
    return sqrt(total / world.days / mean)
