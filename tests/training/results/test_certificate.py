"""What is printed of a certified gap."""

import pytest

from hedge_env.config.loading import load_config
from hedge_env.training.results.bounds.certificate import Certificate, document, table


def certificate_of(objective: float, floor: float) -> Certificate:
    return Certificate(
        risk_aversion=10.0,
        bound=(objective - 5.0, 1.0),
        halved={},
        policies=(("delta", (objective, 1.0), (5.0, 1.0)),),
        floor=(floor, 0.0),
    )


def test_a_gap_is_a_share_of_what_is_paid():
    one = certificate_of(50.0, floor=25.0)
    assert one.shares((50.0, 1.0), (5.0, 1.0)) == (10.0, 20.0)
    assert "| 10.00 % | 20.00 % |" in table([one])


@pytest.mark.parametrize("objective", [-20.0, 0.0])
def test_a_gap_is_no_share_of_an_income(objective):
    """A short perpetual earns funding: J may be below zero, the gap is not."""
    one = certificate_of(objective, floor=1.0)
    assert one.shares((objective, 1.0), (5.0, 1.0)) == (None, None)
    assert table([one]).endswith("| 5.000 ± 1.960 |  |  |")
    (row,) = document(load_config("reference"), [one])["bounds"][0]["policies"]
    assert row["gap_bp"] == 5.0
    assert not [key for key in row if "percent" in key]
