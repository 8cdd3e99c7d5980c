from hedge_env.base import field
from hedge_env.base.field import FIELDS, INTERNAL_FIELDS, MEANINGS, N_FIELDS, UNITS

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
    for number, name in enumerate(FIELDS):
        assert getattr(field, name.upper()) == number
    assert len(set(FIELDS)) == N_FIELDS
    assert field.N_MARKET_FIELDS == field.HOLDINGS == FIELDS.index("holdings")
    assert field.N_CERTAIN_FIELDS == field.STEP + 1


def test_every_row_is_explained_and_in_an_internal_unit() -> None:
    assert all(len(meaning.split()) >= 3 for meaning in MEANINGS.values())
    assert set(UNITS.values()) <= INTERNAL_UNITS
    assert set(FIELDS) >= INTERNAL_FIELDS
