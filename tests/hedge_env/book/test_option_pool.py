"""A pool that quotes options: its quotes, who trades at them, its net book."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.book.endless.option_pool.boards import board_params, totals_of
from hedge_env.book.endless.option_pool.quotes import asked, bid, demand
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine import market_state
from tests.oracle.black_scholes import black_scholes

FREE = ("execution.fee_bp=0", "execution.half_spread_bp=0", "execution.fixed_cost_bp=0")
CALL = {"kind": "call", "moneyness": 1.0}
# Nothing that is traded moves the quotes, and all that comes trades.
FLAT = {
    "options": [CALL],
    "maturity_days": 5.0,
    "board_days": 5.0,
    "capacity": 1e6,
    "board_points": 0.0,
    "skew_share": 0.0,
    "utilisation_points": 0.0,
    "price_response": 0.0,
    "orders_per_day": 12.0,
    "order_size": 0.1,
}
DAY = 6  # decisions


def pool(*settings: str, **terms: object) -> EnvConfig:
    leg = {"kind": "option_pool", **FLAT, **terms}
    document = {"book": {"legs": [leg]}, "holdings": {"low": -9.0, "high": 9.0}}
    return load_config("reference", document, settings=(*FREE, *settings))


class Played:
    """A batch that holds nothing, decision by decision."""

    def __init__(self, config: EnvConfig, n: int = 200) -> None:
        self.config, self.n = config, n
        self.batch = HedgeBatch(config, n, seed=3, stream="test")
        self.batch.reset(np.arange(n))

    def on(self, decisions: int = 1) -> FloatArray:
        for _ in range(decisions):
            self.batch.advance(np.zeros((self.n, 1)))
        return self.batch.rows.copy()

    @property
    def memory(self) -> FloatArray:
        found: FloatArray = self.batch._market.state_dict()["memory.option_pool"]
        return found

    @property
    def totals(self) -> tuple[FloatArray, FloatArray]:
        return totals_of(self.memory, self.config.book.legs, self.config)

    @property
    def boards(self) -> tuple[FloatArray, FloatArray]:
        """Strikes and units of a pool's first option on each of its boards."""
        legs, market = self.config.book.legs, quote_params(self.config).market
        slots = int(board_params(legs, self.config, market).n_slots[0])
        first = len(legs[0].options) * slots
        return np.exp(self.memory[:slots]), self.memory[first : first + slots]

    @property
    def units(self) -> FloatArray:
        """Of a pool's first option, on all boards."""
        return self.boards[1].sum(axis=0)


def worth(config: EnvConfig, spot: FloatArray, strike: FloatArray, step: int):
    """Value of a call of five days on the flat surface, so many decisions after."""
    sd = config.market.surface.volatility * np.sqrt((5.0 - step / DAY) / 365.0)
    pairs = zip(spot, strike, strict=True)
    return np.array([black_scholes(True, s, k, sd)[0] for s, k in pairs])


def test_a_trade_of_one_standard_size_moves_volatility_as_in_the_contracts() -> None:
    """Base 1.00 + 0.01 and ratio 1 + 0.0125, of contracts in standard sizes of 20."""
    terms = {"standard_size": 20.0, "board_points": 1.0, "skew_share": 0.0125}
    config = pool(**terms, half_spread_points=0.0)
    p = board_params(config.book.legs, config, quote_params(config).market)
    assert asked(1.0, 20.0, 20.0, 0.0, 0, p) == pytest.approx(1.022625, abs=1e-14)
    assert bid(1.0, -20.0, -20.0, 0, p) == pytest.approx(0.99 * 0.9875, abs=1e-14)
    assert bid(0.5, 10.0, 0.0, 0, p) == pytest.approx(0.505, abs=1e-14)
    assert asked(0.5, 1e5, 0.0, 0.0, 0, p) == 2.5  # no further than five times


def test_what_is_in_use_is_dearer_and_clients_answer_to_it() -> None:
    config = pool(capacity=2.0, utilisation_points=8.0, half_spread_points=1.0)
    p = board_params(config.book.legs, config, quote_params(config).market)
    assert asked(0.8, 0.0, 0.0, 0.5, 0, p) == pytest.approx(0.8 + 0.01 + 0.02)
    assert bid(0.8, 0.0, 0.0, 0, p) == pytest.approx(0.79)
    config = pool(price_response=10.0)
    p = board_params(config.book.legs, config, quote_params(config).market)
    assert demand(3.0, 0.1, 0, p) == pytest.approx(3.0 * np.exp(-1.0), rel=1e-12)
    assert demand(3.0, -5.0, 0, p) == 30.0


def test_without_clients_a_pool_is_worth_nothing() -> None:
    played = Played(pool(orders_per_day=0.0), 3)
    for _ in range(40):
        rows = played.on()
        for row in (field.BOOK_VALUE, field.DELTA, field.GAMMA, field.VEGA):
            assert (rows[row] == 0.0).all()


