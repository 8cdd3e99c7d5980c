"""The account of a band in two passes over each path, for torch.

The same sums as `account.Account` in mode `band_edges`, where no network has to be
asked between two decisions: `value/band_path` in place of one tensor operation after
another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hedge_env.agent.band_edges import N_EDGES
from hedge_env.base.types import FloatArray
from hedge_env.baselines.value.band_path import (
    N_SUMS,
    BandTerms,
    follow_band,
    slopes_along,
)
from hedge_env.training.train.sb3.deep.account import AccountTerms
from hedge_env.training.train.sb3.market_walk import Walk


class BandAccount(torch.autograd.Function):
    """Net loss, objective and luck of a band, shape (3, n) [notional]."""

    @staticmethod
    def forward(
        ctx: Any, edges: Tensor, walk: Walk, price: FloatArray, p: BandTerms
    ) -> Tensor:
        """Of edges (5, decisions + 1, n) and price (decisions + 1, n)."""
        given = np.ascontiguousarray(edges.detach().numpy())
        n_steps, n = given.shape[1] - 1, given.shape[2]
        held, source = np.empty((n_steps, n)), np.empty((n_steps, n), dtype=np.int64)
        found = np.zeros((N_SUMS, n))
        follow_band(given, walk.costs, walk.moves, price, p, held, source, found)
        ctx.seen = walk, price, p, held, source
        return torch.from_numpy(found)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None, None]:
        """Slopes in the edges."""
        walk, price, p, held, source = ctx.seen
        found = np.zeros((N_EDGES, held.shape[0] + 1, held.shape[1]))
        given = np.ascontiguousarray(slopes[0].numpy())
        slopes_along(given, walk.costs, walk.moves, price, p, held, source, found)
        return torch.from_numpy(found), None, None, None


def band_terms(terms: AccountTerms) -> BandTerms:
    """Those of an account."""
    growth = terms.growth
    return BandTerms(
        low=terms.orders.low,
        high=terms.orders.high,
        least=terms.orders.least,
        opening=terms.opening,
        liquidation=terms.liquidation,
        width=terms.fixed_cost_width,
        growth=0.0 if growth is None else growth,
        has_luck=0.0 if growth is None else 1.0,
    )
