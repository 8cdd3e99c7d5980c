r"""The value of all holdings by a network that knows the whole state.

What `fit` regresses decision by decision on features of what a policy sees, one
network gives here for all decisions from everything the simulator knows (`knowledge`):
the excess of keeping every holding around the centre, in trades of a blended fixed
cost. It is fitted to costs-to-go of paths on which a policy trades; that policy is
greedy on a first value, `fit`, then on the network itself, round after round. Risk on
these paths is what draws of each decision's own future expect (`risk/next_rows`), so
that it has the mean that the bound charges. A cost-to-go counts what happens on the
path after a decision by `_TRUST`, and by the rest what the policy's value expects
there: the returns of Sutton and Barto, "Reinforcement learning", section 12.1, for all
holdings at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import Float32Array, FloatArray
from hedge_env.baselines.value.fit import HoldingsValue, fit_value
from hedge_env.baselines.value.knowledge import knowledge_of
from hedge_env.baselines.value.network import Network, Units, fit_network
from hedge_env.baselines.value.scene import Scene, blended_fixed
from hedge_env.baselines.value.sweeps import act_on_tables, add_values
from hedge_env.baselines.value.tables import (
    POINTS,
    REACH,
    excess_of,
    flat_gain,
    hold_on_paths,
    liquidation_tables,
)
from hedge_env.config import EnvConfig
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.draw_plan import draw_plan, node_plan
from hedge_env.market.engine.market_state import N_STATES
from hedge_env.risk.minimum_variance import MinimumVariance
from hedge_env.risk.next_rows import Outlook, next_rows
from hedge_env.risk.path_moments import only_spot_moves

_HIDDEN = (64, 64)
_TRUST = 0.75  # of what happens on a path against what is expected
ROUNDS = ((2500, 2e-3), (1200, 1e-3), (1200, 1e-3))  # see `fit_network`
_CHUNK = 512  # paths whose draws are in memory at a time
_NODES = 32  # of spot's shock, where nothing else is random
_LEAST_GAIN = -3.0  # blended fixed costs that being flat saves at most
_TINY = 1e-12
_NO_FEATURES: FloatArray = np.empty(0)


@dataclass(frozen=True)
class NetworkValue:
    """V by a network; a `penalties.Value`.

    Attributes:
        network: Excess of keeping every point of the grid around the centre, and what
            being exactly flat gains, from knowledge of the state.
        first: The value whose centre, scale and risk it is measured by.
        day: From a decision to the next [day].
    """

    network: Network
    first: HoldingsValue
    day: float

    @property
    def best(self) -> MinimumVariance:
        """Holdings of least risk over the next step."""
        return self.first.best

    @property
    def risk_aversion(self) -> float:
        """Lambda [1/notional]."""
        return self.first.risk_aversion

    @property
    def price_row(self) -> int:
        """Of the hedge instrument."""
        return self.first.price_row

    @property
    def charged_at_end(self) -> float:
        """1 if liquidation is charged, else 0."""
        return self.first.charged_at_end

    @property
    def decisions(self) -> int:
        """Of an episode."""
        return self.first.decisions

    def add(
        self,
        step: int,
        rows: FloatArray,
        states: FloatArray,
        weights: FloatArray,
        y: FloatArray,
        out: FloatArray,
    ) -> None:
        """Add weighted V of a decision at holdings y; see `penalties.Value`."""
        flat = rows.reshape(rows.shape[0], -1)
        known, scene = self.knowledge(step, flat, states.reshape(N_STATES, -1))
        ratios = ratios_of(self.network, known)
        add_values(ratios, REACH, *scene[:7], weights, y, out)

    def knowledge(
        self, step: int, rows: FloatArray, states: FloatArray
    ) -> tuple[Float32Array, Scene]:
        """What the network reads of states of a decision, and their scene."""
        scene = self.first.outline(step, rows)._replace(gauge=blended_fixed(rows))
        left = self.decisions - step
        known = knowledge_of(max(left, 1), step * self.day, rows, states, scene)
        return known, scene


def ratios_of(network: Network, known: Float32Array) -> FloatArray:
    """What `sweeps.keep_all` reads, shape (n, points + 1)."""
    found = network(known)
    found[:, -1] = np.maximum(found[:, -1], _LEAST_GAIN)
    return found


def fit_network_value(
    config: EnvConfig,
    risk_aversion: float,
    *,
    seed: int = 0,
    n_paths: int = 4096,
    rounds: Sequence[tuple[int, float]] = ROUNDS,
) -> NetworkValue:
    """Fit the value of all holdings on paths of the training stream.

    Args:
        config: The hedging problem; its paths must not depend on what is held.
        risk_aversion: lambda, positive [1/notional].
        seed: Of the paths and of the network.
        n_paths: Number of paths.
        rounds: Steps of the descent and first rate of each round.

    Raises:
        ConfigError: If the market reacts to what is held.
    """
    first = fit_value(config, risk_aversion, seed=seed, n_paths=n_paths)
    nothing = Units(np.zeros(1, np.float32), np.ones(1, np.float32))
    hours = config.episode.decision_interval_hours
    value = NetworkValue(Network((), nothing, nothing), first, hours / 24.0)
    lessons = _walk(config, value, seed, n_paths)
    known = lessons.known.reshape(-1, lessons.known.shape[2])
    for number, (steps, rate) in enumerate(rounds):
        weights = _go_back(value, lessons)
        goals = lessons.tables.reshape(-1, POINTS + 1)
        network = value.network
        if number == 0:
            sizes = (known.shape[1], *_HIDDEN, POINTS + 1)
            network = Network.fresh(sizes, Units.of(known), Units.of(goals), seed)
        network = fit_network(
            network,
            known,
            goals,
            weights,
            steps=steps,
            rate=rate,
            seed=seed + number,
        )
        value = replace(value, network=network)
    return value


class _Lessons(NamedTuple):
    """Training paths, with a first entry for each decision.

    Attributes:
        scenes: Of every decision and of the end, without features; `curvature` and
            `lean` as the value has them.
        risk: Curvature and lean as draws have them, shape (decisions, 2, n).
        funding: Of a unit beyond what was expected, shape (decisions, n) [notional].
        known: What the network reads, shape (decisions, n, inputs).
        tables: Ratios of the policy, overwritten by what its holdings cost, shape
            (decisions, n, points + 1).
    """

    scenes: list[Scene]
    risk: FloatArray
    funding: FloatArray
    known: Float32Array
    tables: Float32Array


def _walk(config: EnvConfig, value: NetworkValue, seed: int, n: int) -> _Lessons:
    """Run training paths once and keep what every round needs."""
    plan = draw_plan(quote_params(config).market)
    if only_spot_moves(config):
        plan = node_plan(_NODES)
    decisions = value.decisions
    parts: list[list[Scene]] = [[] for _ in range(decisions + 1)]
    risk, funding = np.empty((decisions, 2, n)), np.empty((decisions, n))
    tables = np.empty((decisions, n, POINTS + 1), np.float32)
    known: Float32Array = np.empty(0, np.float32)
    for low in range(0, n, _CHUNK):
        here = slice(low, min(low + _CHUNK, n))
        ids = np.arange(here.start, here.stop, dtype=np.int64)
        outlooks = next_rows(config, ids, plan, seed=seed, stream="training")
        for step, outlook in enumerate(outlooks):
            rows = outlook.rows
            knows, scene = value.knowledge(step, rows, outlook.state)
            if known.size == 0:
                known = np.empty((decisions, n, knows.shape[1]), np.float32)
            known[step, here] = knows
            parts[step].append(scene._replace(features=_NO_FEATURES))
            risk[step, :, here] = _risk(value, outlook, scene)
            funding[step, here] = _paid(config, outlook) - scene.paid
            full = value.first.scene(step, rows)
            ratios = value.first.ratios(step, full)
            tables[step, here] = _in_gauge(ratios, full, scene.gauge)
        end = value.first.outline(decisions, outlook.after)
        parts[decisions].append(end._replace(features=_NO_FEATURES))
    return _Lessons(
        scenes=[_joined(part) for part in parts],
        risk=risk,
        funding=funding,
        known=known,
        tables=tables,
    )


def _risk(value: NetworkValue, outlook: Outlook, scene: Scene) -> FloatArray:
    """Curvature and lean that draws of the future have, shape (2, n)."""
    rows, drawn, weights = outlook.rows, outlook.drawn, outlook.weights
    move = drawn[value.price_row] - rows[value.price_row][:, None]
    change = drawn[field.BOOK_VALUE] - rows[field.BOOK_VALUE][:, None]
    square = np.maximum((weights * move**2).sum(axis=1), _TINY)
    best = -(weights * move * change).sum(axis=1) / square
    curvature = value.risk_aversion * square
    lean = best - scene.centre - scene.paid / (2.0 * curvature)
    return np.array([curvature, lean])


def _paid(config: EnvConfig, outlook: Outlook) -> FloatArray:
    """Funding of a unit over the path's own next step, shape (n,) [notional]."""
    paid = 1.0 if config.execution.instrument == "perp" else 0.0
    found: FloatArray = paid * outlook.after[field.FUNDING_ACCRUED]
    return found


