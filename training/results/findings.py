"""The result of a comparison in a few sentences, with what is known about its error."""

from collections.abc import Mapping

from hedge_env.training.results.contenders import OPTIMAL
from hedge_env.training.results.policy_row import Z_95, PolicyRow, by_validation
from hedge_env.training.results.practice import (
    in_currency,
    rule_in_words,
    savings_text,
    usual_rules,
)
from hedge_env.training.results.seeds import half_width
from hedge_env.training.results.summary import Summary

__all__ = [
    "avoidable",
    "detailed_risk_aversion",
    "difference",
    "headline",
    "leader",
    "marked_name",
    "marks",
    "objective",
    "parameter_text",
    "parameters",
    "with_error",
]


MINUS = "\N{MINUS SIGN}"


def detailed_risk_aversion(summary: Summary) -> float:
    """Risk aversion at which a report goes into detail: an agent's, or the middle."""
    risk_aversions = summary.risk_aversions
    with_agent = [
        risk_aversion
        for risk_aversion in risk_aversions
        if any(row.kind == "agent" for row in summary.at(risk_aversion))
    ]
    candidates = with_agent or risk_aversions
    return candidates[len(candidates) // 2]


def leader(summary: Summary, risk_aversion: float) -> PolicyRow:
    """The policy a report looks at closely: an agent, the best rule, or the optimum.

    Of several agents it is the one that the validation paths pick, where an experiment
    counts as the mean over its seeds. The test paths pick nothing.
    """
    rows = summary.at(risk_aversion)
    agents = [row for row in rows if row.kind == "agent"]
    if agents:
        return min(agents, key=by_validation)
    best = summary.best_rule(risk_aversion)
    rules = [row for row in rows if row.kind == "baseline"]
    return best or min(rules or rows, key=by_validation)


def headline(summary: Summary) -> str:
    """Which policy is best and by how much, for every risk aversion."""
    sentences = [
        _at(summary, risk_aversion) for risk_aversion in summary.risk_aversions
    ]
    return " ".join(sentences)


def with_error(value: float, error: float, digits: int = 1) -> str:
    """A number and the half-width of its 95 % interval."""
    return f"{_signed(value, digits)} ± {Z_95 * error:.{digits}f}"


def objective(row: PolicyRow) -> str:
    """Objective and the half-width of its interval, over paths and seeds [bp]."""
    value, error = row.estimate
    return _with_half(value, half_width(row, error), 1)


def avoidable(row: PolicyRow) -> str:
    """Objective less the floor and its 95 % interval [bp]; empty if not known."""
    if row.avoidable_bp is None or row.avoidable_se is None:
        return ""
    return _with_half(row.avoidable_bp, half_width(row, row.avoidable_se), 1)


def _with_half(value: float, half: float, digits: int) -> str:
    return f"{_signed(value, digits)} ± {half:.{digits}f}"


def marked_name(row: PolicyRow) -> str:
    """Name of a row, with the number of its seeds, and a star if it is a stranger."""
    several = row.seed_interval_bp is not None
    seeds = f" ({len(row.seeds or ())} seeds)" if several else ""
    return f"{row.name}{seeds}{' *' if row.notes else ''}"


def marks(summary: Summary) -> list[str]:
    """A line for every policy in a world that it was not made for.

    Args:
        summary: What was measured.
    """
    lines: dict[str, None] = {}
    for row in summary.policies:
        lines.update({f"* {row.name}: {note}": None for note in row.notes})
    return list(lines)


def difference(row: PolicyRow) -> str:
    """Objective against the best rule's [bp], and in percent of it."""
    if row.best_rule:
        return "best rule"
    gap = row.gap
    if gap is None:
        return ""
    text = _with_half(gap.bp, half_width(row, gap.se), 2)
    text = text if gap.bp < 0.0 else f"+{text}"
    if gap.relative is None:
        return text
    percent = f"{100.0 * gap.relative:+.1f}"
    return f"{text} ({percent.replace('-', MINUS)} %)"


def parameters(row: PolicyRow) -> str:
    """Parameters of a policy in a row, for example `threshold 0.12`.

    Those that were not tuned say so. Of an agent: its seeds, and the spread over them.
    """
    seeds = [entry["seed"] for entry in row.seeds or ()]
    if row.seed_spread_bp is not None:
        listed = ", ".join(f"{seed}" for seed in seeds)
        return f"seeds {listed}; spread over seeds {row.seed_spread_bp:.2f} bp"
    if seeds:
        return "seed not recorded" if seeds[0] is None else f"seed {seeds[0]}"
    text = parameter_text(row.params)
    if not text or row.params_source in (None, "tuned"):
        return text
    if row.params_given is None or row.params_source != "given":
        return f"{text} ({row.params_source})"
    given = {name: row.params[name] for name in row.params_given}
    others = {name: row.params[name] for name in row.params if name not in given}
    parts = ((parameter_text(given), "given"), (parameter_text(others), "default"))
    return ", ".join(f"{words} ({source})" for words, source in parts if words)


def parameter_text(params: Mapping[str, float | int | str | bool]) -> str:
    """Parameters in a row, for example `threshold 0.12`; centres not moved left out."""
    values = (
        f"{name.replace('_', ' ')} {value:.3g}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in params.items()
        if not (name.startswith("centre_") and value == 0.0)
    )
    return ", ".join(values)


def _at(summary: Summary, risk_aversion: float) -> str:
    row, rule = leader(summary, risk_aversion), summary.best_rule(risk_aversion)
    text, named = f"At risk aversion {risk_aversion:g}, ", None
    if usual_rules(summary.config) or in_currency(summary.config):
        text, named = f"{text}{_against_usual(summary, row)}. ", "It"
    if row.kind == "agent":
        text += _agent_sentence(row, rule, named)
    elif rule is None:
        text += f"{named or row.name} has {_figures(row)}."
    else:
        subject = f"the best rule is {rule.name}:" if named is None else f"{named} has"
        text += f"{subject} {_figures(rule)}{_next(summary, rule)}."
    return text + _above_optimum(summary, risk_aversion)


def _against_usual(summary: Summary, row: PolicyRow) -> str:
    """What a policy costs a month, and what it saves against what is usual."""
    name, params = rule_in_words(row.name), parameter_text(row.params)
    if params and ":" not in row.name:
        name = f"{name} ({params})"
    if row.name in usual_rules(summary.config):
        name = f"{name}, a usual one"
    if row.best_rule:
        name = f"the best rule, {name},"
    elif row.kind == "agent":
        name = f"the agent {_seeds(row)}"
    found = [
        one
        for one in summary.savings
        if one.policy == row.name and one.risk_aversion == row.risk_aversion
    ]
    return f"{name} {savings_text(summary.config, (row.cost_bp, row.cost_se), found)}"


def _above_optimum(summary: Summary, risk_aversion: float) -> str:
    """How far the agent and the best rule are from the exact optimum."""
    rows = summary.at(risk_aversion)
    optimum = next((row for row in rows if row.name == OPTIMAL), None)
    lead = leader(summary, risk_aversion)
    others = [lead if lead.kind != "optimal" else None]
    best = summary.best_rule(risk_aversion)
    if best is not lead:
        others.append(best)
    if optimum is None or not any(others):
        return ""
    shares = [
        f"{row.name} is {_excess(row.estimate[0], optimum.estimate[0])} above"
        for row in others
        if row is not None
    ]
    value = with_error(*optimum.estimate)
    return f" The exact optimum is {value} bp; {' and '.join(shares)} it."


def _excess(value: float, base: float) -> str:
    """How far a value is above another: in percent, where that is a cost, else bp."""
    if base > 0.0:
        return f"{_signed(100.0 * (value / base - 1.0), 1)} %"
    return f"{_signed(value - base, 2)} bp"


def _agent_sentence(
    row: PolicyRow, rule: PolicyRow | None, named: str | None = None
) -> str:
    """What an agent reaches; `named` if a sentence before has told which it is."""
    own = f"{named or f'the agent {_seeds(row)}'} reaches {_figures(row)}"
    if row.notes:
        own += f" (it was {'; '.join(row.notes)})"
    gap = row.gap
    if rule is None or gap is None:
        return f"{own}."
    half = half_width(row, gap.se)
    if abs(gap.bp) <= half:
        return (
            f"{own}. That cannot be told from the best rule, {rule.name} "
            f"(difference {_with_half(gap.bp, half, 2)} bp, path by path)."
        )
    side = "better" if gap.bp < 0.0 else "worse"
    share = ""
    if gap.relative is not None:
        share = f" ({100.0 * abs(gap.relative):.1f} %)"
    return (
        f"{own}. That is {_with_half(abs(gap.bp), half, 2)} bp{share} {side} than the "
        f"best rule, {rule.name}, path by path."
    )


def _seeds(row: PolicyRow) -> str:
    if row.seed_spread_bp is None:
        return row.name
    return (
        f"{row.name} (mean of {len(row.seeds or ())} seeds, spread "
        f"{row.seed_spread_bp:.2f} bp)"
    )


def _figures(row: PolicyRow) -> str:
    return (
        f"an objective of {objective(row)} bp, {_paid(row.cost_bp)} "
        f"in {row.trades:.1f} trades for a tracking error of "
        f"{row.tracking_error_bp:.0f} bp"
    )


def _paid(cost_bp: float) -> str:
    """A cost in words; one that is negative is an income, such as of funding."""
    verb = "earning" if round(cost_bp, 1) < 0.0 else "paying"
    return f"{verb} {abs(cost_bp):.1f} bp"


def _next(summary: Summary, rule: PolicyRow) -> str:
    """How far behind the rule is that the validation paths put second."""
    second = summary.second_rule(rule.risk_aversion)
    gap = None if second is None else second.gap
    if second is None or gap is None:
        return ""
    side = "behind" if gap.bp >= 0.0 else "ahead on these paths"
    size = with_error(abs(gap.bp), gap.se, 2)
    return f"; the next, {second.name}, is {size} bp {side}"


def _signed(value: float, digits: int) -> str:
    """A number with a real minus sign."""
    return f"{value:.{digits}f}".replace("-", MINUS)
