import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import paired_difference, summarise
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.draw_plan import DrawPlan, draw_plan, node_plan
from hedge_env.market.engine.inner_draws import normal_quantile
from hedge_env.numerics.special import normal_cdf
from hedge_env.risk.next_rows import next_rows, why_no_draws
from hedge_env.risk.path_moments import only_spot_moves, path_moments

IDS = np.arange(256)


def short(preset="ethereum-l1", *settings):
    legs = "book.legs=[{kind: call, quantity: -1.0, moneyness: 1.0, maturity_days: 4}]"
    return load_config(preset, settings=("episode.decisions=24", legs, *settings))


def test_the_largest_moves_come_more_often_and_weigh_less() -> None:
    """Else one of eight draws, that of the tail, is the mean of a path's squares."""
    config = short()
    outlook = next(
        next_rows(
            config, IDS, draw_plan(quote_params(config).market), seed=0, stream="test"
        )
    )
    still = outlook.weights[:, :8]
    move = np.abs(np.log(outlook.drawn[field.SPOT] / outlook.rows[field.SPOT][:, None]))
    outer, inner = move[:, [0, 7]], move[:, [3, 4]]
    assert outer.mean() > 5.0 * inner.mean()
    assert still[:, [0, 7]].mean() < 0.4 * still[:, [3, 4]].mean()
    assert still[:, [0, 7]].max() < still[:, [3, 4]].min()


def plain(plan: DrawPlan, draws: int) -> DrawPlan:
    """Draws that are as likely as they come: one stratum, any jump, any regime."""
    return plan._replace(
        still=draws, jumps=0, regime=0, jump_chance=0.0, regime_chance=0.0
    )


def test_the_normal_quantile_inverts_the_distribution() -> None:
    for u in (1e-9, 1e-4, 0.02, 0.3, 0.5, 0.77, 0.999, 1.0 - 1e-9):
        assert normal_cdf(normal_quantile(u)) == pytest.approx(u, rel=1e-9)


FORWARD = (
    "book.legs=[{kind: forward, quantity: -2.0, moneyness: 1.0, maturity_days: 4}]"
)


@pytest.mark.parametrize(
    "settings", [(), ("market.jumps.per_year=2000.0",), (FORWARD,)]
)
def test_stratified_draws_have_the_mean_of_the_paths_themselves(settings) -> None:
    config = short("ethereum-l1", *settings)
    plan = draw_plan(quote_params(config).market)
    n = 4096
    names = (field.SPOT, field.BOOK_VALUE, field.IMPLIED_VOLATILITY)
    for outlook in next_rows(config, np.arange(n), plan, seed=3, stream="test"):
        rows, drawn, weights, after = outlook[:4]
        assert weights.sum(axis=1).mean() == pytest.approx(1.0, abs=2e-3)
        for name in names:
            for power in (1, 2):
                own = (after[name] - rows[name]) ** power
                expected = (weights * (drawn[name] - rows[name][:, None]) ** power).sum(
                    axis=1
                )
                error = own - expected
                assert abs(error.mean()) < 4.5 * error.std() / np.sqrt(n)
        break


def test_stratified_draws_agree_with_plain_ones_and_spread_less() -> None:
    config = short()
    market = quote_params(config).market
    ids = np.arange(1024)
    stratified = path_moments(
        config, ids, seed=0, stream="test", plan=draw_plan(market, 8, 8, 4)
    ).risk.sum(axis=0)
    rough = path_moments(
        config, ids, seed=0, stream="test", plan=plain(draw_plan(market), 20)
    ).risk.sum(axis=0)
    difference = stratified - rough
    assert abs(difference.mean()) < 4.0 * difference.std() / np.sqrt(ids.size)
    assert stratified.std() < 0.95 * rough.std()


def test_a_path_has_the_same_moments_in_any_company() -> None:
    config = short()
    few = path_moments(config, np.arange(7), seed=0, stream="test")
    many = path_moments(config, np.arange(40), seed=0, stream="test")
    for name in ("square", "product", "risk", "best_offset"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[:, :7])


@pytest.mark.parametrize(
    ("leg", "answer"),
    [
        ({"kind": "amm", "noise_sd": 0.0}, True),
        ({"kind": "amm", "noise_sd": 0.7}, False),
        ({"kind": "streamed", "noise_sd": 0.7}, False),
        ({"kind": "everlasting"}, True),
        ({"kind": "option_pool"}, False),
        ({"kind": "option_pool", "orders_per_day": 0.0}, True),
    ],
    ids=str,
)
def test_a_book_that_draws_numbers_of_its_own_is_no_function_of_spot(leg, answer):
    document = {"book": {"legs": [leg]}, "holdings": {"low": -9.0, "high": 9.0}}
    assert only_spot_moves(load_config("reference", document)) is answer


