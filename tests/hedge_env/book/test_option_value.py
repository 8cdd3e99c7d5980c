"""One kernel values every option: legs of the book, listed options, clients' orders."""

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch

N = 8
TERMS = {"kind": "put", "moneyness": 1.05, "maturity_days": 30.0}


@pytest.mark.parametrize("preset", ["reference", "ethereum-l1", "gamma-vega-sabr"])
def test_a_leg_and_a_listed_option_of_the_same_terms_are_worth_the_same(preset):
    changes = {
        "episode": {"decisions": 30, "decision_interval_hours": 24, "market_steps": 1},
        "book": {"legs": [{**TERMS, "quantity": 1.0}], "arrivals": None},
        "execution": {"option": {**TERMS, "roll_every": None}},
        "holdings": {"low": -2.0, "high": 2.0},
    }
    config = load_config(preset, changes)
    batch = HedgeBatch(config, N, seed=3, stream="test")
    batch.reset(np.arange(N))
    held = np.zeros((N, 2))
    for _ in range(config.episode.decisions + 1):
        seen = batch.observables()
        # No price of a strike goes through more than one exponential.
        near = {"rtol": 1e-12, "atol": 1e-15}
        np.testing.assert_allclose(seen["book_value"], seen["option_price"], **near)
        np.testing.assert_allclose(-seen["delta"], seen["option_delta"], **near)
        np.testing.assert_allclose(-seen["gamma"], seen["option_gamma"], **near)
        np.testing.assert_allclose(seen["vega"], seen["option_vega"], **near)
        batch.advance(held)
