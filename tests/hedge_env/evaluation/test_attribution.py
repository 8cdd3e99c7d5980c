import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import N_COMPONENTS
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.baselines.options.delta_gamma import DeltaGamma
from hedge_env.baselines.options.delta_vega import DeltaVega
from hedge_env.baselines.timing.time_based import TimeBased
from hedge_env.config.loading import load_config
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.attribution import (
    PNL_PARTS,
    Attributor,
    attribute,
    gas_tenths,
    interval_parts,
)
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tape


def market(preset="reference", **settings):
    texts = [f"{key.replace('__', '.')}={value}" for key, value in settings.items()]
    return load_config(preset, settings=texts)


def parts_of(policy, config, n=200):
    """Parts of the profit, shape (parts, n), and what the ledger says of the sum."""
    tape = record_tape(config, np.arange(n), seed=0, stream="test")
    seen = Attributor(n, config, gas_tenths(tape))
    table = evaluate_on_tape(policy, tape, config, 10.0, observer=seen)
    return seen, table


@pytest.mark.parametrize(
    "preset", ["reference", "ethereum-l1", "deribit", "gamma-vega"]
)
def test_the_parts_add_up_to_the_profit_of_book_and_hedge(preset):
    config = market(preset, episode__decisions=60)
    seen, table = parts_of(TimeBased(6), config)
    np.testing.assert_allclose(seen.pnl.sum(axis=0), table.tracking, atol=1e-12)


@pytest.mark.filterwarnings("error")
def test_after_the_last_payoff_of_the_book_the_parts_are_numbers():
    n = 3
    before, after = np.zeros((2, field.N_FIELDS, n))
    before[field.SPOT], after[field.SPOT] = 1.0, 1.1
    before[field.IMPLIED_VOLATILITY] = after[field.IMPLIED_VOLATILITY] = 0.8
    nothing = np.zeros(n)
    record = StepRecord(
        cost_components=np.zeros((N_COMPONENTS, n)),
        cost=nothing,
        hedge_pnl=np.full(n, 0.05),
        book_pnl=nothing,
        tracking_increment=np.full(n, 0.05),
        traded=nothing,
        option_traded=nothing,
        done=np.zeros(n, dtype=bool),
    )
    expected = np.zeros((len(PNL_PARTS), n))
    expected[0] = 0.05  # all of it is what is held
    np.testing.assert_array_equal(interval_parts(before, record, after, 1e-3), expected)


@pytest.mark.parametrize("kind", ["everlasting", "power", "option_pool"])
def test_time_of_a_book_that_never_ends_pays_for_its_gamma(kind):
    """In a market of the volatility that it is marked at; nothing much is left."""
    leg = {"kind": kind, "quantity": -1.0}
    if kind == "option_pool":  # sold with little spread, a lot of it
        leg = {"kind": kind, "probability_buy": 1.0, "price_response": 0.0}
        leg |= {"half_spread_points": 0.0, "utilisation_points": 0.0, "order_size": 0.1}
        leg |= {"board_points": 0.0, "skew_share": 0.0}
    document = {"book": {"legs": [leg]}, "holdings": {"low": -9.0, "high": 9.0}}
    config = load_config("reference", document, settings=["episode.decisions=60"])
    seen, table = parts_of(Delta(), config, n=2000)
    np.testing.assert_allclose(seen.pnl.sum(axis=0), table.tracking, atol=1e-12)
    gamma, theta, rest = (
        seen.pnl[PNL_PARTS.index(name)] for name in ("gamma", "theta", "rest")
    )
    error = (gamma + theta).std() / np.sqrt(2000)
    assert gamma.mean() < -20.0 * error
    assert abs((gamma + theta).mean()) < 4.0 * error
    assert abs(rest.mean()) < 0.05 * theta.mean()


def steps(hours):
    """Two days of a month's option, at decisions so many hours apart."""
    return market(
        episode__decisions=round(48.0 / hours), episode__decision_interval_hours=hours
    )


def test_on_a_flat_surface_the_rest_vanishes_with_the_step():
    rest, gamma = {}, {}
    for hours in (4.0, 0.25):
        seen, _ = parts_of(Delta(), steps(hours))
        rest[hours] = np.std(seen.pnl[PNL_PARTS.index("rest")])
        gamma[hours] = np.std(seen.pnl[PNL_PARTS.index("gamma")])
    assert rest[4.0] < 0.1 * gamma[4.0]
    assert rest[0.25] < 0.03 * gamma[0.25]
    # Third-order terms, dS^3, over many steps: a standard deviation like the step.
    assert rest[0.25] < rest[4.0] / 8.0


