"""The time grid, and the hour and the day of the week at which an episode starts."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.config import EpisodeConfig
from hedge_env.market.process import Rows, row
from hedge_env.numerics.random_blocks import Shock, uniform

STATES: Final[dict[str, str]] = {
    "start_hour": "hour of day at which the episode starts",
    "start_weekday": "day of the week at which the episode starts, 0: Monday",
}
SHOCKS: Final[tuple[Shock, ...]] = (uniform("u_hour", 3, 3, at_start_only=True),)
_HOUR, _WEEKDAY = range(2)  # of STATES


class ClockParams(NamedTuple):
    """The time grid."""

    decisions: int
    market_steps: int  # per decision
    hours_per_step: float  # of a market step [hour]
    start_hour: float  # [hour]; negative: uniform over the day
    start_weekday: float  # 0: Monday; negative: uniform over the week


def clock_params(episode: EpisodeConfig) -> ClockParams:
    """Compile the time grid."""
    hour, weekday = episode.start_hour, episode.start_weekday
    return ClockParams(
        decisions=episode.decisions,
        market_steps=episode.market_steps,
        hours_per_step=episode.hours_per_market_step,
        start_hour=-1.0 if hour is None else float(hour),
        start_weekday=-1.0 if weekday is None else float(weekday),
    )


@scalar_kernel
def start(own: Rows, shocks: Rows, p: ClockParams) -> None:
    """Draw what is not set: a full hour of the day, a day of the week."""
    day_share = 24.0 * row(shocks, 0)[0]
    hour = np.floor(day_share)
    # What the hour leaves of the uniform number is uniform again.
    weekday = np.floor(7.0 * (day_share - hour))
    row(own, _HOUR)[0] = p.start_hour if p.start_hour >= 0.0 else hour
    row(own, _WEEKDAY)[0] = p.start_weekday if p.start_weekday >= 0.0 else weekday
