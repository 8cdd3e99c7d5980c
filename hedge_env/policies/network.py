"""Feed-forward layers whose result for one path never depends on the others.

A BLAS product may add in another order for another number of rows, and so give an
agent other actions in another batch. Here each output is summed in one fixed order
in float32, across paths in the vector lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import Float32Array

_TILE = 1024  # paths whose activations stay in the cache


@kernel
def dense_layer(
    x: Float32Array, weight: Float32Array, bias: Float32Array, out: Float32Array
) -> None:
    """Write weight @ x + bias.

    Args:
        x: Shape (n_inputs, n).
        weight: Shape (n_outputs, n_inputs).
        bias: Shape (n_outputs,).
        out: Shape (n_outputs, n), written.
    """
    n_outputs, n_inputs = weight.shape
    in_fours = n_inputs - n_inputs % 4
    for start in range(0, x.shape[1], _TILE):
        stop = min(start + _TILE, x.shape[1])
        for j in range(n_outputs):
            y = out[j, start:stop]
            y[:] = bias[j]
            for i in range(0, in_fours, 4):
                w0, w1 = weight[j, i], weight[j, i + 1]
                w2, w3 = weight[j, i + 2], weight[j, i + 3]
                x0, x1 = x[i, start:stop], x[i + 1, start:stop]
                x2, x3 = x[i + 2, start:stop], x[i + 3, start:stop]
                for p in range(y.shape[0]):
                    y[p] += (w0 * x0[p] + w1 * x1[p]) + (w2 * x2[p] + w3 * x3[p])
            for i in range(in_fours, n_inputs):
                w, xi = weight[j, i], x[i, start:stop]
                for p in range(y.shape[0]):
                    y[p] += w * xi[p]


def run_layers(
    inputs: Float32Array,
    layers: Sequence[tuple[Float32Array, Float32Array]],
    activation: Literal["tanh", "relu"],
) -> Float32Array:
    """Output of a network with an activation after each layer but the last.

    Args:
        inputs: Shape (n, n_inputs).
        layers: Weight (n_outputs, n_inputs) and bias (n_outputs,) of each, C order.
        activation: Which.

    Returns:
        Shape (n, n_outputs).
    """
    x = np.ascontiguousarray(inputs.T, dtype=np.float32)
    for number, (weight, bias) in enumerate(layers):
        if number > 0 and activation == "tanh":
            np.tanh(x, out=x)
        elif number > 0:
            np.maximum(x, 0.0, out=x)
        out = np.empty((weight.shape[0], x.shape[1]), dtype=np.float32)
        dense_layer(x, weight, bias, out)
        x = out
    return x.T
