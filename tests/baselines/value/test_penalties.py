"""Draws of the bound: most of them usual moves, and lots that share no numbers."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.baselines.value.penalties import Careful
from hedge_env.config.loading import load_config
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.draw_plan import draw_plan
from hedge_env.risk.next_rows import next_rows


@pytest.mark.parametrize("draws", [1, 2, 16, 48, 96, 100, 512, 1024, 1536])
def test_most_draws_are_usual_moves_and_the_square_of_jumps_is_latin(
    draws: int,
) -> None:
    plan = Careful().plan(load_config("ethereum-l1"), draws)
    assert plan.jumps % 3 != 0  # see `draw_plan`
    assert min(plan.still, plan.jumps, plan.regime) >= 1
    if draws >= 16:
        assert plan.still >= 0.75 * draws
        assert abs(plan.still + plan.jumps + plan.regime - draws) <= 1


def test_where_nothing_but_spot_is_random_draws_are_nodes() -> None:
    plan = Careful().plan(load_config("reference"), 2048)
    assert plan.nodes.size == plan.still <= 256
    assert plan.node_weights.sum() == pytest.approx(1.0)


@pytest.mark.slow
def test_another_lot_has_other_draws_of_the_same_paths() -> None:
    config = load_config("ethereum-l1", settings=["episode.decisions=3"])
    plan = draw_plan(quote_params(config).market)
    lots = [
        next(next_rows(config, np.arange(4), plan, seed=0, stream="test", lot=lot))
        for lot in (1, 3)
    ]
    np.testing.assert_array_equal(lots[0].after, lots[1].after)
    drawn = [one.drawn[field.SPOT] for one in lots]
    assert not np.isin(drawn[0], drawn[1]).any()
