"""A pool of depositors: the price of a share, its drawdown, and who pays what."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.baselines import RULES
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.pool import (
    IMPACT,
    PER_TRANSACTION,
    cost_of_depositor,
    cost_shares,
    drawdown,
    share_prices,
)

RULE = RULES["delta-threshold"](threshold=0.05)
SHORT = "episode.decisions=48"


def test_a_drawdown_is_the_largest_fall_from_a_peak_before_it() -> None:
    prices = np.array([[1.0, 1.0], [2.0, 0.9], [1.5, 0.6], [1.6, 1.2], [1.0, 1.1]])
    np.testing.assert_allclose(drawdown(prices), [0.5, 0.4])
    assert drawdown(np.array([[1.0], [1.1], [1.2]]))[0] == 0.0


def test_a_share_follows_what_the_notional_earns_after_cost() -> None:
    config = load_config("keeper-vault", settings=[SHORT])
    prices = share_prices(RULE, config, 10.0, n_paths=50, seed=2)
    (table,) = evaluate([(RULE, 10.0)], config, n_episodes=50, seed=2)
    assert prices.shape == (49, 50)
    assert (prices[0] == 1.0).all()
    np.testing.assert_allclose(prices[-1], 1.0 - table.net_loss, rtol=1e-12)


def test_every_component_is_of_one_kind() -> None:
    assert {*PER_TRANSACTION, IMPACT} <= set(COST_COMPONENTS)


def costs_of(config: EnvConfig) -> dict[str, float]:
    (table,) = evaluate([(RULE, 10.0)], config, n_episodes=64, seed=2)
    means = table.cost_components.mean(axis=1)
    return dict(zip(COST_COMPONENTS, means.tolist(), strict=True))


@pytest.mark.parametrize("factor", [0.1, 10.0])
@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("execution.depth=5.0e6", "execution.square_root_impact=0"),
        ("execution.failure={probability: 0.2}",),
        ("execution.sandwich={probability: 0.3, loss_bp: 20}",),
    ],
)
def test_a_larger_pool_costs_what_playing_it_costs(
    settings: tuple[str, ...], factor: float
) -> None:
    """The rule looks at no cost: it trades alike, and only the bills differ."""
    config = load_config("keeper-vault", settings=[SHORT, *settings])
    larger = load_config(
        config, settings=[f"book.contracts={config.book.contracts * factor}"]
    )
    shares = cost_shares(costs_of(config), config.execution)
    assert shares is not None
    played = sum(costs_of(larger).values())
    assert cost_of_depositor(shares, factor) == pytest.approx(played, rel=1e-10)


def test_two_kinds_of_impact_cannot_be_told_apart() -> None:
    config = load_config("keeper-vault", settings=["execution.depth=5.0e6"])
    assert cost_shares(dict.fromkeys(COST_COMPONENTS, 1.0), config.execution) is None
