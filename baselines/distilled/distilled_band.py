r"""A tuned band, moved and widened by a few terms: what a policy does, as a formula.

With centre c and half-width h of a rule with a band (`base`) and sums of terms m and w
(`terms`),

.. math:: c' = c + h\, m, \qquad h' = h\, e^{w},

and a trade goes as far into the band, in half-widths, as that of the rule. Both sums
empty is the rule itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines import RULES
from hedge_env.baselines.distilled.terms import (
    FACTORS,
    MOST_FACTORS,
    Weighted,
    inputs_of,
    sum_text,
    weighted_sum,
)
from hedge_env.baselines.rule.band_rule import Band, BandRule
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.config import EnvConfig

# Those of the family `bands`: others have a band of this kind now and then at most.
_FAMILY = ".bands."
BASES: Final[Mapping[str, type[BandRule]]] = {
    name: rule
    for name, rule in RULES.items()
    if issubclass(rule, BandRule)
    and not issubclass(rule, RememberingRule)
    and _FAMILY in rule.__module__
}
MOST_TERMS: Final = 64  # of a sum
_FARTHEST = 3.0  # move of the centre [half-widths]
_WIDEST = 3.0  # logarithm of a width over that of the rule


@dataclass(frozen=True)
class DistilledBand(BandRule):
    """The band of another rule with terms that move and widen it.

    Attributes:
        base: The rule, with its parameters.
        centre_sum: m, moves the centre [half-widths of the rule].
        width_sum: w, logarithm of the half-width over that of the rule.
        fitted_in: The problem it was fitted in, naming no files, if that is known.
        recorded: Series that files gave that problem.

    Raises:
        ValueError: If the rule has no such band, or a term is none.
    """

    name: ClassVar[str] = "distilled"
    inputs: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(
            name
            for names in (
                *(rule.inputs for rule in BASES.values()),
                *(factor.inputs for factor in FACTORS.values()),
            )
            for name in names
        )
    )

    base: BandRule
    centre_sum: tuple[Weighted, ...] = ()
    width_sum: tuple[Weighted, ...] = ()
    fitted_in: EnvConfig | None = field(default=None, compare=False, repr=False)
    recorded: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.base) is not BASES.get(self.base.name):
            raise ValueError(f"{self.base.name} has no band to be moved")
        if self.centre_vega != 0.0 or self.centre_smile != 0.0:
            raise ValueError("the centre of a distilled band is that of its base")
        for terms in (self.centre_sum, self.width_sum):
            _require_terms(terms)
        # What the class may read is more than what one formula reads, and what its base
        # assumes of a book it assumes as well.
        own = (*self.base.inputs, *inputs_of((*self.centre_sum, *self.width_sum)))
        object.__setattr__(self, "inputs", tuple(dict.fromkeys(own)))
        object.__setattr__(self, "why_unfit", self.base.why_unfit)

    @property
    def params(self) -> dict[str, float]:
        """Parameters of the base, and the weight of each term."""
        found = dict(self.base.params)
        for part, terms in (("centre", self.centre_sum), ("width", self.width_sum)):
            for term, weight in terms:
                found[f"{part}_{'_'.join(term) or 'constant'}"] = weight
        return found

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """The band of the base, moved and widened."""
        own = self.base.band(observables)
        # A band without width, or of all holdings, is left as it is.
        held = np.isfinite(own.low) & np.isfinite(own.high) & (own.high > own.low)
        low, high = (np.where(held, edge, 0.0) for edge in (own.low, own.high))
        size, centre = 0.5 * (high - low), 0.5 * (high + low)
        move = np.clip(
            weighted_sum(self.centre_sum, observables), -_FARTHEST, _FARTHEST
        )
        wider = np.clip(weighted_sum(self.width_sum, observables), -_WIDEST, _WIDEST)
        shift, growth = size * move, np.exp(wider)
        stretch = np.where(held, growth, 1.0)

        def edge(value: FloatArray | float) -> FloatArray:
            offset = np.where(held, np.asarray(value) - centre, 0.0)
            moved: FloatArray = centre + shift + stretch * offset
            return np.where(held, moved, value)

        return Band(
            low=edge(own.low),
            high=edge(own.high),
            inner_low=edge(own.inner_low),
            inner_high=edge(own.inner_high),
            snap=own.snap,
        )

    def formula(self) -> tuple[str, ...]:
        """The rule in lines, numbers as exact as they matter."""
        numbers = ", ".join(
            f"{key}={value:.4g}" for key, value in self.base.params.items()
        )
        return (
            f"c, h = centre and half-width of {self.base.name}:{numbers}",
            f"centre = c + h * ({sum_text(self.centre_sum)})",
            f"half-width = h * exp({sum_text(self.width_sum)})",
        )


def _require_terms(terms: tuple[Weighted, ...]) -> None:
    """Refuse terms that are unknown, repeated, too many, or weigh no finite number."""
    if len(terms) > MOST_TERMS:
        raise ValueError(f"{len(terms)} terms are more than {MOST_TERMS}")
    seen = set()
    for term, weight in terms:
        unknown = [name for name in term if name not in FACTORS]
        if unknown or len(term) > MOST_FACTORS:
            raise ValueError(
                f"{'*'.join(term)} is no term: at most {MOST_FACTORS} of "
                f"{', '.join(FACTORS)}"
            )
        if tuple(sorted(term)) in seen:
            raise ValueError(f"the term {'*'.join(term) or 'constant'} is there twice")
        if not np.isfinite(weight):
            raise ValueError(f"the weight of {'*'.join(term)} is no finite number")
        seen.add(tuple(sorted(term)))
