"""The pass back over a path against following each holding, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent.band_edges import (
    LOWER,
    LOWER_TARGET,
    N_EDGES,
    SNAP,
    UPPER,
    UPPER_TARGET,
)
from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.baselines.value.band_slopes import fill_slopes
from hedge_env.baselines.value.pathwise import PathCosts, path_costs
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape, record_tape
from hedge_env.risk.minimum_variance import fit_minimum_variance

SHORT = load_config(
    "ethereum-l1", settings=["episode.decisions=12", "execution.least_order=0"]
)
GRID = np.linspace(-1.0, 1.0, 201)
SHARES = np.array([1.0, 1.0])
LAMBDA = 10.0


def taped(n: int, config=SHORT) -> MarketTape:
    return record_tape(config, np.arange(n), seed=3, stream="training")


def band(tape: MarketTape, below: float, above: float, snap: float) -> FloatArray:
    """A band around delta; its numbers are points of the grid, no target is 0."""
    centre = np.round(np.clip(tape.rows[:, field.DELTA], -0.8, 0.8), 2)
    centre = np.where(np.abs(centre) < 0.03, 0.05, centre)
    edges = np.empty((N_EDGES, *centre.shape))
    edges[LOWER], edges[LOWER_TARGET] = centre - below - 1e-9, centre - 0.01
    edges[UPPER], edges[UPPER_TARGET] = centre + above + 1e-9, centre + 0.01
    edges[SNAP] = snap
    return np.clip(edges, -1.0, 1.0)


def slopes_of(edges: FloatArray, costs: PathCosts) -> tuple[FloatArray, FloatArray]:
    slopes, value = np.empty_like(edges), np.empty(edges.shape[2])
    scale = np.full(edges.shape[1:], 0.1)
    fill_slopes(edges, scale, GRID, SHARES, costs, slopes, value)
    return slopes, value


def trade(size: float, k: int, i: int, costs: PathCosts) -> float:
    rates = costs.unit[k, i] + costs.linear[k, i] * size
    return float(costs.fixed[k, i] + size * rates + costs.root[k, i] * size**1.5)


def followed(y: float, k: int, i: int, edges: FloatArray, costs: PathCosts) -> float:
    """Cost of y before the trade of decision k, step by step, by the definition."""
    total = 0.0
    for step in range(k, edges.shape[1] - 1):
        e, goal = edges[:, step, i], y
        goal = e[LOWER_TARGET] if y < e[LOWER] else goal
        goal = e[UPPER_TARGET] if y > e[UPPER] else goal
        if goal != y and abs(goal) < e[SNAP]:
            goal = 0.0
        if goal != y:
            total += trade(abs(goal - y), step, i, costs)
        y = goal
        total += y * (y * costs.square[step, i] + costs.product[step, i])
        total += float(costs.rest[step, i])
    return total + (trade(abs(y), edges.shape[1] - 1, i, costs) if y != 0.0 else 0.0)


class Banded:
    """The same band as a policy."""

    name, kind, inputs = "banded", "baseline", ("holdings", "step")

    def __init__(self, edges: FloatArray) -> None:
        self.edges = edges

    def reset(self, n_paths: int) -> None:
        """Nothing to forget."""

    def target(self, observables):
        held = observables["holdings"]
        e = self.edges[:, int(observables["step"][0])]
        goal = np.where(held < e[LOWER], e[LOWER_TARGET], held)
        goal = np.where(held > e[UPPER], e[UPPER_TARGET], goal)
        goal = np.where((goal != held) & (np.abs(goal) < e[SNAP]), 0.0, goal)
        return goal[:, None]


def test_the_value_is_what_the_band_costs_in_an_episode() -> None:
    tape = taped(200)
    edges = band(tape, 0.1, 0.15, 0.03)
    _, value = slopes_of(edges, path_costs(tape, SHORT, LAMBDA))
    table = evaluate_on_tape(Banded(edges), tape, SHORT, LAMBDA)
    assert 1.0 < table.trades.mean() < 12.0
    np.testing.assert_allclose(value, table.objective, rtol=0.0, atol=1e-10)


def test_expected_risk_has_the_mean_of_what_happens() -> None:
    """Of differences between two bands: what no holding changes is left out."""
    tape = taped(4000)
    best = fit_minimum_variance(SHORT, seed=9, n_paths=8192)
    bands = [band(tape, width, width, 0.0) for width in (0.05, 0.3)]
    found = {}
    for fitted in (None, best):
        costs = path_costs(tape, SHORT, np.full(4000, LAMBDA), fitted)
        wide, narrow = (slopes_of(edges, costs)[1] for edges in bands)
        found[fitted is None] = wide - narrow
    gap = found[True] - found[False]
    assert abs(gap.mean()) < 3.0 * gap.std() / np.sqrt(gap.size)
    assert found[False].std() < 0.7 * found[True].std()


def test_slopes_of_edges_are_what_keeping_costs_less_what_trading_does() -> None:
    tape = taped(3)
    edges, costs = band(tape, 0.1, 0.15, 0.03), path_costs(tape, SHORT, LAMBDA)
    slopes, _ = slopes_of(edges, costs)
    never = edges.copy()
    never[LOWER, 4], never[UPPER, 4] = -9.0, 9.0  # at decision 4 holdings stay
    for i in range(3):
        for row, beside, sign in ((LOWER, -2e-9, 1.0), (UPPER, 2e-9, -1.0)):
            edge = round(float(edges[row, 4, i]), 2)
            traded = followed(edge + beside, 4, i, edges, costs)
            kept = followed(edge, 4, i, never, costs)
            assert slopes[row, 4, i] == pytest.approx(sign * (traded - kept), abs=1e-8)
    assert (slopes[:, -1] == 0.0).all()


def test_slopes_of_targets_are_differences_over_a_neighbourhood() -> None:
    tape, seen = taped(12), 0
    edges, costs = band(tape, 0.1, 0.15, 0.0), path_costs(tape, SHORT, LAMBDA)
    slopes, _ = slopes_of(edges, costs)
    never = edges.copy()
    never[LOWER, 4], never[UPPER, 4] = -9.0, 9.0
    for i in range(12):
        for row, edge_row, sign in (
            (LOWER_TARGET, LOWER, 1.0),
            (UPPER_TARGET, UPPER, -1.0),
        ):
            goal = float(edges[row, 4, i])
            if abs(goal) < 0.03:
                continue  # exactly flat is none of the grid's points
            seen += 1
            ends = [read(goal + off, i, never, costs) for off in (-0.015, 0.015)]
            size = abs(goal - edges[edge_row, 4, i])
            more = costs.unit[4, i] + 2.0 * size * costs.linear[4, i]
            more += 1.5 * np.sqrt(size) * costs.root[4, i]
            expected = (ends[1] - ends[0]) / 0.03 + sign * more
            assert slopes[row, 4, i] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert seen > 6


def read(y: float, i: int, never: FloatArray, costs: PathCosts) -> float:
    """Cost of keeping y at decision 4, on a line between the grid's points."""
    low = np.floor(y / 0.01 + 1e-9) * 0.01
    share = (y - low) / 0.01
    ends = [followed(round(x, 2), 4, i, never, costs) for x in (low, low + 0.01)]
    return float((1.0 - share) * ends[0] + share * ends[1])


