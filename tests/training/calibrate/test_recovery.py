"""Calibrating on a simulated history returns the parameters it was made with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedge_env.config import EnvConfig, SsviSurface
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.data.history import (
    Window,
    add_funding,
    add_gas,
    add_implied,
    add_reversal,
    read_spot,
)
from hedge_env.training.calibrate.fit.effort import Effort
from hedge_env.training.calibrate.fit.fitting import (
    Fitted,
    fit_market,
    parts_of,
)
from hedge_env.training.calibrate.fit.model_values import (
    model_values,
    together,
    without,
)
from hedge_env.training.calibrate.fit.moments import fit
from hedge_env.training.calibrate.fit.parameters import spot_parameters
from hedge_env.training.calibrate.fit.simulation import simulate
from hedge_env.training.calibrate.statistics import funding, gas_price, implied, skew
from hedge_env.training.calibrate.statistics.implied import IMPLIED
from hedge_env.training.calibrate.statistics.statistic import Values
from tests.training.calibrate.files import START

YEARS = 8
MONDAY = START + 5 * 86_400  # simulated histories begin on one
SEED = 123  # of the history; the fit has other noise

TRUTH = {
    "drift": 0.0,
    "regime": None,
    "volatility": {
        "model": "log_ou",
        "level": 0.5,
        "fast": {"half_life_days": 6.0, "sd": 0.35},
        "slow": {"half_life_days": 120.0, "sd": 0.3},
        "intraday": {"half_life_days": 0.2, "sd": 0.45},
        "leverage": -0.15,
    },
    "season": {"daily_amplitude": 0.3, "peak_hour": 14.0, "weekend": 0.8},
    "jumps": {
        "per_year": 60.0,
        "probability_up": 0.4,
        "mean_up": 0.025,
        "mean_down": 0.025,
        "volatility_jump": 0.2,
    },
    "surface": {
        "variance_premium": 1.15,
        "level": {"half_life_days": 8.0, "sd": 0.08, "return_correlation": -0.4},
        "skew": {
            "half_life_days": 7.0,
            "sd": 0.12,
            "mean": -0.25,
            "return_correlation": 0.6,
        },
    },
    "gas": {
        "median_gwei": 12.0,
        "slow": {"half_life_days": 25.0, "sd": 0.45},
        "fast": {"half_life_days": 1.3, "sd": 0.35},
        "season": 0.3,
        "season_peak_hour": 15.0,
        "weekend": 0.7,
        "return_response": 0.25,
        "burst_half_life_hours": 3.0,
        "spikes": {"per_year": 20.0, "mean_size": 0.6},
    },
    "funding": {
        "interest_bp": 1.0,
        "clamp_bp": 4.0,
        "premium_mean_bp": 2.5,
        "premium_sd_bp": 5.0,
        "premium_half_life_hours": 24.0,
        "return_response_bp": 40.0,
    },
}


@pytest.fixture(scope="module")
def truth() -> EnvConfig:
    return load_config("ethereum-l1", {"market": TRUTH})


@pytest.fixture(scope="module")
def fitted(truth: EnvConfig, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    folder = tmp_path_factory.mktemp("history")
    _write_files(folder, truth)
    history = read_spot(folder / "spot.csv", Window())
    add_implied(history, folder / "implied.csv", Window())
    add_gas(history, [folder / "gas.csv"], Window(), 1.0)
    add_funding(history, folder / "funding.csv", Window())
    add_reversal(history, folder / "reversal.csv", Window())
    one_factor = {"market": {"regime": None, "funding": {}}}
    base = load_config("ethereum-l1", one_factor)
    return fit_market(base, history, Effort(24), parts_of(history))


def _write_files(folder: Path, truth: EnvConfig) -> None:
    """One history of each kind, as a data vendor might publish it."""
    names = ("log_spot", *implied.ROWS, *gas_price.ROWS, *funding.ROWS, *skew.ROWS)
    rows = simulate(truth, names, 1, YEARS * 8760, SEED)
    assert truth.market.gas is not None
    assert truth.market.funding is not None
    assert isinstance(truth.market.surface, SsviSurface)
    days = {name: rows[name][:, ::24] for name in (*implied.ROWS, *skew.ROWS)}
    level = implied.implied_volatility(truth, days)
    reversal = skew.risk_reversal(truth.market.surface, days, level)
    settled = {name: rows[name][:, ::8] for name in funding.ROWS}
    columns = {
        "spot": (1, 2000.0 * np.exp(rows["log_spot"][0])),
        "implied": (24, 100.0 * level[0]),
        "reversal": (24, 100.0 * reversal[0]),
        "gas": (1, gas_price.gas_price(truth.market.gas, rows)[0, 1:]),
        "funding": (8, 1e-4 * funding.funding_rate(truth.market.funding, settled)[0]),
    }
    for name, (hours, values) in columns.items():
        times = MONDAY + 3600 * hours * np.arange(values.size)
        table = np.column_stack([times, values])
        path = folder / f"{name}.csv"
        np.savetxt(path, table, delimiter=",", fmt="%.12g", header="time,value")
        path.write_text(path.read_text().removeprefix("# "))


def at(document: dict, key: str) -> float:
    for part in key.split("."):
        document = document[part]
    return float(document)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["spot", "gas", "funding", "skew"])
def test_the_truth_lies_within_three_standard_errors(fitted: Fitted, part: str) -> None:
    estimate = fitted.estimates[part]
    for key, value in estimate.values.items():
        distance = abs(value - at(TRUTH, key))
        assert distance < 3.0 * estimate.errors[key], (key, value, estimate.errors[key])


# Share of the true value within which the estimate must lie: two to three standard
# errors. What is not here is identified weakly by eight years: the volatility factors
# take each other's place, and a co-jump looks like an intraday burst.
BANDS = {
    "volatility.level": 0.15,
    "volatility.intraday.sd": 0.55,
    "jumps.mean_down": 0.25,
    "jumps.probability_up": 0.45,
    "surface.variance_premium": 0.15,
    "gas.median_gwei": 0.2,
    "gas.fast.sd": 0.2,
    "gas.slow.sd": 0.3,
    "gas.season": 0.05,
    "gas.season_peak_hour": 0.05,
    "gas.weekend": 0.05,
    "gas.return_response": 0.2,
    "gas.burst_half_life_hours": 0.25,
    "season.daily_amplitude": 0.15,
    "season.peak_hour": 0.05,
    "season.weekend": 0.05,
    "surface.skew.mean": 0.15,
    "surface.skew.sd": 0.25,
    "surface.skew.half_life_days": 0.35,
    "surface.skew.return_correlation": 0.15,
    "funding.premium_mean_bp": 0.25,
    "funding.premium_sd_bp": 0.15,
    "funding.clamp_bp": 0.15,
    "funding.interest_bp": 1e-9,
    "funding.premium_half_life_hours": 0.3,
    "funding.return_response_bp": 0.3,
}


@pytest.mark.slow
@pytest.mark.parametrize("key", BANDS)
def test_what_eight_years_identify_is_recovered(fitted: Fitted, key: str) -> None:
    true = at(TRUTH, key)
    assert abs(at(fitted.market, key) / true - 1.0) < BANDS[key]


REGIME = {"calm_days": 80.0, "stress_days": 50.0, "volatility": 3.0}
REACTION = 0.6


@pytest.fixture(scope="module")
def fitted_regime(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    volatility = TRUTH["volatility"] | {
        "level": 0.3,
        "slow": {"half_life_days": 60.0, "sd": 0.2},
    }
    market = TRUTH | {"regime": REGIME, "volatility": volatility}
    truth = load_config("ethereum-l1", {"market": market})
    folder = tmp_path_factory.mktemp("regime")
    _write_files(folder, truth)
    history = read_spot(folder / "spot.csv", Window())
    add_implied(history, folder / "implied.csv", Window())
    return fit_market(truth, history, Effort(16, 4), parts_of(history))


@pytest.mark.slow
@pytest.mark.parametrize("key", REGIME)
def test_calm_and_stress_are_recovered(fitted_regime: Fitted, key: str) -> None:
    estimate = fitted_regime.estimates["spot"]
    value, error = (
        kept[f"regime.{key}"] for kept in (estimate.values, estimate.errors)
    )
    assert abs(value - REGIME[key]) < 3.0 * error
    # What the states do to volatility is well known after eight years; how long they
    # last is not, and the standard error says so.
    if key == "volatility":
        assert abs(value / REGIME[key] - 1.0) < 0.4


@pytest.mark.slow
def test_the_reaction_of_the_surface_is_recovered(tmp_path: Path) -> None:
    # With the volatility of the truth: eight years tell the reaction apart from the
    # surface's own moves, but hardly if volatility's factors are to be found as well.
    surface = TRUTH["surface"] | {"reaction": REACTION}
    truth = load_config("ethereum-l1", {"market": TRUTH | {"surface": surface}})
    _write_files(tmp_path, truth)
    history = read_spot(tmp_path / "spot.csv", Window())
    add_implied(history, tmp_path / "implied.csv", Window())
    key = "surface.reaction"
    keys = {key, "surface.variance_premium", "surface.level.sd"}
    parameters = spot_parameters(1.0, truth.market, implied=True)

    def simulated(changes: dict[str, Any]) -> Values:
        config = without(load_config(truth, {"market": changes}), ("gas", "funding"))
        return together([model_values(config, history.days, 16, 0)], weighted=False)

    estimate = fit(
        [p for p in parameters if p.key in keys], IMPLIED, history.values, simulated
    )
    value, error = estimate.values[key], estimate.errors[key]
    assert abs(value - REACTION) < 3.0 * error
    # Well enough to tell it from one, where it would be without effect.
    assert value + 2.0 * error < 1.0
