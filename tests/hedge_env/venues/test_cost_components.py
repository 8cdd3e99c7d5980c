"""A cost at a constant rate is declared once; the rest follows."""

import numpy as np
import pytest

from hedge_env.base import account_rows, field
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.simulated import quote_params
from hedge_env.venues import cost_components
from hedge_env.venues.cost_components import Charged

N = 3


@pytest.fixture(autouse=True)
def nothing_kept():
    """Compile each config anew: what is kept does not know of a further component."""
    quote_params.cache_clear()
    yield
    quote_params.cache_clear()


def traded_once(config) -> HedgeBatch:
    batch = HedgeBatch(config, N, seed=1, stream="test")
    batch.reset(np.arange(N))
    batch.advance(np.full((N, 1), 0.5))
    return batch


def test_a_component_is_billed_and_shown_with_nothing_else_to_do(monkeypatch):
    config = load_config("reference")
    plain = traded_once(config)
    extra = (
        Charged(account_rows.FEE, per_value=lambda execution: -3e-4),
        Charged(account_rows.IMPACT, per_trade=lambda execution: 7e-4),
    )
    monkeypatch.setattr(cost_components, "CHARGED", (*cost_components.CHARGED, *extra))
    quote_params.cache_clear()
    dear = traded_once(config)
    value = 0.5 * 1.0  # spot is 1 at the first decision
    more = dear.totals.rows - plain.totals.rows
    close = {"rtol": 0.0, "atol": 1e-15}
    np.testing.assert_allclose(more[account_rows.FEE], -3e-4 * value, **close)
    np.testing.assert_allclose(more[account_rows.IMPACT], 7e-4, **close)
    shown = dear.rows - plain.rows
    np.testing.assert_allclose(shown[field.PROPORTIONAL_COST], -3e-4, **close)
    np.testing.assert_allclose(shown[field.FIXED_COST], 7e-4, **close)
    np.testing.assert_allclose(shown[field.MEAN_FIXED_COST], 7e-4, **close)


@pytest.mark.parametrize(
    ("settings", "components"),
    [
        ((), []),
        (("execution.fee_bp=2",), ["fee"]),
        (("execution.fee_bp=2", "execution.fixed_cost_bp=3"), ["fee", "fixed"]),
    ],
)
def test_what_costs_nothing_is_not_charged_for(settings, components):
    free = ["execution.fee_bp=0", "execution.fixed_cost_bp=0"]
    config = load_config("reference", settings=[*free, *settings])
    rates = cost_components.rates_of(config.execution)
    found = [account_rows.COST_COMPONENTS[rate.component] for rate in rates]
    assert sorted(found) == sorted([*components, "spread", "gas"])
