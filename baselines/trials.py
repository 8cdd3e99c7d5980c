"""Trials of a rule's parameters on recorded paths, each run once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from baselines.criteria import parse_criterion
from baselines.parameters import ParameterRange
from baselines.rule import AbstractRule
from hedge_env.config import EnvConfig
from hedge_env.evaluation import EpisodeTable, Progress, concatenate, evaluate_on_tape
from hedge_env.tape import MarketTape

_PART = 0.25  # share of the paths that a first look is taken on
_SMALLEST_PART = 2048  # paths


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
    ) -> None:
        self._rule_class = rule_class
        self.ranges: tuple[ParameterRange, ...] = tuple(rule_class.parameters.values())
        self._config = config
        self._risk_aversion = risk_aversion
        self._score = parse_criterion(criterion)
        self._progress = progress
        n = tape.n_paths
        self._n_part = min(n, max(int(_PART * n), _SMALLEST_PART))
        self._part = split(part_of(tape, 0, self._n_part), threads)
        self._all = split(tape, threads)
        self._n_all = n
        self._values: dict[tuple[bool, AbstractRule], float] = {}
        self._episodes = 0
        self._planned = tape.n_paths

    @property
    def n_evaluations(self) -> int:
        """Sets of parameters tried."""
        return len(self._values)

    def rule(self, position: Sequence[float]) -> AbstractRule:
        """The rule with parameters at `position`; of whole numbers if so scaled."""
        values = {}
        for (name, allowed), u in zip(
            self._rule_class.parameters.items(), position, strict=True
        ):
            value = allowed.from_unit(float(u))
            values[name] = int(value) if allowed.scale == "integer" else value
        return self._rule_class(**values)

    def default(self) -> tuple[float, ...]:
        """Position of the rule's own default parameters."""
        params = self._rule_class().params.values()
        pairs = zip(self.ranges, params, strict=True)
        return tuple(allowed.to_unit(value) for allowed, value in pairs)

    def plan(self, in_part: int, in_all: int) -> None:
        """Say how many trials on a part and on all of the paths are to come."""
        self._planned = in_part * self._n_part + in_all * self._n_all

    def value(self, position: Sequence[float]) -> float:
        """Criterion on all paths [bp]; infinite if it is not a number."""
        return self._value(position, in_part=False)

    def rough_value(self, position: Sequence[float]) -> float:
        """Criterion on a part of the paths [bp]; infinite if it is not a number."""
        return self._value(position, in_part=self._n_part < self._n_all)

    def _value(self, position: Sequence[float], *, in_part: bool) -> float:
        rule = self.rule(position)
        key = (in_part, rule)
        if key not in self._values:
            tape = self._part if in_part else self._all
            score = self._score(self._run(rule, tape))
            self._values[key] = score if math.isfinite(score) else math.inf
            self._report(self._n_part if in_part else self._n_all)
        return self._values[key]

    def _run(self, rule: AbstractRule, tapes: Sequence[MarketTape]) -> EpisodeTable:
        def run(tape: MarketTape) -> EpisodeTable:
            return evaluate_on_tape(rule, tape, self._config, self._risk_aversion)

        if len(tapes) == 1:
            return run(tapes[0])
        with ThreadPoolExecutor(len(tapes)) as pool:
            return concatenate(list(pool.map(run, tapes)))

    def _report(self, episodes: int) -> None:
        self._episodes += episodes
        if self._progress is not None:
            self._progress(min(self._episodes, self._planned), self._planned)

    def finish(self) -> None:
        """Report that nothing is left to do."""
        if self._progress is not None:
            self._progress(self._planned, self._planned)


def part_of(tape: MarketTape, low: int, high: int) -> MarketTape:
    """Paths `low` to `high` - 1 of a tape, without a copy."""
    return MarketTape(tape.path_ids[low:high], tape.rows[:, :, low:high])


def split(tape: MarketTape, parts: int) -> list[MarketTape]:
    """A tape in at most `parts` parts of nearly equal size."""
    edges = np.linspace(0, tape.n_paths, max(1, min(parts, tape.n_paths)) + 1)
    ends = edges.astype(int).tolist()
    return [part_of(tape, a, b) for a, b in pairwise(ends)]