def test_time_pays_a_short_book_what_moves_cost_it():
    config = market(episode__decisions=60, execution__fee_bp=0)
    (found,) = attribute([(Delta(), 10.0)], config, n_episodes=4000)
    pnl = found.pnl_bp
    assert pnl["gamma"] < 0.0 < pnl["theta"]
    noise = 4.0 * found.pnl_std_bp["gamma"] / np.sqrt(4000)
    assert pnl["theta"] == pytest.approx(-pnl["gamma"], abs=noise)
    assert pnl["vega"] == 0.0
    assert pnl["delta"] == pytest.approx(0.0, abs=1e-9)


def test_delta_hedging_hides_no_bet_and_no_hedging_does():
    config = market(episode__decisions=30)
    delta, none = attribute([(Delta(), 10.0), (NoHedge(), 10.0)], config, n_episodes=50)
    assert delta.mean_error == delta.mean_absolute_error == 0.0
    assert none.mean_error == -none.mean_absolute_error < -0.3


def test_trades_are_counted_where_they_are_made():
    config = market(episode__decisions=30)
    (every_sixth,) = attribute([(TimeBased(6), 10.0)], config, n_episodes=20)
    assert every_sixth.trades_by_time == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert every_sixth.trades_by_gas is None


@pytest.mark.parametrize("rule", [DeltaGamma, DeltaVega])
def test_options_that_are_held_take_their_greek_out_of_the_profit(rule):
    """Of the book and what is held together nothing of it is left to earn or lose."""
    config = market("gamma-vega")
    names = dict(zip(("delta-gamma", "delta-vega"), ("gamma", "vega"), strict=True))
    mine, plain = attribute([(rule(), 10.0), (Delta(), 10.0)], config, n_episodes=300)
    greek = names[rule.name]
    assert plain.pnl_std_bp[greek] > 0.0
    assert mine.pnl_std_bp[greek] < 1e-6 * plain.pnl_std_bp[greek]


def test_time_pays_for_the_gamma_of_book_and_options_together():
    """Half a neutral trade: half of both, and what is explained is most of it."""
    config = market("gamma-vega")
    half, plain = attribute(
        [(DeltaGamma(ratio=0.5), 10.0), (Delta(), 10.0)], config, n_episodes=300
    )
    for found in (half, plain):
        assert found.pnl_bp["gamma"] < 0.0 < found.pnl_bp["theta"]
        assert abs(found.pnl_bp["rest"]) < 0.2 * found.pnl_bp["theta"]
    assert half.pnl_bp["theta"] < 0.8 * plain.pnl_bp["theta"]


def test_a_rule_that_ignores_gas_trades_at_every_price():
    config = market("ethereum-l1", episode__decisions=60)
    (found,) = attribute([(Delta(), 10.0)], config, n_episodes=100)
    np.testing.assert_allclose(found.trades_by_gas, 6.0, atol=0.05)


def test_threads_and_chunks_do_not_change_the_result():
    config = market(episode__decisions=10)
    entries = [(Delta(), 10.0), (TimeBased(3), 2.0)]
    one, two = (
        attribute(entries, config, n_episodes=1100, threads=threads)
        for threads in (1, 2)
    )
    assert one == two
    assert one[0].n_episodes == 1100


def test_a_market_that_reacts_to_trades_is_attributed_too():
    config = market(
        episode__decisions=10,
        execution__permanent_impact=0.1,
        execution__daily_volume=1e4,
    )
    (found,) = attribute([(Delta(), 10.0)], config, n_episodes=20)
    assert found.trades_by_gas is None
    assert sum(found.trades_by_time) == pytest.approx(10.0)


class Bet(NoHedge):
    """Holds what has nothing to do with delta, and something else at each decision."""

    name = "bet"

    def reset(self, n_paths):
        self._random = np.random.default_rng(0)

    def target(self, observables):
        return self._random.uniform(size=(observables["delta"].size, 1))


def test_a_hedge_follows_delta_and_a_bet_does_not():
    config = market(episode__decisions=30)
    entries = [(policy, 10.0) for policy in (Delta(), TimeBased(6), Bet(), NoHedge())]
    delta, late, bet, none = attribute(entries, config, n_episodes=200)
    assert delta.r_squared == pytest.approx(1.0, abs=1e-9)
    assert 0.5 < late.r_squared < 1.0
    assert bet.r_squared < 0.01
    assert none.r_squared is None
    assert delta.mean_error_se == 0.0 < bet.mean_error_se
    assert abs(late.mean_error) < 4.0 * late.mean_error_se
