"""Rows of the accounts: numbers, names, and which components of cost can occur."""

from __future__ import annotations

import pytest

from hedge_env.base import account_rows
from hedge_env.config.loading import load_config


def test_names_stand_at_their_numbers() -> None:
    for rows, prefix in (
        (account_rows.RECORD_ROWS, ""),
        (account_rows.TOTAL_ROWS[account_rows.N_COMPONENTS :], "TOTAL_"),
    ):
        for row in rows:
            assert getattr(account_rows, prefix + row.name.upper()) == row.number
    for rows in (account_rows.RECORD_ROWS, account_rows.TOTAL_ROWS):
        assert [row.number for row in rows] == list(range(len(rows)))
        assert rows[: account_rows.N_COMPONENTS] == account_rows.COMPONENT_ROWS


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ([], "option_spread"),
        (["execution.failure.probability=.1"], "failed_gas"),
        (["execution.sandwich.probability=.5", "execution.sandwich.loss_bp=1"], ""),
        (
            ["execution.instrument=perp", "execution.margin.collateral=.5"],
            "insurance",
        ),
    ],
)
def test_components_of_cost_are_those_that_can_occur(
    settings: list[str], last: str
) -> None:
    config = load_config("reference", settings=settings)
    count = account_rows.count_components(config)
    assert account_rows.COST_COMPONENTS[count - 1] == (last or "sandwich")
