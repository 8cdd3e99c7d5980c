"""What one policy did, path by path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from hedge_env.base.types import FloatArray, IntArray
from hedge_env.desk.accounts import net_loss, objective, total_cost
from hedge_env.evaluation.luck import cross_fitted_luck
from hedge_env.policies.policy import PolicyKind


@dataclass(frozen=True)
class EpisodeTable:
    """What one policy did, path by path; amounts in fractions of notional.

    Attributes:
        policy: Name of the policy.
        kind: Where the policy comes from.
        path_id: Which market path, shape (n,).
        risk_aversion: lambda, shape (n,) [1/notional].
        cost_components: By `ledger.COST_COMPONENTS`, shape (n_components, n).
        tracking: Sum of the tracking increments, shape (n,).
        squared_increments: Sum of their squares, shape (n,).
        trades: Decisions that traded, shape (n,) [-].
        turnover: Value traded, liquidation included, shape (n,).
        expected_squares: Sum of the expected squares of the increments, given what was
            known before each, shape (n,); None if not looked into.
        floor_squares: Sum of those that the best holdings without cost leave, the same.
        luck: What of the objective by expected squares was the luck of the path, of
            mean zero, shape (n,); None if not known. See `luck`.
        floor_luck: The same of the floor.
    """

    policy: str
    kind: PolicyKind
    path_id: IntArray
    risk_aversion: FloatArray
    cost_components: FloatArray
    tracking: FloatArray
    squared_increments: FloatArray
    trades: FloatArray
    turnover: FloatArray
    expected_squares: FloatArray | None = None
    floor_squares: FloatArray | None = None
    luck: FloatArray | None = None
    floor_luck: FloatArray | None = None

    @property
    def n_episodes(self) -> int:
        """Number of episodes."""
        return self.path_id.size

    @property
    def cost(self) -> FloatArray:
        """Everything friction took, shape (n,)."""
        return total_cost(self)

    @property
    def net_loss(self) -> FloatArray:
        """Minus the profit after cost, premium included, shape (n,)."""
        return net_loss(self)

    @property
    def objective(self) -> FloatArray:
        """Cost plus lambda times the squared increments, shape (n,)."""
        return objective(self, self.risk_aversion)

    @property
    def expected_objective(self) -> FloatArray | None:
        """The objective with expected squares: same mean, less spread; or None."""
        if self.expected_squares is None:
            return None
        return self.cost + self.risk_aversion * self.expected_squares

    @property
    def controlled_objective(self) -> FloatArray | None:
        """The same less the luck of the path: same mean, least spread; or None."""
        expected = self.expected_objective
        if expected is None or self.luck is None:
            return expected
        return expected - self.luck

    @property
    def floor(self) -> FloatArray | None:
        """Part of the objective that nobody can avoid, shape (n,); or None."""
        if self.floor_squares is None:
            return None
        return self.risk_aversion * self.floor_squares

    @property
    def controlled_floor(self) -> FloatArray | None:
        """The floor less the luck of the path, shape (n,); or None."""
        floor = self.floor
        if floor is None or self.floor_luck is None:
            return floor
        return floor - self.floor_luck

    def part(self, paths: slice) -> EpisodeTable:
        """Some of the episodes."""
        columns = {
            column.name: getattr(self, column.name)[..., paths]
            for column in fields(EpisodeTable)
            if column.name not in ("policy", "kind")
            and getattr(self, column.name) is not None
        }
        return EpisodeTable(policy=self.policy, kind=self.kind, **columns)


def concatenate(tables: Sequence[EpisodeTable]) -> EpisodeTable:
    """One table of all the episodes of one policy, in the order given."""
    first = tables[0]
    columns = {
        column.name: np.concatenate([getattr(t, column.name) for t in tables], axis=-1)
        for column in fields(EpisodeTable)
        if column.name not in ("policy", "kind")
        and all(getattr(t, column.name) is not None for t in tables)
    }
    return EpisodeTable(policy=first.policy, kind=first.kind, **columns)


def without_luck(
    tables: Sequence[EpisodeTable], controls: FloatArray
) -> list[EpisodeTable]:
    """Find out what of each objective and floor was luck.

    Args:
        tables: With expected squares, of the same paths.
        controls: Numbers of mean zero of those paths, shape (n_controls, n).
    """
    sums = [(table.expected_objective, table.floor) for table in tables]
    known = [each for pair in sums for each in pair if each is not None]
    if len(known) < 2 * len(tables):
        return list(tables)
    luck = cross_fitted_luck(controls, np.array(known))
    return [
        replace(table, luck=luck[2 * i], floor_luck=luck[2 * i + 1])
        for i, table in enumerate(tables)
    ]
