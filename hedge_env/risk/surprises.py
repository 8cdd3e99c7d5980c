r"""Numbers of mean zero that tell how lucky a path was: control variates of any sum.

For the functions :math:`\psi_j` of `state_functions`, each path has

.. math:: Z_j = \sum_{k < N - 1} \sqrt{\tau_{k+1}}
                \left( \psi_j(x_{k+1}) - E_k \psi_j(x_{k+1}) \right), \qquad
          Z'_j = \psi_j(x_0) - \frac{1}{M} \sum_m \psi_j(x_0^m)

with :math:`\tau` the share of the episode that is left and M further starts of the
same market. All have mean zero, whatever a policy does, and serve every policy and
every risk aversion: `evaluation/luck` fits how much of each belongs to a sum. The
martingale differences of a value function :math:`\sqrt{\tau_k} \sum_j c_j \psi_j` are
among their sums, and that of its start, so that nobody has to know one beforehand.

Source: Glasserman (2003), *Monte Carlo Methods in Financial Engineering*, section 4.1;
the martingale differences are those of Brown, Smith and Sun (2010), Operations Research
58(4).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.listed_options import least_rows
from hedge_env.config import EnvConfig
from hedge_env.feeds.quoted_paths import QuotedPaths
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.market_state import N_STATES
from hedge_env.numerics.philox import STREAMS, stream_key
from hedge_env.risk.next_rows import Outlook
from hedge_env.risk.state_functions import N_FUNCTIONS, add_surprises, fill_functions

N_CONTROLS: Final = 2 * N_FUNCTIONS
_STARTS = 64  # further starts of each path


class Surprises:
    """Adds up the surprises of some paths, decision by decision.

    Args:
        n_paths: Number of paths.
        decisions: Of an episode.

    Attributes:
        total: Z, shape (n, N_FUNCTIONS) [-].
    """

    def __init__(self, n_paths: int, decisions: int) -> None:
        self.total: FloatArray = np.zeros((n_paths, N_FUNCTIONS))
        self._before: FloatArray = np.empty((n_paths, N_FUNCTIONS))
        self._after = self._before.copy()
        self._decisions, self._step = decisions, 0

    def add(self, outlook: Outlook) -> None:
        """Add one decision of every path.

        Args:
            outlook: The next one in their order.
        """
        self._step += 1
        if self._step == self._decisions:
            return  # nothing comes after the end
        if self._step == 1:
            fill_functions(outlook.rows, outlook.state, self._after)
        self._before, self._after = self._after, self._before
        fill_functions(outlook.after, outlook.state_after, self._after)
        rows, n = outlook.drawn.shape[0], outlook.weights.size
        drawn: FloatArray = np.empty((n, N_FUNCTIONS))
        states = outlook.drawn_state.reshape(N_STATES, n)
        fill_functions(outlook.drawn.reshape(rows, n), states, drawn)
        weight = math.sqrt(1.0 - self._step / self._decisions)
        functions = self._before, drawn, outlook.weights, self._after
        add_surprises(*functions, weight, self.total)


def start_surprises(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str
) -> FloatArray:
    """How far the start of each path is from the mean of others, Z'.

    Every path has starts of its own to be measured against, so that paths stay
    independent of each other.

    Args:
        config: The hedging problem.
        path_ids: Shape (n,).
        seed: Of all streams.
        stream: Of the paths.

    Returns:
        Shape (n, N_FUNCTIONS) [-].
    """
    own = _functions_at_start(config, path_ids, stream_key(seed, stream))
    ids = (path_ids[:, None] * _STARTS + np.arange(_STARTS)).ravel()
    others = _functions_at_start(config, ids, _start_key(seed, stream))
    means = others.reshape(path_ids.size, _STARTS, N_FUNCTIONS).mean(axis=1)
    found: FloatArray = own - means
    return found


def _functions_at_start(
    config: EnvConfig, path_ids: IntArray, key: tuple[np.uint32, np.uint32]
) -> FloatArray:
    quotes, n = quote_params(config), path_ids.size
    rows, everyone = np.zeros((least_rows(quotes.listed.n_slots), n)), np.ones(n, bool)
    paths = QuotedPaths(quotes, n, key, config)
    paths.start(path_ids, everyone)
    paths.quote_start(rows, everyone)
    found: FloatArray = np.empty((n, N_FUNCTIONS))
    fill_functions(rows, paths.state, found)
    return found


def _start_key(seed: int, stream: str) -> tuple[np.uint32, np.uint32]:
    """Key of the further starts, which share no numbers with paths or draws."""
    spawned = np.random.SeedSequence(seed, spawn_key=(STREAMS.index(stream), 2))
    words = spawned.generate_state(2, np.uint32)
    return words[0], words[1]
