"""Edges and targets of a band by themselves, and their slopes."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.band_edges import (
    LOWER,
    LOWER_TARGET,
    N_EDGES,
    N_NUMBERS,
    SNAP,
    UPPER,
    UPPER_TARGET,
    fill_edges,
    fill_scale,
    pull_back,
)
from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

N = 300


def played(*settings: str) -> tuple[EnvConfig, FloatArray]:
    """A config in the mode, and rows of its market with random holdings."""
    settings = ("action.mode=band_edges", "episode.decisions=40", *settings)
    config = load_config("ethereum-l1", settings=settings)
    batch, rng = HedgeBatch(config, N, seed=5), np.random.default_rng(1)
    batch.reset(np.arange(N))
    for _ in range(30):
        batch.advance(batch.rows[field.DELTA][:, None] + rng.normal(0, 0.3, (N, 1)))
    return config, batch.rows.copy()


def edges_of(config: EnvConfig, rows: FloatArray, action: FloatArray) -> FloatArray:
    decoder = ActionDecoder(config)
    found = np.empty((N_EDGES, rows.shape[1]))
    fill_edges(rows, decoder.base(rows), action, decoder.params, found)
    return found


def test_the_zero_action_is_that_of_mode_band_where_no_deadline_is_near() -> None:
    """Worth-it is another deadline: both are off."""
    config, rows = played("action.worth_it=false")
    ours = ActionDecoder(config).decode(np.zeros((N, 6)), rows)
    theirs = ActionDecoder(config, "band").decode(np.zeros((N, 3)), rows)
    wide = rows[field.BAND_HALF_WIDTH] > 0.005  # above the narrowest
    assert wide.sum() > 100
    np.testing.assert_allclose(ours[wide], theirs[wide], rtol=0.0, atol=1e-3)
    traded = ours[wide, 0] != rows[field.HOLDINGS, wide]
    assert 20 < traded.sum() < wide.sum()


def test_every_number_moves_what_it_is_called() -> None:
    config, rows = played("action.log_width_range=1.5", "action.offset_range=0.8")
    action = np.zeros((N_NUMBERS, N))
    still = edges_of(config, rows, action)
    scale = np.empty(N)
    fill_scale(rows, ActionDecoder(config).params, scale)
    centre = 0.5 * (still[LOWER] + still[UPPER])
    np.testing.assert_allclose(centre, rows[field.DELTA], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(still[UPPER] - centre, scale, rtol=1e-9)
    action[0] = -0.5
    moved = edges_of(config, rows, action)
    np.testing.assert_allclose(moved[:SNAP], still[:SNAP] - 0.4 * scale, atol=1e-12)
    action[:] = 0.0
    action[1], action[2] = 1.0, -1.0
    moved = edges_of(config, rows, action)
    np.testing.assert_allclose(centre - moved[LOWER], scale * np.exp(1.5), rtol=1e-6)
    np.testing.assert_allclose(moved[UPPER] - centre, scale / np.exp(1.5), rtol=1e-6)
    action[:] = 0.0
    action[3], action[4], action[5] = 1.0, -1.0, 0.5
    moved = edges_of(config, rows, action)
    for row, sign in ((LOWER_TARGET, 1.0), (UPPER_TARGET, -1.0)):
        shares = [(found[row] - centre) / scale for found in (still, moved)]
        odds = [abs(share) / (1.0 - abs(share)) for share in shares]
        np.testing.assert_allclose(odds[1] / odds[0], np.exp(3.0 * sign), rtol=1e-6)
    np.testing.assert_allclose(moved[SNAP] / still[SNAP], np.e, rtol=1e-9)
    np.testing.assert_array_equal(moved[[LOWER, UPPER]], still[[LOWER, UPPER]])


def test_close_to_expiry_no_trade_is_worth_its_cost() -> None:
    config, rows = played()
    plain = load_config(config, {"action": {"worth_it": False}})
    rows[field.TIME_TO_MATURITY] = 1e-4
    late, never = np.empty(N), np.empty(N)
    fill_scale(rows, ActionDecoder(config).params, late)
    fill_scale(rows, ActionDecoder(plain).params, never)
    assert (late >= never).all()
    assert np.median(late / never) > 2.0


def test_slopes_in_the_action_are_those_of_differences() -> None:
    config, rows = played("action.log_width_range=1.5")
    rng, params = np.random.default_rng(2), ActionDecoder(config).params
    action = rng.uniform(-0.9, 0.9, (N_NUMBERS, N))
    slopes = rng.normal(size=(N_EDGES, N))
    found = np.empty((N_NUMBERS, N))
    edges = edges_of(config, rows, action)
    pull_back(rows, action, edges, slopes, params, found)
    step = 1e-6
    for number in range(N_NUMBERS):
        up, down = action.copy(), action.copy()
        up[number] += step
        down[number] -= step
        moved = edges_of(config, rows, up) - edges_of(config, rows, down)
        expected = (slopes * moved).sum(axis=0) / (2.0 * step)
        np.testing.assert_allclose(found[number], expected, rtol=1e-5, atol=1e-8)
    assert np.abs(found).mean(axis=1).min() > 1e-4  # every number does something


@pytest.mark.parametrize("held", [-0.9, 0.0, 0.9])
def test_a_target_that_is_nearly_nothing_is_nothing(held: float) -> None:
    config, rows = played()
    rows[field.HOLDINGS] = held
    action = np.zeros((N, N_NUMBERS))
    action[:, 5] = 1.0
    edges = edges_of(config, rows, np.ascontiguousarray(action.T))
    target = ActionDecoder(config).decode(action, rows)[:, 0]
    traded = target != held
    small = np.abs(target) < edges[SNAP]
    assert not (traded & small & (target != 0.0)).any()
    if held:
        assert (traded & (target == 0.0)).any()
        off = load_config(config, {"action": {"snap": False}})
        kept = ActionDecoder(off).decode(action, rows)[:, 0]
        assert (kept[target == 0.0] != 0.0).any()


def test_where_gamma_is_gone_the_band_is_what_its_cost_is_worth() -> None:
    """By hand: trading y costs F + c S y, and takes off lambda sigma^2 S^2 tau y^2."""
    config, rows = played()
    rows[field.BAND_HALF_WIDTH] = 0.0
    rows[field.SPOT], rows[field.IMPLIED_VOLATILITY] = 1.25, 0.8
    rows[field.RISK_AVERSION], rows[field.TIME_TO_MATURITY] = 10.0, 0.04
    risk = 10.0 * 0.64 * 1.5625 * 0.04  # .4
    scale, params = np.empty(N), ActionDecoder(config).params
    rows[field.FIXED_COST], rows[field.PROPORTIONAL_COST] = 0.001, 0.0
    fill_scale(rows, params, scale)
    np.testing.assert_allclose(scale, np.sqrt(0.001 / risk), rtol=1e-9)
    # Where a little more costs c S and takes off 2 risk y of it.
    rows[field.FIXED_COST], rows[field.PROPORTIONAL_COST] = 0.0, 0.01
    fill_scale(rows, params, scale)
    np.testing.assert_allclose(scale, 0.01 * 1.25 / (2.0 * risk), rtol=1e-9)
    rows[field.FIXED_COST] = 0.001
    fill_scale(rows, params, scale)
    both = np.hypot(np.sqrt(0.001 / risk), 0.01 * 1.25 / (2.0 * risk))
    np.testing.assert_allclose(scale, both, rtol=1e-9)
