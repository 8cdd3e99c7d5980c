"""The seeds of one experiment as one row: mean, spread and interval over seeds.

Which seed did best is luck that does not return with the next one, so that none of
them is reported alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from scipy.stats import t as student

from hedge_env.training.results.policy_row import Z_95, PolicyRow

__all__ = ["half_width", "merge_seeds", "seed_half_width", "with_seed"]

_LEVEL = 0.975  # quantile of a two-sided 95 % interval


def with_seed(row: PolicyRow, seed: int | None) -> PolicyRow:
    """A row of one trained policy that says which run it is of.

    Args:
        row: As measured.
        seed: Of the training; None if it is not recorded.
    """
    own = {
        "seed": seed,
        "run": row.name,
        "source": row.source,
        "objective_bp": row.objective_bp,
        "estimate_bp": row.estimate[0],
        "gap_bp": None if row.gap is None else row.gap.bp,
        "gap_se": None if row.gap is None else row.gap.se,
        "optimum_gap_bp": row.optimum_gap_bp,
        "validation_objective_bp": row.validation_objective_bp,
    }
    return replace(row, seeds=(own,))


def merge_seeds(name: str, rows: Sequence[PolicyRow]) -> PolicyRow:
    r"""One row of several seeds, or the only row as it is.

    Every number is a mean over seeds. Its standard error is the mean of theirs, that of
    the paths alone: the paths are common, so that averaging over seeds does not make
    their luck smaller. The luck of the seeds is in `seed_interval_bp`,

    .. math:: \bar J \pm t_{n-1} \, s / \sqrt n,

    with s over the estimates of J that have the least luck of the paths in them.

    Args:
        name: Of the experiment.
        rows: One per seed, at one risk aversion.
    """
    if len(rows) == 1:
        return rows[0]
    seeds = tuple(seed for row in rows for seed in row.seeds or ())
    mean = float(np.mean([row.objective_bp for row in rows]))
    spread = float(np.std([row.estimate[0] for row in rows], ddof=1))
    half = float(student.ppf(_LEVEL, len(rows) - 1)) * spread / math.sqrt(len(rows))
    numbers = {
        field.name: _mean([getattr(row, field.name) for row in rows])
        for field in fields(PolicyRow)
        if field.name not in _TEXTS
    }
    return replace(
        rows[0],
        **numbers,
        name=name,
        source=None,
        notes=tuple(dict.fromkeys(note for row in rows for note in row.notes)),
        seeds=tuple(sorted(seeds, key=lambda entry: (entry["seed"], entry["run"]))),
        seed_spread_bp=spread,
        seed_interval_bp=(mean - half, mean + half),
    )


def seed_half_width(row: PolicyRow) -> float:
    """Half-width of the interval over seeds [bp]; 0 for what is not several seeds."""
    if row.seed_interval_bp is None:
        return 0.0
    low, high = row.seed_interval_bp
    return 0.5 * (high - low)


def half_width(row: PolicyRow, error: float) -> float:
    """Half-width of a 95 % interval of an objective, over paths and over seeds [bp].

    Args:
        row: Whose.
        error: Standard error over paths of the objective, or of its difference to that
            of a policy that is not several seeds [bp].
    """
    return math.hypot(Z_95 * error, seed_half_width(row))


_TEXTS = frozenset(
    {
        "name",
        "kind",
        "params",
        "risk_aversion",
        "best_rule",
        "source",
        "params_source",
        "params_given",
        "trained_on",
        "notes",
        "seeds",
        "seed_spread_bp",
        "seed_interval_bp",
    }
)


def _mean(values: Sequence[Any]) -> Any:
    """Mean of numbers, or of what is at the same place of mappings and lists."""
    first = values[0]
    if any(value is None for value in values):
        return None
    if isinstance(first, Mapping):
        return {key: _mean([value[key] for value in values]) for key in first}
    if isinstance(first, list | tuple):
        return [_mean(list(entries)) for entries in zip(*values, strict=True)]
    return float(np.mean(values))
