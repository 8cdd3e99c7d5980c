import numpy as np
import pytest

from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, holds, target_of


@pytest.mark.parametrize("trade_back", [0.0, 0.4, 1.0])
def test_it_is_the_threshold_rule_with_its_trade_back(trade_back):
    band, threshold = evaluate(
        [
            (DeltaBand(0.1, trade_back), 1.0),
            (DeltaThreshold(0.1, trade_back), 1.0),
        ],
        SMALL,
        n_episodes=50,
    )
    np.testing.assert_array_equal(band.net_loss, threshold.net_loss)


def test_a_trade_ends_the_tuned_share_inside_the_band():
    assert target_of(DeltaBand(0.1, 0.5), delta=0.7, holdings=0.3) == pytest.approx(
        0.65
    )
    assert holds(DeltaBand(0.1, 0.5), delta=0.35, holdings=0.3)
