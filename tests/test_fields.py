from hedge_env import fields
from hedge_env.fields import FIELDS, INTERNAL_FIELDS, MEANINGS, N_FIELDS, UNITS


def test_row_numbers_are_the_positions_of_their_names() -> None:
    for number, name in enumerate(FIELDS):
        assert getattr(fields, name.upper()) == number
    assert len(set(FIELDS)) == N_FIELDS
    assert fields.N_MARKET_FIELDS == fields.HOLDINGS == FIELDS.index("holdings")
    assert fields.N_CERTAIN_FIELDS == fields.STEP + 1


def test_every_row_has_a_unit_and_a_meaning() -> None:
    assert set(UNITS) == set(MEANINGS) == set(FIELDS)
    assert all(MEANINGS.values())
    assert all(UNITS.values())
    assert set(FIELDS) >= INTERNAL_FIELDS
