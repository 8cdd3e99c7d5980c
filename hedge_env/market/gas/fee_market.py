r"""Base fee and blob fee by the rules of Ethereum, and a rollup's own price of gas.

Block space is worth :math:`v` to those who want it: the gas price of `gas_price`, at
which a block takes its target. Demand falls with the fee, :math:`g / t = v / f`, up to
a full block of twice the target, so that the rule of EIP-1559 is

.. math:: f_{k+1} = \tfrac78 f_k + \tfrac18 \min(v_k, 2 f_k).

Blobs are worth :math:`w` to rollups, log-normal and mean-reverting; of the target they
take :math:`s = \min(w / b, m / t)`, and by EIP-4844 and 7918

.. math:: b_{k+1} = b_k e^{\kappa (s - 1)}, \quad
          b_{k+1} = b_k e^{\kappa s (1 - t / m)} \text{ while } f_k > 16 b_k,

with :math:`\kappa` the target's blob gas over the update fraction, and no less than 1
wei. Within a market step :math:`v` and :math:`w` move evenly in logarithms. A step
of many blocks is run by its last ones, from the ratio of base fee to worth that the
step before it ended with; what a fee was fades by an eighth a block, to 2e-3 in 48.
Over hours, then, the base fee is what space is worth; what the rules add is the lag
of minutes, the reserve of blobs, and the rise of at most an eighth a block.

Sources: `pricing/fee_rules`, which has them in whole wei; demand is assumed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import BlobConfig, MarketConfig, MeanReverting
from hedge_env.config.sections.onchain.fees import GAS_PER_BLOB
from hedge_env.market.gas import gas_price
from hedge_env.market.gas.gas_price import (
    GasParams,
    gas_params,
    log_gas_deviation,
    week_deviation,
)
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.market.volatility.season import is_weekend
from hedge_env.numerics.ornstein_uhlenbeck import (
    NO_FACTOR,
    OuParams,
    ou_params,
    ou_step,
)
from hedge_env.numerics.random_blocks import Shock, normal
from hedge_env.numerics.special import exp
from hedge_env.pricing.fee_rules import RESERVE

STATES: Final[dict[str, str]] = {
    "base_ratio": "base fee over what block space is worth",
    "gas_worth": "log of what block space is worth over its median",
    "blob_fee": "of a unit of blob gas [gwei]",
    "blob_worth": "log of what a unit of blob gas is worth over its median",
    "rollup_gas": "log of the rollup's gas price over its median",
}
SHOCKS: Final[tuple[Shock, ...]] = (
    normal("z_blob", 21, 0, "fees"),
    normal("z_rollup_gas", 21, 1, "fees"),
)
USES: Final = (
    *("gas_slow", "gas_fast", "gas_burst"),
    *("stress", "start_weekday", "start_hour"),
)
_BASE, _WORTH, _BLOB, _BLOB_WORTH, _ROLLUP = range(5)  # of STATES
_SLOW, _FAST, _BURST, _STRESS, _WEEKDAY, _HOUR = range(5, 11)  # of USES, after them

_WEI = 1e-9  # [gwei]
_SECONDS_PER_HOUR = 3600.0
_HOURS_PER_DAY = 24.0


class BlobParams(NamedTuple):
    """Constants of the blob fee."""

    on: bool
    median: float  # of what a unit of blob gas is worth [gwei]
    factor: OuParams  # of its log [-]
    speed: float  # kappa [-]
    most: float  # of blobs in a block, over the target [-]
    held_up: float  # 1 - t / m, or 1 without the reserve [-]
    near: float  # fee from which a block can reach 1 wei [gwei]
    reserve: float  # base fee over the blob fee below which it is held up; inf: none


NO_BLOBS: Final = BlobParams(
    on=False,
    median=0.0,
    factor=NO_FACTOR,
    speed=0.0,
    most=1.0,
    held_up=1.0,
    near=0.0,
    reserve=np.inf,
)


class FeeMarketParams(NamedTuple):
    """Constants of the fees for one step length."""

    on: bool
    gas: GasParams
    stress: float  # log gas under stress less that of calm [-]
    blocks: float  # of a market step
    run: int  # of these, the last ones
    tip: float  # [gwei]
    blob: BlobParams
    rollup: OuParams  # log of the rollup's gas price [-]
    rollup_median: float  # [gwei]


OFF: Final = FeeMarketParams(
    on=False,
    gas=gas_price.OFF,
    stress=0.0,
    blocks=1.0,
    run=0,
    tip=0.0,
    blob=NO_BLOBS,
    rollup=NO_FACTOR,
    rollup_median=0.0,
)


def compile(market: MarketConfig, length: StepLength) -> FeeMarketParams:
    """See `market.process`."""
    fees = market.fees
    if fees is None:
        return OFF
    blocks = max(round(length.hours * _SECONDS_PER_HOUR / fees.block_seconds), 1)
    return FeeMarketParams(
        on=True,
        gas=gas_params(market.gas, length.years, length.days),
        stress=0.0 if market.regime is None else float(Decimal(market.regime.gas).ln()),
        blocks=float(blocks),
        run=min(blocks, fees.blocks),
        tip=float(fees.tip_gwei),
        blob=_blob_params(fees.blob, length.days),
        rollup=_factor(fees.rollup, length.days),
        rollup_median=0.0 if fees.rollup is None else float(fees.rollup.median_gwei),
    )


def _factor(config: MeanReverting | None, days: float) -> OuParams:
    if config is None:
        return NO_FACTOR
    return ou_params(config.half_life_days, config.sd, days)


def _blob_params(blob: BlobConfig | None, days: float) -> BlobParams:
    if blob is None:
        return NO_BLOBS
    speed = blob.target * GAS_PER_BLOB / blob.update_fraction
    return BlobParams(
        on=True,
        median=float(blob.median_gwei),
        factor=_factor(blob, days),
        speed=speed,
        most=blob.most / blob.target,
        held_up=1.0 - blob.target / blob.most,
        near=_WEI * float(Decimal(speed).exp()),
        reserve=float(RESERVE) if blob.reserve else np.inf,
    )


@scalar_kernel
def next_base(base: float, worth: float) -> float:
    """Base fee of the next block; see the module."""
    taken = 2.0 * base
    return 0.875 * base + 0.125 * (worth if worth < taken else taken)


@scalar_kernel
def next_blob(blob: float, worth: float, base: float, p: BlobParams) -> float:
    """Blob fee of the next block; see the module.

    Args:
        blob: Of this one, positive [gwei].
        worth: Of a unit of blob gas [gwei].
        base: Base fee of this block [gwei].
        p: Constants.
    """
    share = worth / blob
    share = p.most if share > p.most else share
    is_held = base > p.reserve * blob
    if blob < p.near and blob * exp(p.speed * (share - 1.0)) < _WEI:
        return _WEI  # the rule asks for this first
    moved = blob * exp(p.speed * (share * p.held_up if is_held else share - 1.0))
    return _WEI if moved < _WEI else moved


@kernel
def run_blocks(
    base: FloatArray,
    worth: FloatArray,
    growth: FloatArray,
    blob: FloatArray,
    blob_worth: FloatArray,
    blob_growth: FloatArray,
    p: FeeMarketParams,
) -> None:
    """Run the blocks of a market step on all paths, in place, shape (n,) each.

    Args:
        base: Base fee before the first block that is run [gwei].
        worth: Of block space then [gwei].
        growth: What multiplies it from block to block [-].
        blob: Blob fee then [gwei]; read if there are blobs.
        blob_worth: Of a unit of blob gas then [gwei].
        blob_growth: What multiplies it [-].
        p: Constants.
    """
    for _ in range(p.run):
        if p.blob.on:
            for i in range(base.size):
                blob[i] = next_blob(blob[i], blob_worth[i], base[i], p.blob)
                blob_worth[i] *= blob_growth[i]
        for i in range(base.size):
            base[i] = next_base(base[i], worth[i])
            worth[i] *= growth[i]


@scalar_kernel
def _worth(own: Rows, i: int, hours: float, burst: float, p: FeeMarketParams) -> float:
    """Log of what block space is worth over its median, at a clock [-]."""
    days = hours / _HOURS_PER_DAY
    slow, fast = row(own, _SLOW)[i], row(own, _FAST)[i]
    now = log_gas_deviation(slow, fast, burst, days - np.floor(days), p.gas)
    now += week_deviation(is_weekend(row(own, _WEEKDAY)[i], hours), p.gas)
    now += p.stress * row(own, _STRESS)[i]
    return float(now)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: FeeMarketParams) -> None:
    """Fees where they have long been: at what is paid for, blobs above the reserve."""
    if not p.on:
        return
    level = _worth(own, 0, row(own, _HOUR)[0], 0.0, p)
    base = p.gas.median * exp(level)
    row(own, _BASE)[0] = 1.0
    row(own, _WORTH)[0] = level
    row(own, _BLOB_WORTH)[0] = p.blob.factor.sd * row(shocks, 0)[0]
    blob = p.blob.median * exp(row(own, _BLOB_WORTH)[0])
    least = base / p.blob.reserve
    blob = least if blob < least else blob
    blob = _WEI if blob < _WEI else blob
    row(own, _BLOB)[0] = blob if p.blob.on else 0.0
    row(own, _ROLLUP)[0] = p.rollup.sd * row(shocks, 1)[0]


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: FeeMarketParams) -> None:
    """Move what is paid for, and let the fees follow it block by block."""
    if p.on:
        advance_fees(own, shocks, step.hours, step.dt_hours, p)


@kernel
def advance_fees(
    own: Rows, shocks: Rows, hours: FloatArray, dt_hours: float, p: FeeMarketParams
) -> None:
    """Advance by one market step.

    Args:
        own: Its rows and those that it uses.
        shocks: Its shocks.
        hours: Clock before the step, shape (paths,) [hour].
        dt_hours: Length of the step.
        p: Constants.
    """
    n, burst = hours.size, row(own, _BURST)
    scratch = np.empty((5, n))
    base, worth, growth = scratch[0], scratch[1], scratch[2]
    blob_worth, blob_growth = scratch[3], scratch[4]
    ratio, level, blob = row(own, _BASE), row(own, _WORTH), row(own, _BLOB)
    for i in range(n):
        now = _worth(own, i, hours[i] + dt_hours, burst[i], p)
        a_block = (now - level[i]) / p.blocks
        level[i] = now
        growth[i] = exp(a_block)
        worth[i] = p.gas.median * exp(now - a_block * p.run)
        base[i] = ratio[i] * worth[i]
    wanted, z = row(own, _BLOB_WORTH), row(shocks, 0)
    for i in range(n):
        now = ou_step(wanted[i], z[i], p.blob.factor)
        a_block = (now - wanted[i]) / p.blocks
        wanted[i] = now
        blob_growth[i] = exp(a_block)
        blob_worth[i] = p.blob.median * exp(now - a_block * p.run)
    run_blocks(base, worth, growth, blob, blob_worth, blob_growth, p)
    for i in range(n):
        ratio[i] = base[i] / worth[i]
    rollup, z = row(own, _ROLLUP), row(shocks, 1)
    for i in range(n):
        rollup[i] = ou_step(rollup[i], z[i], p.rollup)
