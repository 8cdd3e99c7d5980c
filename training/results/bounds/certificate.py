"""What is proved about policies at one risk aversion, and how it is printed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig

__all__ = ["Certificate", "certificate", "document", "table"]

Number = tuple[float, float]  # mean and its standard error [bp]


@dataclass(frozen=True)
class Certificate:
    """What is proved at one risk aversion; amounts in bp of notional.

    Attributes:
        risk_aversion: lambda [1/notional].
        bound: Mean of the relaxed minimum and its standard error.
        halved: By how much the bound moves when a spacing is halved or the draws are
            doubled, by what it is that is made finer.
        policies: Name, J and the gap to the bound, each with its standard error; J by
            the plain sum of costs and risk less the same martingale as the bound.
        floor: What of J nobody can avoid; None where it is not known.
    """

    risk_aversion: float
    bound: Number
    halved: Mapping[str, float]
    policies: tuple[tuple[str, Number, Number], ...]
    floor: Number | None = None

    def shares(self, value: Number, gap: Number) -> tuple[float | None, float | None]:
        """Gap as a share of J, and of what of J can be avoided [%].

        None of what is unknown, or an income, such as that of a short perpetual.
        """
        floor = math.inf if self.floor is None else self.floor[0]
        total, avoidable = (
            100.0 * gap[0] / whole if whole > 0.0 else None
            for whole in (value[0], value[0] - floor)
        )
        return total, avoidable


def certificate(
    risk_aversion: float,
    names: Sequence[str],
    lower: FloatArray,
    values: FloatArray,
    halved: Mapping[str, float],
    floor: FloatArray | None = None,
) -> Certificate:
    """Means over paths, with their errors; the gap is paired.

    Args:
        risk_aversion: lambda [1/notional].
        names: Of the policies.
        lower: Relaxed minima, shape (n,) [notional].
        values: Of the policies, shape (policies, n) [notional].
        halved: See `Certificate` [bp].
        floor: Of each path, shape (n,) [notional].
    """
    rows = zip(names, values, values - lower, strict=True)
    return Certificate(
        risk_aversion,
        _mean(lower),
        halved,
        tuple((name, _mean(value), _mean(gap)) for name, value, gap in rows),
        None if floor is None else _mean(floor),
    )


def document(config: EnvConfig, found: Sequence[Certificate]) -> dict[str, Any]:
    """Plain values for JSON."""
    return {"preset": config.name, "bounds": [_entry(one) for one in found]}


def table(found: Sequence[Certificate]) -> str:
    """Markdown: the bound and its error, then every policy; ± is a 95 % half-width."""
    errors = list(found[0].halved)
    lines = [
        f"| lambda | bound [bp] | {' | '.join(f'{name} [bp]' for name in errors)} |",
        "|" + "---|" * (2 + len(errors)),
    ]
    gaps = [
        "| lambda | policy | J [bp] | gap [bp] | gap / J | gap / avoidable J |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        label = f"| {one.risk_aversion:g} |"
        moved = " | ".join(f"{one.halved[name]:+.3f}" for name in errors)
        lines.append(f"{label} {_with_error(one.bound)} | {moved} |")
        for name, value, gap in one.policies:
            share, avoidable = one.shares(value, gap)
            first, last = (
                "" if part is None else f"{part:.2f} %" for part in (share, avoidable)
            )
            gaps.append(
                f"{label} {name} | {_with_error(value)} | {_with_error(gap)} | "
                f"{first} | {last} |"
            )
    return "\n".join([*lines, "", *gaps])


def _entry(one: Certificate) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "risk_aversion": one.risk_aversion,
        "bound_bp": one.bound[0],
        "bound_se_bp": one.bound[1],
    }
    for name, moved in one.halved.items():
        entry[f"{name.replace(' ', '_')}_bp"] = moved
    if one.floor is not None:
        entry |= {"floor_bp": one.floor[0], "floor_se_bp": one.floor[1]}
    entry["policies"] = []
    for name, value, gap in one.policies:
        share, avoidable = one.shares(value, gap)
        row = {
            "policy": name,
            "objective_bp": value[0],
            "objective_se_bp": value[1],
            "gap_bp": gap[0],
            "gap_se_bp": gap[1],
        }
        if share is not None:
            row["gap_percent"] = share
        if avoidable is not None:
            row["gap_percent_of_avoidable"] = avoidable
        entry["policies"].append(row)
    return entry


def _mean(sample: FloatArray) -> Number:
    error = sample.std(ddof=1) / np.sqrt(sample.size)
    return float(sample.mean() / BASIS_POINT), float(error / BASIS_POINT)


def _with_error(number: Number) -> str:
    return f"{number[0]:.3f} ± {1.96 * number[1]:.3f}"
