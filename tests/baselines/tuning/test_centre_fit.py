"""A centre is fitted where there is one, and to nothing where there is none."""

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.tuning.centre_fit import (
    certain_centre,
    least_variance_centre,
)
from hedge_env.feeds.tape import record_tape


@pytest.mark.parametrize(
    ("preset", "exists"), [("reference", False), ("deribit", True)]
)
def test_only_a_centre_beyond_doubt_is_kept(preset: str, exists: bool) -> None:
    config = load_config(preset, settings=("episode.decisions=40",))
    tape = record_tape(config, np.arange(500), seed=0, stream="training")
    fitted = least_variance_centre(DeltaThreshold(), tape, config)
    kept = certain_centre(DeltaThreshold(), tape, config)
    assert fitted.any()
    np.testing.assert_array_equal(kept, fitted if exists else 0.0)


def test_nobody_is_certain_of_one_path() -> None:
    config = load_config("deribit", settings=("episode.decisions=4",))
    tape = record_tape(config, np.arange(1), seed=0, stream="training")
    assert not certain_centre(DeltaThreshold(), tape, config).any()


def test_the_rest_of_a_centre_is_fitted_around_what_is_kept() -> None:
    config = load_config("deribit", settings=("episode.decisions=40",))
    tape = record_tape(config, np.arange(500), seed=0, stream="training")
    level, tilt = least_variance_centre(DeltaThreshold(), tape, config)
    at_best = DeltaThreshold(centre_smile=tilt)
    (alone,) = least_variance_centre(at_best, tape, config, ["centre_vega"])
    np.testing.assert_allclose(alone, level, rtol=1e-8)
    (other,) = least_variance_centre(DeltaThreshold(), tape, config, ["centre_vega"])
    assert abs(other - level) > 1e-3
