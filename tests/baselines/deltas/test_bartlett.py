import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.baselines.deltas.bartlett import Bartlett
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import observables, target_of
from tests.hedge_env.market.drive import start_rows

RHO, NU, ALPHA, YEARS = -0.4, 0.6, 0.2, 0.24


def hagan(spot, alpha, strike=1.0, years=YEARS):
    """Implied volatility of SABR with beta 1, as printed."""
    z = NU / alpha * np.log(spot / strike)
    chi = np.log((np.sqrt(1.0 - 2.0 * RHO * z + z * z) + z - RHO) / (1.0 - RHO))
    rate = RHO * NU * alpha / 4.0 + (2.0 - 3.0 * RHO**2) * NU**2 / 24.0
    return alpha * z / chi * (1.0 + rate * years)


def bumped(spot, bump=1e-5):
    """Cao and others: bump spot, and alpha by what a move of spot brings with it."""
    sigma = hagan(spot, ALPHA)
    change = (hagan(spot + bump, ALPHA + bump * NU * RHO / spot) - sigma) / bump
    root = sigma * np.sqrt(YEARS)
    d1 = np.log(spot) / root + root / 2.0
    return norm.cdf(d1) + spot * norm.pdf(d1) * np.sqrt(YEARS) * change


def quoted(moneyness):
    """Observables of a call with strike 1 / moneyness, three months, Cao's model."""
    settings = [f"book.legs.0.moneyness={1.0 / moneyness}"]
    return start_rows(load_config("cao-sabr-3m", settings=settings), 1)


@pytest.mark.parametrize("sds", [-1.5, -0.7, -0.01, 0.01, 0.7, 1.5])
def test_it_is_the_delta_that_bumping_spot_and_volatility_together_gives(sds):
    moneyness = np.exp(sds * ALPHA * np.sqrt(YEARS))
    target = Bartlett().target(quoted(moneyness))[0, 0]
    assert target == pytest.approx(bumped(moneyness), abs=1.5e-3)
    plain = Delta().target(quoted(moneyness))[0, 0]
    assert plain - target > 0.004  # what there is to find


def test_at_the_money_it_moves_volatility_along_the_smile():
    slope = -0.3 / np.sqrt(30.0 / 365.0)
    assert target_of(Bartlett(), skew=-0.3) == pytest.approx(0.55 + 0.114 * slope)


def test_without_a_smile_it_is_delta():
    values = observables(spot=1.0, gamma=0.114 / (0.8 * 30.0 / 365.0))
    np.testing.assert_allclose(Bartlett().target(values), Delta().target(values))


def test_a_smile_without_a_skew_moves_with_spot():
    """Out of the money on a symmetric smile: higher volatility above, less delta."""
    years, own = 30.0 / 365.0, 0.9
    values = {"gamma": 0.114 / (own * years), "log_moneyness": -0.2}
    slope = -2.0 * (own - 0.8) / 0.2
    assert target_of(Bartlett(), **values) == pytest.approx(0.55 + 0.114 * slope)


def test_nothing_to_read_off_leaves_the_skew_alone():
    plain = target_of(Bartlett(), skew=-0.1)
    for gamma in (0.0, 1e-9, 1e9):
        other = target_of(Bartlett(), skew=-0.1, gamma=gamma, log_moneyness=0.1)
        assert other == pytest.approx(plain)


@pytest.mark.slow
def test_it_tracks_better_than_delta_where_the_variance_is_correlated_with_spot():
    config = load_config("buehler-heston")
    delta, bartlett = evaluate(
        [(Delta(), None), (Bartlett(), None)], config, n_episodes=4096
    )
    ratio = bartlett.squared_increments.mean() / delta.squared_increments.mean()
    assert ratio < 0.85
