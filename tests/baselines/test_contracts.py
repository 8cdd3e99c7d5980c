"""What every rule must do; a new one is tested by being registered."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass
from inspect import isabstract

import numpy as np
import pytest

from hedge_env import baselines
from hedge_env.baselines import BASELINES, RULES, AbstractRule
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.config import EnvConfig, ExecutionConfig, OptionConfig, RollupConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.observables import observable_index
from hedge_env.policies.policy import Policy
from tests.baselines.markets import observables


def problem_of(rule_class):
    """A config that shows all a rule reads."""
    if "gas_forecast" in rule_class.inputs:
        return load_config("ethereum-l1-forecasts")
    if rule_class.n_instruments == 1:
        return EnvConfig()
    if "rollup_holdings" in rule_class.inputs:
        return EnvConfig(execution=ExecutionConfig(rollup=RollupConfig()))
    return EnvConfig(execution=ExecutionConfig(option=OptionConfig()))


every_rule = pytest.mark.parametrize("rule_class", BASELINES.values(), ids=BASELINES)


def many_decisions(n=400):
    """Decisions of all kinds: start and end, vanishing and negative gamma."""
    rng = np.random.default_rng(0)
    values = observables(
        n,
        delta=rng.uniform(-1.0, 1.0, n),
        holdings=rng.uniform(-1.0, 1.0, n),
        option_holdings=rng.uniform(-1.0, 1.0, n),
        gamma=rng.normal(0.0, 3.0, n) * (rng.random(n) > 0.1),
        spot=rng.lognormal(0.0, 0.3, n),
        fixed_cost=rng.lognormal(-8.5, 0.5, n) * (rng.random(n) > 0.1),
        realised_volatility=rng.lognormal(-0.3, 0.4, n) * (rng.random(n) > 0.1),
        time_to_maturity=rng.uniform(1e-4, 0.1, n),
        step=rng.integers(0, 180, n),
        steps_since_trade=rng.integers(0, 60, n),
        risk_aversion=rng.lognormal(2.0, 1.0, n),
        skew=rng.normal(0.0, 0.1, n),
        gas_forecast=rng.normal(0.0, 0.5, n),
        rollup_stock=rng.uniform(0.0, 0.4, n) * (rng.random(n) > 0.1),
        rollup_room=rng.uniform(0.0, 0.4, n) * (rng.random(n) > 0.1),
        rollup_impact=rng.lognormal(-4.0, 1.0, n),
        bridge_units=0.1 * (rng.random(n) < 0.2),
    )
    first = rng.random(n) < 0.1
    for name in ("holdings", "step", "steps_since_trade"):
        values[name][first] = 0.0
    values["time_fraction"] = 1.0 - values["step"] / 180.0
    return values


def moved(rule_class):
    """The rule, with its centre away from delta where that is a choice."""
    if not issubclass(rule_class, CentredRule):
        return rule_class()
    return rule_class(centre_vega=0.1, centre_smile=-0.05, centre_funding=0.5)


class Watched(Mapping):
    """Observables that remember what was read."""

    def __init__(self, values):
        self.values_by_name = values
        self.read = set()

    def __getitem__(self, name):
        self.read.add(name)
        return self.values_by_name[name]

    def __iter__(self):
        return iter(self.values_by_name)

    def __len__(self):
        return len(self.values_by_name)


def concrete(rule_class):
    """Subclasses that are rules, in files of whatever family."""
    for below in rule_class.__subclasses__():
        if not isabstract(below) and below.__module__.startswith("hedge_env."):
            yield below
        yield from concrete(below)


def test_every_rule_of_every_file_is_registered_under_a_name_of_its_own():
    for module in pkgutil.walk_packages(baselines.__path__, f"{baselines.__name__}."):
        importlib.import_module(module.name)
    found = list(dict.fromkeys(concrete(AbstractRule)))
    found.remove(DistilledBand)  # read from a file, around one of the others
    # Nor are those that another test has given a range to move (`rule.moved_range`).
    found = [rule for rule in found if "recentre_at" not in rule.parameters]
    assert {rule.__name__ for rule in found} == {
        rule.__name__ for rule in RULES.values()
    }
    assert len({rule.name for rule in found}) == len(found) == len(RULES)


@every_rule
def test_a_rule_is_a_policy(rule_class):
    rule = rule_class()
    assert isinstance(rule, Policy)
    assert rule.kind == "baseline"
    assert set(rule.inputs) <= observable_index(problem_of(rule_class)).keys()


@every_rule
def test_a_rule_cannot_be_changed(rule_class):
    assert is_dataclass(rule_class)
    with pytest.raises((FrozenInstanceError, TypeError)):
        rule_class().surprise = 1.0


@every_rule
def test_tunable_parameters_are_fields_with_defaults_in_range(rule_class):
    names = {field.name for field in fields(rule_class)}
    assert rule_class.parameters.keys() <= names
    for name, value in rule_class().params.items():
        allowed = rule_class.parameters[name]
        assert allowed.low <= value <= allowed.high
    assert rule_class(**rule_class().params) == rule_class()


@every_rule
def test_a_parameter_that_is_not_a_number_is_refused(rule_class):
    for name in rule_class.parameters:
        with pytest.raises(ValueError, match=f"{rule_class.name}: {name}"):
            rule_class(**{name: float("nan")})


@every_rule
def test_targets_are_finite_and_one_per_path(rule_class):
    rule = rule_class()
    rule.reset(400)
    target = rule.target(many_decisions())
    assert target.shape == (400, rule_class.n_instruments)
    assert target.dtype == np.float64
    assert np.isfinite(target).all()


@every_rule
def test_a_rule_reads_what_it_declares_and_changes_nothing(rule_class):
    watched = Watched(many_decisions())
    rule = moved(rule_class)
    target = rule.target(watched)
    assert watched.read == set(rule.inputs)
    target[...] = 7.0
    for name, values in many_decisions().items():
        np.testing.assert_array_equal(watched.values_by_name[name], values)


@every_rule
def test_a_path_is_decided_without_the_others(rule_class):
    values = many_decisions()
    together = rule_class().target(values)
    for low, high in ((0, 1), (5, 6), (3, 40), (399, 400)):
        part = {name: column[low:high] for name, column in values.items()}
        np.testing.assert_array_equal(rule_class().target(part), together[low:high])


@every_rule
def test_once_at_its_target_a_rule_holds_exactly(rule_class):
    values = many_decisions()
    rule = rule_class()
    values["bridge_units"][...] = 1.0  # what moves inventory makes room for a trade
    target = rule.target(values)
    reached = {"holdings": target[:, 0]}
    if "rollup_holdings" in rule.inputs:
        bought = target[:, 1] - values["rollup_holdings"]
        home = target[:, 0] - values["holdings"] - bought
        reached |= {
            "rollup_holdings": target[:, 1],
            "rollup_stock": values["rollup_stock"] + bought,
            "rollup_room": values["rollup_room"] - bought,
            "home_stock": values["home_stock"] + home,
            "home_room": values["home_room"] - home,
        }
    elif rule_class.n_instruments > 1:
        bought = target[:, 1] - values["option_holdings"]
        reached |= {
            "option_holdings": target[:, 1],
            "delta": values["delta"] - bought * values["option_delta"],
            "gamma": values["gamma"] - bought * values["option_gamma"],
            "vega": values["vega"] + bought * values["option_vega"],
        }
    again = rule.target(values | reached)
    if rule_class.n_instruments == 1:
        np.testing.assert_array_equal(again, target)
    np.testing.assert_allclose(again, target, rtol=0.0, atol=1e-12)


@every_rule
def test_the_sign_of_gamma_matters_where_volatility_is_modified_only(rule_class):
    values = many_decisions()
    flipped = values | {"gamma": -values["gamma"]}
    same = rule_class().target(values) == rule_class().target(flipped)
    assert same.all() == (not rule_class.reads_sign_of_gamma)


@every_rule
def test_without_gamma_at_its_delta_a_rule_holds(rule_class):
    values = observables(gamma=0.0, delta=0.0, holdings=0.0)
    values |= {name: 0.0 * values[name] for name in ("vega", "option_holdings")}
    np.testing.assert_array_equal(rule_class().target(values), 0.0)