def test_the_floor_of_the_reference_market_is_exact() -> None:
    config = load_config("reference")
    assert only_spot_moves(config)
    moments = path_moments(config, np.arange(2048), seed=0, stream="test")
    floor = 1e4 * moments.floor
    assert floor.mean() == pytest.approx(0.353, abs=0.006)
    for shift in (-0.01, 0.01):
        worse = sum(
            moments.risk_at(step, best + shift)
            for step, best in enumerate(moments.best_offset)
        )
        assert (worse > moments.floor).all()


def test_nodes_give_the_moments_of_a_lognormal_price() -> None:
    config = load_config("reference")
    moments = path_moments(
        config, IDS, seed=0, stream="test", plan=node_plan(32)
    ).square
    years = 4.0 / 24.0 / 365.0
    assert moments[0] == pytest.approx(np.expm1(0.64 * years), rel=1e-12)


@pytest.mark.parametrize("preset", ["ethereum-l1", "cao-sabr-1m", "deribit"])
def test_expected_squares_have_the_same_mean_and_less_spread(preset) -> None:
    config = load_config(preset, settings=("episode.decisions=12",))
    rule = BASELINES["delta-threshold"](threshold=0.1)
    (table,) = evaluate([(rule, 10.0)], config, n_episodes=2048, controlled=True)
    error = table.objective - table.expected_objective
    assert abs(error.mean()) < 4.0 * error.std() / np.sqrt(error.size)
    assert table.expected_objective.std() < table.objective.std()
    metrics = summarise(table)
    assert metrics.avoidable_bp == pytest.approx(
        metrics.controlled_objective_bp - metrics.floor_bp
    )
    assert 0.0 < metrics.avoidable_se < metrics.objective_se


def test_controlled_results_do_not_depend_on_chunks_or_threads() -> None:
    config = short()
    rule = BASELINES["delta"]()
    first, second = (
        evaluate(
            [(rule, 10.0)], config, n_episodes=60, controlled=True, chunk_size=size
        )[0]
        for size in (60, 17)
    )
    np.testing.assert_array_equal(first.expected_squares, second.expected_squares)
    np.testing.assert_array_equal(first.floor_squares, second.floor_squares)


def test_a_market_that_answers_has_no_draws_and_its_table_says_nothing() -> None:
    config = load_config("reference", {"execution": {"permanent_impact": 1e-8}})
    assert "permanent_impact" in why_no_draws(config)
    with pytest.raises(ConfigError, match="permanent_impact"):
        path_moments(config, IDS, seed=0, stream="test")
    rule = BASELINES["delta"]()
    (table,) = evaluate([(rule, 10.0)], config, n_episodes=4, controlled=True)
    assert table.expected_squares is None
    assert summarise(table).avoidable_bp is None


def test_where_options_are_held_too_the_table_says_nothing() -> None:
    """Delta is then that of book and options, and the best holdings are several."""
    config = load_config("gamma-vega")
    with pytest.raises(ConfigError, match="options are traded too"):
        path_moments(config, IDS, seed=0, stream="test")
    rule = BASELINES["delta-gamma"]()
    (table,) = evaluate([(rule, 10.0)], config, n_episodes=4, controlled=True)
    assert table.expected_squares is None
    assert summarise(table).avoidable_bp is None


@pytest.mark.slow
def test_the_floor_is_the_same_by_many_draws_with_holdings_of_other_draws() -> None:
    """The holdings from 512 draws of a state, their risk from 512 others."""
    config = load_config("ethereum-l1")
    ids = np.arange(1000, 1192)  # of other random numbers in the two plans
    market = quote_params(config).market
    fitted = path_moments(config, ids, seed=0, stream="test")
    many = draw_plan(market, 256, 256, 32)
    first, second = (
        path_moments(config, ids, seed=seed, stream="test", plan=plan)
        for seed, plan in ((0, many), (0, many._replace(still=320)))
    )
    best = -first.product / first.square
    floor = sum(second.risk_at(step, offset) for step, offset in enumerate(best))
    regressed = sum(
        second.risk_at(step, offset) for step, offset in enumerate(fitted.best_offset)
    )
    assert floor.mean() == pytest.approx(regressed.mean(), rel=0.01)


@pytest.mark.parametrize("preset", ["ethereum-l1", "deribit"])
def test_a_difference_of_expected_squares_agrees_and_is_sharper(preset) -> None:
    """What both hold alike leaves no square, whatever happens on the paths."""
    config = load_config(preset, settings=("episode.decisions=24",))
    rules = [BASELINES["delta-threshold"](threshold=x) for x in (0.03, 0.15)]
    n = 2048
    found = evaluate([(r, 10.0) for r in rules], config, n_episodes=n, controlled=True)
    difference = paired_difference(*found)
    assert difference.controlled is not None
    error = np.hypot(difference.se_bp, difference.controlled.se_bp)
    assert abs(difference.mean_bp - difference.controlled.mean_bp) < 4.0 * error
    luck = found[0].objective - found[0].expected_objective
    luck = luck - found[1].objective + found[1].expected_objective
    assert abs(luck.mean()) < 4.0 * luck.std() / np.sqrt(n)
    assert difference.controlled.se_bp < 0.9 * difference.se_bp
