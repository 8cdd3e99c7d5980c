"""Where a rule's holdings should be if nothing had a cost: its centre.

Delta neutralises the book while volatility stays. Volatility moves with spot, so that
the holdings of least variance are others: see `hedge_env.pricing.least_variance`. A
perpetual leans to the side that funding pays: see `hedge_env.pricing.funding_lean`.
All parameters at 0 is delta.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.pricing.funding_lean import FUNDING_LEAN_INPUTS, funding_lean
from hedge_env.pricing.least_variance import VEGA_TERM_INPUTS, vega_terms


@dataclass(frozen=True, kw_only=True)
class CentredRule(AbstractRule):
    """A rule for one instrument that trades towards a centre.

    Its subclasses have the parameters of the centre and read what it is made of,
    besides their own parameters and inputs. The `centre_parameters`, of which the
    centre is a linear function, are those that tuning starts from a regression. A
    subclass that starts from its own moves them further: it names those and gives
    their `centre_terms`.
    """

    centre_parameters: ClassVar[Mapping[str, ParameterRange]] = {
        # .17 in the fitted markets, 2 in a Heston market of little variance.
        "centre_vega": ParameterRange(-4.0, 4.0),
        "centre_smile": ParameterRange(-4.0, 4.0),
    }

    # Not linear, and no matter of risk alone: tuned by search, where funding is paid.
    funding_parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "centre_funding": ParameterRange(0.0, 16.0)
    }

    centre_vega: float = 0.0  # theta [-]; see least_variance
    centre_smile: float = 0.0  # phi [-]
    _read_without_lean: ClassVar[tuple[str, ...]]
    centre_funding: float = 0.0  # kappa [-]; see funding_lean

    def __init_subclass__(cls, **options: Any) -> None:
        """Add the centre's parameters and inputs to the subclass's own."""
        super().__init_subclass__(**options)
        own = {
            name: allowed
            for name, allowed in cls.parameters.items()
            if name not in cls.funding_parameters
        }
        cls.parameters = {**own, **cls.centre_parameters, **cls.funding_parameters}
        read = (*getattr(cls, "inputs", ()), "delta", *VEGA_TERM_INPUTS)
        cls.inputs = tuple(dict.fromkeys((*read, *FUNDING_LEAN_INPUTS)))
        cls._read_without_lean = tuple(dict.fromkeys(read))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, allowed in {
            **CentredRule.centre_parameters,
            **CentredRule.funding_parameters,
        }.items():
            allowed.check(f"{self.name}: {name}", getattr(self, name))
        if self.centre_funding == 0.0 and "funding_rate" not in self._read_without_lean:
            # Who has no rate at hand can still ask a rule that leaves it alone.
            object.__setattr__(
                self, "inputs", tuple(x for x in self.inputs if x != "funding_rate")
            )

    def centre_terms(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """What the `centre_parameters` multiply, shape (their number, n) [-].

        Args:
            observables: As of `target`, but without those of the position.
        """
        return vega_terms(observables)

    def neutral(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """The centre without what its parameters move: delta, shape (n,) [-].

        Args:
            observables: As of `centre_terms`.
        """
        return observables["delta"]

    def centre(
        self,
        observables: Mapping[str, FloatArray],
        neutral: FloatArray | None = None,
    ) -> FloatArray:
        """Holdings that the rule trades towards, shape (n,) [-].

        Args:
            observables: As of `target`.
            neutral: What it moves from where it is not `neutral`, shape (n,) [-].
        """
        middle = self.neutral(observables) if neutral is None else neutral
        if self.centre_vega != 0.0 or self.centre_smile != 0.0:
            level, tilt = vega_terms(observables)
            middle = middle + (self.centre_vega * level + self.centre_smile * tilt)
        if self.centre_funding != 0.0:
            middle = middle - funding_lean(observables, self.centre_funding)
        return middle
