"""The network of values: its slopes are those of the square, and it learns."""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import Float32Array
from hedge_env.baselines.value.network import Network, Units, fit_network, standard


def _sample(n: int = 4096) -> tuple[Float32Array, Float32Array]:
    x = np.random.default_rng(0).standard_normal((n, 3)).astype(np.float32)
    y = np.column_stack([np.abs(x[:, 0]) + 50.0, 1e-4 * x[:, 1] * x[:, 2]])
    return x, y.astype(np.float32)


def _network(x: Float32Array, y: Float32Array) -> Network:
    return Network.fresh((3, 16, 16, 2), Units.of(x), Units.of(y), seed=1)


def test_slopes_are_those_of_the_mean_weighted_square() -> None:
    x, y = _sample(64)
    network = _network(x, y)
    ins, goal = standard(x, network.inputs), standard(y, network.outputs)
    weight = np.ones_like(goal)
    weight[:, 1] = np.linspace(0.0, 2.0, 64)
    found = network.slopes(ins, goal, weight)
    flat = [each for layer in network.layers for each in layer]

    def square() -> float:
        made = (network(x) - network.outputs.mean) / network.outputs.spread
        return float((weight * (made - goal) ** 2).sum() / 64)

    step = 1e-2
    for each, slope in zip(flat, found, strict=True):
        assert each.shape == slope.shape
        at = np.unravel_index(int(np.abs(slope).argmax()), slope.shape)
        before = each[at]
        each[at] = before + step
        above = square()
        each[at] = before - step
        below = square()
        each[at] = before
        assert abs((above - below) / (2 * step) - slope[at]) < 0.03 * abs(slope[at])


def test_it_learns_outputs_of_any_size_and_the_same_for_a_seed() -> None:
    x, y = _sample()
    start = _network(x, y)
    kept = start.layers[0][0].copy()
    weights = np.ones(len(x), np.float32)
    ends = [
        fit_network(start, x, y, weights, steps=600, rate=5e-3, seed=2)
        for _ in range(2)
    ]
    fresh = np.random.default_rng(9).uniform(-1.5, 1.5, (500, 3)).astype(np.float32)
    found = ends[0](fresh)
    np.testing.assert_array_equal(found, ends[1](fresh))
    np.testing.assert_array_equal(kept, start.layers[0][0])
    truth = np.column_stack(
        [np.abs(fresh[:, 0]) + 50.0, 1e-4 * fresh[:, 1] * fresh[:, 2]]
    )
    left = (found - truth).std(axis=0) / truth.std(axis=0)
    assert (left < 0.2).all()


def test_what_weighs_nothing_is_not_learned() -> None:
    x, y = _sample()
    start = _network(x, y)
    none = np.zeros(len(x), np.float32)
    end = fit_network(start, x, y, none, steps=200, rate=5e-3, seed=2)
    left = (end(x) - y).std(axis=0) / y.std(axis=0)
    assert left[0] < 0.3
    assert left[1] > 0.9


def test_a_constant_input_is_left_alone() -> None:
    x = np.column_stack([np.full(50, 3.7), np.arange(50.0)]).astype(np.float32)
    units = Units.of(x)
    assert units.spread[0] == 1.0
    assert abs(standard(x, units)[:, 0]).max() < 1e-3
    assert abs(standard(x, units)[:, 1].std() - 1.0) < 1e-3
