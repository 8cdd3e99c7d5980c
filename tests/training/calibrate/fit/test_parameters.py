"""What a fit may change follows from what the base has."""

from typing import Any

import pytest

from hedge_env.config import FundingConfig, MarketConfig
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.fit.parameters import (
    funding_parameters,
    spot_aims,
    spot_parameters,
    spot_starts,
    spreads,
)
from hedge_env.training.calibrate.statistics.statistic import REACH_RATIO


def market(regime: dict[str, Any] | None = None, reaction: float = 1.0) -> MarketConfig:
    document = {"regime": regime, "surface": {"reaction": reaction}}
    return load_config("ethereum-l1", {"market": document}).market


def regime(**settings: Any) -> dict[str, Any]:
    # What the preset itself sets of its regime is taken away.
    return {"calm_days": 100.0, "stress_days": 50.0, "volatility": 2.0} | settings


@pytest.mark.parametrize(
    ("chain", "keys"),
    [
        (None, set()),
        (regime(), {"calm_days", "stress_days", "volatility"}),
        (regime(jumps=2.0), {"calm_days", "stress_days", "volatility", "jumps"}),
        (
            regime(volatility_half_life_days=4.0),
            {"calm_days", "stress_days", "volatility", "volatility_half_life_days"},
        ),
    ],
)
def test_of_calm_and_stress_what_the_base_has_is_fitted(
    chain: dict[str, Any] | None, keys: set[str]
) -> None:
    fitted = {p.key for p in spot_parameters(0.8, market(chain), implied=True)}
    prefix = "regime."
    found = {key.removeprefix(prefix) for key in fitted if key.startswith(prefix)}
    assert found == keys


@pytest.mark.parametrize("chain", [None, regime()])
def test_the_reaction_of_the_surface_is_fitted_where_the_base_has_one(
    chain: dict[str, Any] | None,
) -> None:
    def fits(reaction: float, *, implied: bool) -> bool:
        parameters = spot_parameters(0.8, market(chain, reaction), implied=implied)
        return "surface.reaction" in {p.key for p in parameters}

    assert fits(0.8, implied=True)
    assert not fits(0.8, implied=False)
    assert not fits(1.0, implied=True)


def test_a_second_factor_of_funding_is_fitted_where_it_is_known_or_nothing_is() -> None:
    one, two = FundingConfig(), FundingConfig(fast_sd_bp=2.0)
    fast = {"funding.fast_sd_bp", "funding.fast_half_life_hours"}
    for config, expected in ((one, set()), (two, fast), (None, fast)):
        keys = {p.key for p in funding_parameters(config)}
        assert keys & fast == expected


def test_every_start_is_within_its_bounds() -> None:
    chain = regime(jumps=2.0, volatility_half_life_days=4.0)
    for p in (
        *spot_parameters(0.8, market(chain, 0.7), implied=True),
        *funding_parameters(None),
    ):
        assert p.low <= p.start <= p.high, p.key


WIDE = {"jumps": 2.0, "volatility_half_life_days": 4.0}


def test_only_a_market_that_has_all_it_takes_spreads_volatility_as_the_data_do() -> (
    None
):
    assert spreads(market(regime(**WIDE), 0.7))
    assert not spreads(market(regime(**WIDE), 1.0))
    assert not spreads(market(regime(jumps=2.0), 0.7))
    assert not spreads(market(regime(volatility_half_life_days=4.0), 0.7))
    assert not spreads(market(None, 0.7))


def test_the_fit_of_such_a_market_starts_at_its_own_numbers_and_nowhere_else() -> None:
    wide = market(regime(calm_days=123.0, **WIDE), 0.7)
    starts = {p.key: p.start for p in spot_parameters(0.8, wide, implied=True)}
    assert starts["regime.calm_days"] == 123.0
    assert starts["surface.reaction"] == 0.7
    assert starts["volatility.level"] == wide.volatility.level
    assert spot_starts(0.8, regime=True, spread=True) == ()
    assert len(spot_starts(0.8, regime=True)) == 3
    usual = spot_parameters(0.8, market(regime(), 0.7), implied=True)
    assert {p.key: p.start for p in usual}["regime.calm_days"] != 100.0


def test_the_spreads_count_only_where_the_market_can_have_them() -> None:
    names = {
        "sd of log daily volatility",
        "sd of log implied volatility",
        "daily change of log implied volatility",
    }
    near, far = (spot_aims(regime=True, spread=spread) for spread in (True, False))
    for one, other in zip(near, far, strict=True):
        if one.name in names:
            assert one.tolerance <= REACH_RATIO / 2.0 < other.tolerance
        else:
            assert one.tolerance <= other.tolerance


@pytest.mark.parametrize("excitation", [0.0, 0.2])
def test_jumps_that_call_for_jumps_are_fitted_where_the_base_has_them(
    excitation: float,
) -> None:
    changes = {"market": {"jumps": {"excitation": excitation}}}
    base = load_config("ethereum-l1", changes).market
    keys = {p.key for p in spot_parameters(0.8, base, implied=True)}
    both = {"jumps.excitation", "jumps.excitation_half_life_hours"}
    assert keys & both == (both if excitation else set())