@pytest.mark.slow
def test_slopes_know_which_way_costs_less_and_the_slope_along_a_path_does_not() -> None:
    """A fixed cost: moving an edge moves no trade of a path, unless one appears."""
    config = load_config("reference", settings=["episode.decisions=60"])
    tape, grid = taped(4000, config), np.linspace(0.0, 1.0, 201)
    best = fit_minimum_variance(config, seed=9, n_paths=8192)
    costs = path_costs(tape, config, LAMBDA, best)
    delta, n = tape.rows[:, field.DELTA], 4000

    def at(width: float) -> tuple[FloatArray, FloatArray]:
        edges = np.empty((N_EDGES, *delta.shape))
        edges[LOWER], edges[UPPER] = delta - width, delta + width
        edges[LOWER_TARGET] = edges[UPPER_TARGET] = delta
        edges[SNAP] = 0.0
        slopes, value = np.empty_like(edges), np.empty(n)
        fill_slopes(
            edges, np.full(delta.shape, 0.1), grid, SHARES, costs, slopes, value
        )
        return (slopes[UPPER] - slopes[LOWER]).mean(axis=0), value

    for width, sign in ((0.02, -1.0), (0.5, 1.0)):
        wider = at(1.1 * width)[1] - at(width / 1.1)[1]
        slope = at(width)[0]
        for found in (wider, slope):  # both exclude zero, with the same sign
            assert sign * found.mean() > 5.0 * found.std() / np.sqrt(n)
        along = at(width * (1.0 + 1e-9))[1] - at(width)[1]
        assert np.median(np.abs(along)) < 1e-9  # says nothing, path by path
