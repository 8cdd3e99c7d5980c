from hedge_env.baselines.deltas.no_hedge import NoHedge
from tests.baselines.markets import target_of


def test_whatever_is_held_is_kept():
    assert target_of(NoHedge(), holdings=0.0) == 0.0
    assert target_of(NoHedge(), holdings=0.3) == 0.3
