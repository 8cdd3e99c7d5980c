r"""How an agent's action becomes target holdings.

| mode | action | target |
|---|---|---|
| `band` | 3 numbers in [-1, 1] | no-trade band relative to the analytic one |
| `band_free` | 3 numbers in [-1, 1] | no-trade band from scratch |
| `band_edges` | 6 numbers in [-1, 1] | edges and targets by themselves: `band_edges` |
| `target` | 1 number in [-1, 1] | the holdings themselves |
| `discrete` | an integer | a grid of holdings, or {hold, trade to delta} |
| `ratio` | 1 number in [-1, 1] | share of a neutral trade in options, then delta |

With a listed option the first three modes take one more number for it, the last. For
`target` that is its holdings, from minus to plus their limit. For the bands, and for
`ratio`, -1 to 1 is a share of 0 to 1 of the trade that makes gamma zero (or vega:
`action.neutral`), and the underlying is hedged for what is left: its delta and gamma
after the trade in options are those of the band. `discrete` knows no options.

On two chains those three modes take two numbers more, where to trade and when to move
inventory: `chain_actions`. `discrete` trades on the first chain alone.

With a range of liquidity that the policy moves (`recentre.by: policy`) they take one
number more, the last, whether to move it now: `range_orders`. `discrete` knows none.

Where the policy splits orders over venues (`execution.split: policy`) all but
`discrete` take one number more for each venue, the last ones: `venue_shares`.

**`band`.** With reference delta :math:`\delta`, analytic half-width :math:`u` and
inner distance :math:`v` (`bands.band_edges` at present cost, gamma and risk
aversion), ranges :math:`r_c` and :math:`r_w`, and action :math:`a`:

.. math:: c = y + r_c a_0 u, \quad
          l = c - u e^{r_w a_1}, \quad h = c + u e^{r_w a_2}

around :math:`y`, which is :math:`\delta` moved by `action.centre_vega` and
`action.centre_smile` (`pricing.least_variance`) and by `action.centre_funding`
(`pricing.funding_lean`); by default it is not moved.

Holdings inside :math:`[l, h]` stay. Outside, if the trade is *worth it*, that is if
:math:`\lambda (x - y)^2 \sigma^2 S^2 \tau > F` (the risk left until maturity
exceeds the fixed cost), holdings go to the inner target, :math:`v / u` of the way
from the centre to the edge that was crossed, *snapped* to zero when closer to it than
:math:`s = 0.078 (F / 2 bp)^{0.37} (\lambda / 10)^{-0.36}` of the largest holdings: a
position that is nearly nothing saves its liquidation. (Snapping to the bounds as well
costs 0.2 to 0.4 bp on the reference market: the last bit is bought for nothing.) The
zero action is a strong classical rule.

**`band_free`.** Centre :math:`y + a_0 / 2`, widths log-uniform in
:math:`[0.01, 0.6]` (times the largest holdings), trade to the edge.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from hedge_env.agent.band_actions import DecoderParams, decode_band, decode_band_free
from hedge_env.agent.band_edges import decode_edges
from hedge_env.agent.chain_actions import N_NUMBERS, rollup_target, where_cheap
from hedge_env.agent.option_shares import after_option_trade, option_target
from hedge_env.agent.range_orders import after_move, is_moved
from hedge_env.agent.venue_shares import venue_shares
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.field import FIELDS
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import ActionConfig, EnvConfig
from hedge_env.pricing.funding_lean import FUNDING_LEAN_INPUTS, funding_lean
from hedge_env.pricing.least_variance import VEGA_TERM_INPUTS, vega_terms

_DECODERS: Final = {
    "band": decode_band,
    "band_free": decode_band_free,
    "band_edges": decode_edges,
}
_SIZES: Final = {"ratio": 0, "target": 1, "band_edges": 6}  # of an action; else 3


class ActionDecoder:
    """Turns the actions of one mode into target holdings.

    Args:
        config: The hedging problem.
        mode: One of ACTION_MODES; None: the config's.

    Attributes:
        mode: As given.
        shape: Shape of one action: (3,), (1,) or () for an integer; with a listed
            option, or a range that the policy moves, one number more; on two chains
            two; where it splits orders, one for each venue.
        n_choices: Number of integers of mode `discrete`, else None.
    """

    def __init__(self, config: EnvConfig, mode: str | None = None) -> None:
        settings: ActionConfig = config.action
        self.mode = settings.mode if mode is None else mode
        low, high = config.holdings_bounds
        self._params = DecoderParams(
            offset_range=float(settings.offset_range),
            log_width_range=float(settings.log_width_range),
            snap=1.0 if settings.snap else 0.0,
            worth_it=1.0 if settings.worth_it else 0.0,
            low=float(low),
            high=float(high),
            size=float(max(abs(low), abs(high))),
        )
        self._option = config.execution.option is not None
        self._has_rollup = config.execution.rollup is not None
        self._on_two_chains = self._has_rollup and self.mode != "discrete"
        self._moves_range = bool(config.book.recentring_keys)
        self._n_shares = config.execution.n_shares
        self._quoted = float(config.execution.quoted_order)
        self._neutral = settings.neutral
        self._centre = (float(settings.centre_vega), float(settings.centre_smile))
        self._lean = float(settings.centre_funding)
        _check_mode(self.mode, self._option, self._moves_range, self._n_shares > 0)
        is_moved = any(self._centre) or self._lean != 0.0
        if is_moved and self.mode not in _DECODERS:
            raise ConfigError(
                f"action mode {self.mode} has no band to move: set action.centre_vega, "
                "action.centre_smile and action.centre_funding to 0, or use "
                f"{' or '.join(_DECODERS)}"
            )
        size = _SIZES.get(self.mode, 3) + int(self._option or self._moves_range)
        size += (N_NUMBERS if self._on_two_chains else 0) + self._n_shares
        self.shape: tuple[int, ...] = () if self.mode == "discrete" else (size,)
        self.n_choices = settings.choices if self.mode == "discrete" else None
        self._grid = np.linspace(low, high, settings.choices)

    def decode(self, action: np.ndarray[Any, Any], rows: FloatArray) -> FloatArray:
        """Target holdings of each path.

        Args:
            action: Shape (n, *shape), in [-1, 1] (clipped) or integers in
                [0, n_choices).
            rows: Shape (N_FIELDS, n).

        Returns:
            Shape (n, n_columns) [-], within the bounds of the holdings up to the
            clipping that the ledger does; the last column is 1 where a range is moved,
            the last ones are the shares of venues.
        """
        if self.mode == "discrete":
            chosen = self._choose(np.asarray(action), rows)
            held = [rows[field.ROLLUP_HOLDINGS]] if self._has_rollup else []
            return np.stack([chosen, *held], axis=1)
        numbers = np.ascontiguousarray(
            np.clip(action, -1.0, 1.0).T, dtype=np.float64
        )  # (shape, n)
        if self._n_shares == 0:
            return self._decode(numbers, rows)
        wanted = self._decode(numbers[: -self._n_shares], rows)
        return np.hstack([wanted, venue_shares(numbers[-self._n_shares :]).T])

    def _decode(self, numbers: FloatArray, rows: FloatArray) -> FloatArray:
        """Target without shares of venues, of actions (shape, n) without theirs."""
        if self._on_two_chains:
            total = self._underlying(numbers, where_cheap(rows, self._quoted))
            there = rollup_target(numbers[-N_NUMBERS:], rows, total)
            return np.stack([total, there], axis=1)
        if self._moves_range:
            moved = is_moved(numbers[-1])
            total = self._underlying(numbers, after_move(rows, moved))
            return np.stack([total, moved.astype(np.float64)], axis=1)
        if not self._option:
            return self._underlying(numbers, rows)[:, None]
        if self.mode == "target":
            units = numbers[-1] * rows[field.OPTION_LIMIT]
        else:
            share = 0.5 * (numbers[-1] + 1.0)
            units = option_target(share, rows, self._neutral)
            rows = after_option_trade(rows, units)
        return np.stack([self._underlying(numbers, rows), units], axis=1)

    @property
    def params(self) -> DecoderParams:
        """Constants of the decoding."""
        return self._params

    def _underlying(self, numbers: FloatArray, rows: FloatArray) -> FloatArray:
        """Target of the underlying, shape (n,), of actions (shape, n)."""
        p = self._params
        if self.mode == "ratio":
            return np.asarray(rows[field.DELTA]).copy()
        if self.mode == "target":
            share = 0.5 * (numbers[0] + 1.0)
            holdings: FloatArray = p.low + share * (p.high - p.low)
            return holdings
        target = np.empty(rows.shape[1])
        _DECODERS[self.mode](rows, self.base(rows), numbers, target, p)
        return target

    def base(self, rows: FloatArray) -> FloatArray:
        """What the bands stand around, shape (n,)."""
        middle: FloatArray = rows[field.DELTA]
        if any(self._centre):
            now = {name: rows[FIELDS.index(name)] for name in VEGA_TERM_INPUTS}
            level, tilt = vega_terms(now)
            middle = middle + (self._centre[0] * level + self._centre[1] * tilt)
        if self._lean != 0.0:
            now = {name: rows[FIELDS.index(name)] for name in FUNDING_LEAN_INPUTS}
            middle = middle - funding_lean(now, self._lean)
        return middle

    def _choose(self, choice: IntArray, rows: FloatArray) -> FloatArray:
        """Two choices are hold and trade to delta; more are a grid of holdings."""
        if self.n_choices == 2:
            hold: FloatArray = np.where(
                choice == 0, rows[field.HOLDINGS], rows[field.DELTA]
            )
            return hold
        holdings: FloatArray = self._grid[choice]
        return holdings


def _check_mode(mode: str, option: bool, moves_range: bool, splits: bool) -> None:
    if mode == "discrete" and splits:
        raise ConfigError(
            "action mode discrete has no shares of venues, which execution.split = "
            "policy asks for; use band, band_free, band_edges or target"
        )
    if mode == "discrete" and option:
        raise ConfigError("action mode discrete has no choice of options")
    if mode == "discrete" and moves_range:
        raise ConfigError(
            "action mode discrete has no choice of a range, which recentre.by = policy "
            "asks for; use band, band_free, band_edges or target"
        )
    if mode == "ratio" and not option:
        raise ConfigError("action mode ratio needs a listed option: execution.option")
