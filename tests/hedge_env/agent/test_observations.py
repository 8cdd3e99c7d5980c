"""Features: bounds, the plain formula, and which are shown."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent.features import FEATURES, OPTION_FEATURES
from hedge_env.agent.observations import ObservationEncoder, default_features
from hedge_env.base.errors import ConfigError
from hedge_env.base.field import FIELDS
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.desk.observables import observable_index
from tests.support.examples import full_config


def everything(config: EnvConfig) -> EnvConfig:
    """The config with every feature there is."""
    shown = load_config(config, {"observation": {"true_volatility": True}})
    seen = observable_index(shown)
    names = [name for name, feature in FEATURES.items() if feature.observable in seen]
    return load_config(shown, {"observation": {"features": names}})


def plain(name: str, config: EnvConfig, rows: np.ndarray) -> np.ndarray:
    """A feature by its documented formula."""
    feature = FEATURES[name]
    row = rows[FIELDS.index(feature.observable)]
    value = (row - feature.offset(config)) * feature.scale(config)
    return np.asarray(np.clip(value, feature.low, feature.high))


@pytest.mark.parametrize("preset", [*PRESETS, "full"])
def test_every_feature_is_its_formula_and_in_its_bounds_all_the_way(
    preset: str,
) -> None:
    config = everything(full_config() if preset == "full" else load_config(preset))
    encoder, n = ObservationEncoder(config), 64
    batch, rng = HedgeBatch(config, n, seed=3), np.random.default_rng(1)
    batch.reset(np.arange(n))
    for _ in range(batch.n_decisions + 1):
        observed = encoder.encode(batch.rows)
        assert observed.dtype == np.float32
        assert observed.shape == (n, len(encoder.names))
        assert np.isfinite(observed).all()
        assert (observed >= encoder.low).all()
        assert (observed <= encoder.high).all()
        for k, name in enumerate(encoder.names):
            expected = plain(name, config, batch.rows).astype(np.float32)
            np.testing.assert_array_equal(observed[:, k], expected, err_msg=name)
        batch.advance(rng.uniform(-1.3, 1.3, (n, 1)))


@pytest.mark.parametrize(
    ("feature", "setting"),
    [
        ("option_gamma", "execution.option"),
        ("basis", "market.basis"),
        ("halted", "execution.halt"),
        ("keeper_away", "execution.keeper"),
        ("margin_use", "execution.margin"),
        ("rollup_stock", "execution.rollup"),
    ],
)
def test_a_feature_of_a_part_that_is_off_is_refused(feature, setting) -> None:
    names = {"observation": {"features": ["delta", feature]}}
    with pytest.raises(ConfigError, match=f"{feature} belongs to {setting}, which"):
        ObservationEncoder(load_config("reference", names))


def test_absurd_rows_are_clipped_to_the_bounds() -> None:
    encoder = ObservationEncoder(everything(full_config()))
    for value, bound in ((1e300, encoder.high), (-1e300, encoder.low)):
        rows = np.full((len(FIELDS), 2), value)
        np.testing.assert_array_equal(encoder.encode(rows), np.tile(bound, (2, 1)))


def test_volatility_over_its_mean_tells_states_of_stress_apart() -> None:
    """Those over the level of calm are clipped there; both are the same without it."""
    names = {"observation": {"features": ["implied_over_mean", "realised_over_mean"]}}
    encoder = ObservationEncoder(load_config("ethereum-l1", names))
    calm = {"observation": {"features": ["implied_volatility", "realised_volatility"]}}
    plain = ObservationEncoder(load_config("ethereum-l1", calm))
    level, stress = 0.1499, 180.6 / (180.6 + 206.2)
    mean = level * (1.0 + stress * (5.5 - 1.0))
    rows = np.zeros((len(FIELDS), 3))
    volatility = np.array([0.5, 0.8, 1.2])
    rows[FIELDS.index("implied_volatility")] = volatility
    rows[FIELDS.index("realised_volatility")] = volatility[::-1]
    seen = encoder.encode(rows)
    np.testing.assert_allclose(seen[:, 0], volatility / mean - 1.0, rtol=1e-6)
    np.testing.assert_array_equal(seen[:, 1], seen[::-1, 0])
    assert (plain.encode(rows)[1:, 0] == 4.0).all()
    names = {"observation": {"features": ["implied_over_mean", "implied_volatility"]}}
    still = ObservationEncoder(load_config("deribit", names, ["market.regime=null"]))
    assert np.ptp(still.encode(rows), axis=1).max() < 1e-6


@pytest.mark.parametrize("preset", ["reference", "deribit"])
def test_the_word_default_stands_for_the_features_of_the_market(preset):
    usual = ObservationEncoder(load_config(preset)).names
    names = {"observation": {"features": ["vega", "default", "implied_over_mean"]}}
    more = ObservationEncoder(load_config(preset, names)).names
    assert more == ("vega", *usual, "implied_over_mean")
    names = {"observation": {"features": ["default", *usual[:2]]}}
    assert ObservationEncoder(load_config(preset, names)).names == usual


def test_each_observation_is_a_fresh_array() -> None:
    batch = HedgeBatch(load_config("reference"), 3)
    batch.reset(np.arange(3))
    encoder = ObservationEncoder(batch.config)
    first, second = encoder.encode(batch.rows), encoder.encode(batch.rows)
    first[:] = 7.0
    assert not (second == 7.0).any()


def test_a_subset_of_features_comes_in_the_order_asked_for() -> None:
    names = ["delta", "time_fraction", "holdings"]
    config = load_config("reference", {"observation": {"features": names}})
    encoder = ObservationEncoder(config)
    assert encoder.names == tuple(names)
    batch = HedgeBatch(config, 2)
    batch.reset(np.arange(2))
    delta = batch.observables()["delta"].astype(np.float32)
    expected = np.column_stack([delta, np.ones(2), np.zeros(2)])
    np.testing.assert_array_equal(encoder.encode(batch.rows), expected)


def test_the_default_set_has_what_carries_information_in_the_market() -> None:
    always = (
        "time_fraction",
        "moneyness",
        "delta",
        "gamma",
        "holdings",
        "hedge_error",
        "band_position",
        "band_half_width",
        "worth",
    )
    assert default_features(load_config("reference")) == always
    moving = {"implied_volatility", "realised_volatility", "skew"}
    season, gas = {"hour_sin", "hour_cos"}, {"log_gas"}
    l1 = set(default_features(load_config("ethereum-l1")))
    assert l1 == {*always, *moving, *season, *gas, "proportional_cost"}
    deribit = set(default_features(load_config("deribit")))
    funding = {"proportional_cost", "funding_rate"}
    assert deribit == {*always, *moving, *season, *funding}
    full = set(default_features(full_config("observation.true_volatility=true")))
    drawn = {"risk_aversion", "true_volatility"}
    assert full == {*always, *moving, *season, *gas, *funding, *drawn}
    options = set(default_features(load_config("gamma-vega")))
    assert options == {*always, "vega", *OPTION_FEATURES}


def test_the_middle_of_a_range_of_risk_aversions_is_zero() -> None:
    config = load_config(
        "reference",
        {
            "risk_aversion": {"low": 4.0, "high": 25.0},
            "observation": {"features": ["risk_aversion"]},
        },
    )
    batch = HedgeBatch(config, 3)
    batch.reset(np.arange(3), risk_aversion=np.array([4.0, 10.0, 25.0]))
    observed = ObservationEncoder(config).encode(batch.rows)[:, 0]
    np.testing.assert_allclose(observed, np.log([0.4, 1.0, 2.5]), atol=1e-6)


def test_the_ends_of_a_very_wide_range_are_told_apart() -> None:
    seen = {"features": ["risk_aversion"]}
    config = load_config(None, {"risk_aversion": [1e-4, 1e4], "observation": seen})
    batch = HedgeBatch(config, 3)
    batch.reset(np.arange(3), risk_aversion=np.array([1e-4, 1e3, 1e4]))
    observed = ObservationEncoder(config).encode(batch.rows)[:, 0]
    np.testing.assert_allclose(observed, [-4.0, 3.0, 4.0], atol=1e-5)


def test_unknown_and_hidden_features_are_refused() -> None:
    unknown = load_config("reference", {"observation": {"features": ["delt"]}})
    with pytest.raises(ConfigError, match="unknown feature 'delt'"):
        ObservationEncoder(unknown)
    hidden = load_config(
        "reference", {"observation": {"features": ["true_volatility"]}}
    )
    with pytest.raises(ConfigError, match="true_volatility is hidden"):
        ObservationEncoder(hidden)


@pytest.mark.parametrize("name", FEATURES)
def test_bounds_are_exact_in_single_precision(name: str) -> None:
    feature = FEATURES[name]
    assert feature.low < feature.high
    assert np.float32(feature.low) == feature.low
    assert np.float32(feature.high) == feature.high
    assert feature.observable in FIELDS
    assert feature.meaning
