r"""What a liquidity position earned and lost, whatever the hedger did.

Over an episode a position in an automated market maker gains, beside what its holdings
at the start would have gained,

.. math:: \text{impermanent loss} = V_N - (x_0 S_N + y_0) \le 0 ;

what a hedger at its delta is left with is instead the *loss versus rebalancing*,

.. math:: -\sum_k \bigl[ x_k (S_{k+1} - S_k) - (V_{k+1} - V_k) \bigr] \le 0 ,

of which arbitrageurs keep the share s and pay the rest back as fees; noise traders pay
the others. Where a range follows the price, the position it is put into is worth what
the old one was, so that neither loss jumps, and what moving it costs is a part of its
own. All of it follows from the prices, the volatility and the value of the book
on a path (:mod:`hedge_env.book.amm`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.amm import AmmParams, amm_params, moving_cost
from hedge_env.book.endless.recentring import is_due, new_scale
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.sections.liabilities import AmmConfig
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.feeds.simulated import quote_params
from hedge_env.feeds.tape import record_tape
from hedge_env.pricing.amm import amm_cash, amm_units, amm_value, arbitrage_share

_LOSS, _VERSUS, _KEPT, _VALUE, _MOVED, _TIMES = range(6)
_NAMES = (
    *("impermanent_loss", "lvr", "arbitrage_profit", "noise_fees", "fees"),
    *("recentring", "recentrings"),
)


@dataclass(frozen=True)
class LiquidityParts:
    """Means over episodes, in basis points of notional, and their standard errors.

    Attributes:
        impermanent_loss_bp: Against holding what the position held at the start.
        lvr_bp: Loss versus rebalancing, before fees.
        arbitrage_profit_bp: What of it arbitrageurs keep after the fee, negative.
        noise_fees_bp: Fees of noise traders.
        fees_bp: All fees, those of arbitrageurs included.
        recentring_bp: Cost of moving ranges, negative.
        recentrings: How often one is moved.
    """

    impermanent_loss_bp: float
    impermanent_loss_se: float
    lvr_bp: float
    lvr_se: float
    arbitrage_profit_bp: float
    arbitrage_profit_se: float
    noise_fees_bp: float
    noise_fees_se: float
    fees_bp: float
    fees_se: float
    recentring_bp: float = 0.0
    recentring_se: float = 0.0
    recentrings: float = 0.0
    recentrings_se: float = 0.0

    def to_document(self) -> dict[str, float]:
        """Plain values for JSON."""
        return asdict(self)


def holds_liquidity_alone(config: EnvConfig) -> bool:
    """Whether a book is liquidity and nothing else, on recordable paths."""
    kinds = {leg.kind for leg in config.book.legs}
    answers = config.answering_key is not None
    return kinds == {"amm"} and config.book.arrivals is None and not answers


def liquidity_parts(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str = "test"
) -> LiquidityParts:
    """Where the change of the book's value is from.

    Args:
        config: A problem for which `holds_liquidity_alone`.
        path_ids: At least 2, all kept in memory, shape (n,).
        seed: Of the market.
        stream: training, validation or test.
    """
    rows = record_tape(config, path_ids, seed=seed, stream=stream).rows
    parts = parts_of_paths(rows, config)
    found = {}
    for name, part in zip(_NAMES, parts, strict=True):
        mean = mean_and_error(part / BASIS_POINT)
        found[f"{name}_bp"], found[f"{name}_se"] = mean
    often = mean_and_error(parts[-1])
    del found["recentrings_bp"]
    found["recentrings"], found["recentrings_se"] = often
    return LiquidityParts(**found)


def parts_of_paths(rows: FloatArray, config: EnvConfig) -> FloatArray:
    """Impermanent loss, LVR, arbitrage profit and so on of each path; see `_NAMES`.

    Args:
        rows: Of a tape, shape (decisions + 1, rows, n).
        config: See `liquidity_parts`.

    Returns:
        Shape (7, n) [notional], the last a number.
    """
    positions = [leg for leg in config.book.legs if isinstance(leg, AmmConfig)]
    constants = amm_params(positions, config, quote_params(config).market)
    sums = np.zeros((6, rows.shape[2]))
    spot = np.ascontiguousarray(rows[:, field.SPOT])
    volatility = np.ascontiguousarray(rows[:, field.TRUE_VOLATILITY])
    gas_price = np.ascontiguousarray(rows[:, field.GAS_PRICE])
    _add_parts(spot, volatility, gas_price, constants, sums)
    book = rows[-1, field.BOOK_VALUE] - rows[0, field.BOOK_VALUE]
    fees = book - sums[_VALUE] - sums[_MOVED]
    paid = sums[_KEPT] - sums[_VERSUS]  # by arbitrageurs: what they do not keep
    losses = sums[_LOSS], sums[_VERSUS], sums[_KEPT]
    return np.stack([*losses, fees - paid, fees, sums[_MOVED], sums[_TIMES]])


@kernel
def _add_parts(
    spot: FloatArray,
    volatility: FloatArray,
    gas_price: FloatArray,
    p: AmmParams,
    sums: FloatArray,
) -> None:
    """Add impermanent loss, LVR, what arbitrageurs keep, change of value, moves.

    Args:
        spot: Shape (decisions + 1, n).
        volatility: Shape of `spot`.
        gas_price: Shape of `spot` [gwei].
        p: The positions.
        sums: Shape (6, n).
    """
    last = spot.shape[0] - 1
    for k in range(p.quantity.shape[0]):
        low, high = p.root_low[k], p.inverse_root_high[k]
        size = p.quantity[k] * p.liquidity[k]
        for i in range(spot.shape[1]):
            root = np.sqrt(spot[0, i])
            units, value = amm_units(root, low, high), amm_value(root, low, high)
            held = units * spot[last, i] + amm_cash(root, low, high)
            first, c, scale = value, 1.0, 1.0
            for step in range(last):
                price = spot[step + 1, i]
                root = np.sqrt(price)
                after = scale * c * amm_value(root / c, low, high)
                lost = units * (price - spot[step, i]) - (after - value)
                share = arbitrage_share(volatility[step, i], p.fee[k], p.block[k])
                sums[_VERSUS, i] -= size * lost
                sums[_KEPT, i] -= size * share * lost
                if is_due(root, c, k, p.recentring):
                    cost = moving_cost(root, c, scale, gas_price[step + 1, i], k, p)
                    sums[_MOVED, i] -= size * cost
                    sums[_TIMES, i] += 1.0
                    scale = new_scale(root, c, scale, low, high)
                    c = root
                units = scale / c * amm_units(root / c, low, high)
                value = after
            sums[_LOSS, i] += size * (value - held)
            sums[_VALUE, i] += size * (value - first)
