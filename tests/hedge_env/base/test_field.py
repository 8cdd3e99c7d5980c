"""The table of rows: names, units, when a row exists and who sees it."""

from __future__ import annotations

from operator import attrgetter

import pytest

from hedge_env.base import field
from hedge_env.base.field import FIELDS, INTERNAL_FIELDS, MEANINGS, N_FIELDS, UNITS
from hedge_env.base.row_table import RowTable
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.observables import observable_index
from tests.support.examples import full_config

# No basis points and no days: those exist in configs and reports alone.
INTERNAL_UNITS = {
    "-",
    "S_0",
    "1/S_0",
    "notional",
    "1/notional",
    "1/sqrt(notional)",
    "year",
    "1/sqrt(year)",
    "per settlement",
    "gwei",
}


def test_row_numbers_are_the_positions_of_their_names() -> None:
    for number, row in enumerate(field.ROWS):
        assert row.number == getattr(field, row.name.upper()) == number
    assert len(set(FIELDS)) == N_FIELDS
    assert field.N_MARKET_FIELDS == field.HOLDINGS == FIELDS.index("holdings")


def test_the_rows_of_every_market_are_those_without_a_setting() -> None:
    for preset in PRESETS:
        assert set(field.present(load_config(preset))) >= set(field.CERTAIN_ROWS)
    plain = field.present(load_config("reference"), field.ROWS[: field.N_MARKET_FIELDS])
    assert plain == field.CERTAIN_ROWS


def test_every_row_is_explained_and_in_an_internal_unit() -> None:
    assert all(len(meaning.split()) >= 3 for meaning in MEANINGS.values())
    assert set(UNITS.values()) <= INTERNAL_UNITS
    assert set(FIELDS) >= INTERNAL_FIELDS


def test_every_setting_a_row_belongs_to_exists() -> None:
    configs = [load_config(name) for name in ("reference", "ethereum-l1-forecasts")]
    for row in field.ROWS:
        for setting in (row.when, row.seen):
            if isinstance(setting, str) and setting:
                assert any(exists(setting, config) for config in configs)


def exists(setting: str, config: EnvConfig) -> bool:
    try:
        attrgetter(setting)(config)
    except AttributeError:
        return False
    return True


def test_a_row_exists_where_its_setting_is_on() -> None:
    plain = {row.name for row in field.present(load_config("reference"))}
    assert {"spot", "true_volatility", "funding_accrued", "worth"} <= plain
    parted = {"hedge_price", "halted", "fill_price", "margin_use", "option_vega"}
    assert not parted & plain
    late = load_config("reference", settings=["execution.latency_steps=1"])
    more = {row.name for row in field.present(late)} - plain
    assert more == {"fill_price", "fill_funding"}
    settings = [
        "market.basis.sd_bp=5",
        "execution.instrument=perp",
        "execution.margin.collateral=.5",
        "execution.latency_steps=1",
        "execution.halt.move=.1",
    ]
    everything = set(field.present(load_config("reference", settings=settings)))
    everything |= set(field.present(full_config("execution.option={}")))
    assert {row.name for row in everything} >= parted


@pytest.mark.parametrize("preset", [*PRESETS, "full"])
def test_what_a_policy_may_see_is_the_same_everywhere(preset: str) -> None:
    config = full_config() if preset == "full" else load_config(preset)
    seen = {row.name: row.number for row in field.visible(config)}
    assert seen == observable_index(config)
    assert not INTERNAL_FIELDS & seen.keys()


def test_true_volatility_is_seen_only_where_it_is_asked_for() -> None:
    settings = ["observation.true_volatility=true"]
    shown = field.visible(load_config("reference", settings=settings))
    hidden = field.visible(load_config("reference"))
    assert {row.name for row in shown} - {row.name for row in hidden} == {
        "true_volatility"
    }


def test_a_table_refuses_a_row_without_a_constant_of_its_own() -> None:
    table = RowTable(first=3, prefix="TOTAL_")
    names: dict[str, object] = {"OTHER": 2, "TOTAL_CASH": table.row("bp", "money")}
    assert [row.name for row in table.declared(names)] == ["cash"]
    table.row("bp", "nobody's")
    with pytest.raises(ValueError, match="one constant"):
        table.declared(names)
