"""Which path each environment of a batch plays next, and from which seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hedge_env.base.errors import ResetError
from hedge_env.base.types import BoolArray, IntArray

_WORD_BITS = 32  # of one entry of a saved seed


class PathSchedule:
    """Counts episodes and hands out path ids.

    In its episode number `k` since the count began, environment `i` of `n` gets path
    `k * ceil(n / m) + i // m`, so that `m` neighbours share each path and no path
    comes twice.

    Args:
        num_envs: n.
        envs_per_path: m.

    Attributes:
        seed: Of all paths, at least 0.
        episodes: Episodes started since the count began, shape (num_envs,).
    """

    def __init__(self, num_envs: int, envs_per_path: int) -> None:
        self.seed = 0
        self.episodes: IntArray = np.zeros(num_envs, dtype=np.int64)
        self._group = np.arange(num_envs, dtype=np.int64) // envs_per_path
        self._n_groups = -(-num_envs // envs_per_path)

    def restart(self, seed: int) -> None:
        """Count from the beginning, with the paths of `seed`."""
        self.seed = seed
        self.episodes[...] = 0

    def next_paths(self, chosen: BoolArray) -> IntArray:
        """Path ids of the next episodes, counted for the chosen environments."""
        path_ids = self.episodes * self._n_groups + self._group
        self.episodes[chosen] += 1
        return path_ids

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Arrays that `load_state_dict` restores the schedule from."""
        n_words = max(1, -(-self.seed.bit_length() // _WORD_BITS))
        words = [
            (self.seed >> (_WORD_BITS * k)) % 2**_WORD_BITS for k in range(n_words)
        ]
        return {
            "seed": np.array(words, dtype=np.uint32),
            "episodes": self.episodes.copy(),
        }

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore what `state_dict` returned.

        Raises:
            ResetError: If the state is incomplete or of another number of
                environments.
        """
        if not {"seed", "episodes"} <= state.keys() or (
            state["episodes"].shape != self.episodes.shape
        ):
            n = self.episodes.size
            raise ResetError(f"this is not a saved state of {n} environments")
        words = enumerate(state["seed"])
        self.seed = sum(int(word) << (_WORD_BITS * k) for k, word in words)
        self.episodes[...] = state["episodes"]
