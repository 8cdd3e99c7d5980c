r"""Long short-term memory: layers that remember each path from decision to decision.

With what the layer below gives now, x, and the layer's own output h and cell c of the
decision before, both 0 at the start of an episode,

.. math:: (i, f, g, o) = W (x, h) + b, \quad
          c' = \sigma(f) \, c + \sigma(i) \tanh(g), \quad
          h' = \sigma(o) \tanh(c')

elementwise, with the logistic function :math:`\sigma`. Order of the gates as in torch.

Source: Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation
9(8); with forget gates: Gers, Schmidhuber and Cummins (2000), "Learning to forget",
Neural Computation 12(10).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hedge_env.base.types import BoolArray, Float32Array
from hedge_env.policies.network import dense_layer

__all__ = ["N_GATES", "Memory"]

N_GATES = 4  # input, forget, cell, output
_HALF = np.float32(0.5)


class Memory:
    """What layers remember of some paths; without layers, nothing.

    Args:
        layers: Weight (4 h, n_inputs + h) and bias (4 h,) of each, C order, float32;
            inputs stand before the layer's own output.
        n_paths: Whose episodes are about to start.

    Attributes:
        n_paths: As given.
    """

    def __init__(
        self, layers: Sequence[tuple[Float32Array, Float32Array]], n_paths: int
    ) -> None:
        self.n_paths = n_paths
        self._layers = layers
        sizes = [len(bias) // N_GATES for _, bias in layers]
        # Output and cell of each layer, (h, n): replaced, and never written to.
        self._states = [
            (_zeros(size, n_paths), _zeros(size, n_paths)) for size in sizes
        ]

    def forget(self, where: BoolArray) -> None:
        """Start anew on some paths.

        Args:
            where: Whether a path's episode starts now, shape (n_paths,).
        """
        if where.any():
            kept = np.where(where, 0.0, 1.0).astype(np.float32)
            self._states = [
                (output * kept, cell * kept) for output, cell in self._states
            ]

    def step(self, inputs: Float32Array) -> Float32Array:
        """Take in one decision of every path.

        Args:
            inputs: Shape (n_paths, n_inputs).

        Returns:
            Output of the last layer, shape (n_paths, h); without layers the inputs.
        """
        if not self._layers:
            return inputs
        x = np.ascontiguousarray(inputs.T, dtype=np.float32)
        states = []
        for (weight, bias), (output, cell) in zip(
            self._layers, self._states, strict=True
        ):
            gates = np.empty((len(bias), self.n_paths), dtype=np.float32)
            dense_layer(np.concatenate([x, output]), weight, bias, gates)
            x, cell = _next_state(gates, cell)
            states.append((x, cell))
        self._states = states
        return x.T


def _next_state(
    gates: Float32Array, cell: Float32Array
) -> tuple[Float32Array, Float32Array]:
    """Output and cell after a decision, shape (h, n) each."""
    let_in, keep, content, show = np.split(gates, N_GATES)
    cell = _logistic(keep) * cell + _logistic(let_in) * np.tanh(content)
    return _logistic(show) * np.tanh(cell), cell


def _logistic(x: Float32Array) -> Float32Array:
    """1 / (1 + exp(-x)), which overflows nowhere in this form."""
    half: Float32Array = _HALF * np.tanh(_HALF * x)
    return _HALF + half


def _zeros(size: int, n_paths: int) -> Float32Array:
    return np.zeros((size, n_paths), dtype=np.float32)