def test_clients_pay_the_spread_and_a_delta_of_what_they_buy_is_to_be_hedged() -> None:
    """Four calls a day are sold at two points over the mark, each worth a tenth."""
    terms = {"probability_buy": 1.0, "half_spread_points": 2.0}
    played = Played(pool("market.volatility.level=1e-6", **terms), 4000)
    surface = played.config.market.surface.volatility
    rows = played.on()
    sold = -played.units
    mean, sd = 0.1 * 2.0, 0.1 * np.sqrt(2.0)
    assert abs(sold.mean() - mean) < 4.0 * sd / np.sqrt(sold.size)
    assert sold.std() == pytest.approx(sd, rel=0.1)
    root = np.sqrt((5.0 - 1.0 / DAY) / 365.0)
    value, slope, bend = black_scholes(True, 1.0, 1.0, surface * root)
    dear = black_scholes(True, 1.0, 1.0, (surface + 0.02) * root)[0]
    np.testing.assert_allclose(played.totals[0], sold * (dear - value), rtol=1e-6)
    np.testing.assert_allclose(rows[field.BOOK_VALUE], sold * (dear - value), rtol=1e-6)
    np.testing.assert_allclose(rows[field.DELTA], sold * slope, rtol=1e-6)
    np.testing.assert_allclose(rows[field.GAMMA], sold * bend, rtol=1e-6)


def test_informed_clients_take_every_move_beyond_the_spread() -> None:
    """With half-spread 0 an order of theirs takes the size of the move."""
    config = pool(informed_share=1.0, half_spread_points=0.0)
    played = Played(config, 4000)
    expected, before = np.zeros(4000), played.batch.rows.copy()
    strike = before[field.SPOT]

    for step in range(1, 4):
        rows = played.on()
        spots = before[field.SPOT], rows[field.SPOT]
        was, now = (
            worth(config, spot, strike, step - 1 + k) for k, spot in enumerate(spots)
        )
        expected += 2.0 * 0.1 * np.abs(now - was)  # two orders of a tenth in four hours
        before = rows
    earned, lost = played.totals
    assert (earned == 0.0).all()
    assert (lost >= 0.0).all()
    error = (lost - expected).std() / np.sqrt(lost.size)
    assert abs(lost.mean() - expected.mean()) < 4.0 * error
    assert error < 0.05 * lost.mean()


def test_a_wide_spread_keeps_informed_clients_away() -> None:
    narrow, wide = (
        Played(pool(informed_share=1.0, half_spread_points=points))
        for points in (1.0, 60.0)
    )
    narrow.on(12)
    wide.on(12)
    assert wide.totals[1].mean() < 0.1 * narrow.totals[1].mean()


def test_inventory_leans_against_the_flow() -> None:
    buyers = {"probability_buy": 1.0, "price_response": 10.0}
    stiff = Played(pool(**buyers))
    leaning = Played(pool(**buyers, board_points=5.0, standard_size=0.1))
    full = Played(pool(**buyers, utilisation_points=200.0, capacity=5.0))
    for each in (stiff, leaning, full):
        each.on(20)
    assert -leaning.units.mean() < -0.7 * stiff.units.mean()
    assert -full.units.mean() < -0.7 * stiff.units.mean()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_is_sold_or_bought_beyond_the_capacity(share: float) -> None:
    for informed in (0.0, 0.5):
        played = Played(
            pool(probability_buy=share, capacity=0.35, informed_share=informed)
        )
        for _ in range(DAY):
            played.on()
            assert np.abs(played.units).max() <= 0.35 + 1e-12
        assert np.abs(played.units).max() == pytest.approx(0.35)


def test_a_board_that_ends_is_paid_out_and_the_next_one_starts_empty() -> None:
    config = pool("episode.decisions=60", half_spread_points=0.0)
    played = Played(config)
    played.on(5 * DAY - 1)
    strikes, held = played.boards
    slot = int(np.argmax(np.abs(held).sum(axis=1)))
    before, rows = played.batch.rows.copy(), played.on()
    new_strikes, new = played.boards
    assert np.abs(held[slot]).mean() > 0.1
    assert (new[slot] == 0.0).all()
    np.testing.assert_allclose(new_strikes[1 - slot], rows[field.SPOT], rtol=1e-14)
    # What has just been traded at its value changes none, so that all is the payoff.
    payoff = np.maximum(rows[field.SPOT] - strikes[slot], 0.0)
    was = worth(config, before[field.SPOT], strikes[slot], 5 * DAY - 1)
    change = rows[field.BOOK_VALUE] - before[field.BOOK_VALUE]
    np.testing.assert_allclose(change, held[slot] * (payoff - was), atol=1e-13)
    sd = config.market.surface.volatility * np.sqrt(5.0 / 365.0)
    slope = black_scholes(True, 1.0, 1.0, sd)[1]
    np.testing.assert_allclose(rows[field.DELTA], -new[1 - slot] * slope, rtol=1e-9)


