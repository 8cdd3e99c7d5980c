import numpy as np

from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.timing.time_based import TimeBased
from hedge_env.baselines.timing.vault import Vault
from tests.baselines.markets import holds, target_of
from tests.baselines.test_contracts import many_decisions


def test_a_wide_threshold_leaves_the_schedule():
    values = many_decisions()
    np.testing.assert_array_equal(
        Vault(4, threshold=9.0, dead_zone=0.0).target(values),
        TimeBased(4).target(values),
    )


def test_a_wide_dead_zone_leaves_the_threshold():
    values = many_decisions()
    np.testing.assert_array_equal(
        Vault(1, threshold=0.1, dead_zone=9.0).target(values),
        DeltaThreshold(0.1).target(values),
    )


def test_small_errors_wait_for_the_schedule_and_large_ones_do_not():
    rule = Vault(4, threshold=0.2, dead_zone=0.05)
    small, large = {"delta": 0.6}, {"delta": 0.75}
    assert holds(rule, **small, step=3.0)
    assert target_of(rule, **small, step=4.0) == 0.6
    assert target_of(rule, **large, step=3.0) == 0.75
    assert holds(rule, delta=0.54, step=4.0)
