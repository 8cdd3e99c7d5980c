"""A policy before it is measured, and what was measured of it: a row of `summary.json`.

Everything is in basis points of the initial notional unless its name says otherwise. A
key that ends in `_se` is the standard error of the one it names.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hedge_env.evaluation.metrics import Metrics

__all__ = ["Z_95", "Contender", "Gap", "Parameters", "PolicyRow", "by_validation"]

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
        entry: Name of the row it belongs to, if that is shared by several seeds of
            one experiment; None: its own name.
        seed: Of the training; None if it is not recorded.
        params_source: Where parameters are from: `default`, `given`, `tuned` or a
            file; None for what has none.
        params_given: Names of those that the command line fixed, where the source is
            `given`, where the others are defaults, or `tuned` or a file, where those
            are tuned.
        trained_on: See `trained_on`; None for what is not trained.
        notes: What is foreign to it in this problem, a sentence each.
    """

    name: str
    kind: str
    params: Parameters
    risk_aversion: float
    source: str | None = None
    entry: str | None = None
    seed: int | None = None
    params_source: str | None = None
    params_given: tuple[str, ...] | None = None
    trained_on: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def row(self) -> tuple[str, float]:
        """Name and risk aversion of the row it belongs to."""
        return self.entry or self.name, self.risk_aversion


class Gap(NamedTuple):
    """How far a policy is behind the best rule, path by path."""

    bp: float
    se: float
    relative: float | None


@dataclass(frozen=True, kw_only=True)
class PolicyRow(Metrics):
    """One policy at one risk aversion, and its metrics on the test paths.

    Several seeds of one experiment are one row, of means over the seeds; its standard
    errors are those of the paths, as if the seeds were no sample.

    Attributes:
        objective_gap_bp: Objective minus that of the best rule at the same risk
            aversion, path by path; None if there is no best rule.
        objective_gap_relative: The same over the best rule's objective [-].
        controlled_gap_bp: The difference by controlled objectives, an estimate of the
            same number with less luck; None where they are not known.
        controlled_gap_relative: The same over the best rule's objective [-].
        optimum_gap_bp: Objective minus that of the exact optimum, path by path and by
            controlled objectives where they are known; None where there is none.
        best_rule: Whether this row is that rule: the one with the lowest objective on
            the validation paths, of at least two policies.
        attribution: Where profit and trades are from, see
            `attribution.Attribution`; None if that was not looked into.
        validation_objective_bp: Objective on the validation paths, by which a best one
            is picked; None if nothing was to be picked.
        params_source: As of `Contender`, and so are `params_given`, `trained_on` and
            `notes`.
        seeds: Of an agent: `seed`, `run`, `source`, `objective_bp`, `estimate_bp` (the
            controlled one, if known), `gap_bp` to the best rule, `optimum_gap_bp` and
            `validation_objective_bp` of each; None otherwise.
        seed_spread_bp: Standard deviation of the estimated objective over seeds; None
            if there are not two.
        seed_interval_bp: 95 % interval of the mean over seeds, by Student's t.
        expected_objective_bp: As of `evaluation.metrics.Metrics`, and so are floor and
            avoidable; None on recorded days and where prices answer to what is held.
    """

    name: str
    kind: str
    params: Parameters
    risk_aversion: float
    objective_gap_bp: float | None
    objective_gap_se: float | None
    objective_gap_relative: float | None
    objective_gap_relative_se: float | None
    best_rule: bool
    source: str | None
    attribution: Mapping[str, Any] | None = None
    validation_objective_bp: float | None = None
    params_source: str | None = None
    trained_on: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    seeds: tuple[Mapping[str, Any], ...] | None = None
    seed_spread_bp: float | None = None
    seed_interval_bp: tuple[float, float] | None = None
    params_given: tuple[str, ...] | None = None
    expected_objective_bp: float | None = None
    expected_objective_se: float | None = None
    controlled_objective_bp: float | None = None
    controlled_objective_se: float | None = None
    floor_bp: float | None = None
    floor_se: float | None = None
    avoidable_bp: float | None = None
    avoidable_se: float | None = None
    controlled_gap_bp: float | None = None
    controlled_gap_se: float | None = None
    controlled_gap_relative: float | None = None
    controlled_gap_relative_se: float | None = None
    optimum_gap_bp: float | None = None
    optimum_gap_se: float | None = None

    @property
    def estimate(self) -> tuple[float, float]:
        """Objective and its standard error [bp]: the controlled one, if known."""
        value, error = self.controlled_objective_bp, self.controlled_objective_se
        if value is not None and error is not None:
            return value, error
        return self.objective_bp, self.objective_se

    @property
    def gap(self) -> Gap | None:
        """Difference to the best rule: the controlled one, where it is known."""
        if self.controlled_gap_bp is not None and self.controlled_gap_se is not None:
            known = self.controlled_gap_bp, self.controlled_gap_se
            return Gap(*known, self.controlled_gap_relative)
        if self.objective_gap_bp is not None and self.objective_gap_se is not None:
            known = self.objective_gap_bp, self.objective_gap_se
            return Gap(*known, self.objective_gap_relative)
        return None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PolicyRow":
        """The row that JSON was made of, which knows no tuples.

        Raises:
            TypeError: If it is of another version.
        """
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in document.items()
        }
        return cls(**values)


def by_validation(row: PolicyRow) -> tuple[float, str]:
    """Key by which one of several rows is picked: never by the test paths.

    Args:
        row: One without a validation objective comes last.
    """
    value = row.validation_objective_bp
    return math.inf if value is None else value, row.name
