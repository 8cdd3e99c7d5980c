"""The document that `hedge compare` and `hedge evaluate` write: `summary.json`.

One row per policy and risk aversion. The keys are a contract with programs that
read the file; everything in basis points of the initial notional unless its name
says otherwise. A key that ends in `_se` is the standard error of the one it names.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from hedge_env.baselines.optimum.liquidation import LiquidationPolicy
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.evaluation.attribution import Attribution
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.evaluation.metrics import (
    Difference,
    Metrics,
    paired_difference,
    summarise,
)
from hedge_env.training.results.policy_row import (
    Z_95,
    Contender,
    PolicyRow,
    by_validation,
)
from hedge_env.training.results.practice import Saving, savings, usual_rules
from hedge_env.training.results.seeds import merge_seeds, with_seed

__all__ = ["Z_95", "Contender", "PolicyRow", "Summary", "build_summary"]


# Fields that are lists in JSON, besides the policies.
_SEQUENCES = ("savings", "keeper", "pool", "chains", "contagion")


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
        validation_episodes: Number of paths the rules were tuned and picked on.
        config: The market with every default written out.
        replay: Files, dates and windows of recorded days; None if simulated.
        simulated: The same policies in the simulated market; None if not replayed.
        liquidity: What the book earned and lost, if it is liquidity in a pool or a pool
            of options, see `evaluation.liquidity` and `option_pool`; else None.
        savings: What every policy saves against what is usual, `report.usual`.
        keeper: What the keeper costs, see `results.investors.vault`; empty without one.
        pool: What depositors get and pay, see there; empty without them.
        chains: What a second chain saves, see `results.investors.chains`; empty where
            there is one.
        contagion: How far spot falls where others are set off, see
            `results.investors.contagion`; empty where nobody else moves it.
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
    liquidity: Mapping[str, float] | None = None
    savings: tuple[Saving, ...] = ()
    keeper: tuple[Mapping[str, Any], ...] = ()
    pool: tuple[Mapping[str, Any], ...] = ()
    chains: tuple[Mapping[str, Any], ...] = ()
    contagion: tuple[Mapping[str, Any], ...] = ()

    @property
    def risk_aversions(self) -> tuple[float, ...]:
        """All risk aversions measured, rising."""
        return tuple(sorted({row.risk_aversion for row in self.policies}))

    def at(self, risk_aversion: float) -> tuple[PolicyRow, ...]:
        """Rows of one risk aversion, the best objective first."""
        return tuple(r for r in self.policies if r.risk_aversion == risk_aversion)

    def best_rule(self, risk_aversion: float) -> PolicyRow | None:
        """The rule that the validation paths picked, if there was a choice."""
        return next((row for row in self.at(risk_aversion) if row.best_rule), None)

    def second_rule(self, risk_aversion: float) -> PolicyRow | None:
        """The rule that the validation paths put after the best one, if any."""
        best = self.best_rule(risk_aversion)
        others = [
            row
            for row in self.at(risk_aversion)
            if row.kind == "baseline" and row is not best
        ]
        if best is None or not others:
            return None
        return min(others, key=by_validation)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Summary":
        """The summary that JSON was made of, of a simulated market.

        Raises:
            TypeError: If it is of another version.
        """
        plain = dict(document)
        for key in _SEQUENCES:
            plain[key] = tuple(plain[key])
        plain["policies"] = tuple(map(PolicyRow.from_document, plain["policies"]))
        plain["savings"] = tuple(Saving(**saving) for saving in plain["savings"])
        return cls(**plain)

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        document = asdict(self)
        for summary in (document, document["simulated"]):
            if summary is not None:
                summary["policies"] = [_plain(row) for row in summary["policies"]]
                for key in _SEQUENCES:
                    summary[key] = list(summary[key])
        return document


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
    validation: Sequence[float] | None = None,
) -> Summary:
    """Measure every table and compare it with the best rule on the same paths.

    The best rule is the one with the lowest objective on the validation paths: the test
    paths choose nothing.

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
        validation: Objective of each contender on the validation paths [bp]; without
            it there is no best rule.
    """
    best = _best_rules(contenders, validation)
    optima = _optima(contenders)
    made: dict[tuple[str, float], list[PolicyRow]] = {}
    for number, (contender, table) in enumerate(zip(contenders, tables, strict=True)):
        rule = best.get(contender.risk_aversion)
        gap = None if rule is None else paired_difference(table, tables[rule])
        row = _row(contender, summarise(table), gap, best_rule=rule == number)
        optimum = optima.get(contender.risk_aversion)
        if optimum is not None and optimum != number:
            row = _above_optimum(row, paired_difference(table, tables[optimum]))
        if attributions is not None:
            row = replace(row, attribution=asdict(attributions[number]))
        if validation is not None:
            row = replace(row, validation_objective_bp=validation[number])
        made.setdefault(contender.row, []).append(
            with_seed(row, contender.seed) if contender.kind == "agent" else row
        )
    rows = [merge_seeds(name, members) for (name, _), members in made.items()]
    rows.sort(key=lambda row: (row.risk_aversion, row.estimate[0], row.name))
    return Summary(
        preset=preset,
        seed=seed,
        n_episodes=tables[0].n_episodes,
        premium_bp=premium_bp,
        policies=tuple(rows),
        criterion=criterion,
        validation_episodes=validation_episodes,
        config=config,
        savings=savings(usual_rules(config), contenders, tables),
    )


def _best_rules(
    contenders: Sequence[Contender], validation: Sequence[float] | None
) -> dict[float, int]:
    """Number of the rule with the lowest validation objective, by risk aversion.

    One policy alone is not the best of anything; one rule among agents is the best.
    """
    rules: dict[float, list[int]] = {}
    for number, contender in enumerate(contenders):
        if contender.kind == "baseline":
            rules.setdefault(contender.risk_aversion, []).append(number)
    best = {}
    for risk_aversion, numbers in rules.items():
        rivals = {c.row for c in contenders if c.risk_aversion == risk_aversion}
        if validation is not None and len(rivals) > 1:
            best[risk_aversion] = min(numbers, key=lambda number: validation[number])
        elif len(numbers) == 1 and len(rivals) > 1:
            best[risk_aversion] = numbers[0]
    return best


def _optima(contenders: Sequence[Contender]) -> dict[float, int]:
    """Number of the exact optimum, by risk aversion."""
    return {
        contender.risk_aversion: number
        for number, contender in enumerate(contenders)
        if contender.name in (OptimalPolicy.name, LiquidationPolicy.name)
    }


def _above_optimum(row: PolicyRow, gap: Difference) -> PolicyRow:
    sharp = gap.controlled or gap
    return replace(row, optimum_gap_bp=sharp.mean_bp, optimum_gap_se=sharp.se_bp)


def _row(
    contender: Contender,
    metrics: Metrics,
    gap: Difference | None,
    *,
    best_rule: bool,
) -> PolicyRow:
    unknown = Difference(math.nan, math.nan, math.nan, math.nan)
    plain = gap or unknown
    controlled = plain.controlled or unknown
    return PolicyRow(
        name=contender.name,
        kind=contender.kind,
        params=contender.params,
        risk_aversion=contender.risk_aversion,
        source=contender.source,
        params_source=contender.params_source,
        params_given=contender.params_given,
        trained_on=contender.trained_on,
        notes=contender.notes,
        **vars(metrics),
        objective_gap_bp=_number(plain.mean_bp),
        objective_gap_se=_number(plain.se_bp),
        objective_gap_relative=_number(plain.relative),
        objective_gap_relative_se=_number(plain.relative_se),
        controlled_gap_bp=_number(controlled.mean_bp),
        controlled_gap_se=_number(controlled.se_bp),
        controlled_gap_relative=_number(controlled.relative),
        controlled_gap_relative_se=_number(controlled.relative_se),
        best_rule=best_rule,
    )


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row is about comes first; JSON has no tuples: they are lists."""
    about = {key: row[key] for key in ("name", "kind", "params", "risk_aversion")}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in {**about, **row}.items()
    }


def _number(value: float) -> float | None:
    """JSON has no NaN: what is not known is None."""
    return value if math.isfinite(value) else None
