"""What a run says of itself at its end."""

from hedge_env.training.train.run_result import describe
from hedge_env.training.train.validation import Validation

SCALARS = {
    "objective_bp": 41.95,
    "cost_bp": 41.0,
    "tracking_error_bp": 24.0,
    "trades": 30.0,
    "gap_to_best_baseline": -0.659,
}


def test_a_run_for_the_objective_names_it_alone() -> None:
    text = describe(Validation(1, SCALARS))
    assert text.startswith("best on validation paths: objective 41.95 bp (cost 41.00")
    assert text.endswith(", -65.9 % against the best tuned baseline")


def test_a_run_for_another_criterion_names_what_the_gap_is_of_first() -> None:
    text = describe(Validation(1, {**SCALARS, "criterion_bp": 84.6}))
    assert "paths: criterion 84.60 bp, objective 41.95 bp (" in text