def _in_gauge(ratios: FloatArray, scene: Scene, gauge: FloatArray) -> FloatArray:
    """Ratios of one fixed cost as those of another one."""
    x = np.linspace(-REACH, REACH, POINTS)
    reach = scene.unit_cost[:, None] * scene.scale[:, None] * (1.0 + np.abs(x))
    found: FloatArray = ratios.copy()
    found[:, :-1] *= scene.gauge[:, None] + reach + _TINY
    found[:, :-1] /= gauge[:, None] + reach + _TINY
    found[:, -1] *= scene.gauge / np.maximum(gauge, _TINY)
    return found


def _joined(parts: list[Scene]) -> Scene:
    joined = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return Scene(*joined)


def _go_back(value: NetworkValue, lessons: _Lessons) -> Float32Array:
    """Write what a policy's holdings cost into the tables.

    Returns:
        Weights of what being flat gains, path by path of each decision, (decisions n,).
    """
    following = lessons.scenes[-1]
    went = liquidation_tables(following, value.charged_at_end)
    weights: Float32Array = np.empty(lessons.funding.shape, np.float32)
    for step in reversed(range(value.decisions)):
        scene, table = lessons.scenes[step], lessons.tables[step]
        curvature, lean = lessons.risk[step]
        drawn = scene._replace(curvature=curvature, lean=lean)
        realised = hold_on_paths(drawn, following, went, lessons.funding[step])
        ratios = table.astype(np.float64)
        if value.network.layers:
            ratios = ratios_of(value.network, lessons.known[step])
        table[:, :-1] = excess_of(scene, realised)
        table[:, -1], weights[step] = flat_gain(scene, realised)
        went = np.empty_like(realised)
        act_on_tables(ratios, REACH, *scene[:7], realised, _TRUST, went)
        following = scene
    return weights.ravel()
