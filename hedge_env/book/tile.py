"""Rows of the scratch memory in which one tile of paths is valued."""

from __future__ import annotations

# Rows of the scratch of one tile.
CORRELATION, WING, LEVEL, YEARS, SD = 0, 1, 2, 3, 4
# Decisions that an option has left: positive before its payoff, 0 at it.
ALIVE = 5
FAIR = 6  # and the four rows after it
DAY_SHARE, D1, BURST = 11, 12, 13
# Of one option per path: see `option_value`.
AGE, LOG_MONEYNESS, STRIKE = 14, 15, 16  # decisions since it was struck; log S/K; K
VALUE = 17  # of one unit, and its Greeks after it
UNIT_DELTA, UNIT_GAMMA, UNIT_VEGA = 18, 19, 20
N_SCRATCH = 21
