r"""What an agent decides over several venues besides the holdings: what goes where.

With `execution.split: policy` the last numbers of an action, one a venue and each in
[-1, 1], say how an order is shared out. The shares are the point of the simplex that is
nearest to the numbers :math:`z` (sparsemax),

.. math:: w = \arg\min_{w \ge 0, \sum_j w_j = 1} \lVert w - z \rVert^2, \quad
   w_j = \max(z_j - \tau, 0)

with the :math:`\tau` at which they add up to one: of the numbers in falling order
:math:`z_{(1)} \ge z_{(2)} \ge \dots`,

.. math:: \tau = \frac{1}{k} \Big(\sum_{i \le k} z_{(i)} - 1\Big), \quad
   k = \max \{ i : 1 + i z_{(i)} > \sum_{l \le i} z_{(l)} \}

Unlike those of a softmax, shares can be exactly zero: a venue that is left out costs
nothing fixed, and all goes to one venue whose number is larger than any other by one.
Numbers that are shares already stay as they are, so every split is within reach of
[-1, 1] without a scale. Equal numbers, zeros among them, are equal shares.

Shares are columns of a target, after those of the holdings. They are no order: what is
traded is what the holdings say, and inside a no-trade band that is nothing.

Source: Martins and Astudillo (2016), "From softmax to sparsemax: a sparse model of
attention and multi-label classification", arXiv 1602.02068, algorithm 1.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray


def venue_shares(numbers: FloatArray) -> FloatArray:
    """Shares of an order nearest to an action's numbers, at least 0, of sum 1.

    Args:
        numbers: Of each venue, finite, shape (n_venues, n) [-].

    Returns:
        Shape (n_venues, n) [-].
    """
    falling = -np.sort(-numbers, axis=0)
    excess = np.cumsum(falling, axis=0) - 1.0
    count = np.arange(1.0, len(numbers) + 1.0)[:, None]
    in_use = (count * falling > excess).sum(axis=0)
    threshold = np.take_along_axis(excess, in_use[None] - 1, axis=0) / in_use
    return np.asarray(np.maximum(numbers - threshold, 0.0))
