r"""What the formula of a distilled band may be made of: bounded numbers of the state.

Each is dimensionless, near zero in a usual state and clipped, so that a formula that
was fitted in one market cannot run away in another. A term of a formula is one of them
or the product of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from hedge_env.base.types import FloatArray

# Names whose product a term is; none is the constant 1.
Term: TypeAlias = tuple[str, ...]
Weighted: TypeAlias = tuple[Term, float]

CONSTANT: Final[Term] = ()
MOST_FACTORS: Final = 2  # of a term
_USUAL_VOLATILITY = 0.5  # [1/sqrt(year)]
_USUAL_COST = 1e-3  # [of traded value]
_USUAL_AVERSION = 10.0  # [1/notional]
_FUNDING_UNIT = 1e-3  # [of notional a period]
_SHORTEST = 1e-4  # [year], of time in a square root
_TINY = 1e-9


@dataclass(frozen=True)
class Factor:
    """One number of the state.

    Attributes:
        inputs: Observables that it is made of.
        value: Function of those, before it is clipped.
        bound: Largest size [-].
        text: As in a printed formula.
    """

    inputs: tuple[str, ...]
    value: Callable[[Mapping[str, FloatArray]], FloatArray]
    bound: float
    text: str


def _log_over(
    name: str, usual: float
) -> Callable[[Mapping[str, FloatArray]], FloatArray]:
    def value(o: Mapping[str, FloatArray]) -> FloatArray:
        logarithm: FloatArray = np.log((np.abs(o[name]) + _TINY) / usual)
        return logarithm

    return value


def _row(
    name: str, scale: float = 1.0, shift: float = 0.0
) -> Callable[[Mapping[str, FloatArray]], FloatArray]:
    return lambda o: scale * o[name] + shift


def _relative_volatility(o: Mapping[str, FloatArray]) -> FloatArray:
    ratio = (o["realised_volatility"] + _TINY) / (o["implied_volatility"] + _TINY)
    logarithm: FloatArray = np.log(ratio)
    return logarithm


def _deviations(o: Mapping[str, FloatArray]) -> FloatArray:
    """Log moneyness in standard deviations of what is left until maturity."""
    root = np.sqrt(np.maximum(o["time_to_maturity"], _SHORTEST))
    distance: FloatArray = o["log_moneyness"] / (
        (o["implied_volatility"] + _TINY) * root
    )
    return distance


FACTORS: Final[Mapping[str, Factor]] = {
    "time": Factor(
        ("time_fraction",),
        _row("time_fraction", shift=-0.5),
        0.5,
        "(share of time left - 0.5)",
    ),
    "moneyness": Factor(
        ("log_moneyness", "implied_volatility", "time_to_maturity"),
        _deviations,
        3.0,
        "ln(spot/strike)/(IV sqrt(time left))",
    ),
    "delta": Factor(("delta",), _row("delta"), 2.0, "delta"),
    "gamma": Factor(("gamma",), _log_over("gamma", 1.0), 4.0, "ln|gamma|"),
    "volatility": Factor(
        ("implied_volatility",),
        _log_over("implied_volatility", _USUAL_VOLATILITY),
        2.0,
        "ln(IV/50%)",
    ),
    "realised": Factor(
        ("realised_volatility", "implied_volatility"),
        _relative_volatility,
        2.0,
        "ln(realised/IV)",
    ),
    "skew": Factor(("skew",), _row("skew", 5.0), 4.0, "5 skew"),
    "gas": Factor(("log_gas",), _row("log_gas"), 4.0, "ln(gas/median)"),
    "season": Factor(("gas_season",), _row("gas_season"), 2.0, "season of ln(gas)"),
    "hour_sin": Factor(("hour_sin",), _row("hour_sin"), 1.0, "sin(hour)"),
    "hour_cos": Factor(("hour_cos",), _row("hour_cos"), 1.0, "cos(hour)"),
    "funding": Factor(
        ("funding_rate",),
        _row("funding_rate", 1.0 / _FUNDING_UNIT),
        4.0,
        "funding/10bp",
    ),
    "cost": Factor(
        ("proportional_cost",),
        _log_over("proportional_cost", _USUAL_COST),
        3.0,
        "ln(cost/10bp)",
    ),
    "risk_aversion": Factor(
        ("risk_aversion",),
        _log_over("risk_aversion", _USUAL_AVERSION),
        4.0,
        "ln(lambda/10)",
    ),
}


def term_value(term: Term, observables: Mapping[str, FloatArray]) -> FloatArray:
    """Product of the clipped factors of a term, shape (n,) [-]; ones of none.

    Args:
        term: Names of `FACTORS`.
        observables: With all that the factors read, each of shape (n,).
    """
    value = np.ones_like(next(iter(observables.values())))
    for name in term:
        factor = FACTORS[name]
        value = value * np.clip(factor.value(observables), -factor.bound, factor.bound)
    return value


def weighted_sum(
    terms: Iterable[Weighted], observables: Mapping[str, FloatArray]
) -> FloatArray:
    """Sum of weights times terms, shape (n,) [-]; zeros of none."""
    total = np.zeros_like(next(iter(observables.values())))
    for term, weight in terms:
        total = total + weight * term_value(term, observables)
    return total


def inputs_of(terms: Iterable[Weighted]) -> tuple[str, ...]:
    """Observables that terms read, each once."""
    names = [name for term, _ in terms for name in term]
    return tuple(dict.fromkeys(x for name in names for x in FACTORS[name].inputs))


def sum_text(terms: Sequence[Weighted]) -> str:
    """A sum as it is printed; `0` of none."""
    words = []
    for number, (term, weight) in enumerate(terms):
        sign = "-" if weight < 0.0 else "+"
        factors = [f"{abs(weight):.4g}", *(FACTORS[name].text for name in term)]
        if len(term) == MOST_FACTORS and term[0] == term[1]:
            factors = [factors[0], f"({FACTORS[term[0]].text})^2"]
        lead = sign if number or sign == "-" else ""
        words.append(f"{lead} {' * '.join(factors)}".strip())
    return " ".join(words) or "0"
