"""The rule for two chains: a band for each, the cheap chain first, a threshold."""

import numpy as np
import pytest

from hedge_env.baselines.bands.cheapest_chain import CheapestChain
from hedge_env.config import EnvConfig, ExecutionConfig, RollupConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.accounts import objective
from hedge_env.desk.batch import HedgeBatch
from hedge_env.pricing.no_trade_band import whalley_wilmott_half_width
from tests.baselines.markets import observables

FREE = {"rollup_fixed_cost": 0.0, "rollup_proportional_cost": 0.0, "rollup_impact": 0.0}


def both(rule, **changes):
    """Targets of one decision, as two numbers."""
    total, there = rule.target(observables(**changes))[0]
    return total, there


def test_a_free_rollup_is_delta_hedging_there():
    total, there = both(CheapestChain(chi=0.0), holdings=0.5, delta=0.55, **FREE)
    assert total == pytest.approx(0.55)
    assert there == pytest.approx(0.05)


def test_without_fixed_cost_the_rollup_s_band_is_whalley_s_and_wilmott_s():
    rule = CheapestChain(risk_multiplier=1.0, chi=0.0)
    now = {"rollup_fixed_cost": 0.0, "fixed_cost": 1.0}
    values = observables(**now)
    width = whalley_wilmott_half_width(
        values["gamma"], values["spot"], values["rollup_proportional_cost"], 20.0
    )[0]
    centre = values["delta"][0]
    for sign in (1.0, -1.0):
        inside = centre + sign * 0.999 * width
        assert both(rule, holdings=inside, **now) == (inside, 0.0)
        total, there = both(rule, holdings=centre + sign * 1.1 * width, **now)
        assert total == pytest.approx(centre + sign * width)
        assert there == pytest.approx(-0.1 * sign * width)


def test_what_the_rollup_cannot_do_waits_for_the_wider_band_of_home():
    rule = CheapestChain(chi=0.0)
    little = {"rollup_room": 0.001, "rollup_stock": 0.399, "rollup_impact": 0.0}
    total, there = both(rule, holdings=0.48, delta=0.55, **little)
    assert (total, there) == (pytest.approx(0.481), pytest.approx(0.001))
    total, there = both(rule, holdings=0.1, delta=0.55, **little)
    assert there == pytest.approx(0.001)
    assert total > 0.5


def test_a_large_order_is_placed_where_the_market_is_deep():
    total, there = both(CheapestChain(), holdings=0.0, delta=0.5, rollup_impact=1.0)
    assert total > 0.45
    assert there == 0.0


def test_inventory_moves_where_nothing_is_traded():
    rule = CheapestChain(threshold=0.1)
    full = {"rollup_stock": 0.39, "rollup_room": 0.01, "rollup_holdings": 0.39}
    total, there = both(rule, holdings=0.55, **full)
    assert total == 0.55
    assert there == pytest.approx(0.2)
    total, there = both(rule, holdings=0.3, **full)
    assert there >= 0.39  # a trade first
    assert both(CheapestChain(threshold=0.01), holdings=0.55, **full) == (0.55, 0.39)


def test_it_needs_two_chains():
    assert CheapestChain.why_unfit(EnvConfig()) == "there is one chain"
    two = EnvConfig(execution=ExecutionConfig(rollup=RollupConfig()))
    assert CheapestChain.why_unfit(two) is None


def test_where_there_is_no_gain_in_a_rollup_none_is_used():
    dear = "execution.rollup={fee_bp: 500, half_spread_bp: 100, fixed_cost_bp: 50}"
    config = load_config("two-chains", settings=["episode.decisions=40", dear])
    batch = HedgeBatch(config, 50, seed=1)
    batch.reset(np.arange(50))
    for _ in range(40):
        batch.advance(CheapestChain(threshold=0.0).target(batch.observables()))
        assert not batch.rows[batch.instruments[1].holdings].any()


def test_two_chains_cost_less_than_one_where_gas_is_dear():
    """With the defaults, against the same rule where the rollup can hold nothing."""
    found = []
    for most in (0.25, 0.0):
        settings = [f"execution.rollup.inventory.most={most}", "episode.decisions=120"]
        dear = "execution.gas_units=900000"
        config = load_config("two-chains", settings=[*settings, dear])
        batch = HedgeBatch(config, 400, seed=1, stream="test")
        batch.reset(np.arange(400))
        for _ in range(batch.n_decisions):
            batch.advance(CheapestChain().target(batch.observables()))
        found.append(objective(batch.totals, np.full(400, 10.0)))
    gain = found[1] - found[0]
    assert gain.mean() > 3.0 * gain.std() / np.sqrt(gain.size)
