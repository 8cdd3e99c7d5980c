"""Numbers that overflow are refused; what slips through is an error, never a NaN."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hedge_env import HedgeVectorEnv
from hedge_env.base import field
from hedge_env.base.errors import ConfigError, SimulationError
from hedge_env.config import MOST_OWN_MOVE, BookConfig, EnvConfig, LegConfig
from hedge_env.config.loading import load_config
from hedge_env.config.sections.book import limiting_deltas
from hedge_env.desk.batch import HedgeBatch

LOG_OU = (
    "market.volatility={{model: log_ou, level: 0.7, fast: {{half_life_days: {0}, "
    "sd: 0.3}}, slow: {{half_life_days: 30, sd: {1}}}}}"
)
GAS = (
    "market.gas={{median_gwei: 20, slow: {{half_life_days: 30, sd: 0.3}}, "
    "fast: {{half_life_days: 0.1, sd: {0}}}}}"
)
STRESS = "market.regime={calm_days: 9, stress_days: 9, drift: 900}"
JUMPS = "market.jumps={{per_year: 1e6, volatility_jump: {0}}}"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (("market.drift=-30000",), r"market\.drift"),
        ((STRESS,), r"market\.drift"),
        ((LOG_OU.format(1.0, 3.0),), r"market\.volatility\.slow\.sd"),
        ((LOG_OU.format(1e16, 0.3),), r"market\.volatility\.fast\.half_life_days"),
        ((GAS.format(100.0),), r"market\.gas\.fast\.sd"),
        ((GAS.format(0.3), "market.gas.return_response=4",
          "market.gas.burst_half_life_hours=1e6"), r"market\.gas\.return_response = 4"),
        ((GAS.format(1.5), "market.gas.slow.sd=1.5", "market.gas.season=5",
          "market.gas.weekend=1e-4",
          "market.gas.spikes={per_year: 2000, mean_size: 0.9}"),
         r"market\.gas can reach"),
        ((GAS.format(2.0), "market.gas.slow.sd=2.5"), r"market\.gas has a mean"),
        ((GAS.format(0.3), "market.gas.spikes={per_year: 100000, mean_size: 0.3}"),
         r"market\.gas has a mean"),
        ((LOG_OU.format(100.0, 0.3), JUMPS.format(1.0)), "volatility_jump = 1"),
        (("market.volatility.level=1e4",), r"market\.volatility\.level"),
        (("market.liquidity.exponent=1e9",), r"market\.liquidity\.exponent"),
        (("market.liquidity={exponent: 20, reference_volatility: 1e-6}",),
         r"market\.liquidity\.exponent = 20"),
        (("execution.permanent_impact=0.34", "execution.daily_volume=1"),
         r"execution\.daily_volume"),
        (("risk_aversion=1e308",), "risk_aversion"),
        (("book.legs.0.maturity_days=0.0001",), r"book\.legs\.0\.maturity_days"),
        (("execution.fee_bp=1e300",), r"execution\.fee_bp"),
        (("book.contracts=1e300",), r"book\.contracts"),
        (("observation.realised_half_life_days=1e16",), "realised_half_life_days"),
        (("market.jumps={per_year: 1e300}",), r"market\.jumps\.per_year"),
    ],
)  # fmt: skip
def test_a_number_that_overflows_is_refused_by_its_key(
    settings: tuple[str, ...], key: str
) -> None:
    with pytest.raises(ConfigError, match=key):
        load_config("reference", settings=settings)


def test_every_number_of_a_config_has_bounds() -> None:
    unbounded = []
    for model in _models(EnvConfig, set()):
        for name, info in model.model_fields.items():
            if _is_number(info.annotation) and not _is_bounded(info):
                unbounded.append(f"{model.__name__}.{name}")
    assert not unbounded


def _models(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    seen.add(model)
    for info in model.model_fields.values():
        for inner in _inside(info.annotation):
            is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
            if is_model and inner not in seen:
                _models(inner, seen)
    return seen


def _inside(annotation: object) -> list[object]:
    return [annotation, *(x for a in get_args(annotation) for x in _inside(a))]


def _is_number(annotation: object) -> bool:
    return any(inner in (float, int) for inner in _inside(annotation))


def _is_bounded(info: FieldInfo) -> bool:
    """Below and above, on the field itself or inside its annotation."""
    rules = list(info.metadata)
    for inner in _inside(info.annotation):
        rules += getattr(inner, "metadata", [])
    flat = [r for rule in rules for r in (rule, *getattr(rule, "metadata", ()))]
    ends = [{"ge", "gt"}, {"le", "lt"}]
    return all(any(hasattr(r, e) for r in flat for e in end) for end in ends)


@pytest.mark.parametrize(
    "settings",
    [
        ("market.volatility.level=100",),
        ("market.volatility.level=0",),
        (LOG_OU.format(1.0, 2.5), "market.liquidity.exponent=1"),
        (GAS.format(2.5), "execution.gas_units=1e9"),
        ("market.drift=-600",),
        ("market.drift=600",),
        ("execution.permanent_impact=1", "execution.daily_volume=100"),
    ],
)
def test_what_is_accepted_gives_numbers(settings: tuple[str, ...]) -> None:
    config = load_config("reference", settings=settings)
    env = HedgeVectorEnv(64, config=config, action_mode="target")
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        action = rng.uniform(-1.0, 1.0, env.action_space.shape).astype(np.float32)
        observation, reward, *_ = env.step(action)
        assert np.isfinite(observation).all()
        assert np.isfinite(reward).all()


def test_one_order_moves_spot_by_a_bounded_factor() -> None:
    settings = ("execution.permanent_impact=1", "execution.daily_volume=100")
    config = load_config("reference", settings=["market.drift=500", *settings])
    still = load_config(config, settings=["execution.permanent_impact=0"])
    spots = []
    for problem in (config, still):
        batch = HedgeBatch(problem, 4)
        batch.reset(np.arange(4))
        for target in (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0):
            batch.advance(np.full((4, 1), target))
        spots.append(batch.rows[field.SPOT].copy())
    assert (spots[1] > 3.0).all()  # the order is worth three times the volume
    moves = np.log(spots[0] / spots[1])
    np.testing.assert_allclose(moves, MOST_OWN_MOVE, rtol=1e-12)


def test_a_step_that_gives_no_number_is_an_error() -> None:
    batch = HedgeBatch(load_config("reference"), 3)
    batch.reset(np.array([5, 6, 7]))
    with pytest.raises(SimulationError, match=r"1 paths \(the first is path 6\)"):
        batch.advance(np.array([[0.0], [np.nan], [0.0]]))


def test_an_observation_that_is_no_number_is_an_error() -> None:
    env = HedgeVectorEnv(2)
    env.reset(seed=0)
    env.batch.rows[field.TIME_FRACTION, 1] = np.nan
    with pytest.raises(SimulationError, match=r"^time_fraction of some paths"):
        env.encoder.encode(env.batch.rows)


legs = st.builds(
    LegConfig,
    kind=st.sampled_from(("call", "put")),
    quantity=st.integers(-4, 4).map(float),
    moneyness=st.integers(1, 6).map(lambda k: k / 4.0),
    maturity_days=st.integers(1, 3).map(float),
)


@given(st.lists(legs, min_size=1, max_size=12))
def test_limiting_deltas_are_those_of_every_spot_and_maturity(
    book: list[LegConfig],
) -> None:
    strikes = [0.0, *sorted({leg.moneyness for leg in book}), 9.0]
    found = []
    for maturity in {leg.maturity_days for leg in book}:
        left = [leg for leg in book if leg.maturity_days >= maturity]
        for below, above in pairwise(strikes):
            spot, hedge = 0.5 * (below + above), 0.0
            for leg in left:
                if leg.kind == "call":
                    hedge -= leg.quantity * (spot > leg.moneyness)
                else:
                    hedge += leg.quantity * (spot < leg.moneyness)
            found.append(hedge)
    bounds = limiting_deltas(BookConfig(legs=tuple(book)))
    assert bounds == (min(found), max(found))


def test_a_book_of_thousands_of_legs_is_bounded_at_once() -> None:
    # With one scan of all legs per strike and maturity this would take a day.
    many = [
        {"kind": "call", "moneyness": 1.0 + 1e-4 * i, "maturity_days": 1.0 + i % 30}
        for i in range(5000)
    ]
    config = load_config(None, {"book": {"legs": many}})
    assert config.holdings_bounds == (0.0, 5000.0)


@pytest.mark.parametrize("preset", ["ethereum-l1", "ethereum-l1-2021", "ethereum-l2"])
@pytest.mark.parametrize("hours", [0.5, 2.0, 24.0])
def test_gas_costs_about_the_same_at_every_step_length(preset, hours):
    def mean_gas(interval):
        episode = {"decision_interval_hours": interval, "decisions": 4}
        batch = HedgeBatch(load_config(preset, {"episode": episode}), 1)
        batch.reset(np.arange(1))
        return float(batch.observables()["mean_fixed_cost"][0])

    assert mean_gas(4.0) / 2.0 < mean_gas(hours) < 2.0 * mean_gas(4.0)


@pytest.mark.parametrize("preset", ["ethereum-l1", "ethereum-l1-2021", "ethereum-l2"])
@pytest.mark.parametrize("hours", [1e-3, 0.01, 0.05])
def test_steps_so_fine_that_responses_add_up_without_bound_are_refused(preset, hours):
    with pytest.raises(ConfigError, match="at every market step of") as caught:
        load_config(preset, {"episode": {"decision_interval_hours": hours}})
    assert "moves gas as now at hourly ones" in str(caught.value)


def test_the_response_that_a_refusal_proposes_costs_what_hourly_steps_cost():
    episode = {"decision_interval_hours": 0.01, "decisions": 4}
    with pytest.raises(ConfigError) as caught:
        load_config("ethereum-l1", {"episode": episode})
    proposed = float(str(caught.value).split("; ")[1].split()[0])

    def mean_gas(changes):
        batch = HedgeBatch(load_config("ethereum-l1", changes), 1)
        batch.reset(np.arange(1))
        return float(batch.observables()["mean_fixed_cost"][0])

    gas = {"return_response": proposed}
    found = mean_gas({"episode": episode, "market": {"gas": gas}})
    assert found == pytest.approx(mean_gas({}), rel=0.15)
