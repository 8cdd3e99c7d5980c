"""What an adviser answers, as numbers, as plain values and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Risk:
    """What the next decision interval may bring.

    Attributes:
        deviation: Standard deviation of the profit [currency].
        penalty: lambda times the expected square, as the objective counts it
            [currency].
    """

    deviation: float
    penalty: float


@dataclass(frozen=True)
class Advice:
    """The trade to make now, and why.

    Attributes:
        policy: Its name.
        risk_aversion: lambda used [1/notional].
        notional: What lambda and the config's costs count in [currency].
        trade: Units to buy; negative: to sell; 0: none.
        trade_value: The same [currency].
        holdings: Units held now.
        target: Units that the policy asks for; the trade is that, clipped to the range
            of the book's hedge, in whole lots, and none below the least order.
        delta: Units that neutralise the book's Black-Scholes delta.
        half_width: Of the analytic no-trade band around delta [unit].
        reason: In a sentence.
        cost: Of the trade [currency].
        cost_basis: Fixed part and rate: [currency], [bp of traded value].
        risk_before: With the holdings as they are.
        risk_after: After the trade.
        book_value: Of the book [currency].
        changes: What would change the answer: `spot_below`, `spot_above` [currency],
            `gas_below`, `gas_above` [gwei]; None: nothing within reach. Empty if not
            asked for.
        venues: Value of the trade at each venue [currency], where there are several.
        not_used: Kinds of positions in the market's own book of which the state has
            none; the answer is for the state's legs alone.
    """

    policy: str
    risk_aversion: float
    notional: float
    trade: float
    trade_value: float
    holdings: float
    target: float
    delta: float
    half_width: float
    reason: str
    cost: float
    cost_basis: tuple[float, float]
    risk_before: Risk
    risk_after: Risk
    book_value: float
    changes: dict[str, float | None]
    venues: dict[str, float]
    not_used: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Plain values, as `--json` prints them."""
        action = "none" if self.trade == 0.0 else "buy" if self.trade > 0.0 else "sell"
        document = {"action": action, **asdict(self)}
        fixed, rate = self.cost_basis
        document["cost_basis"] = {"fixed": fixed, "rate_bp": rate}
        return document

    def lines(self) -> list[str]:
        """The answer in words, the trade first."""
        before, after = self.risk_before, self.risk_after
        fixed, rate = self.cost_basis
        lines = [
            f"{self._action()}",
            f"why      {self.reason}",
            f"cost     {self.cost:,.2f} now (a trade: {fixed:,.2f} + {rate:.2f} bp)",
            f"risk     {before.deviation:,.2f} -> {after.deviation:,.2f} (standard "
            "deviation until the next decision); weighed as cost "
            f"{before.penalty:,.2f} -> {after.penalty:,.2f}",
            f"book     worth {self.book_value:,.2f}, its delta hedge is "
            f"{self.delta:,.4f} units",
            f"policy   {self.policy} at risk aversion {self.risk_aversion:g} per "
            f"notional of {self.notional:,.0f}",
        ]
        if self.not_used:
            lines.append(
                f"preset   its own book ({', '.join(self.not_used)}) is not used, only "
                "its venue, clock and notional"
            )
        if self.venues:
            split = ", ".join(f"{n} {value:,.2f}" for n, value in self.venues.items())
            lines.insert(1, f"venues   {split}")
        if self.changes:
            lines.append(f"changes  {self._changes()}")
        return lines

    def _action(self) -> str:
        if self.trade == 0.0:
            return f"no trade: hold {self.holdings:,.4f} units"
        verb = "buy" if self.trade > 0.0 else "sell"
        new = self.holdings + self.trade
        return (
            f"{verb} {abs(self.trade):,.4f} units ({abs(self.trade_value):,.2f}): "
            f"from {self.holdings:,.4f} to {new:,.4f}"
        )

    def _changes(self) -> str:
        other = "a trade" if self.trade == 0.0 else "no trade, or the other way,"
        found = [
            f"{name.replace('_', ' ')} {value:,.2f}"
            for name, value in self.changes.items()
            if value is not None
        ]
        return f"{other} from {', '.join(found)}" if found else "nothing within reach"
