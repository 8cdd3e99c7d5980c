"""The document that `hedge compare` and `hedge evaluate` write: `summary.json`.

One row per policy and risk aversion. The keys are a contract with programs that
read the file; everything in basis points of the initial notional unless its name
says otherwise. A key that ends in `_se` is the standard error of the one it names.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from hedge_env.attribution import Attribution
from hedge_env.evaluation import EpisodeTable
from hedge_env.metrics import Difference, Metrics, paired_difference, summarise

__all__ = ["Z_95", "Contender", "PolicyRow", "Summary", "build_summary"]

Z_95 = 1.959964  # half-width of a 95 % interval in standard errors

Parameters = Mapping[str, float | int | str | bool]


@dataclass(frozen=True)
class Contender:
    """What a row is about, before it is measured.

    Attributes:
        name: Unique within a comparison, together with the risk aversion.
        kind: `baseline`, `agent` or `optimal`.
        params: Parameters, tuned ones included; empty for an agent.
        risk_aversion: Lambda of the objective [1/notional].
        source: File a learned policy came from.
    """

    name: str
    kind: str
    params: Parameters
    risk_aversion: float
    source: str | None = None


@dataclass(frozen=True)
class PolicyRow:
    """One policy at one risk aversion, measured on the test paths.

    Attributes:
        objective_gap_bp: Objective minus that of the best rule at the same risk
            aversion, path by path; None if there is no rule.
        objective_gap_relative: The same over the best rule's objective [-].
        best_rule: Whether this row is that rule.
        attribution: Where profit and trades are from, see
            `hedge_env.attribution.Attribution`; None if that was not looked into.
    """

    name: str
    kind: str
    params: Parameters
    risk_aversion: float
    cost_bp: float
    cost_se: float
    cost_components_bp: Mapping[str, float]
    tracking_error_bp: float
    tracking_error_se: float
    tracking_rms_bp: float
    tracking_rms_se: float
    objective_bp: float
    objective_se: float
    objective_gap_bp: float | None
    objective_gap_se: float | None
    objective_gap_relative: float | None
    objective_gap_relative_se: float | None
    best_rule: bool
    net_loss_mean_bp: float
    net_loss_mean_se: float
    net_loss_std_bp: float
    net_loss_std_se: float
    cvar95_bp: float
    cvar95_se: float
    cvar99_bp: float
    cvar99_se: float
    trades: float
    trades_se: float
    turnover: float
    turnover_se: float
    source: str | None
    attribution: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Summary:
    """Everything measured on one market.

    Attributes:
        preset: Name of the market.
        seed: Seed of the validation and the test paths.
        n_episodes: Number of test paths.
        premium_bp: Value of the book at the start, positive if received.
        policies: Rows by rising risk aversion, then by rising objective.
        criterion: What the rules' parameters minimise; None if nothing was tuned.
        validation_episodes: Number of paths the rules were tuned on.
        config: The market with every default written out.
        replay: Files, dates and windows of recorded days; None if simulated.
        simulated: The same policies in the simulated market; None if not replayed.
    """

    preset: str
    seed: int
    n_episodes: int
    premium_bp: float
    policies: tuple[PolicyRow, ...]
    criterion: str | None
    validation_episodes: int | None
    config: Mapping[str, Any]
    replay: Mapping[str, Any] | None = None
    simulated: "Summary | None" = None

    @property
    def risk_aversions(self) -> tuple[float, ...]:
        """All risk aversions measured, rising."""
        return tuple(sorted({row.risk_aversion for row in self.policies}))

    def at(self, risk_aversion: float) -> tuple[PolicyRow, ...]:
        """Rows of one risk aversion, the best objective first."""
        return tuple(r for r in self.policies if r.risk_aversion == risk_aversion)

    def best_rule(self, risk_aversion: float) -> PolicyRow | None:
        """The rule with the lowest objective, if there is any."""
        return next((row for row in self.at(risk_aversion) if row.best_rule), None)

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def build_summary(
    contenders: Sequence[Contender],
    tables: Sequence[EpisodeTable],
    *,
    preset: str,
    seed: int,
    premium_bp: float,
    config: Mapping[str, Any],
    criterion: str | None = None,
    validation_episodes: int | None = None,
    attributions: Sequence[Attribution] | None = None,
) -> Summary:
    """Measure every table and compare it with the best rule on the same paths.

    The best rule is chosen on the test paths themselves, which can only favour the
    rules over an agent.

    Args:
        contenders: What each table belongs to.
        tables: One per contender, all on the same paths in the same order.
        preset: Name of the market.
        seed: Seed of the paths.
        premium_bp: Value of the book at the start [bp], positive if received.
        config: The market with every default written out.
        criterion: What tuning minimised.
        validation_episodes: Number of paths it was done on.
        attributions: Where the profit of each is from, one per table.
    """
    metrics = [summarise(table) for table in tables]
    best = _best_rules(contenders, metrics)
    rows = []
    for number, (contender, table) in enumerate(zip(contenders, tables, strict=True)):
        rule = best.get(contender.risk_aversion)
        gap = None if rule is None else paired_difference(table, tables[rule])
        row = _row(contender, metrics[number], gap, best_rule=rule == number)
        if attributions is not None:
            row = replace(row, attribution=asdict(attributions[number]))
        rows.append(row)
    rows.sort(key=lambda row: (row.risk_aversion, row.objective_bp, row.name))
    return Summary(
        preset=preset,
        seed=seed,
        n_episodes=tables[0].n_episodes,
        premium_bp=premium_bp,
        policies=tuple(rows),
        criterion=criterion,
        validation_episodes=validation_episodes,
        config=config,
    )


def _best_rules(
    contenders: Sequence[Contender], metrics: Sequence[Metrics]
) -> dict[float, int]:
    """Number of the rule with the lowest objective, by risk aversion."""
    best: dict[float, int] = {}
    for number, contender in enumerate(contenders):
        if contender.kind != "baseline":
            continue
        other = best.get(contender.risk_aversion)
        if other is None or metrics[number].objective_bp < metrics[other].objective_bp:
            best[contender.risk_aversion] = number
    return best


def _row(
    contender: Contender,
    metrics: Metrics,
    gap: Difference | None,
    *,
    best_rule: bool,
) -> PolicyRow:
    if gap is None:
        gap = Difference(math.nan, math.nan, math.nan, math.nan)
    measured = asdict(metrics)
    del measured["n_episodes"]  # the same for all: the summary holds it once
    return PolicyRow(
        **asdict(contender),
        **measured,
        objective_gap_bp=_number(gap.mean_bp),
        objective_gap_se=_number(gap.se_bp),
        objective_gap_relative=_number(gap.relative),
        objective_gap_relative_se=_number(gap.relative_se),
        best_rule=best_rule,
    )


def _number(value: float) -> float | None:
    """JSON has no NaN: what is not known is None."""
    return value if math.isfinite(value) else None
