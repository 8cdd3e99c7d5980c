"""The long-run mean of gas, where bursts fade slowly."""

from math import ceil, log

import pytest

from hedge_env.market.gas import gas_mean
from hedge_env.market.gas.gas_mean import mean_gas_price
from hedge_env.market.gas.gas_price import GasParams
from hedge_env.market.spot.jumps import JumpParams
from hedge_env.numerics.ornstein_uhlenbeck import OuParams

LN2 = log(2.0)
NO_JUMPS = JumpParams(*(0.0 for _ in JumpParams._fields))
JUMPS = NO_JUMPS._replace(
    probability=0.01, probability_up=0.45, mean_up=0.02, mean_down=0.02
)


def gas(half_life, *, response=0.0, spikes=0.0, size=0.6):
    """Gas of 1 gwei with bursts only, whose half-life is given in market steps."""
    still = OuParams(1.0, 0.0, 0.0)
    decay = 0.5 ** (1.0 / half_life)
    return GasParams(
        1.0, still, still, 0.0, 0.0, 0.0, response, decay, spikes, size, 0.01
    )


@pytest.mark.parametrize("half_life", [1e3, 2e4, 1e6, 1e9])
def test_slow_bursts_have_the_mean_of_continuous_time(half_life):
    # sum q x / (1 - x) over x = size d^k, as an integral: -q ln(1 - size) / -ln d
    spikes = 1e-3 / half_life
    want = -spikes * log(1.0 - 0.6) * half_life / LN2
    found = log(mean_gas_price(gas(half_life, spikes=spikes), 0.0, NO_JUMPS, 0.5))
    assert found == pytest.approx(want, rel=2e-3)


@pytest.mark.parametrize("half_life", [5.0, 14.0, 20.0, 30.0, 1000.0])
def test_a_sum_in_strides_is_that_of_every_step(half_life):
    g = gas(half_life, response=0.01, spikes=1e-4)
    log_mean, left = 0.0, 1.0
    while left > 1e-9:
        log_mean += gas_mean._log_mean_response(0.01 * left, JUMPS, 0.005)
        log_mean += log(1.0 + 1e-4 * 0.6 * left / (1.0 - 0.6 * left))
        left *= g.burst_decay
    found = log(mean_gas_price(g, 0.0, JUMPS, 0.5))
    assert found == pytest.approx(log_mean, rel=2e-5)  # 1e-5 of a kick is left


def test_a_burst_that_never_fades_and_one_that_does_at_once_have_an_end():
    assert mean_gas_price(gas(1e18), 0.0, JUMPS, 0.5) == 1.0
    at_once = gas(1e-4, spikes=0.1)
    assert at_once.burst_decay == 0.0
    found = mean_gas_price(at_once, 0.0, JUMPS, 0.5)
    assert found == pytest.approx(1.0 + 0.1 * 0.6 / 0.4)


@pytest.mark.parametrize("half_life", [0.5, 10.0, 14.0, 1e3, 1e6, 1e9])
def test_no_half_life_needs_many_terms(half_life):
    steps, left, apart, faded = gas_mean._stride(gas(half_life).burst_decay)
    strides = ceil(log(gas_mean._NEGLIGIBLE / left) / log(faded))
    places = 1 if apart == 1.0 else 2
    assert 1 <= strides * places <= 460
    # And all of them are of all steps until nothing is left.
    assert faded == pytest.approx(gas(half_life).burst_decay ** (steps * places), 1e-9)
