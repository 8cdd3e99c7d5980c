"""Trials of a rule's parameters on recorded paths, each run once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.baselines.tuning.criteria import criterion_with_error, paired_difference
from hedge_env.baselines.tuning.fused_episodes import (
    TapeTile,
    can_roll_out,
    cut_tiles,
    roll_out,
)
from hedge_env.baselines.tuning.kept import NOTHING, Kept
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import (
    EpisodeTable,
    Progress,
    concatenate,
    evaluate_on_tape,
)
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.feeds.tape import MarketTape

# Paths that one thread runs: as they were recorded, or rearranged for `roll_out`.
Piece: TypeAlias = MarketTape | Sequence[TapeTile]

_PART = 0.25  # share of the paths that a first look is taken on
_SMALLEST_PART = 2048  # paths
_TOGETHER = 16  # sets of parameters that are run before the next report


class Trials:
    """Criterion as a function of positions in [0, 1], remembered."""

    def __init__(
        self,
        rule_class: type[AbstractRule],
        config: EnvConfig,
        risk_aversion: float,
        tape: MarketTape,
        criterion: str,
        threads: int,
        progress: Progress | None,
        kept: Kept = NOTHING,
    ) -> None:
        self._rule_class = rule_class
        self._kept = kept
        self.free: Mapping[str, ParameterRange] = {
            name: allowed
            for name, allowed in rule_class.parameters.items()
            if name not in kept
        }
        self._config = config
        self._risk_aversion = risk_aversion
        self._criterion = criterion
        self._score = criterion_with_error(criterion)
        self._progress = progress
        self._n_all = tape.n_paths
        part = max(int(_PART * tape.n_paths), _SMALLEST_PART)
        if can_roll_out(rule_class, config):
            tiles = cut_tiles(rule_class, tape, config, risk_aversion)
            size = tiles[0].path_ids.size
            self._part: list[Piece] = deal(tiles[: -(-part // size)], threads)
            self._all: list[Piece] = deal(tiles, threads)
            part = -(-part // size) * size
        else:
            self._part = [*split(tape.part(0, part), threads)]
            self._all = [*split(tape, threads)]
        self._n_part = min(part, tape.n_paths)
        self._values: dict[tuple[bool, AbstractRule], tuple[float, float]] = {}
        self._episodes = 0
        self._planned = tape.n_paths

    @property
    def ranges(self) -> tuple[ParameterRange, ...]:
        """Ranges of the parameters that are searched."""
        return tuple(self.free.values())

    @property
    def n_evaluations(self) -> int:
        """Sets of parameters tried."""
        return len(self._values)

    def rule(self, position: Sequence[float]) -> AbstractRule:
        """The rule with parameters at `position`; of whole numbers if so scaled."""
        values = {}
        for (name, allowed), u in zip(self.free.items(), position, strict=True):
            value = allowed.from_unit(float(u))
            values[name] = int(value) if allowed.scale == "integer" else value
        return self._rule_class(**self._kept, **values)

    def default(self) -> tuple[float, ...]:
        """Position of the rule's own default parameters."""
        params = self._rule_class(**self._kept).params
        return tuple(r.to_unit(params[name]) for name, r in self.free.items())

    def plan(self, in_part: int, in_all: int) -> None:
        """Say how many trials on a part and on all of the paths are to come."""
        self._planned = in_part * self._n_part + in_all * self._n_all

    def value(self, position: Sequence[float]) -> float:
        """Criterion on all paths [bp]; infinite if it is not a number."""
        return self.values([position])[0]

    def error(self, position: Sequence[float]) -> float:
        """Standard error of `value` [bp]."""
        self.value(position)
        return self._values[False, self.rule(position)][1]

    def values(self, positions: Sequence[Sequence[float]]) -> list[float]:
        """`value` of many positions, which together take less time."""
        return self._look_up(positions, in_part=False)

    def rough_values(self, positions: Sequence[Sequence[float]]) -> list[float]:
        """Criterion of many positions on a part of the paths [bp]; as `values`."""
        return self._look_up(positions, in_part=self._n_part < self._n_all)

    def lead(
        self, ours: Sequence[float], theirs: Sequence[float]
    ) -> tuple[float, float]:
        """How one position compares with another on all of the paths.

        Returns:
            Criterion at `ours` minus that at `theirs` [bp], and by how many standard
            errors the squared increments of `ours` are the smaller ones.
        """
        mine, other = self.tables([self.rule(ours), self.rule(theirs)])
        risk, error = mean_and_error(mine.squared_increments - other.squared_increments)
        lead, _ = paired_difference(self._criterion, mine, other)
        return lead, -risk / error if error > 0.0 else 0.0

    def tables(self, rules: Sequence[AbstractRule]) -> list[EpisodeTable]:
        """What rules of this class do on all of the paths."""
        return self._run(rules, self._all)

    def _look_up(
        self, positions: Sequence[Sequence[float]], *, in_part: bool
    ) -> list[float]:
        rules = [self.rule(position) for position in positions]
        new = [rule for rule in rules if (in_part, rule) not in self._values]
        new = list(dict.fromkeys(new))
        for low in range(0, len(new), _TOGETHER):
            together = new[low : low + _TOGETHER]
            tables = self._run(together, self._part if in_part else self._all)
            for rule, table in zip(together, tables, strict=True):
                score, error = self._score(table)
                known = math.isfinite(score)
                self._values[in_part, rule] = (score if known else math.inf, error)
                self._report(self._n_part if in_part else self._n_all)
        return [self._values[in_part, rule][0] for rule in rules]

    def _run(
        self, rules: Sequence[AbstractRule], pieces: Sequence[Piece]
    ) -> list[EpisodeTable]:
        def run(piece: Piece) -> list[EpisodeTable]:
            if isinstance(piece, MarketTape):
                return [self._replay(rule, piece) for rule in rules]
            bands = [rule for rule in rules if isinstance(rule, BandRule)]
            return roll_out(bands, piece, self._config, self._risk_aversion)

        if len(pieces) == 1:
            return run(pieces[0])
        with ThreadPoolExecutor(len(pieces)) as pool:
            parts = list(pool.map(run, pieces))
        return [concatenate(tables) for tables in zip(*parts, strict=True)]

    def _replay(self, rule: AbstractRule, tape: MarketTape) -> EpisodeTable:
        return evaluate_on_tape(rule, tape, self._config, self._risk_aversion)

    def _report(self, episodes: int) -> None:
        self._episodes += episodes
        if self._progress is not None:
            self._progress(min(self._episodes, self._planned), self._planned)

    def finish(self) -> None:
        """Report that nothing is left to do."""
        if self._progress is not None:
            self._progress(self._planned, self._planned)


def split(tape: MarketTape, parts: int) -> list[MarketTape]:
    """A tape in at most `parts` parts of nearly equal size."""
    return [tape.part(a, b) for a, b in _shares(tape.n_paths, parts)]


def deal(tiles: Sequence[TapeTile], parts: int) -> list[Piece]:
    """Tiles, in their order, in at most `parts` parts of nearly equal size."""
    return [tiles[a:b] for a, b in _shares(len(tiles), parts)]


def _shares(n: int, parts: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, n, max(1, min(parts, n)) + 1)
    return list(pairwise(edges.astype(int).tolist()))
