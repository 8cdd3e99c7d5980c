"""Adaptation curves as a page, a table of every number, and tables in the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields

from rich import box
from rich.table import Table

from hedge_env.training.adapt.curve import (
    ADAPTED,
    NEW,
    Adaptation,
    MarketCurves,
    Point,
)
from hedge_env.training.adapt.figure import adaptation_figures
from hedge_env.training.output.folder import Content
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.findings import MINUS

__all__ = ["adaptation_files", "adaptation_page", "adaptation_tables"]

_HEAD = (
    *("market", "strongest rule", "its avoidable J", "updates"),
    *("adapted, less it", "of avoidable", "from nothing, less it", "of avoidable"),
)


def adaptation_files(found: Adaptation) -> dict[str, Content]:
    """Everything that goes into the folder, by name.

    Args:
        found: What was measured.
    """
    figures = adaptation_figures(found)
    return {
        "README.md": adaptation_page(found, list(figures)).encode(),
        "adaptation.json": to_json(found.to_document()).encode(),
        "adaptation.csv": _csv(found).encode(),
        **figures,
    }


def adaptation_page(found: Adaptation, figures: Sequence[str]) -> str:
    """The page in Markdown.

    Args:
        found: What was measured.
        figures: Names of the pictures.
    """
    version = found.settings["version"]
    parts = [
        f"# From {found.home} to other markets",
        _introduction(found),
        f"```bash\n{found.command}\n```",
        f"Version {version}, commit {found.commit or 'not known'}. Every number, and "
        "the difference of each seed, is in `adaptation.json`.",
    ]
    for level, figure in zip(found.risk_aversions, figures, strict=True):
        lines = [_HEAD, ["---"] * len(_HEAD), *_rows(found, level)]
        parts += [
            f"## λ = {level:g}",
            f"![adaptation at λ = {level:g}]({figure})",
            "\n".join(f"| {' | '.join(line)} |" for line in lines),
        ]
    return "\n\n".join(parts) + "\n"


def adaptation_tables(found: Adaptation) -> Iterable[Table | str]:
    """A table for each risk aversion, and what its numbers mean."""
    for level in found.risk_aversions:
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            title=f"λ {level:g}, from {found.home}",
            title_justify="left",
        )
        for number, name in enumerate(_HEAD):
            table.add_column(name, justify="left" if number < 2 else "right")
        for cells in _rows(found, level):
            table.add_row(*cells)
        yield table
    yield _introduction(found)


def _introduction(found: Adaptation) -> str:
    settings, n = found.settings, len(found.policies)
    seeds = "one training seed" if n == 1 else f"{n} training seeds"
    over = "paths" if n == 1 else "paths and seeds"
    return (
        f"Policies of AHPG trained in {found.home} ({seeds}), after so many updates "
        "in each market: from their weights, and from random ones. Each number of "
        "updates is a training of its own, whose learning rate falls as the "
        "experiment says over just these updates; 0 is the policy as it is, its "
        "features taken relative to the new market. Differences are J less that of "
        "the market's strongest rule, which the "
        f"{settings['validation_episodes']:,} validation paths pick, tuned on them: "
        f"path by path on {settings['episodes']:,} others, in bp of notional, ± a "
        f"95 % interval over {over}, and in % of the rule's avoidable J."
    )


def _rows(found: Adaptation, level: float) -> list[list[str]]:
    """Cells of all markets at one risk aversion."""
    return [row for market in found.markets for row in _market_rows(market, level)]


def _market_rows(market: MarketCurves, level: float) -> list[list[str]]:
    rule = market.rule(level)
    rows: list[list[str]] = []
    pairs = zip(market.curve(level, ADAPTED), market.curve(level, NEW), strict=True)
    if rule.avoidable_bp is None or rule.avoidable_half_bp is None:
        worth = f"J {rule.objective_bp:.1f} ± {rule.objective_half_bp:.1f}"
    else:
        worth = f"{rule.avoidable_bp:.1f} ± {rule.avoidable_half_bp:.1f}"
    for adapted, new in pairs:
        first = ["", "", ""] if rows else [market.market, rule.policy, worth]
        rows.append([*first, str(adapted.updates), *_cells(adapted), *_cells(new)])
    return rows


def _cells(point: Point) -> tuple[str, str]:
    """Difference from the rule with its interval, and as a share."""
    gap = f"{_signed(point.gap_bp, 2)} ± {point.gap_half_bp:.2f}"
    return gap, f"{_signed(point.gap_percent, 1)} %"


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", MINUS)


def _csv(found: Adaptation) -> str:
    """A row for each point, the rule's name and avoidable J beside it."""
    names = [entry.name for entry in fields(Point) if entry.name != "seeds_bp"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "rule", "rule_objective_bp", "rule_avoidable_bp"])
    for market in found.markets:
        for point in market.points:
            rule, values = market.rule(point.risk_aversion), asdict(point)
            own = [values[name] for name in names]
            writer.writerow([*own, rule.policy, rule.objective_bp, rule.avoidable_bp])
    return text.getvalue()
