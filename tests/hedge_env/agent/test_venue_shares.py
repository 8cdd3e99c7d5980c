"""What goes to which venue, as an agent says it."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import HedgeVectorEnv
from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.venue_shares import venue_shares
from hedge_env.base import field
from hedge_env.base.errors import ActionError, ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

N = 200
OWN = "execution.split=policy"
# A listed option beside four venues.
LISTED = ("execution.option={maturity_days: 45}", "episode.decisions=6")


def problem(*settings: str) -> EnvConfig:
    return load_config("split-venues", settings=[OWN, *settings])


def level_found_slowly(numbers: FloatArray) -> FloatArray:
    """The same shares, their level halved for."""
    low, high = numbers.min() - 1.0, numbers.max()
    for _ in range(200):
        middle = 0.5 * (low + high)
        if np.maximum(numbers - middle, 0.0).sum() > 1.0:
            low = middle
        else:
            high = middle
    return np.asarray(np.maximum(numbers - low, 0.0))


@pytest.mark.parametrize(
    ("numbers", "shares"),
    [
        ((0.0, 0.0, 0.0, 0.0), (0.25, 0.25, 0.25, 0.25)),
        ((0.2, 0.3, 0.5), (0.2, 0.3, 0.5)),  # shares already
        ((0.5, -0.5, -1.0), (1.0, 0.0, 0.0)),  # larger by one
        ((1.0, 0.5, -1.0), (0.75, 0.25, 0.0)),  # (1.5 - 1) / 2 off the first two
        ((-1.0, -1.0), (0.5, 0.5)),
    ],
)
def test_shares_by_hand(numbers: tuple[float, ...], shares: tuple[float, ...]) -> None:
    found = venue_shares(np.array(numbers)[:, None])[:, 0]
    np.testing.assert_allclose(found, shares, rtol=0.0, atol=1e-15)
    np.testing.assert_array_equal(found == 0.0, np.array(shares) == 0.0)


@pytest.mark.parametrize("n_venues", [2, 3, 8])
def test_shares_are_those_of_a_level_that_is_halved_for(n_venues: int) -> None:
    numbers = np.random.default_rng(0).uniform(-1.0, 1.0, (n_venues, N))
    found = venue_shares(numbers)
    expected = [level_found_slowly(column) for column in numbers.T]
    np.testing.assert_allclose(found.T, expected, rtol=0.0, atol=1e-14)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, rtol=0.0, atol=1e-14)
    assert (found >= 0.0).all()
    assert (found == 0.0).any()


def test_no_other_shares_are_nearer() -> None:
    rng = np.random.default_rng(1)
    numbers = rng.uniform(-1.0, 1.0, (4, N))
    others = rng.dirichlet(np.full(4, 0.3), (50, N)).transpose(0, 2, 1)
    near = ((venue_shares(numbers) - numbers) ** 2).sum(axis=0)
    far = ((others - numbers) ** 2).sum(axis=1)
    assert (far >= near - 1e-15).all()


@pytest.mark.parametrize(
    ("mode", "settings", "size"),
    [
        ("band", (), 3),
        ("band_free", (), 3),
        ("band_edges", (), 6),
        ("target", (), 1),
        ("ratio", (*LISTED, "action.mode=ratio"), 1),
        ("band", LISTED, 4),
    ],
)
def test_shares_are_the_last_columns_and_the_rest_stays(
    mode: str, settings: tuple[str, ...], size: int
) -> None:
    config = problem(*settings)
    plain = load_config(config, settings=["execution.split=optimal"])
    ours, theirs = ActionDecoder(config, mode), ActionDecoder(plain, mode)
    assert (theirs.shape, ours.shape) == ((size,), (size + 4,))
    batch = HedgeBatch(plain, N)
    batch.reset(np.arange(N))
    rng = np.random.default_rng(0)
    for _ in range(3):
        action = rng.uniform(-1.5, 1.5, (N, size + 4))
        target = ours.decode(action, batch.rows)
        kept = theirs.decode(action[:, :size], batch.rows)
        assert target.shape == (N, config.n_columns)
        np.testing.assert_array_equal(target[:, :-4], kept)
        shares = venue_shares(np.clip(action[:, size:], -1.0, 1.0).T).T
        np.testing.assert_array_equal(target[:, -4:], shares)
        batch.advance(kept)


def test_shares_alone_are_no_order() -> None:
    """Inside the band nothing is traded, wherever it is said to go."""
    env = HedgeVectorEnv(N, config=problem(), autoreset_mode="Disabled")
    env.reset(seed=0)
    rng, still = np.random.default_rng(2), 0
    for _ in range(5):
        batch = env.batch
        inside = np.abs(batch.rows[field.BAND_POSITION]) < 0.9
        before = batch.totals.cost.copy(), batch.rows[field.HOLDINGS].copy()
        action = np.zeros((N, 7), dtype=np.float32)
        action[:, 3:] = rng.uniform(-1.0, 1.0, (N, 4))
        env.step(action)
        np.testing.assert_array_equal(batch.totals.cost[inside], before[0][inside])
        held = batch.rows[field.HOLDINGS]
        np.testing.assert_array_equal(held[inside], before[1][inside])
        still += int(inside.sum())
    assert still > 2 * N


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_share_that_is_no_number_is_refused(wrong: float) -> None:
    env = HedgeVectorEnv(2, config=problem())
    env.reset(seed=0)
    action = np.zeros((2, 7), dtype=np.float32)
    action[1, 5] = wrong
    with pytest.raises(ActionError, match="environments 1 is not finite"):
        env.step(action)


def test_a_grid_of_holdings_has_no_shares() -> None:
    with pytest.raises(ConfigError, match=r"execution\.split = policy needs action"):
        problem("action.mode=discrete")
    with pytest.raises(ConfigError, match="discrete has no shares of venues"):
        ActionDecoder(problem(), "discrete")
