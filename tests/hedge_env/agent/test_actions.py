"""Decoding of actions against the formulas of the documentation."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent.actions import ActionDecoder
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import ACTION_MODES, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.band_position import observe_position
from hedge_env.desk.batch import HedgeBatch
from tests.support.environments import PRESET_MODES
from tests.support.examples import full_config

REFERENCE = load_config("reference")


def rows_of(**values: float) -> FloatArray:
    """Rows of one path; a half-width of 0.2 around a delta of 0.5 unless told."""
    rows = np.zeros((field.N_FIELDS, 1))
    defaults = {
        "delta": 0.5,
        "holdings": 0.5,
        "band_half_width": 0.2,
        "band_inner": 0.05,
        "worth": 5.0,
        "fixed_cost": 2e-4,
        "mean_fixed_cost": 2e-4,
        "log_risk_aversion": np.log(10.0),
    }
    for name, value in (defaults | values).items():
        rows[field.FIELDS.index(name)] = value
    return rows


def decoded(
    action: list[float],
    config: EnvConfig = REFERENCE,
    mode: str = "band",
    **rows: float,
) -> float:
    decoder = ActionDecoder(config, mode)
    return float(decoder.decode(np.array([action]), rows_of(**rows))[0, 0])


def test_a_band_around_another_centre_is_that_of_a_book_with_that_delta() -> None:
    """Worth-it included: the error that is left is measured from the centre."""
    settings = ["action.centre_vega=.3", "action.centre_smile=-.2"]
    moved = load_config("ethereum-l1", settings=settings)
    plain = load_config("ethereum-l1")
    batch = HedgeBatch(plain, 200, seed=3)
    batch.reset(np.arange(200))
    rng = np.random.default_rng(0)
    for _ in range(60):
        batch.advance(batch.rows[field.DELTA][:, None] + rng.normal(0, 0.2, (200, 1)))
    rows = batch.rows.copy()
    z = -rows[field.LOG_MONEYNESS] / (
        rows[field.IMPLIED_VOLATILITY] * np.sqrt(rows[field.TIME_TO_MATURITY])
    )
    level = rows[field.VEGA] * rows[field.IMPLIED_VOLATILITY] / rows[field.SPOT]
    book = rows.copy()
    book[field.DELTA] += (0.3 - 0.2 * np.clip(z, -3.0, 3.0)) * level
    observe_position(book)
    for mode in ("band", "band_free"):
        action = rng.uniform(-1.0, 1.0, (200, 3))
        ours = ActionDecoder(moved, mode).decode(action, rows)
        theirs = ActionDecoder(plain, mode).decode(action, book)
        np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-12)
        still = ActionDecoder(plain, mode).decode(action, rows)
        assert np.abs(still - ours).max() > 0.01


def test_a_band_leans_to_the_side_that_funding_pays() -> None:
    """The same band, moved by the lean of the rules, as long as no bound is near."""
    leaning = load_config("reference", settings=["action.centre_funding=.5"])
    where = {"funding_rate": 1e-5, "implied_volatility": 0.8, "spot": 1.0}
    where |= {"risk_aversion": 10.0, "time_to_maturity": 0.1}
    lean = 0.5 * 1e-5 / (2.0 * 10.0 * 0.8**2 * 8.0 / 8760.0)
    lean /= (1.0 + lean**2) ** 0.5
    for held in (0.2, 0.9):
        ours = decoded([0.0, 0.0, 0.0], leaning, holdings=held - lean, **where)
        theirs = decoded([0.0, 0.0, 0.0], holdings=held, **where)
        assert ours == pytest.approx(theirs - lean, abs=1e-12)


@pytest.mark.parametrize("mode", ["target", "discrete"])
@pytest.mark.parametrize("moved", ["centre_vega", "centre_smile", "centre_funding"])
def test_a_mode_without_a_band_refuses_a_centre(mode: str, moved: str) -> None:
    config = load_config("reference", settings=[f"action.{moved}=.1"])
    with pytest.raises(ConfigError, match=rf"action\.{moved}"):
        ActionDecoder(config, mode)


@pytest.mark.parametrize("held", [0.31, 0.5, 0.69])
def test_inside_the_band_the_zero_action_holds_to_the_bit(held: float) -> None:
    assert decoded([0.0, 0.0, 0.0], holdings=held) == held


@pytest.mark.parametrize(("held", "target"), [(0.29, 0.45), (0.71, 0.55), (0.0, 0.45)])
def test_outside_the_band_the_zero_action_trades_to_the_inner_target(
    held: float, target: float
) -> None:
    assert decoded([0.0, 0.0, 0.0], holdings=held) == pytest.approx(target, rel=1e-12)


def test_the_action_moves_the_centre_in_half_widths_and_scales_the_widths() -> None:
    # Centre 0.5 + 0.2 * 0.5, below 0.2 e^0.7, above 0.2 e^-0.7; inner share a quarter.
    action = [0.5, 1.0, -1.0]
    below, above = 0.2 * np.exp(0.7), 0.2 * np.exp(-0.7)
    low, high = 0.6 - below, 0.6 + above
    assert decoded(action, holdings=low + 1e-9) == low + 1e-9
    assert decoded(action, holdings=high - 1e-9) == high - 1e-9
    target = decoded(action, holdings=low - 1e-9)
    assert target == pytest.approx(0.6 - below / 4, rel=1e-12)
    target = decoded(action, holdings=high + 1e-9)
    assert target == pytest.approx(0.6 + above / 4, rel=1e-12)


def test_targets_stay_in_the_bounds_of_holdings() -> None:
    high = decoded([1.0, 0.0, 0.0], delta=0.99, holdings=0.5)
    assert high == 1.0
    config = load_config("reference", settings=["action.snap=false"])
    assert decoded([-1.0, 0.0, 0.0], config, delta=0.01, holdings=0.9) == 0.0


@pytest.mark.parametrize(
    ("aversion", "cost", "distance"),
    [(10.0, 2e-4, 0.078), (50.0, 2e-4, 0.078 * 5**-0.36), (10, 8e-4, 0.078 * 4**0.37)],
)
def test_a_target_near_zero_becomes_zero(
    aversion: float, cost: float, distance: float
) -> None:
    rows = {
        "holdings": 0.9,
        "band_inner": 0.0,
        "log_risk_aversion": np.log(aversion),
        "mean_fixed_cost": cost,
    }
    near, far = distance - 1e-6, distance + 1e-6
    assert decoded([0.0, 0.0, 0.0], delta=near, **rows) == 0.0
    assert decoded([0.0, 0.0, 0.0], delta=far, **rows) == pytest.approx(far, rel=1e-12)
    plain = load_config("reference", settings=["action.snap=false"])
    assert decoded([0.0] * 3, plain, delta=near, **rows) == pytest.approx(near)


def test_what_is_held_near_zero_is_not_sold_for_its_own_sake() -> None:
    assert decoded([0.0, 0.0, 0.0], delta=0.1, holdings=0.02) == 0.02


def test_a_trade_must_be_worth_its_fixed_cost() -> None:
    assert decoded([0.0, 0.0, 0.0], holdings=0.9, worth=0.99) == 0.9
    assert decoded([0.0, 0.0, 0.0], holdings=0.9, worth=1.01) == pytest.approx(0.55)
    careless = load_config("reference", settings=["action.worth_it=false"])
    assert decoded([0.0] * 3, careless, holdings=0.9, worth=0.5) == pytest.approx(0.55)
    free = {"holdings": 0.9, "worth": 0.5, "fixed_cost": 0.0, "mean_fixed_cost": 0.0}
    assert decoded([0.0, 0.0, 0.0], **free) == pytest.approx(0.55)


def test_without_gamma_the_band_trades_to_delta_and_stays_finite() -> None:
    flat = {"band_half_width": 0.0, "band_inner": 0.0}
    for action in ([0.0, 0.0, 0.0], [1.0, -1.0, 1.0]):
        assert decoded(action, delta=1.0, holdings=0.4, **flat) == 1.0
        assert decoded(action, delta=1.0, holdings=1.0, **flat) == 1.0


def test_the_free_band_is_its_formula_and_trades_to_the_edge() -> None:
    middle, reach = np.log(0.01 * 0.6) / 2, np.log(0.6 / 0.01) / 2
    for action in ([0.0, 0.0, 0.0], [0.4, -0.5, 1.0], [-1.0, 1.0, -1.0]):
        centre = 0.5 + action[0] / 2
        low = centre - np.exp(middle + reach * action[1])
        high = centre + np.exp(middle + reach * action[2])
        for held in (-2.0, low + 1e-9, high - 1e-9, 3.0):
            expected = min(max(held, low), high)
            got = decoded(action, mode="band_free", holdings=held)
            assert got == pytest.approx(expected, rel=1e-12)
    assert decoded([0.0] * 3, mode="band_free", holdings=0.51) == 0.51


def test_the_widths_of_the_free_band_span_one_to_sixty_percent() -> None:
    for a, width in ((-1.0, 0.01), (1.0, 0.6)):
        low = decoded([0.0, a, a], mode="band_free", holdings=-9.0)
        assert low == pytest.approx(0.5 - width, rel=1e-12)


@pytest.mark.parametrize(("a", "share"), [(-1.0, 0.0), (0.0, 0.5), (1.0, 1.0), (7, 1)])
def test_a_target_action_spans_the_bounds_of_holdings(a: float, share: float) -> None:
    config = load_config("reference", settings=["holdings.low=-0.5"])
    expected = -0.5 + 1.5 * share
    assert decoded([a], config, "target") == pytest.approx(expected, abs=1e-15)


def test_discrete_choices_are_a_grid_or_hold_and_delta() -> None:
    config = load_config("reference", settings=["action.choices=5"])
    decoder = ActionDecoder(config, "discrete")
    assert (decoder.n_choices, decoder.shape) == (5, ())
    rows = np.repeat(rows_of(), 5, axis=1)
    grid = decoder.decode(np.arange(5), rows)
    np.testing.assert_array_equal(grid[:, 0], [0.0, 0.25, 0.5, 0.75, 1.0])
    two = ActionDecoder(
        load_config("reference", settings=["action.choices=2"]), "discrete"
    )
    rows = np.repeat(rows_of(holdings=0.3, delta=0.6), 2, axis=1)
    np.testing.assert_array_equal(two.decode(np.arange(2), rows)[:, 0], [0.3, 0.6])


FULL_MODES = [("full", m) for m in ACTION_MODES if m != "ratio"]


@pytest.mark.parametrize(("preset", "mode"), [*PRESET_MODES, *FULL_MODES])
def test_targets_are_finite_in_bounds_and_leave_rows_alone(
    mode: str, preset: str
) -> None:
    config = full_config() if preset == "full" else load_config(preset)
    decoder, n = ActionDecoder(config, mode), 64
    batch, rng = HedgeBatch(config, n), np.random.default_rng(4)
    batch.reset(np.arange(n))
    for _ in range(batch.n_decisions):
        if decoder.n_choices is None:
            action = rng.uniform(-1.5, 1.5, (n, *decoder.shape)).astype(np.float32)
        else:
            action = rng.integers(0, decoder.n_choices, n)
        before, kept = batch.rows.copy(), action.copy()
        target = decoder.decode(action, batch.rows)
        np.testing.assert_array_equal(batch.rows, before)
        np.testing.assert_array_equal(action, kept)
        assert target.shape == (n, config.n_instruments)
        assert np.isfinite(target).all()
        if mode != "band_free":  # the ledger clips that one
            assert target[:, 0].min() >= batch.holdings_low - 1e-12
            assert target[:, 0].max() <= batch.holdings_high + 1e-12
        one = decoder.decode(action[5:6], batch.rows[:, 5:6])
        np.testing.assert_array_equal(one, target[5:6])
        batch.advance(target)
