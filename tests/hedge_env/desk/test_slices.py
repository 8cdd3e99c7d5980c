"""Orders that are filled in slices, one market step apart."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from tests.hedge_env.desk.test_accounts import components, imbalance

# Four market steps a decision, no costs but those that are named.
QUIET = (
    "episode.market_steps=4",
    "episode.decisions=12",
    "execution.fee_bp=0",
    "execution.fixed_cost_bp=0",
)


def problem(*settings: str) -> EnvConfig:
    return load_config("reference", settings=[*QUIET, *settings])


def steps_of(config: EnvConfig) -> EnvConfig:
    """The same paths, a decision at every market step."""
    hours = config.episode.decision_interval_hours / 4
    return load_config(
        config,
        settings=[
            "episode.market_steps=1",
            "episode.decisions=48",
            f"episode.decision_interval_hours={hours}",
            "execution.slicing=null",
            "execution.latency_steps=0",
        ],
    )


def batch_of(config: EnvConfig, n: int = 3) -> HedgeBatch:
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    return batch


@pytest.mark.parametrize("schedule", ["twap", "almgren-chriss"])
def test_slices_earn_what_trading_every_market_step_does(schedule: str) -> None:
    slicing = f"execution.slicing={{slices: 3, schedule: {schedule}, urgency: 0.7}}"
    config = problem(slicing, "execution.latency_steps=1")
    sliced, stepped = batch_of(config), batch_of(steps_of(config))
    left = {"twap": (2 / 3, 1 / 3, 0.0)}.get(schedule) or tuple(
        np.sinh(0.7 * k) / np.sinh(2.1) for k in (2, 1, 0)
    )
    held = np.zeros((3, 1))
    for target in (0.8, 0.8, 0.1, 0.6):
        earned = sliced.advance(np.full((3, 1), target)).hedge_pnl
        by_steps = stepped.advance(held).hedge_pnl.copy()  # nothing at once
        for rest in left:
            now = target + rest * (held - target)
            by_steps += stepped.advance(now).hedge_pnl
        np.testing.assert_allclose(earned, by_steps, rtol=1e-9, atol=1e-15)
        held = np.full((3, 1), target)


def test_a_schedule_of_equal_slices_pays_linear_impact_by_their_number() -> None:
    costs = {}
    for slices in (None, 2, 4):
        given = "null" if slices is None else f"{{slices: {slices}}}"
        batch = batch_of(problem("execution.depth=1e4", f"execution.slicing={given}"))
        price = batch.rows[field.SPOT].copy()
        record = batch.advance(np.full((3, 1), 0.5))
        value = record.traded * (
            price if slices is None else batch.rows[field.FILL_PRICE]
        )
        costs[slices] = record.cost / value**2
    np.testing.assert_allclose(costs[2], costs[None] / 2.0, rtol=1e-12)
    np.testing.assert_allclose(costs[4], costs[None] / 4.0, rtol=1e-12)


def test_every_slice_pays_its_fixed_cost_and_the_end_pays_it_once() -> None:
    config = problem(
        "execution.fixed_cost_bp=2", "execution.slicing={slices: 3}",
        "execution.square_root_impact=1", "execution.daily_volume=1e6",
    )  # fmt: skip
    whole = batch_of(load_config(config, settings=["execution.slicing=null"]))
    batch = batch_of(config)
    assert batch.rows[field.FIXED_COST, 0] == pytest.approx(6e-4, rel=1e-12)
    assert components(batch.advance(np.full((3, 1), 0.5)))["fixed"] == (
        pytest.approx(6e-4, rel=1e-12)
    )
    whole.advance(np.full((3, 1), 0.5))
    for _ in range(11):
        record = batch.advance(np.full((3, 1), 0.5))
        at_once = whole.advance(np.full((3, 1), 0.5))
    assert components(record)["fixed"] == pytest.approx(2e-4, rel=1e-12)
    assert components(record) == pytest.approx(components(at_once), rel=1e-12)


@pytest.mark.parametrize("schedule", ["twap", "almgren-chriss"])
def test_every_unit_of_currency_is_accounted_for(schedule: str) -> None:
    config = load_config(
        "ethereum-l1-adverse",
        settings=[
            "execution.failure=null",
            "execution.latency_steps=1",
            f"execution.slicing={{slices: 3, schedule: {schedule}}}",
        ],
    )
    batch, rng = batch_of(config, 200), np.random.default_rng(0)
    start = batch.rows[field.BOOK_VALUE].copy()
    for _ in range(config.episode.decisions):
        batch.advance(rng.uniform(-1.0, 1.0, (200, 1)))
        assert imbalance(batch, start) < 1e-12


def test_slices_that_do_not_fill_in_time_are_refused() -> None:
    with pytest.raises(ConfigError, match="slices = 6"):
        problem("execution.slicing={slices: 6}")
    with pytest.raises(ConfigError, match="latency_steps = 2"):
        problem("execution.slicing={slices: 4}", "execution.latency_steps=2")
    assert problem("execution.slicing={slices: 5}").execution.transactions == 5
    with pytest.raises(ConfigError, match="failure"):
        problem(
            "execution.slicing={slices: 3}",
            "execution.failure={probability: 0.1}",
        )
