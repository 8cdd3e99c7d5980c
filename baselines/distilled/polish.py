"""Weights of a distilled band that lower the objective on validation paths.

Least squares count every state alike; the objective does not. From the fitted weights
a simplex moves all of them at once, on common paths, and never ends at a worse place:
first by what happened on the paths, which is fast, then by what was to be expected,
which luck moves less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from hedge_env.base.types import FloatArray
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.tuning.fused_episodes import (
    TapeTile,
    can_roll_out,
    cut_tiles,
    roll_out,
)
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.evaluation.evaluate import evaluate_controlled, evaluate_on_tape
from hedge_env.feeds.tape import MarketTape
from hedge_env.policies.policy import Policy
from hedge_env.risk.path_moments import PathMoments, path_moments, why_no_moments

_FIRST_STEP = 0.06  # of a weight, per unit of its term [-]
_STEP_SHARE = 0.2  # of the weight, added
_PIECE = 4096  # paths whose expected moments are held at a time
_TOLERANCE = 1e-3  # of weights [-] and values [bp]

Objective = Callable[[DistilledBand], float]


@dataclass(frozen=True)
class Validation:
    """What policies are worth on common validation paths, at some risk aversions.

    Attributes:
        config: The hedging problem.
        tape: The paths.
        shares: Weight of the objective at each risk aversion, adding up to 1.
        tiles: The paths as episodes by one function read them, by risk aversion; empty
            where the problem needs the batch.
        pieces: The paths in pieces, each with what is expected of every interval, or
            None where that is not known.
    """

    config: EnvConfig
    tape: MarketTape
    shares: Mapping[float, float]
    tiles: Mapping[float, Sequence[TapeTile]]
    pieces: Sequence[tuple[MarketTape, PathMoments | None]]

    @classmethod
    def prepare(
        cls,
        config: EnvConfig,
        tape: MarketTape,
        shares: Mapping[float, float],
        *,
        seed: int = 0,
    ) -> Validation:
        """Rearrange the paths once for all bands.

        Args:
            config: The hedging problem.
            tape: Validation paths, recorded with it.
            shares: Weight of each risk aversion [1/notional]; their sum is free.
            seed: Of the paths.
        """
        total = sum(shares.values())
        weights = {level: share / total for level, share in shares.items()}
        tiles: dict[float, Sequence[TapeTile]] = {}
        if can_roll_out(DistilledBand, config):
            tiles = {x: cut_tiles(DistilledBand, tape, config, x) for x in weights}
        known = why_no_moments(config) is None
        pieces = []
        for low in range(0, tape.n_paths, _PIECE):
            part = tape.part(low, min(low + _PIECE, tape.n_paths))
            moments = None
            if known:
                moments = path_moments(
                    config, part.path_ids, seed=seed, stream="validation"
                )
            pieces.append((part, moments))
        return cls(config, tape, weights, tiles, pieces)

    def rough(self, band: DistilledBand) -> float:
        """Weighted objective of a band, by what happened; fast [bp]."""
        total = 0.0
        for level, share in self.shares.items():
            if level in self.tiles:
                (table,) = roll_out([band], self.tiles[level], self.config, level)
            else:
                table = evaluate_on_tape(band, self.tape, self.config, level)
            total += share * float(table.objective.mean()) / BASIS_POINT
        return total

    def sharp(self, policy: Policy, level: float) -> float:
        """Objective of any policy by expected squares, or by what happened [bp].

        The luck of moves, most of what tells two bands apart on a path, is not in it:
        see `evaluation.expected_squares`.
        """
        total = 0.0
        for tape, moments in self.pieces:
            table = evaluate_controlled(policy, tape, self.config, level, moments)
            expected = table.expected_objective
            values = table.objective if expected is None else expected
            total += float(values.sum())
        return total / self.tape.n_paths / BASIS_POINT

    def weighted(self, policy: Policy) -> float:
        """Weighted mean of `sharp` over the risk aversions [bp]."""
        return sum(x * self.sharp(policy, level) for level, x in self.shares.items())


def polish(
    band: DistilledBand,
    objective: Objective,
    progress: Callable[[int, int], None] | None = None,
    *,
    trials: int = 10,
    step: float = 1.0,
) -> DistilledBand:
    """The band with weights of a lower objective; itself if none is found.

    Args:
        band: With fitted weights.
        objective: To be lowered [bp].
        progress: Called with trials done and at most to do.
        trials: At most so many times the number of weights.
        step: Size of the first steps, relative to the usual one.
    """
    start = np.array([weight for _, weight in (*band.centre_sum, *band.width_sum)])
    if start.size == 0:
        return band
    moved = step * (_FIRST_STEP + _STEP_SHARE * abs(start))
    corners = np.vstack([start, start + np.diag(moved)])
    most = trials * start.size
    done = 0

    def value(weights: FloatArray) -> float:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, most), most)
        found = objective(with_weights(band, weights))
        return found if np.isfinite(found) else np.inf

    result = minimize(
        value,
        start,
        method="Nelder-Mead",
        options={
            "initial_simplex": corners,
            "maxfev": most,
            "xatol": _TOLERANCE,
            "fatol": _TOLERANCE,
            "adaptive": True,
        },
    )
    best = with_weights(band, result.x)
    return best if objective(best) < objective(band) else band


def with_weights(band: DistilledBand, weights: FloatArray) -> DistilledBand:
    """The same terms with other weights.

    Args:
        band: Its terms are kept.
        weights: Of the terms of the centre, then of those of the width.
    """
    cut = len(band.centre_sum)
    names = [term for term, _ in (*band.centre_sum, *band.width_sum)]
    terms = tuple(zip(names, map(float, weights), strict=True))
    return replace(band, centre_sum=terms[:cut], width_sum=terms[cut:])
