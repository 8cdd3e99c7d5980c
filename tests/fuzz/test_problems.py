"""A problem is refused in one line, or every number of its episodes is a number."""

from __future__ import annotations

import pytest
from hypothesis import given

from hedge_env.base.errors import ConfigError
from tests.fuzz.examples import tries
from tests.fuzz.play import make, require_sound_episode
from tests.fuzz.problems import Case, cases

pytestmark = [pytest.mark.slow, pytest.mark.fuzz]


@tries(200)
@given(cases(extreme=False))
def test_an_ordinary_problem_is_sound(case: Case) -> None:
    require_refusal_or_soundness(case)


@tries(500)
@given(cases(extreme=True))
def test_a_problem_of_extreme_numbers_is_sound_or_refused(case: Case) -> None:
    require_refusal_or_soundness(case)


def require_refusal_or_soundness(case: Case) -> None:
    refusal = ""
    try:
        env = make(case)
    except ConfigError as error:
        refusal = str(error)
    if refusal:
        assert "\n" not in refusal
    else:
        require_sound_episode(case, env)


def test_most_ordinary_problems_are_accepted() -> None:
    accepted = []

    @tries(100)
    @given(cases(extreme=False))
    def look(case: Case) -> None:
        try:
            make(case)
        except ConfigError:
            accepted.append(False)
        else:
            accepted.append(True)

    look()
    assert sum(accepted) > 0.7 * len(accepted)
