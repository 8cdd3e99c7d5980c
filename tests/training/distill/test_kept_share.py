from dataclasses import replace

import numpy as np
import pytest

from hedge_env.baselines import RULES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.training.distill.kept_share import Z, kept_share


def tables(rule, agent, formula):
    """Three tables with given objectives path by path [bp]."""
    config = load_config("reference", settings=["episode.decisions=2"])
    (one,) = evaluate([(RULES["no-hedge"](), 10.0)], config, n_episodes=len(rule))
    empty = replace(
        one,
        cost_components=np.zeros_like(one.cost_components),
        squared_increments=np.zeros_like(one.squared_increments),
    )

    def table(values):
        costs = empty.cost_components.copy()
        costs[0] = np.asarray(values) * 1e-4
        return replace(empty, cost_components=costs)

    return table(rule), table(agent), table(formula)


def draws(n=4000):
    random = np.random.default_rng(0)
    rule = random.normal(100.0, 20.0, n)
    agent = rule - random.normal(4.0, 3.0, n)
    formula = rule - 0.9 * (rule - agent) + random.normal(0.0, 1.0, n)
    return rule, agent, formula


def test_the_share_is_the_ratio_of_both_advantages_with_its_interval():
    rule, agent, formula = draws()
    found = kept_share(*tables(rule, agent, formula))
    assert found.advantage == pytest.approx((rule - agent).mean())
    assert found.share == pytest.approx((rule - formula).mean() / (rule - agent).mean())
    assert found.low < 0.9 < found.high
    for end in (found.low, found.high):  # of the interval: just not to be told apart
        left = (rule - formula) - end * (rule - agent)
        error = left.std(ddof=1) / np.sqrt(left.size)
        assert abs(left.mean()) == pytest.approx(Z * error, rel=1e-6)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(1)
    held = []
    for _ in range(200):
        rule = random.normal(100.0, 20.0, 300)
        agent = rule - random.normal(3.0, 8.0, 300)
        formula = rule - random.normal(2.4, 8.0, 300)
        found = kept_share(*tables(rule, agent, formula))
        held.append(found.low <= 0.8 <= found.high)
    assert 0.90 < np.mean(held) < 0.99


def test_of_no_advantage_there_is_no_share():
    rule, agent, formula = draws()
    found = kept_share(*tables(rule, rule + 0.1 * (agent - agent.mean()), formula))
    assert (found.share, found.low, found.high) == (None, None, None)
    assert found.kept == pytest.approx((rule - formula).mean())
    lost = kept_share(*tables(rule, 2.0 * rule - agent, formula))
    assert lost.advantage < 0.0
    assert lost.share is None


def test_paths_that_overlap_make_it_wider():
    three = tables(*draws())
    alone, shared = kept_share(*three), kept_share(*three, overlap=4.0)
    assert shared.advantage_error == pytest.approx(2.0 * alone.advantage_error)
    assert shared.low < alone.low < alone.share == shared.share < alone.high
    with pytest.raises(ValueError, match="same paths"):
        kept_share(three[0], three[1].part(slice(10)), three[2])
