import pytest

from hedge_env.baselines.rule.parameter_range import ParameterRange


@pytest.mark.parametrize(
    ("allowed", "middle"),
    [
        (ParameterRange(0.0, 4.0), 2.0),
        (ParameterRange(0.01, 1.0, "log"), 0.1),
        (ParameterRange(1, 400, "integer"), 20.0),
    ],
)
def test_positions_span_the_range_on_its_scale(allowed, middle):
    assert allowed.from_unit(0.0) == allowed.low
    assert allowed.from_unit(1.0) == pytest.approx(allowed.high)
    assert allowed.from_unit(0.5) == pytest.approx(middle)
    assert allowed.to_unit(middle) == pytest.approx(0.5)
    assert (allowed.from_unit(-1.0), allowed.to_unit(-5.0)) == (allowed.low, 0.0)
    assert allowed.to_unit(1e9) == 1.0


def test_whole_numbers_come_back_from_their_positions():
    allowed = ParameterRange(1, 400, "integer")
    for number in range(1, 401):
        assert allowed.from_unit(allowed.to_unit(number)) == number


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [
        (1.0, 1.0, "linear"),
        (2.0, 1.0, "linear"),
        (float("nan"), 1.0, "linear"),
        (0.0, float("inf"), "linear"),
        (0.0, 1.0, "log"),
        (0, 5, "integer"),
    ],
)
def test_an_impossible_range_is_refused(low, high, scale):
    with pytest.raises(ValueError, match="must be"):
        ParameterRange(low, high, scale)


@pytest.mark.parametrize(
    ("scale", "value"),
    [("linear", float("inf")), ("log", 0.0), ("integer", 1.5), ("integer", 0)],
)
def test_a_value_its_scale_does_not_know_is_refused(scale, value):
    with pytest.raises(ValueError, match="width"):
        ParameterRange(1, 2, scale).check("width", value)


def test_the_limits_of_the_search_do_not_bind_who_knows_better():
    ParameterRange(1.0, 2.0).check("width", -3.0)
