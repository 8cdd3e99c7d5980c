import numpy as np
import pytest

from hedge_env.evaluation.luck import LEAST_PATHS, cross_fitted_luck


def made(n=2000, n_controls=6, seed=0):
    random = np.random.default_rng(seed)
    controls = random.standard_normal((n_controls, n))
    noise = random.standard_normal(n)
    return controls, 5.0 + 3.0 * controls[0] - controls[2] + noise, noise


def test_what_the_controls_explain_is_luck() -> None:
    controls, measured, noise = made()
    (luck,) = cross_fitted_luck(controls, measured[None])
    left = measured - luck
    assert np.corrcoef(left, noise)[0, 1] > 0.99
    assert left.std() == pytest.approx(1.0, abs=0.06)
    assert left.mean() == pytest.approx(5.0, abs=4.0 / np.sqrt(2000))


def test_a_path_does_not_choose_its_own_coefficients() -> None:
    """However large its sum is, its own luck stays; that of the others does not."""
    controls, measured, _ = made()
    changed = measured.copy()
    changed[17] += 1e4
    before, after = (
        cross_fitted_luck(controls, x[None])[0] for x in (measured, changed)
    )
    assert before[17] == after[17]
    assert np.abs(before - after)[18:27].min() > 0.0


def test_useless_controls_cost_little_and_bias_nothing() -> None:
    """Means of many small samples are those of the numbers themselves."""
    errors, ratios = [], []
    for seed in range(200):
        random = np.random.default_rng(seed)
        controls, x = random.standard_normal((40, 200)), random.exponential(size=200)
        left = x - cross_fitted_luck(controls, x[None])[0]
        errors.append(left.mean() - 1.0)
        ratios.append(left.std() / x.std())
    assert abs(np.mean(errors)) < 4.0 * np.std(errors) / np.sqrt(200)
    assert np.mean(ratios) < 1.15


def test_luck_of_a_difference_is_the_difference_of_lucks() -> None:
    controls, a, _ = made()
    b = made(seed=1)[1]
    luck = cross_fitted_luck(controls, np.array([a, b, a - b]))
    np.testing.assert_allclose(luck[0] - luck[1], luck[2], atol=1e-12)


@pytest.mark.parametrize("n", [2, LEAST_PATHS - 1])
def test_few_paths_know_no_luck(n) -> None:
    controls, measured, _ = made(n)
    assert not cross_fitted_luck(controls, measured[None]).any()


def test_controls_that_never_move_or_repeat_do_no_harm() -> None:
    controls, measured, _ = made()
    more = np.vstack([controls, np.zeros((3, 2000)), controls, 1e-9 * controls])
    luck = cross_fitted_luck(more, measured[None])[0]
    assert np.isfinite(luck).all()
    assert (measured - luck).std() == pytest.approx(1.0, abs=0.06)
    assert not cross_fitted_luck(np.zeros((3, 2000)), measured[None]).any()
