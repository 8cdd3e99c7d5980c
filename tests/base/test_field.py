from hedge_env.base import field
from hedge_env.base.field import FIELDS, INTERNAL_FIELDS, MEANINGS, N_FIELDS, UNITS


def test_row_numbers_are_the_positions_of_their_names() -> None:
    for number, name in enumerate(FIELDS):
        assert getattr(field, name.upper()) == number
    assert len(set(FIELDS)) == N_FIELDS
    assert field.N_MARKET_FIELDS == field.HOLDINGS == FIELDS.index("holdings")
    assert field.N_CERTAIN_FIELDS == field.STEP + 1


def test_every_row_has_a_unit_and_a_meaning() -> None:
    assert set(UNITS) == set(MEANINGS) == set(FIELDS)
    assert all(MEANINGS.values())
    assert all(UNITS.values())
    assert set(FIELDS) >= INTERNAL_FIELDS
