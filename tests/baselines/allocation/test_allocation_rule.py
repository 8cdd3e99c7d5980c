import re

import numpy as np
import pytest

from hedge_env.baselines import ALLOCATIONS, BASELINES
from hedge_env.baselines.allocation.cppi import Cppi, cppi_wealth
from hedge_env.baselines.allocation.volatility_target import VolatilityTarget
from hedge_env.config.loading import load_config
from hedge_env.evaluation.wealth import WealthOutcomes, follow_wealth, gap_risk
from hedge_env.feeds.tape import record_tape
from hedge_env.training.results.contenders import find_contenders
from tests.support.checkout import ROOT

YEAR = 365.0 * 24.0


def market(hours=1.0, days=30.0, jumps=None, volatility=0.8):
    """A market without costs and with constant volatility."""
    document = {
        "episode": {
            "decisions": round(24.0 * days / hours),
            "decision_interval_hours": hours,
        },
        "market": {
            "volatility": {"level": volatility},
            "surface": {"volatility": volatility},
            "jumps": jumps,
        },
        "execution": {"fee_bp": 0.0, "fixed_cost_bp": 0.0},
        "book": {"legs": [{"kind": "call", "quantity": 0.0, "maturity_days": days}]},
        "holdings": {"low": 0.0, "high": 100.0},
    }
    return load_config("reference", document)


def tracked(rule, config, n=300):
    """Wealth of the rule and of the closed form on the same paths."""
    tape = record_tape(config, np.arange(n), seed=0, stream="test")
    years = config.episode.decisions * config.episode.years_per_decision
    exact = cppi_wealth(
        tape.rows[-1, 0], 0.64 * years, floor=rule.floor, multiplier=rule.multiplier
    )
    return follow_wealth(rule, config, n_episodes=n).final, exact


def test_without_jumps_and_pauses_wealth_is_the_closed_form():
    rule = Cppi(floor=0.8, multiplier=3.0, leverage=100.0, tolerance=0.0)
    errors = []
    for hours in (4.0, 1.0):
        final, exact = tracked(rule, market(hours))
        errors.append(np.std(np.log((final - 0.8) / (exact - 0.8))))
    # m (m - 1) / 2 sigma^2 sqrt(2 dt T), the error of trading every dt.
    expected = 3.0 * 0.64 * np.sqrt(2.0 / YEAR * 30.0 / 365.0)
    assert errors[1] == pytest.approx(expected, rel=0.25)
    assert errors[1] == pytest.approx(errors[0] / 2.0, rel=0.25)


def test_without_jumps_the_floor_is_kept():
    rule = Cppi(floor=0.8, multiplier=4.0, leverage=100.0, tolerance=0.0)
    outcomes = follow_wealth(rule, market(1.0), n_episodes=300)
    assert outcomes.lowest.min() > 0.8
    assert gap_risk(outcomes, 0.8).probability == 0.0


def test_jumps_break_the_floor_as_often_as_one_exceeds_the_cushion():
    jumps = {"per_year": 12.0, "probability_up": 0.5, "mean_up": 0.1, "mean_down": 0.2}
    rule = Cppi(floor=0.8, multiplier=4.0, leverage=100.0, tolerance=0.0)
    config = market(2.0, 30.0, {**jumps, "volatility_jump": 0.0}, volatility=0.1)
    n = 4000
    risk = gap_risk(follow_wealth(rule, config, n_episodes=n), 0.8)
    intensity = 12.0 * 0.5 * np.exp(np.log(1.0 - 1.0 / 4.0) / 0.2)
    expected = 1.0 - np.exp(-intensity * 30.0 / 365.0)
    assert risk.probability == pytest.approx(expected, abs=4.0 * risk.probability_se)
    assert 0.0 < risk.mean_gap < risk.worst_gap


def test_a_multiplier_of_one_without_floor_is_to_buy_and_hold():
    config = market(4.0)
    tape = record_tape(config, np.arange(50), seed=0, stream="test")
    final = follow_wealth(Cppi(0.0, 1.0), config, n_episodes=50).final
    np.testing.assert_allclose(final, tape.rows[-1, 0], rtol=1e-12)


def test_the_rule_knows_its_wealth_after_cost():
    config = load_config("allocation", settings=["execution.depth=null"])
    seen = []

    class Watching(Cppi):
        def exposure(self, wealth, observables):
            seen.append(wealth.copy())
            return super().exposure(wealth, observables)

    outcomes = follow_wealth(Watching(), config, n_episodes=40)
    lowest = np.minimum(np.min(seen, axis=0), outcomes.final)
    np.testing.assert_allclose(lowest, outcomes.lowest, atol=1e-12)


@pytest.mark.parametrize("volatility", [0.5, 1.0])
def test_wealth_has_the_target_volatility(volatility):
    rule = VolatilityTarget(0.3, leverage=10.0, tolerance=0.0)
    outcomes = follow_wealth(rule, market(4.0, volatility=volatility), n_episodes=300)
    # Noise of the estimate: 18 decisions of half-life make it about 10 %.
    assert np.mean(outcomes.volatility) == pytest.approx(0.3, rel=0.06)


def test_targeting_steadies_the_volatility_of_wealth():
    config = load_config("allocation")
    held = follow_wealth(Cppi(0.0, 1.0), config, n_episodes=400).volatility
    aimed = follow_wealth(VolatilityTarget(0.3), config, n_episodes=400).volatility
    assert np.std(np.log(aimed)) < 0.6 * np.std(np.log(held))


def test_leverage_is_bounded():
    wealth, seen = np.array([1.0, 0.5, -0.1]), {"realised_volatility": np.full(3, 1e-9)}
    np.testing.assert_array_equal(
        VolatilityTarget(0.3, leverage=2.0).exposure(wealth, seen), [2.0, 1.0, 0.0]
    )
    np.testing.assert_allclose(
        Cppi(0.4, 4.0, leverage=1.5).exposure(wealth, seen), [1.5, 0.4, 0.0]
    )


def test_gap_risk_counts_what_ended_below():
    wealth = np.array([1.0, 0.7, 0.79, 0.8])
    risk = gap_risk(WealthOutcomes(wealth, wealth, wealth), 0.8)
    assert risk.probability == 0.5
    assert risk.probability_se == pytest.approx(0.25)
    assert (risk.mean_gap, risk.worst_gap) == pytest.approx((0.055, 0.1))


@pytest.mark.parametrize(
    ("rule_class", "name", "value"),
    [
        *((Cppi, "floor", value) for value in (-0.1, 1.0, float("nan"))),
        *((Cppi, "multiplier", value) for value in (0.0, float("inf"))),
        (VolatilityTarget, "volatility", 0.0),
        (VolatilityTarget, "tolerance", -0.1),
    ],
)
def test_parameters_out_of_range_are_refused(rule_class, name, value):
    with pytest.raises(ValueError, match=name):
        rule_class(**{name: value})


def test_all_rules_are_those_that_hedge():
    everything, _ = find_contenders(["all"])
    assert [rule.name for rule in everything] == list(BASELINES)
    named, _ = find_contenders(["all", "cppi"])
    assert named[-1].rule_class is ALLOCATIONS["cppi"]


def test_the_page_shows_what_its_code_prints():
    """The row of CPPI with m = 4 and larger jumps, on fewer paths."""
    page = (ROOT / "docs" / "allocation.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names = {}
    exec(code.replace("10_000", "2_000").replace("print(", "risk = ("), names)
    risk = names["risk"]
    assert risk.probability == pytest.approx(0.095, abs=4.0 * risk.probability_se)
