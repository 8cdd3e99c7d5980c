"""What a study of several markets found."""

from dataclasses import dataclass, field
from typing import Any

from hedge_env.training.study.market import StudyMarket
from hedge_env.training.study.significance import StudyCell, significances


@dataclass(frozen=True)
class Study:
    """All markets, and how to make them again.

    Attributes:
        markets: In the order asked for.
        command: The command line.
        version: Of this package.
        commit: Of the source tree, None if not known.
        seconds: Time of this run on the clock, all markets together [s]; what an
            earlier run had done is not in it.
        side_by_side: Markets measured at a time.
    """

    markets: tuple[StudyMarket, ...]
    command: str
    version: str
    commit: str | None
    seconds: float = field(compare=False)
    side_by_side: int = field(compare=False)

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON; of the configs only the names."""
        found = significances([market.summary for market in self.markets])
        markets = []
        for market in self.markets:
            document = market.summary.to_document()
            for row in document["policies"]:
                cell = market.summary.preset, row["risk_aversion"], row["name"]
                chance = found.get(StudyCell(*cell))
                row["gap_p"] = None if chance is None else chance.p
                row["gap_p_holm"] = None if chance is None else chance.p_holm
            del document["config"]
            seconds = round(market.seconds, 1)
            markets.append({**document, "bounds": market.bounds, "seconds": seconds})
        return {
            "command": self.command,
            "version": self.version,
            "git_commit": self.commit,
            "seconds": round(self.seconds, 1),
            "side_by_side": self.side_by_side,
            "markets": markets,
        }
