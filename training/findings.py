"""The result of a comparison in a few sentences, with what is known about its error."""

from collections.abc import Mapping

from training.contenders import OPTIMAL
from training.summary import Z_95, PolicyRow, Summary

__all__ = [
    "answer",
    "difference",
    "headline",
    "leader",
    "parameter_text",
    "parameters",
    "with_error",
]


MINUS = "\N{MINUS SIGN}"


def headline(summary: Summary) -> float:
    """Risk aversion at which a report goes into detail: an agent's, or the middle."""
    levels = summary.risk_aversions
    with_agent = [
        level
        for level in levels
        if any(row.kind == "agent" for row in summary.at(level))
    ]
    candidates = with_agent or levels
    return candidates[len(candidates) // 2]


def leader(summary: Summary, risk_aversion: float) -> PolicyRow:
    """The policy a report looks at closely: the best agent, or else the best."""
    rows = summary.at(risk_aversion)
    return next((row for row in rows if row.kind == "agent"), rows[0])


def answer(summary: Summary) -> str:
    """Which policy is best and by how much, for every risk aversion."""
    sentences = [_at(summary, level) for level in summary.risk_aversions]
    return " ".join(sentences)


def with_error(value: float, error: float, digits: int = 1) -> str:
    """A number and the half-width of its 95 % interval."""
    return f"{_signed(value, digits)} ± {Z_95 * error:.{digits}f}"


def difference(row: PolicyRow) -> str:
    """Objective against the best rule's [bp], and in percent of it."""
    if row.best_rule:
        return "best rule"
    if row.objective_gap_bp is None or row.objective_gap_se is None:
        return ""
    text = with_error(row.objective_gap_bp, row.objective_gap_se, 2)
    text = text if row.objective_gap_bp < 0.0 else f"+{text}"
    if row.objective_gap_relative is None:
        return text
    percent = f"{100.0 * row.objective_gap_relative:+.1f}"
    return f"{text} ({percent.replace('-', MINUS)} %)"


def parameters(row: PolicyRow) -> str:
    """Parameters of a policy in a row, for example `threshold 0.12`."""
    return parameter_text(row.params)


def parameter_text(params: Mapping[str, float | int | str | bool]) -> str:
    """Parameters in a row, for example `threshold 0.12`."""
    values = (
        f"{name.replace('_', ' ')} {value:.3g}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in params.items()
    )
    return ", ".join(values)


def _at(summary: Summary, risk_aversion: float) -> str:
    row, rule = leader(summary, risk_aversion), summary.best_rule(risk_aversion)
    start = f"At risk aversion {risk_aversion:g}"
    if row.kind == "agent":
        text = f"{start}, {_agent_sentence(row, rule)}"
    elif rule is None:
        text = f"{start}, {row.name} has {_figures(row)}."
    else:
        behind = _next(summary, rule)
        text = f"{start}, the best rule is {rule.name}: {_figures(rule)}{behind}."
    return text + _above_optimum(summary, risk_aversion)


def _above_optimum(summary: Summary, risk_aversion: float) -> str:
    """How far the best agent and the best rule are from the exact optimum."""
    rows = summary.at(risk_aversion)
    optimum = next((row for row in rows if row.name == OPTIMAL), None)
    others = [next((r for r in rows if r.kind == "agent"), None)]
    others.append(summary.best_rule(risk_aversion))
    if optimum is None or not any(others):
        return ""
    shares = [
        f"{row.name} is {_percent(row.objective_bp / optimum.objective_bp - 1.0)} above"
        for row in others
        if row is not None
    ]
    value = with_error(optimum.objective_bp, optimum.objective_se)
    return f" The exact optimum is {value} bp; {' and '.join(shares)} it."


def _percent(share: float) -> str:
    return f"{_signed(100.0 * share, 1)} %"


def _agent_sentence(row: PolicyRow, rule: PolicyRow | None) -> str:
    own = f"the agent {row.name} reaches {_figures(row)}"
    gap, error = row.objective_gap_bp, row.objective_gap_se
    if rule is None or gap is None or error is None:
        return f"{own}."
    if abs(gap) <= Z_95 * error:
        return (
            f"{own}. That cannot be told from the best rule, {rule.name} "
            f"(difference {with_error(gap, error, 2)} bp, path by path)."
        )
    side = "better" if gap < 0.0 else "worse"
    share = ""
    if row.objective_gap_relative is not None:
        share = f" ({100.0 * abs(row.objective_gap_relative):.1f} %)"
    return (
        f"{own}. That is {with_error(abs(gap), error, 2)} bp{share} {side} than the "
        f"best rule, {rule.name}, path by path."
    )


def _figures(row: PolicyRow) -> str:
    return (
        f"an objective of {with_error(row.objective_bp, row.objective_se)} bp, paying "
        f"{row.cost_bp:.1f} bp in {row.trades:.1f} trades for a tracking error of "
        f"{row.tracking_error_bp:.0f} bp"
    )


def _next(summary: Summary, rule: PolicyRow) -> str:
    """How far behind the second rule is."""
    others = [
        row
        for row in summary.at(rule.risk_aversion)
        if row.kind == "baseline" and row is not rule
    ]
    if not others or others[0].objective_gap_bp is None:
        return ""
    second = others[0]
    assert second.objective_gap_bp is not None  # tested above
    gap = with_error(second.objective_gap_bp, second.objective_gap_se or 0.0, 2)
    return f"; the next, {second.name}, is {gap} bp behind"


def _signed(value: float, digits: int) -> str:
    """A number with a real minus sign."""
    return f"{value:.{digits}f}".replace("-", MINUS)
