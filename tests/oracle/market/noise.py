"""Random numbers of one path."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, log, pi, sin, sqrt

import numpy as np

START = 2**32 - 1  # market step of the initial draws
STREAMS = ("training", "validation", "test")


def philox(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """Ten rounds of Philox4x32 as the paper states them, in unbounded integers."""
    (x0, x1, x2, x3), (k0, k1) = counter, key
    for _ in range(10):
        high_0, low_0 = divmod(0xD2511F53 * x0, 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * x2, 2**32)
        x0, x1, x2, x3 = high_1 ^ x1 ^ k0, low_1, high_0 ^ x3 ^ k1, low_0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return x0, x1, x2, x3


@dataclass(frozen=True)
class Noise:
    """Random numbers of one path."""

    seed: int
    stream: str
    path_id: int

    def uniforms(self, step: int, block: int) -> list[float]:
        spawn = (STREAMS.index(self.stream),)
        words = np.random.SeedSequence(self.seed, spawn_key=spawn).generate_state(2)
        counter = (self.path_id % 2**32, self.path_id >> 32, step, block)
        key = (int(words[0]), int(words[1]))
        return [(word + 0.5) / 2**32 for word in philox(counter, key)]

    def normals(self, step: int, block: int) -> list[float]:
        u1, v1, u2, v2 = self.uniforms(step, block)
        first, second = sqrt(-2.0 * log(u1)), sqrt(-2.0 * log(u2))
        return [
            first * cos(2.0 * pi * v1),
            first * sin(2.0 * pi * v1),
            second * cos(2.0 * pi * v2),
            second * sin(2.0 * pi * v2),
        ]
