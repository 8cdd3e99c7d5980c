"""What adaptation has come to: a point for every number of updates and start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from hedge_env.training.results.policy_row import PolicyRow
from hedge_env.training.results.seeds import half_width
from hedge_env.training.results.summary import Summary

__all__ = ["ADAPTED", "NEW", "Adaptation", "MarketCurves", "Point", "Yardstick"]

ADAPTED, NEW = "adapted", "new"  # from a saved policy's weights, from random ones


@dataclass(frozen=True)
class Point:
    """Policies after a number of updates, the mean over seeds, on the test paths.

    Amounts are in bp of notional; `_half_bp` is half of a 95 % interval over paths and
    training seeds (of paths alone, where there is one seed).

    Attributes:
        market: Where they are trained and measured.
        risk_aversion: lambda [1/notional].
        updates: Of AHPG.
        start: `adapted` or `new`.
        objective_bp: J, with the least spread that is known.
        avoidable_bp: J less its floor; None where that is not known.
        gap_bp: J less that of the strongest rule, path by path.
        gap_percent: The same over that rule's avoidable J, or over J where no floor is
            known [%].
        seeds_bp: `gap_bp` of each seed.
    """

    market: str
    risk_aversion: float
    updates: int
    start: str
    objective_bp: float
    objective_half_bp: float
    avoidable_bp: float | None
    avoidable_half_bp: float | None
    gap_bp: float
    gap_half_bp: float
    gap_percent: float
    seeds_bp: tuple[float, ...]

    @classmethod
    def of(
        cls, row: PolicyRow, rule: PolicyRow, *, market: str, updates: int, start: str
    ) -> Self:
        """What a summary says of policies.

        Args:
            row: Theirs.
            rule: That of the strongest rule.
            market: Name.
            updates: Of AHPG.
            start: `adapted` or `new`.
        """
        value, error = row.estimate
        gap, avoidable = row.gap, row.avoidable_se
        assert gap is not None  # a row beside a best rule has one
        whole = rule.estimate[0] if rule.avoidable_bp is None else rule.avoidable_bp
        return cls(
            market=market,
            risk_aversion=row.risk_aversion,
            updates=updates,
            start=start,
            objective_bp=value,
            objective_half_bp=half_width(row, error),
            avoidable_bp=row.avoidable_bp,
            avoidable_half_bp=None if avoidable is None else half_width(row, avoidable),
            gap_bp=gap.bp,
            gap_half_bp=half_width(row, gap.se),
            gap_percent=100.0 * gap.bp / max(abs(whole), 1e-9),
            seeds_bp=tuple(float(seed["gap_bp"]) for seed in row.seeds or ()),
        )


@dataclass(frozen=True)
class Yardstick:
    """The rule that points are compared with: the strongest on the validation paths.

    Attributes:
        market: Where it is tuned and measured.
        risk_aversion: lambda [1/notional].
        policy: Name of the rule.
        params: Its parameters.
        objective_bp: As of `Point`, and so are the following.
    """

    market: str
    risk_aversion: float
    policy: str
    params: Mapping[str, Any]
    objective_bp: float
    objective_half_bp: float
    avoidable_bp: float | None
    avoidable_half_bp: float | None

    @classmethod
    def of(cls, row: PolicyRow, market: str) -> Self:
        """What a summary says of a rule."""
        value, error = row.estimate
        avoidable = row.avoidable_se
        return cls(
            market=market,
            risk_aversion=row.risk_aversion,
            policy=row.name,
            params=dict(row.params),
            objective_bp=value,
            objective_half_bp=half_width(row, error),
            avoidable_bp=row.avoidable_bp,
            avoidable_half_bp=None if avoidable is None else half_width(row, avoidable),
        )


@dataclass(frozen=True)
class MarketCurves:
    """One market.

    Attributes:
        market: Name.
        rules: The strongest rule at each risk aversion.
        points: By risk aversion, then start, then updates.
    """

    market: str
    rules: tuple[Yardstick, ...]
    points: tuple[Point, ...]

    @classmethod
    def of(cls, summary: Summary, found: Mapping[str, tuple[int, str]]) -> Self:
        """The curves that a comparison holds.

        Args:
            summary: Of agents and rules in the market.
            found: Number of updates and start of each agent by its file.
        """
        market, rules, points = summary.preset, [], []
        for level in summary.risk_aversions:
            rule = summary.best_rule(level)
            assert rule is not None  # a rule and agents were compared
            rules.append(Yardstick.of(rule, market))
            for row in summary.at(level):
                if row.kind != "agent":
                    continue
                ((updates, start),) = {found[s["source"]] for s in row.seeds or ()}
                point = Point.of(row, rule, market=market, updates=updates, start=start)
                points.append(point)
        points.sort(key=lambda p: (p.risk_aversion, p.start, p.updates))
        return cls(market, tuple(rules), tuple(points))

    def curve(self, risk_aversion: float, start: str) -> list[Point]:
        """Points of one start, by rising numbers of updates."""
        return [
            point
            for point in self.points
            if (point.risk_aversion, point.start) == (risk_aversion, start)
        ]

    def rule(self, risk_aversion: float) -> Yardstick:
        """The strongest rule."""
        return next(r for r in self.rules if r.risk_aversion == risk_aversion)

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        points = [{**asdict(p), "seeds_bp": list(p.seeds_bp)} for p in self.points]
        rules = [asdict(rule) for rule in self.rules]
        return {"market": self.market, "rules": rules, "points": points}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The curves that JSON was made of.

        Raises:
            KeyError: If it is something else, and so is TypeError.
        """
        points = [
            Point(**{**point, "seeds_bp": tuple(point["seeds_bp"])})
            for point in document["points"]
        ]
        rules = [Yardstick(**rule) for rule in document["rules"]]
        return cls(document["market"], tuple(rules), tuple(points))


@dataclass(frozen=True)
class Adaptation:
    """All markets.

    Attributes:
        home: Market that the saved policies are from.
        policies: Their files, one for each training seed.
        markets: What was measured in each.
        settings: Of the measurement, as `Problem.document` has them.
        command: Command line that repeats it.
        commit: Of the program; None if not known.
    """

    home: str
    policies: Sequence[str]
    markets: Sequence[MarketCurves]
    settings: Mapping[str, Any]
    command: str
    commit: str | None

    @property
    def risk_aversions(self) -> tuple[float, ...]:
        """All risk aversions measured, rising."""
        return tuple(rule.risk_aversion for rule in self.markets[0].rules)

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "home": self.home,
            "policies": list(self.policies),
            "settings": dict(self.settings),
            "command": self.command,
            "git_commit": self.commit,
            "markets": [market.to_document() for market in self.markets],
        }
