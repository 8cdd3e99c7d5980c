"""What the best rule of a market does: parameters, cost, and where the risk is from."""

from collections.abc import Mapping
from typing import Any

from hedge_env.training.results.findings import parameter_text
from hedge_env.training.results.summary import PolicyRow, Summary

__all__ = ["best_rules_table"]

_LEAST_SHARE = 0.005  # of the cost, for a component to be named


def best_rules_table(summary: Summary) -> str:
    """A row for each risk aversion, in Markdown.

    Cost by component, and the standard deviation over episodes of what moves the
    profit, by Greek: what holding something else than delta won or lost, the book's
    gamma and theta together with vega, and the rest (`evaluation.attribution`).

    Args:
        summary: Of one market.
    """
    lines = [
        "| λ | best rule | parameters | cost [bp] | of which | trades | "
        "sd of delta, gamma, theta, vega, rest [bp] | R² with delta | bias | "
        "band with gamma, with fixed cost |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for risk_aversion in summary.risk_aversions:
        best = summary.best_rule(risk_aversion)
        if best is not None:
            lines.append(f"| {risk_aversion:g} | {' | '.join(_cells(best))} |")
    return "\n".join(lines)


def _cells(row: PolicyRow) -> list[str]:
    return [
        row.name,
        parameter_text(row.params) or "none",
        f"{row.cost_bp:.1f}",
        _components(row.cost_components_bp, row.cost_bp),
        f"{row.trades:.1f}",
        *_attributed(row),
    ]


def _components(parts: Mapping[str, float], cost: float) -> str:
    """Components that are more than a trace, the largest first."""
    named = [
        (value, name)
        for name, value in parts.items()
        if abs(value) > _LEAST_SHARE * max(abs(cost), 1e-9)
    ]
    named.sort(key=lambda pair: -abs(pair[0]))
    return ", ".join(f"{name.replace('_', ' ')} {value:.1f}" for value, name in named)


def _attributed(row: PolicyRow) -> list[str]:
    if row.attribution is None:
        return ["", "", "", ""]
    spread, found = row.attribution["pnl_std_bp"], row.attribution
    greeks = ", ".join(f"{spread[name]:.0f}" for name in spread)
    share = found["r_squared"]
    return [
        greeks,
        "" if share is None else f"{share:.3f}",
        f"{found['mean_error']:+.4f}",
        _exponents(found.get("band")),
    ]


def _exponents(band: Mapping[str, Any] | None) -> str:
    """Powers of gamma and of the fixed cost that the width of a band grows with."""
    if band is None:
        return ""
    powers = band["exponents"]
    return ", ".join(f"{powers[x]:.2f}" for x in ("gamma", "fixed_cost") if x in powers)
