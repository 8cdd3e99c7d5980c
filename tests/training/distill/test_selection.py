"""Which formula is taken, on invented objectives."""

from types import SimpleNamespace

import pytest

from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.terms import CONSTANT
from hedge_env.training.distill.selection import Goals, shortest

ONE = ((CONSTANT, 0.1),)
TWO = (*ONE, (("gas",), 0.2))
FORMULAS = [DistilledBand(GasBand(), width_sum=terms) for terms in ((), ONE, TWO)]


def goals(*values):
    """A rule of 10 bp, an agent of 5, and formulas of these values at any weights."""

    def value(band):
        return values[len(band.width_sum)]

    return Goals(SimpleNamespace(rough=value, weighted=value), 10.0, 5.0)


@pytest.mark.parametrize(
    ("values", "keep", "taken"),
    [
        ((10.0, 5.2, 4.0), 0.95, 1),  # the shortest that is enough
        ((10.0, 5.3, 4.0), 0.95, 2),
        ((10.0, 5.3, 4.0), 0.90, 1),
        ((10.0, 30.0, 5.0), 0.95, 2),
        ((10.0, 7.0, 8.0), 0.95, 1),  # none is: the best
        ((10.0, 30.0, 30.0), 0.95, 0),  # then the rule itself
    ],
)
def test_the_shortest_that_keeps_enough_is_taken(values, keep, taken, capsys):
    found = shortest(FORMULAS, goals(*values), keep=keep, progress=False)
    assert len(found.width_sum) == taken
    share = 100 * (10.0 - values[taken]) / 5.0
    said = capsys.readouterr().err
    assert (f"the best is taken, which has {share:.0f} %" in said) == (
        share < 100 * keep
    )
