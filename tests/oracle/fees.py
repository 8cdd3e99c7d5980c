"""Base fee and blob fee block by block, from the EIPs, and a rollup's gas price."""

from __future__ import annotations

from math import exp, log

from hedge_env.config import BlobConfig
from tests.oracle.market.gas import log_gas
from tests.oracle.market.noise import START
from tests.oracle.state import State, mean_revert

BLOCK = 21
PER_BLOB = 2**17


def start_fees(world: State) -> None:
    fees = world.config.market.fees
    if fees is None:
        return
    z = world.noise.normals(START, BLOCK)
    world.base_ratio, world.gas_worth = 1.0, log_gas(world)
    if fees.blob is not None:
        world.factors["blob"] = fees.blob.sd * z[0]
        base = world.config.market.gas.median_gwei * exp(world.gas_worth)
        least = base / 16.0 if fees.blob.reserve else 0.0
        worth = fees.blob.median_gwei * exp(world.factors["blob"])
        world.blob_fee = max(worth, least, 1e-9)
    if fees.rollup is not None:
        world.factors["rollup_gas"] = fees.rollup.sd * z[1]


def move_fees(world: State, z: list[float]) -> None:
    """After all else has moved, at the clock at the end of the step."""
    fees = world.config.market.fees
    if fees is None:
        return
    blocks = max(round(world.hours_per_step * 3600.0 / fees.block_seconds), 1)
    late = min(blocks, fees.blocks)  # those that are run
    before, world.gas_worth = world.gas_worth, log_gas(world)
    a_block = (world.gas_worth - before) / blocks
    median = world.config.market.gas.median_gwei
    worth = [median * exp(world.gas_worth - a_block * k) for k in range(late, -1, -1)]
    base = world.base_ratio * worth[0]
    blobs = blob_worths(world, z, blocks, late)
    for k in range(late):
        if fees.blob is not None:
            world.blob_fee = blob_after(world.blob_fee, blobs[k], base, fees.blob)
        used = min(worth[k] / base, 2.0)  # over the target
        base += base * (used - 1.0) / 8.0
    world.base_ratio = base / worth[late]
    if fees.rollup is not None:
        now = world.factors["rollup_gas"]
        moved = mean_revert(now, z[1], fees.rollup, world.days)
        world.factors["rollup_gas"] = moved


def blob_worths(world: State, z: list[float], blocks: int, late: int) -> list[float]:
    blob = world.config.market.fees.blob
    if blob is None:
        return []
    before = world.factors["blob"]
    now = world.factors["blob"] = mean_revert(before, z[0], blob, world.days)
    step = (now - before) / blocks
    return [blob.median_gwei * exp(now - step * k) for k in range(late, -1, -1)]


def blob_after(fee: float, worth: float, base: float, blob: BlobConfig) -> float:
    """By the excess blob gas, which is a logarithm of the fee."""
    excess = blob.update_fraction * log(fee / 1e-9)
    used = min(worth / fee * blob.target, blob.most) * PER_BLOB
    if excess + used < blob.target * PER_BLOB:
        excess = 0.0
    elif blob.reserve and 2**13 * base > 2**17 * fee:
        excess += used * (blob.most - blob.target) / blob.most
    else:
        excess += used - blob.target * PER_BLOB
    return 1e-9 * exp(excess / blob.update_fraction)


def base_fee(world: State) -> float:
    gas = world.config.market.gas
    return gas.median_gwei * exp(log_gas(world)) * world.base_ratio


def log_paid(world: State) -> float:
    """Log of the gas price that a transaction pays over the median of its worth."""
    fees = world.config.market.fees
    if fees is None:
        return log_gas(world)
    median = world.config.market.gas.median_gwei
    last = median * exp(log_gas(world)) / 2.0
    return log((max(base_fee(world), last) + fees.tip_gwei) / median)


def rollup_gas(world: State) -> float:
    """Cost of the gas of one transaction on the rollup, in units of the underlying."""
    fees, rollup = world.config.market.fees, world.config.execution.rollup
    gwei = 0.0
    if fees is not None and fees.rollup is not None:
        price = fees.rollup.median_gwei * exp(world.factors["rollup_gas"])
        gwei += rollup.gas_units * price
    return (gwei + rollup.blob_gas * world.blob_fee) * 1e-9
