"""Walk through the market without holding anything, and see what all would cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.agent.reward_params import RewardParams, reward_params
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.capabilities import BOUNDED, Known, unknown_keys
from hedge_env.baselines.value.pathwise import (
    PathCosts,
    PathMoves,
    path_costs,
    path_moves,
)
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import MarketTape

WEIGHED = ("objective", "expected", "controlled")  # rewards that add up to J


class Walk(NamedTuple):
    """What was seen and what everything costs; the decisions, and the end, in turn.

    Attributes:
        rows: Shape (N_FIELDS, (decisions + 1) n), holdings of nothing; of all paths at
            the start, then of all at the next decision.
        costs: Each of shape (decisions + 1, n) [notional].
        moves: Each of shape (decisions + 1, n).
        weight: What rewards are multiplied by, and bp, shape (n,) [1/notional].
    """

    rows: FloatArray
    costs: PathCosts
    moves: PathMoves
    weight: FloatArray


class MarketWalk:
    """Plays paths of a problem whose market does not answer to what is held.

    Args:
        config: The hedging problem.
        n_paths: Played together.
        seed: Of the paths.
        stream: Of the paths.
    """

    def __init__(
        self, config: EnvConfig, n_paths: int, *, seed: int, stream: str
    ) -> None:
        self.config, self.seed = config, seed
        self._params: RewardParams = reward_params(config)
        self._batch = HedgeBatch(config, n_paths, seed=seed, stream=stream)

    def play(self, path_ids: IntArray) -> Walk:
        """The paths from their start to their end.

        Args:
            path_ids: Shape (n_paths,).
        """
        batch, n = self._batch, path_ids.size
        batch.reset(path_ids)
        rows = np.empty((batch.rows.shape[0], batch.n_decisions + 1, n))
        rows[:, 0] = batch.rows
        nothing = np.zeros((n, batch.n_instruments))
        for step in range(1, batch.n_decisions + 1):
            batch.advance(nothing)
            rows[:, step] = batch.rows
        tape = MarketTape(path_ids, rows.transpose(1, 0, 2))
        aversion = rows[field.RISK_AVERSION, 0]
        balance = self._params.balance
        weight = np.ones(n) if balance is None else balance.weight(aversion)
        costs = path_costs(tape, self.config, aversion, self._params.best)
        moves = path_moves(tape, self.config)
        flat = rows.reshape(rows.shape[0], -1)
        return Walk(rows=flat, costs=costs, moves=moves, weight=weight / BASIS_POINT)


def paths_of(walk: Walk, some: slice) -> Walk:
    """A walk of some of its paths.

    Args:
        walk: Of n paths.
        some: Which.
    """
    if walk.weight[some].size == walk.weight.size:
        return walk
    rows = walk.rows.reshape(walk.rows.shape[0], -1, walk.weight.size)[:, :, some]
    costs = PathCosts(*(np.ascontiguousarray(cost[:, some]) for cost in walk.costs))
    moves = PathMoves(*(np.ascontiguousarray(move[:, some]) for move in walk.moves))
    flat = np.ascontiguousarray(rows).reshape(rows.shape[0], -1)
    return Walk(rows=flat, costs=costs, moves=moves, weight=walk.weight[some])


def require_no_answer(config: EnvConfig, learner: str, known: Known) -> None:
    """Refuse problems in which what happens depends on what is held or ordered.

    Args:
        config: The hedging problem.
        learner: Who needs it, as in a config.
        known: Keys that it can do with.

    Raises:
        ConfigError: In one line that names the keys and what to use.
    """
    unknown = unknown_keys(config, known)
    if unknown:
        raise ConfigError(
            f"train.algorithm {learner} needs the cost of every holding afterwards, "
            f"which {', '.join(unknown)} keeps from it: what happens then depends on "
            "what is held or ordered; switch that off, or use ppo"
        )


def require_known_costs(config: EnvConfig) -> None:
    """Refuse problems in which the cost of all holdings is not known afterwards.

    Raises:
        ConfigError: In one line that names the keys and what to use.
    """
    if config.execution.option is not None:
        raise ConfigError(
            "train.algorithm ahpg follows holdings of the underlying alone: set "
            "execution.option = null, or use ppo"
        )
    require_no_answer(config, "ahpg", BOUNDED)
    if config.reward.name not in WEIGHED:
        raise ConfigError(
            f"train.algorithm ahpg learns from {', '.join(WEIGHED)}, not from "
            f"reward.name = {config.reward.name}; set one of them, or use ppo"
        )
