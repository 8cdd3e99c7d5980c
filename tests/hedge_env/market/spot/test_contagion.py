"""Others with triggers: who trades, what that moves, and whom it sets off."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.tile import Tile
from hedge_env.base.types import FloatArray
from hedge_env.config import MarketConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import record_tape
from hedge_env.market.process import Rows, Step, StepLength
from hedge_env.market.spot import contagion
from hedge_env.market.spot.contagion import GROUPS, STATES, answer, due

HOUR = StepLength(
    hours=1.0, days=1.0 / 24.0, years=1.0 / 8760.0, days_per_year=365.0, per_decision=1
)
GBM = ("episode.decisions=24", "book.legs.0.maturity_days=4")
# Half of a move passes within an hour; a tenth of a day's volume moves spot by 1 %.
PLAIN = "daily_volume: 1000, impact: 0.1, half_life_hours: 1, lasting: 0.5"
ONE = "leveraged: {open_interest: 1000, positions: 1, nearest: 0.1, farthest: 0.1}"


class Street:
    """Some paths of everybody with a trigger, moved by hand."""

    def __init__(self, settings: str, n: int = 1) -> None:
        market = load_config(
            "reference", settings=[f"market.contagion={{{PLAIN}, {settings}}}"]
        ).market
        self.p = contagion.compile(market, HOUR)
        self.rows = np.zeros((len(STATES), n))
        self.log_spot = np.zeros(n)

    def step(self, log_return: float, u: float = 0.0) -> FloatArray:
        """Move all paths by a return; the log return with what others made of it."""
        n = self.log_spot.size
        self.log_spot += log_return
        returns = np.full(n, log_return)
        nothing = np.zeros(n)
        step = Step(
            log_spot=self.log_spot,
            log_return=returns,
            volatility=nothing,
            z_spot=nothing,
            jump=nothing,
            hours=nothing,
            dt_hours=HOUR.hours,
            dt=HOUR.years,
            recorded=False,
        )
        own = Rows(Tile(self.rows, 0, n), tuple(range(len(STATES))))
        answer(own, np.full(n, u), step, self.p)
        return returns

    def __getitem__(self, name: str) -> FloatArray:
        row: FloatArray = self.rows[list(STATES).index(name)]
        return row


def test_one_position_closed_by_hand() -> None:
    street = Street(ONE)
    assert street.step(-0.09)[0] == -0.09  # not yet: the entry has hardly moved
    assert street["longs_closed"][0] == 0.0
    entry = street["entry"][0]
    assert entry == pytest.approx(-0.09 * (1.0 - 0.5 ** (1.0 / 168.0)), rel=1e-12)
    # A thousand is sold, a day's volume: .1 in log spot, at the price it is closed at.
    found = street.step(-0.02)[0]
    move = -0.1 * exp(-0.11)
    assert found == pytest.approx(-0.02 + move, rel=1e-13)
    assert street.log_spot[0] == pytest.approx(-0.11 + move, rel=1e-13)
    assert street["longs_closed"][0] == 1.0
    assert street["pressure"][0] == pytest.approx(0.5 * move, rel=1e-13)
    # Half of what passes is back after a half-life, and nothing is closed twice.
    assert street.step(0.0)[0] == pytest.approx(-0.25 * move, rel=1e-13)
    assert street["pressure"][0] == pytest.approx(0.25 * move, rel=1e-13)
    for _ in range(60):
        street.step(0.0)
    assert street.log_spot[0] == pytest.approx(-0.11 + 0.5 * move, rel=1e-12)


def test_a_short_position_is_bought_back() -> None:
    street = Street(ONE.replace("nearest", "shorts: 0.5, nearest"))
    move = 0.5 * 0.1 * exp(0.12)
    assert street.step(0.12)[0] == pytest.approx(0.12 + move, rel=1e-13)
    assert (street["longs_closed"][0], street["shorts_closed"][0]) == (0.0, 1.0)


def test_one_liquidation_is_the_trigger_of_another() -> None:
    # Four of 250 each, at .1, .12, .14 and .16 below: each moves spot by .025 or so.
    four = "leveraged: {open_interest: 1000, positions: 4, nearest: .1, farthest: .16}"
    street = Street(four)
    assert street.step(-0.101)[0] < -0.16
    assert street["longs_closed"][0] == 4.0
    still = Street(f"{four}, hedgers: {{gamma: 0}}".replace("1000,", "1,"))
    still.step(-0.101)
    assert still["longs_closed"][0] == 1.0


def test_positions_open_again_one_at_a_time_where_they_are_not_due() -> None:
    street = Street(
        "leveraged: {open_interest: 1, positions: 3, nearest: .1, farthest: .3, "
        "reopen_hours: 5, turnover_days: 0.5}"
    )
    street.step(-0.25)
    assert street["longs_closed"][0] == 2.0
    closed = []
    for _ in range(40):
        street.step(0.0)
        closed.append(street["longs_closed"][0])
    drops = [i for i in range(1, 40) if closed[i] < closed[i - 1]]
    assert drops[0] >= 4  # at .2 below: the entry has first to come nearer
    assert drops[1] - drops[0] >= 5
    assert closed[-1] == 0.0


def test_how_many_are_due() -> None:
    p = Street("leveraged: {open_interest: 9, positions: 3, nearest: .1, farthest: .2}")
    distances = (-1.0, 0.0, 0.099, 0.101, 0.151, 0.201, 5.0)
    assert [due(d, p.p.positions) for d in distances] == [0, 0, 0, 1, 2, 3, 3]


def test_hedgers_buy_their_gamma_times_the_move_once_it_is_large() -> None:
    street = Street("hedgers: {gamma: 3000, trigger: 0.05}")
    assert street.step(0.04)[0] == 0.04
    # 3000 x .06 are bought, .18 of a day's volume; what follows is below the trigger.
    assert street.step(0.02)[0] == pytest.approx(0.02 + 0.1 * 0.18, rel=1e-12)
    np.testing.assert_allclose(street["rebalanced_3"], 0.06, rtol=1e-13)


def test_a_feedback_below_one_ends() -> None:
    street = Street("hedgers: {gamma: 8000, trigger: 0.001}")
    found = street.step(0.02)[0]
    # The sum of .02 x .8^k, until a round moves less than the trigger.
    moves = [0.02]
    while moves[-1] > 0.001:
        moves.append(0.8 * moves[-1])
    assert found == pytest.approx(sum(moves), rel=1e-12)


def test_triggers_are_spread_evenly_in_logs() -> None:
    p = Street("hedgers: {gamma: 1, trigger: 0.05, spread: 0.5}").p.hedgers
    assert p.triggers[[0, -1]] == pytest.approx([0.05 * exp(-0.5), 0.05 * exp(0.5)])
    np.testing.assert_allclose(np.diff(np.log(p.triggers)), 1.0 / (GROUPS - 1))


@pytest.mark.parametrize("u", [0.001, 0.3, 0.5, 0.999])
def test_a_share_of_the_groups_looks(u: float) -> None:
    street = Street("hedgers: {gamma: 600, trigger: 0.05, attention: 0.5}")
    street.step(0.06, u)
    traded = [street[f"rebalanced_{k}"][0] > 0.0 for k in range(GROUPS)]
    assert sum(traded) == 3
    assert traded == [(u + k / GROUPS) % 1.0 < 0.5 for k in range(GROUPS)]


def test_a_circuit_breaker_stops_hedgers_and_not_liquidations() -> None:
    halt = "hedgers: {gamma: 3000, trigger: 0.05, halt: {move: 0.08, hours: 2}}"
    street = Street(f"{halt}, {ONE}")
    found = street.step(-0.11)[0]
    assert found == pytest.approx(-0.11 - 0.1 * exp(-0.11), rel=1e-12)
    assert street["hedgers_stopped"][0] == 2.0
    street.step(0.0)
    assert street["rebalanced_0"][0] == 0.0
    assert street.step(0.0)[0] < -0.01  # now they sell
    assert street["rebalanced_0"][0] < -0.1


def spots(*settings: str, n: int = 400) -> FloatArray:
    """Spot at every decision, shape (decisions + 1, n)."""
    config = load_config("reference", settings=[*GBM, *settings])
    rows = record_tape(config, np.arange(n), seed=0, stream="test").rows
    found: FloatArray = rows[:, field.SPOT]
    return found


def test_without_a_population_no_bit_changes() -> None:
    np.testing.assert_array_equal(spots(f"market.contagion={{{PLAIN}}}"), spots())
    nobody = f"market.contagion={{{PLAIN}, hedgers: {{gamma: 0}}}}"
    np.testing.assert_array_equal(spots(nobody), spots())


def test_short_gamma_makes_spot_more_volatile_and_long_gamma_less() -> None:
    deviation = {
        gamma: np.log(
            spots(f"market.contagion={{{PLAIN}, hedgers: {{gamma: {gamma}}}}}")[-1]
        ).std()
        for gamma in (-5000, 0, 5000)
    }
    assert deviation[-5000] < 0.9 * deviation[0] < 0.75 * deviation[5000]


def played(targets: list[float], *settings: str) -> FloatArray:
    """Log spot of one path at every decision of an hour."""
    config = load_config("reference", settings=[*GBM, *settings])
    batch = HedgeBatch(config, 1)
    batch.reset(np.arange(1))
    found = [0.0]
    for target in targets:
        batch.advance(np.full((1, 1), target))
        found.append(log(batch.rows[field.SPOT, 0]))
    return np.array(found)


OWN = (
    "episode.decision_interval_hours=1",
    "execution.permanent_impact=0.1",
    "execution.daily_volume=1000",
    "market.volatility.level=1e-6",
)


def test_own_orders_pass_like_those_of_others() -> None:
    moved = played([0.5] * 4, *OWN, f"market.contagion={{{PLAIN}}}")
    move = 0.1 * 0.1 * 0.5  # half a notional of 100, at a day's volume of 1000
    left = [0.0] + [0.5 + 0.5 * 0.5**k for k in range(1, 5)]
    np.testing.assert_allclose(moved, move * np.array(left), atol=1e-7)


def test_own_orders_set_others_off() -> None:
    others = f"market.contagion={{{PLAIN}, {ONE}}}".replace("0.1, far", "0.002, far")
    others = others.replace("farthest: 0.1", "farthest: 0.002")
    alone, together = (played([0.0] * 2, *OWN, others), played([0.5] * 2, *OWN, others))
    assert abs(alone[1]) < 1e-6
    assert together[1] > 0.09  # a short position of a day's volume is bought back


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("hedgers: {gamma: 20000}", r"hedgers\.gamma = 20000 lets a move"),
        ("leveraged: {open_interest: 20000}", r"open_interest = 20000, with shorts"),
        (
            "leveraged: {open_interest: 1, nearest: .2, farthest: .1}",
            r"farthest = 0\.1 must not be below nearest",
        ),
    ],
)
def test_what_has_no_end_is_refused(settings: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config("reference", settings=[f"market.contagion={{{PLAIN}, {settings}}}"])


def test_off_is_off() -> None:
    assert contagion.compile(MarketConfig(), HOUR) is contagion.OFF
