"""Every rule on books that few rules were written for."""

import numpy as np
import pytest

from hedge_env.baselines import BASELINES, RULES, rules_for, unfit_rules
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise

LEVEL = 50.0


def leg(kind, quantity, moneyness, days):
    return {
        "kind": kind,
        "quantity": quantity,
        "moneyness": moneyness,
        "maturity_days": days,
    }


BOOKS = {
    "strangle of two maturities": [
        leg("call", -1.0, 1.1, 30),
        leg("put", -1.0, 0.9, 14),
    ],
    "strangle": [leg("call", -1.0, 1.1, 30), leg("put", -1.0, 0.9, 30)],
    "long straddle of two maturities": [
        leg("call", 1.0, 1.0, 30),
        leg("put", 1.0, 1.0, 7),
    ],
    "calendar spread": [leg("call", 1.0, 1.0, 14), leg("call", -1.0, 1.0, 30)],
    "collar": [leg("put", 1.0, 0.9, 30), leg("call", -1.0, 1.1, 30)],
    "deep out of the money": [leg("call", -1.0, 5.0, 30)],
    "deep in the money": [leg("call", -1.0, 0.2, 30)],
    "expired before the end": [leg("call", -1.0, 1.0, 14)],
    "both expired before the end": [
        leg("call", 1.0, 1.0, 7),
        leg("put", -1.0, 1.0, 14),
    ],
}


def market(legs, preset="reference", **more):
    return load_config(
        preset, {"book": {"legs": legs}, "episode": {"decisions": 180}, **more}
    )


def measured(config, names, n_episodes=300):
    entries = [(RULES[name](), LEVEL) for name in names]
    tables = evaluate(entries, config, n_episodes=n_episodes)
    return {name: summarise(table) for name, table in zip(names, tables, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["reference", "ethereum-l1"])
@pytest.mark.parametrize("book", BOOKS)
def test_no_rule_is_far_worse_than_doing_nothing_or_hedging_everything(book, preset):
    """Rules whose assumptions the book breaks included: nothing explodes."""
    config = market(BOOKS[book], preset)
    names = [name for name in BASELINES if not name.startswith("delta-")]
    for name in ("cheapest-chain", "forecast-band"):  # read what is not shown
        names.remove(name)
    names = [name for name in names if "vega" not in name]
    with np.errstate(all="raise", under="ignore"):
        found = measured(config, names)
    bound = max(found["no-hedge"].objective_bp, found["delta"].objective_bp)
    for name, metrics in found.items():
        assert metrics.objective_bp <= 1.05 * bound + 1.0, name


@pytest.mark.parametrize("preset", ["reference", "ethereum-l1"])
def test_once_everything_has_expired_no_position_is_kept(preset):
    """Its risk hedges nothing; delta hedging sells it at once."""
    config = market(BOOKS["expired before the end"], preset)
    names = ["delta", "gas-band", "deadline-band", "zakamouline", "minimum-variance"]
    found = measured(config, [*names, "bartlett"])
    for name in names[1:]:
        error = found[name].tracking_rms_bp
        assert error < 3.0 * found["delta"].tracking_rms_bp + 60.0, name


def test_bartlett_stays_near_delta_where_no_smile_can_be_read():
    config = market(BOOKS["strangle of two maturities"])
    found = measured(config, ["delta", "bartlett"])
    assert found["bartlett"].objective_bp < 1.1 * found["delta"].objective_bp


@pytest.mark.parametrize(
    ("book", "left_out"),
    [
        ("strangle", {"bartlett", "leland", "zakamouline"}),
        (
            "calendar spread",
            {"bartlett", "leland", "zakamouline", "minimum-variance", "linear-greeks"},
        ),
        ("deep out of the money", set()),
    ],
)
def test_a_rule_whose_assumptions_the_book_breaks_is_not_among_all(book, left_out):
    config = market(BOOKS[book])
    reasons = unfit_rules(config)
    assert reasons.keys() - {"cppi", "volatility-target"} == left_out
    assert not left_out & rules_for(config).keys()
    assert all("the book has 2" in reasons[name] for name in left_out)


def test_a_leg_of_no_quantity_breaks_nothing():
    config = market([leg("call", -1.0, 1.0, 30), leg("call", 0.0, 1.2, 14)])
    assert "bartlett" in rules_for(config)


def test_more_options_than_are_read_are_not_read_as_fewer():
    reasons = unfit_rules(market([leg("call", -100.0, 1.0, 30)]))
    assert "100 options per contract" in reasons["leland"]
    assert "bartlett" not in reasons


def test_a_book_without_options_is_for_allocations_only():
    config = load_config("allocation")
    assert list(rules_for(config)) == ["no-hedge"]
    assert unfit_rules(config)["delta"] == "the book holds no options"
    assert not {"cppi", "volatility-target"} & unfit_rules(config).keys()
    assert "the book holds options" in unfit_rules(load_config("reference"))["cppi"]


def test_orders_of_clients_are_options_of_many_maturities():
    reasons = unfit_rules(load_config("gamma-vega"))
    assert "clients" in reasons["bartlett"]
    assert {"delta-gamma", "delta-vega", "delta"} <= rules_for(
        load_config("gamma-vega")
    ).keys()
