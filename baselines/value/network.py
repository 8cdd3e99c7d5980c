r"""A small network fitted by least squares, in NumPy.

Inputs and outputs are put in standard units of the sample that the network is first
fitted on; layers are products with rectified linear units between them. Adam (Kingma
and Ba 2015, "Adam: a method for stochastic optimization", ICLR) takes its steps on
random batches, with a rate that falls to nothing on a line. The same seed gives the
same numbers on the same machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hedge_env.base.types import Float32Array, FloatArray

_BATCH = 2048  # samples of a step
_FARTHEST = 5.0  # standard deviations of an input
_DECAY, _SQUARE_DECAY = 0.9, 0.999  # of Adam's means
_TINY = 1e-8
_CHUNK = 16_384  # samples whose activations stay in the cache


@dataclass(frozen=True)
class Units:
    """Means and standard deviations, shape (m,) each."""

    mean: Float32Array
    spread: Float32Array

    @classmethod
    def of(cls, sample: Float32Array) -> Units:
        """Those of a sample, shape (n, m); 1 where nothing varies."""
        mean = sample.mean(axis=0, dtype=np.float64)
        square = np.einsum("ij,ij->j", sample, sample, dtype=np.float64)
        variance = np.maximum(square / sample.shape[0] - mean**2, 0.0)
        known = variance > 1e-12 * (1e-12 + mean**2)
        spread = np.where(known, np.sqrt(variance), 1.0)
        return cls(mean.astype(np.float32), spread.astype(np.float32))


@dataclass(frozen=True)
class Network:
    """Layers, and the units of what goes in and comes out.

    Attributes:
        layers: Weight, shape (inputs, outputs), and bias of each.
        inputs: Units of the inputs.
        outputs: Units of the outputs.
    """

    layers: tuple[tuple[Float32Array, Float32Array], ...]
    inputs: Units
    outputs: Units

    @classmethod
    def fresh(
        cls, sizes: Sequence[int], inputs: Units, outputs: Units, seed: int
    ) -> Network:
        """Random weights (He et al. 2015), small in the last layer."""
        rng, layers = np.random.default_rng(seed), []
        for number, (n, m) in enumerate(pairwise(sizes)):
            size = np.sqrt(2.0 / n) * (0.1 if number == len(sizes) - 2 else 1.0)
            weight = (size * rng.standard_normal((n, m))).astype(np.float32)
            layers.append((weight, np.zeros(m, np.float32)))
        return cls(tuple(layers), inputs, outputs)

    def __call__(self, sample: Float32Array) -> FloatArray:
        """Outputs of samples, shape (n, outputs)."""
        found = np.empty((sample.shape[0], self.outputs.mean.size))
        for low in range(0, sample.shape[0], _CHUNK):
            part = slice(low, low + _CHUNK)
            last = self._forward(standard(sample[part], self.inputs))[-1]
            found[part] = last * self.outputs.spread + self.outputs.mean
        return found

    def _forward(self, x: Float32Array) -> list[Float32Array]:
        """Of inputs in standard units, what every layer makes of them."""
        found = [x]
        for number, (weight, bias) in enumerate(self.layers):
            x = x @ weight
            x += bias
            if number < len(self.layers) - 1:
                np.maximum(x, 0.0, out=x)
            found.append(x)
        return found

    def slopes(
        self, x: Float32Array, goal: Float32Array, weight: Float32Array
    ) -> list[Float32Array]:
        """Of the mean weighted square, in every weight and bias, layer by layer.

        Args:
            x: Inputs in standard units, shape (n, inputs).
            goal: Outputs in standard units, shape (n, outputs).
            weight: Of each, the same shape.
        """
        made, found = self._forward(x), []
        error = made[-1] - goal
        error *= weight
        error *= 2.0 / x.shape[0]
        for number in range(len(self.layers) - 1, -1, -1):
            found += [error.sum(axis=0), made[number].T @ error]
            if number > 0:
                error = error @ self.layers[number][0].T
                error *= made[number] > 0.0
        return found[::-1]


def standard(sample: Float32Array, units: Units) -> Float32Array:
    """A sample in standard units, bounded."""
    found = (sample - units.mean) / units.spread
    return np.clip(found, -_FARTHEST, _FARTHEST, out=found)


def fit_network(
    network: Network,
    sample: Float32Array,
    goals: Float32Array,
    weights: Float32Array,
    *,
    steps: int,
    rate: float,
    seed: int,
) -> Network:
    """Fit a network further.

    Args:
        network: Where to start.
        sample: Inputs, shape (n, inputs).
        goals: Outputs that are wanted, shape (n, outputs).
        weights: Of the last output, shape (n,); all others weigh 1.
        steps: Of the descent, each on a batch.
        rate: Of the first step.
        seed: Of the order of the samples.
    """
    rng = np.random.default_rng(seed)
    layers = tuple((w.copy(), b.copy()) for w, b in network.layers)
    network = Network(layers, network.inputs, network.outputs)
    flat = [each for layer in layers for each in layer]
    means = [np.zeros_like(each) for each in flat]
    squares = [np.zeros_like(each) for each in flat]
    size = min(_BATCH, sample.shape[0])
    weight, order = np.ones((size, goals.shape[1]), np.float32), np.empty(0, np.int64)
    for step in range(steps):
        if order.size < size:
            order = rng.permutation(sample.shape[0])
        chosen, order = order[:size], order[size:]
        weight[:, -1] = weights[chosen]
        x = standard(sample[chosen], network.inputs)
        goal = (goals[chosen] - network.outputs.mean) / network.outputs.spread
        found = network.slopes(x, goal, weight)
        here = rate * (1.0 - step / steps)
        _descend(flat, found, means, squares, here, step + 1)
    return network


def _descend(
    flat: list[Float32Array],
    slopes: list[Float32Array],
    means: list[Float32Array],
    squares: list[Float32Array],
    rate: float,
    step: int,
) -> None:
    """One step of Adam, in place."""
    rise = 1.0 / (1.0 - _DECAY**step)
    spread = 1.0 / (1.0 - _SQUARE_DECAY**step)
    for each, slope, mean, square in zip(flat, slopes, means, squares, strict=True):
        mean += (1.0 - _DECAY) * (slope - mean)
        square += (1.0 - _SQUARE_DECAY) * (slope * slope - square)
        each -= rate * rise * mean / (np.sqrt(spread * square) + _TINY)
