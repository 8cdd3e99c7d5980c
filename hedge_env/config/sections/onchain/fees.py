"""Fees of blocks, blobs and a rollup, by the rules of their chains."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hedge_env.config.model import MeanReverting, Model, NonNegative, Positive

GAS_PER_BLOB = 131_072  # EIP-4844
_MOST_MOVE = 5.0  # of the log of a fee, in one block
_Blobs = Annotated[int, Field(ge=1, le=1024)]


class BlobConfig(MeanReverting):
    """What rollups pay for their data: demand that moves, a fee that follows it.

    The factor is the log of what a blob is worth to them, the fee at which they fill
    the target, over its median. Target and most are those of BPO2, as the fraction is.
    """

    median_gwei: Positive  # per unit of blob gas
    target: _Blobs = 14  # blobs of a block
    most: _Blobs = 21
    update_fraction: Annotated[int, Field(ge=100_000, le=10**12)] = 11_684_671
    reserve: bool = True  # EIP-7918: the fee is held up by the base fee

    @model_validator(mode="after")
    def _moves_little(self) -> BlobConfig:
        if self.most <= self.target:
            raise ValueError(
                f"most = {self.most} must be above target = {self.target}: a block "
                "that is full has to be more than one that is on target"
            )
        if self.most * GAS_PER_BLOB > _MOST_MOVE * self.update_fraction:
            raise ValueError(
                f"update_fraction = {self.update_fraction} lets the fee move by more "
                f"than e^{_MOST_MOVE:g} a block; raise it to "
                f"{round(self.most * GAS_PER_BLOB / _MOST_MOVE)} at least"
            )
        return self


class RollupGasConfig(MeanReverting):
    """A rollup's own price of gas: a mean-reverting logarithm."""

    median_gwei: Positive


class FeesConfig(Model):
    """Base fee by EIP-1559, blob fee by EIP-4844, 7691 and 7918; see docs/chains.md.

    The gas price of `market.gas` is then what block space is worth to others, and the
    base fee follows it, block by block.
    """

    block_seconds: Annotated[float, Field(ge=0.05, le=3600.0)] = 12.0
    # Of a market step, the last so many are run: before them the fees have forgotten.
    blocks: int = Field(default=48, ge=1, le=10_000)
    tip_gwei: NonNegative = 0.0  # to the proposer, over the base fee
    blob: BlobConfig | None = None
    rollup: RollupGasConfig | None = None
