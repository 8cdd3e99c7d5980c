"""Advice where the market has a margin account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from hedge_env.advice import Adviser, read_state
from hedge_env.advice.present_rows import PresentRows
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines import RULES
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.policies.policy import PolicyKind
from tests.hedge_env.advice.test_adviser import NOW

ACCOUNTS = {
    "portfolio": "{model: portfolio, collateral: 0.12}",
    "isolated": "{collateral: 0.05, initial: 0.12}",
}


def market(model: str) -> EnvConfig:
    settings = [f"execution.margin={ACCOUNTS[model]}", "execution.instrument=perp"]
    return load_config("reference", settings=settings)


def state_of(batch: HedgeBatch, step: int) -> dict[str, Any]:
    """What a desk would write down of the first path."""
    config, rows = batch.config, batch.rows[:, 0]
    contracts, start = config.book.contracts, config.market.spot
    leg = {
        "kind": "call",
        "strike": start,
        "quantity": -contracts,
        "expiry": (NOW + timedelta(days=30, hours=-4 * step)).isoformat(),
    }
    return {
        "time": NOW.isoformat(),
        "spot": float(rows[field.SPOT]) * start,
        "start_spot": start,
        "contracts": contracts,
        "holdings": float(rows[field.HOLDINGS]) * contracts,
        "implied_volatility": 0.8,
        "margin_equity": float(rows[field.MARGIN_EQUITY]) * contracts * start,
        "legs": [leg],
    }


class Fixed:
    """Asks for holdings of one whatever it sees, but has seen margin."""

    name = "fixed"
    kind: PolicyKind = "baseline"
    inputs = ("margin_use", "margin_equity")

    def reset(self, n: int) -> None:
        """Nothing is remembered."""

    def target(self, observables: Any) -> np.ndarray:
        assert np.isfinite(observables["margin_use"]).all()
        return np.ones((observables["margin_use"].size, 1))


@pytest.mark.parametrize("model", ACCOUNTS)
def test_the_trade_is_the_one_that_the_account_carries(model: str) -> None:
    config = market(model)
    batch, adviser = HedgeBatch(config, 1, seed=3), Adviser(Fixed(), config)
    batch.reset(np.arange(1))
    cut = 0
    for step in range(60):
        document = read_state(state_of(batch, step))
        written = PresentRows(config).write(
            document, 10.0, np.array([document.spot]), None
        )
        use = batch.rows[field.MARGIN_USE, 0]
        assert written[field.MARGIN_USE, 0] == pytest.approx(use, rel=1e-9)
        advice = adviser.advise(document, changes=False)
        goal = 1.0 if step % 7 == 3 else 0.3
        if goal == 1.0:
            traded = batch.advance(np.ones((1, 1))).traded[0]
            found = advice.trade / config.book.contracts
            assert found == pytest.approx(traded, rel=1e-8, abs=1e-9)
            cut += advice.holdings + advice.trade < 0.999 * config.book.contracts
        else:
            batch.advance(np.full((1, 1), goal))
    assert cut > 0


def test_an_account_without_its_worth_is_refused() -> None:
    config = market("portfolio")
    batch = HedgeBatch(config, 1)
    batch.reset(np.arange(1))
    document = state_of(batch, 0)
    del document["margin_equity"]
    adviser = Adviser(RULES["delta"](), config)
    with pytest.raises(ConfigError, match="margin_equity is missing from the state"):
        adviser.advise(read_state(document))
    document["margin_equity"] = -3.0
    with pytest.raises(ConfigError, match="margin_equity"):
        adviser.advise(read_state(document))


def test_an_order_that_the_account_cuts_says_so() -> None:
    config = market("portfolio")
    batch = HedgeBatch(config, 1)
    batch.reset(np.arange(1))
    document = state_of(batch, 0)
    document |= {"margin_equity": 1e-3, "holdings": 60.0 * config.book.contracts / 100}
    advice = Adviser(Fixed(), config).advise(read_state(document))
    assert advice.target > advice.holdings + advice.trade
