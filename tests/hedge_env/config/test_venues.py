"""What a list of venues may be."""

from __future__ import annotations

import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.config.sections.venues import venue_names

BOOK = "{kind: order-book, fee_bp: 5}"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (["execution.fee_bp=1", f"execution.venues=[{BOOK}]"], "fee_bp"),
        (["execution.depth=1.0e+6", f"execution.venues=[{BOOK}]"], "depth"),
        (
            [
                "execution.sandwich={probability: 0.1, loss_bp: 5}",
                f"execution.venues=[{BOOK}]",
            ],
            "sandwich",
        ),
        (["execution.lot=0.1", f"execution.venues=[{BOOK}]"], "lot"),
        (["execution.venues=[{kind: intents, fill_probability: 0.5}]"], "fills every"),
        (
            [f"execution.venues=[{BOOK}{', {kind: intents}' * 5}]"],
            "at most 4",
        ),
        ([f"execution.venues=[{', '.join([BOOK] * 9)}]"], "venues"),
        (
            ["execution.venues=[{kind: intents, improvement_bp: 2}]"],
            "half_spread_bp",
        ),
        (["execution.venues=[{kind: pool, reserve: 1.0e+6, gas_units: 5}]"], "gas"),
        (["execution.venues=[{kind: pool}]"], "reserve"),
        (["execution.venues=[{kind: dark-pool}]"], "kind"),
        (["execution.split=best", f"execution.venues=[{BOOK}]"], "split"),
    ],
)
def test_what_no_order_could_be_split_over_is_refused(
    settings: list[str], named: str
) -> None:
    plain = ["execution.fee_bp=0", "execution.fixed_cost_bp=0"]
    with pytest.raises(ConfigError, match=named) as refused:
        load_config("reference", settings=[*plain, *settings])
    assert "\n" not in str(refused.value)


def test_venues_are_named_apart() -> None:
    config = load_config(
        "reference",
        settings=[
            "execution.fee_bp=0",
            "execution.fixed_cost_bp=0",
            f"execution.venues=[{BOOK}, {BOOK}, "
            "{kind: pool, name: v3, reserve: 1.0e+6}, {kind: order-book, name: v3}]",
        ],
    )
    names = venue_names(config.execution.venues)
    assert names == ["order-book", "order-book 2", "v3", "v3 2"]


def test_all_that_belongs_to_one_venue_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        load_config("ethereum-l1", settings=[f"execution.venues=[{BOOK}]"])
    text = str(refused.value)
    assert "fee_bp, half_spread_bp, gas_units, depth belong to one venue" in text
    assert "set fee_bp = 0, half_spread_bp = 0, gas_units = 0, depth = null" in text
