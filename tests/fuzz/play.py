"""Plays a problem with random actions and checks what always holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import N_QUOTED
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.fuzz.problems import Case


def make(case: Case) -> HedgeVectorEnv:
    """The environment of a case; a `ConfigError` if the problem is refused."""
    return HedgeVectorEnv(
        case.n_envs, config=case.config, autoreset_mode=case.autoreset_mode
    )


def actions_of(case: Case, env: HedgeVectorEnv) -> list[Any]:
    """Actions of an episode: random, at the bounds, none, and far outside."""
    rng = np.random.default_rng(case.seed)
    env.action_space.seed(case.seed)
    actions = []
    for _ in range(env.config.episode.decisions):
        action = env.action_space.sample()
        if action.dtype.kind == "f":
            factor = rng.choice([1.0, 1.0, 1.0, 0.0, 1e30])
            action = (action * factor).astype(np.float32)
        actions.append(action)
    return actions


def require_sound_episode(case: Case, env: HedgeVectorEnv) -> None:
    """Numbers are numbers, observations in their space, and the ledger balances."""
    observation, info = env.reset(seed=case.seed)
    require_finite("info of the reset", info)
    require_observation(env, observation)
    start = env.batch.rows[field.BOOK_VALUE].copy()
    actions = actions_of(case, env)
    for number, action in enumerate(actions):
        observation, reward, terminated, truncated, info = env.step(action)
        require_observation(env, observation)
        require_finite("reward", reward)
        require_finite("info", info)
        assert not truncated.any()
        ends = number == len(actions) - 1
        assert (terminated == ends).all()
        if not (ends and case.autoreset_mode == "SameStep"):
            assert imbalance(env.batch, start).max() < 1e-9


def require_observation(env: HedgeVectorEnv, observation: Any) -> None:
    assert np.isfinite(observation).all()
    assert env.observation_space.contains(observation)


def require_finite(where: str, values: Any) -> None:
    """Every number in nested mappings and arrays is finite."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            require_finite(f"{where}: {key}", value)
    elif isinstance(values, np.ndarray) and values.dtype == object:
        for value in values:
            if value is not None:
                require_finite(where, value)
    else:
        assert np.isfinite(np.asarray(values, dtype=np.float64)).all(), where


def imbalance(batch: HedgeBatch, start: FloatArray) -> FloatArray:
    """Error of the ledger's identity over the largest amount in it, shape (n,)."""
    rows, totals = batch.rows, batch.totals
    priced = field.SPOT if batch.config.market.basis is None else field.HEDGE_PRICE
    held = rows[field.HOLDINGS] * rows[priced]
    wealth = totals.cash + held + rows[field.BOOK_VALUE]
    amounts = [start, totals.cash, totals.hedge_pnl, totals.book_pnl, totals.cost]
    amounts += [held, rows[field.BOOK_VALUE], totals.turnover]
    for slot in range(rows.shape[0] - batch.first_units):
        units = rows[batch.first_units + slot]
        value = units * rows[field.N_FIELDS + N_QUOTED * slot]
        wealth = wealth + value
        amounts.append(value)
    earned = totals.hedge_pnl + totals.book_pnl - totals.cost
    scale: FloatArray = np.maximum(np.sum(np.abs(amounts), axis=0), 1e-9)
    return np.abs(wealth - start - earned) / scale


def bits_of(case: Case) -> bytes:
    """Everything that an episode shows, as bytes."""
    env = make(case)
    results = [env.reset(seed=case.seed)]
    results += [env.step(action) for action in actions_of(case, env)]
    shown = b"".join(_bytes(result) for result in results)
    return shown + env.batch.rows.tobytes() + env.batch.totals.rows.tobytes()


def _bytes(value: Any) -> bytes:
    if isinstance(value, Mapping):
        return b"".join(_bytes(value[key]) for key in sorted(value))
    if isinstance(value, tuple):
        return b"".join(_bytes(part) for part in value)
    array = np.asarray(value)
    if array.dtype == object:
        return b"".join(_bytes(part) for part in array if part is not None)
    return array.tobytes()