def test_cash_and_payoffs_are_all_that_is_left_at_the_end() -> None:
    """What was paid in less what is paid out, followed order by order."""
    config = pool("episode.decisions=30", half_spread_points=3.0)
    played = Played(config)
    cash, held = np.zeros(200), np.zeros(200)
    strike = played.batch.rows[field.SPOT].copy()
    for step in range(1, 30):
        earned = played.totals[0]
        rows = played.on()
        bought = played.units - held
        cash += played.totals[0] - earned
        cash -= bought * worth(config, rows[field.SPOT], strike, step)
        held = held + bought
    rows = played.on()
    cash += held * np.maximum(rows[field.SPOT] - strike, 0.0)
    np.testing.assert_allclose(rows[field.BOOK_VALUE], cash, atol=1e-12)
    for row in (field.DELTA, field.GAMMA, field.VEGA):
        assert (rows[row] == 0.0).all()


def test_delta_gamma_and_vega_are_derivatives_of_the_value() -> None:
    options = [{"kind": "put", "moneyness": 0.96}, {"kind": "call", "moneyness": 1.03}]
    config = load_config(pool(options=options), settings=["market.surface.model=flat"])
    played = Played(config, 3)
    played.batch.reset(np.zeros(3, dtype=np.int64))
    played.on(9)
    paths, h = played.batch._market._paths, 1e-4
    rows = played.batch.rows.copy()
    paths.state[market_state.LOG_SPOT] += np.log([1.0 - h, 1.0, 1.0 + h])
    paths.quote(rows, advance=False)
    value, spot = rows[field.BOOK_VALUE], rows[field.SPOT, 1]
    slope = (value[2] - value[0]) / (2.0 * h * spot)
    bend = (value[2] - 2.0 * value[1] + value[0]) / (h * spot) ** 2
    assert abs(slope) > 1e-3
    assert -rows[field.DELTA, 1] == pytest.approx(slope, rel=1e-4)
    assert -rows[field.GAMMA, 1] == pytest.approx(bend, rel=1e-3)


def test_looking_twice_at_a_decision_changes_nothing() -> None:
    played = Played(pool(informed_share=0.3), 50)
    for _ in range(12):
        rows = played.on()
        memory, again = played.memory, rows.copy()
        played.batch._market._paths.quote(again, advance=False)
        np.testing.assert_array_equal(again[field.BOOK_VALUE], rows[field.BOOK_VALUE])
        np.testing.assert_array_equal(played.memory, memory)


def test_a_path_depends_neither_on_its_company_nor_on_where_the_others_are() -> None:
    terms = {"maturity_days": 2.0, "board_days": 1.0, "informed_share": 0.2}
    config = pool("episode.decisions=30", **terms)
    many, few = Played(config, 300), Played(config, 7)
    many.on(3)
    late = np.arange(300) < 7  # start anew, three decisions after the others
    many.batch.reset(np.arange(300), mask=late)
    for _ in range(20):
        np.testing.assert_array_equal(many.on()[:, :7], few.on())


def test_two_pools_have_clients_of_their_own() -> None:
    leg = {"kind": "option_pool", **FLAT}
    document = {"book": {"legs": [leg, leg]}, "holdings": {"low": -9.0, "high": 9.0}}
    two = load_config("reference", document, settings=FREE)
    one = Played(pool(quantity=2.0)).on(3)[field.DELTA]
    both = Played(two).on(3)[field.DELTA]
    assert 0.6 < both.std() / one.std() < 0.85  # 1 / sqrt 2
    np.testing.assert_allclose(one, 2.0 * Played(pool()).on(3)[field.DELTA], rtol=1e-12)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (
            {"board_days": 6.0},
            r"board_days = 6 must not exceed book\.legs\.0\.maturity",
        ),
        ({"maturity_days": 5.1}, r"maturity_days = 5\.1 falls between two decisions"),
        ({"board_days": 0.01}, r"board_days = 0\.01 is over before"),
        ({"orders_per_day": 200.0}, r"orders_per_day = 200 is more than 20 orders"),
        ({"options": []}, "options"),
        ({"informed_share": 1.5}, "informed_share"),
        ({"capacity": 0.0}, "capacity"),
        ({"spread": 1.0}, "spread is unknown"),
        ({"options": [{"kind": "forward"}]}, "kind"),
    ],
)
def test_a_pool_that_cannot_be_is_refused_in_one_line(terms, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        pool(**terms)
    assert "\n" not in str(caught.value)
