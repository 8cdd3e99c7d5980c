"""Rates of a year are not taken for those of a settlement."""

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.units import require_one_funding_unit

RNG = np.random.default_rng(0)
# In eight hours, as exchanges pay: every third time the interest, else around it.
PAID = np.where(np.arange(300) % 3 == 0, 1e-4, RNG.normal(1e-4, 2e-4, 300))


@pytest.mark.parametrize("unit", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("hours", [1, 2, 4, 8])
def test_annual_rates_are_refused_in_any_unit_and_spacing(unit, hours):
    annual = PAID * 1095.0 * unit  # as in the file, whatever the spacing
    with pytest.raises(DataError, match=r"f\.csv: .* divide annual rates by"):
        require_one_funding_unit("f.csv", annual * (8.0 / hours))


@pytest.mark.parametrize("unit", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("interest", [1e-4, 1.25e-5, 3e-4, 1e-5])
def test_rates_of_settlements_pass(unit, interest):
    require_one_funding_unit("f.csv", unit * np.where(PAID == 1e-4, interest, PAID))


def test_a_few_rates_prove_nothing():
    require_one_funding_unit("f.csv", np.full(19, 10.95))
