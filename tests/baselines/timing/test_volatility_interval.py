import numpy as np
import pytest

from hedge_env.baselines.timing.volatility_interval import VolatilityInterval, is_due
from tests.baselines.markets import holds, target_of


@pytest.mark.parametrize(
    ("volatility", "interval"), [(1.0, 8), (0.5, 32), (2.0, 2), (0.8, 13)]
)
def test_intervals_are_equal_in_variance(volatility, interval):
    since = np.arange(1.0, 100.0)
    due = is_due(since, since, np.full(99, volatility), 8.0)
    assert since[due][0] == interval


def test_the_first_decision_trades_to_delta():
    rule = VolatilityInterval(8.0)
    assert target_of(rule, step=0.0, steps_since_trade=0.0, holdings=0.0) == 0.55


def test_between_trades_nothing_is_traded():
    assert holds(VolatilityInterval(8.0), steps_since_trade=3.0)
    assert target_of(VolatilityInterval(8.0), steps_since_trade=30.0) == 0.55
