"""Writes what a comparison leaves behind: summary, episodes, picture, report.

The report is one HTML file that needs no other file and no network.
"""

import platform
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import polars as pl
import yaml
from matplotlib.figure import Figure

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT
from hedge_env.evaluation.attribution import PNL_PARTS
from hedge_env.evaluation.episode_trace import record_episode, typical_path
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.training.output.folder import write_folder
from hedge_env.training.output.provenance import collect_versions, to_json
from hedge_env.training.output.source_commit import commit_in_words
from hedge_env.training.report.attribution_figures import pnl_figure, trades_figure
from hedge_env.training.report.comparison_figures import (
    cost_figure,
    distribution_figure,
    frontier_figure,
)
from hedge_env.training.report.episode_figure import episode_figure
from hedge_env.training.report.pool_figure import pool_figure
from hedge_env.training.report.style import (
    NARROW,
    WIDE,
    PolicyStyle,
    Size,
    policy_styles,
    to_data_uri,
    to_png,
)
from hedge_env.training.results import findings
from hedge_env.training.results.investors.chains import chains_sentence
from hedge_env.training.results.investors.contagion import contagion_sentence
from hedge_env.training.results.investors.pools import liquidity_sentence
from hedge_env.training.results.investors.vault import keeper_sentence, pool_sentence
from hedge_env.training.results.measurement import Comparison
from hedge_env.training.results.recorded_market import replay_sentence
from hedge_env.training.results.summary import Contender, Summary

__all__ = ["render_report", "write_report"]

# Name, wide and narrow picture, description for those who cannot see it.
Picture = dict[str, str]


def write_report(comparison: Comparison, out: Path, *, command: str) -> None:
    """Write all files of a comparison into a folder, or none of them.

    Args:
        comparison: What was measured.
        out: The folder; files of an earlier report in it are replaced.
        command: Command line that repeats it.

    Raises:
        OutputError: If the folder cannot be written.
    """
    frame = episode_frame(comparison.contenders, comparison.tables)
    write_folder(
        out,
        {
            "summary.json": to_json(comparison.summary.to_document()).encode(),
            "frontier.png": to_png(frontier_figure(comparison.summary)),
            "report.html": render_report(comparison, command=command).encode(),
            "episodes.parquet": lambda path: frame.write_parquet(path),
        },
    )


def episode_frame(
    contenders: Sequence[Contender], tables: Sequence[EpisodeTable]
) -> pl.DataFrame:
    """One row per policy, risk aversion and path; amounts in bp of notional.

    Of several seeds there is one row each, told apart by `run`.

    Args:
        contenders: What each table belongs to.
        tables: What each policy did.
    """
    frames = []
    for contender, table in zip(contenders, tables, strict=True):
        columns: dict[str, Any] = {
            "path_id": table.path_id,
            "cost_bp": table.cost / BASIS_POINT,
            "tracking_bp": table.tracking / BASIS_POINT,
            "squared_increments": table.squared_increments,
            "objective_bp": table.objective / BASIS_POINT,
            "net_loss_bp": table.net_loss / BASIS_POINT,
            "trades": table.trades.astype(np.int32),
            "turnover": table.turnover,
        }
        for name, values in zip(COST_COMPONENTS, table.cost_components, strict=True):
            columns[f"cost_{name}_bp"] = values / BASIS_POINT
        about = [
            pl.lit(contender.row[0]).alias("policy"),
            pl.lit(contender.name).alias("run"),
            pl.lit(contender.kind).alias("kind"),
            pl.lit(contender.risk_aversion).alias("risk_aversion"),
        ]
        frames.append(pl.DataFrame(columns).select([*about, pl.all()]))
    return pl.concat(frames)


def render_report(comparison: Comparison, *, command: str) -> str:
    """The report as HTML.

    Args:
        comparison: What was measured.
        command: Command line that repeats it.
    """
    summary = comparison.summary
    risk_aversion = findings.detailed_risk_aversion(summary)
    styles = policy_styles([(row.name, row.kind) for row in summary.policies])
    config = yaml.safe_dump(dict(summary.config), sort_keys=False, allow_unicode=True)
    return _template().render(
        summary=summary,
        description=_description(comparison),
        headline=findings.headline(summary),
        marks=findings.marks(summary),
        risk_aversion=risk_aversion,
        colours={name: style.colour for name, style in styles.items()},
        pictures=_pictures(comparison, risk_aversion, styles),
        drawn=findings.leader(summary, risk_aversion),
        components=_charged_components(summary),
        pnl_parts=PNL_PARTS,
        liquidity=_liquidity(summary),
        vault=_vault(summary),
        command=command,
        config=config,
        versions=_versions(summary.seed),
    )


def _description(comparison: Comparison) -> str:
    """The market, and the days if they are recorded ones."""
    description, replay = comparison.config.description, comparison.summary.replay
    if replay is None:
        return description
    return f"{description}. {replay_sentence(replay)}".removeprefix(". ")


def _liquidity(summary: Summary) -> str | None:
    """What a book of liquidity earned and lost, in words; None of any other book."""
    parts = summary.liquidity
    return None if parts is None else liquidity_sentence(parts)


def _vault(summary: Summary) -> list[str]:
    """What keeper, chains and contagion cost and depositors get, in words."""
    config = summary.config
    keeper = [keeper_sentence(config, entry) for entry in summary.keeper]
    chains = [chains_sentence(config, entry) for entry in summary.chains]
    contagion = [contagion_sentence(config, entry) for entry in summary.contagion]
    pool = [pool_sentence(config, entry) for entry in summary.pool]
    return keeper + pool + chains + contagion


def _template() -> jinja2.Template:
    folder = resources.files("hedge_env.training.report") / "templates"
    source = (folder / "report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["interval"] = findings.with_error
    environment.filters["difference"] = findings.difference
    environment.filters["parameters"] = findings.parameters
    environment.filters["avoidable"] = findings.avoidable
    environment.filters["objective"] = findings.objective
    environment.filters["marked"] = findings.marked_name
    return environment.from_string(source)


def _pictures(
    comparison: Comparison, risk_aversion: float, styles: dict[str, PolicyStyle]
) -> dict[str, Picture]:
    """Every figure twice, for a screen and for a phone."""
    summary = comparison.summary
    rows = summary.at(risk_aversion)
    losses = _losses(comparison, risk_aversion)
    drawn = findings.leader(summary, risk_aversion)
    number = comparison.picked(drawn)
    trace = record_episode(
        comparison.policies[number],
        comparison.config,
        path_id=typical_path(comparison.tables[number]),
        risk_aversion=risk_aversion,
        seed=summary.seed,
    )
    figures: dict[str, Callable[[Size], Figure]] = {
        "frontier": lambda size: frontier_figure(summary, size),
        "distributions": lambda size: distribution_figure(rows, losses, styles, size),
        "costs": lambda size: cost_figure(rows, size),
        "episode": lambda size: episode_figure(trace, styles[drawn.name], size),
    }
    attributed = [row for row in rows if row.attribution is not None]
    if attributed:
        figures["pnl"] = lambda size: pnl_figure(attributed, size)
    if any(row.trades > 0.0 for row in attributed):
        figures["trades"] = lambda size: trades_figure(attributed, size)
    pool = [one for one in summary.pool if one["risk_aversion"] == risk_aversion]
    if pool:
        look, currency = styles[drawn.name], summary.config["report"]["currency"]
        figures["pool"] = lambda size: pool_figure(pool[0], currency, look, size)
    simulated = summary.simulated
    if simulated is not None:
        figures["simulated"] = lambda size: frontier_figure(simulated, size)
    pictures = {
        name: {size.name: to_data_uri(draw(size)) for size in (WIDE, NARROW)}
        for name, draw in figures.items()
    }
    since = "" if trace.date is None else f", the days from {trace.date} on,"
    pictures["episode"]["path"] = f"{trace.path_id}{since}"
    pictures["episode"]["run"] = comparison.contenders[number].name
    return pictures


def _losses(comparison: Comparison, risk_aversion: float) -> dict[str, FloatArray]:
    """Net loss on every test path by row; of several seeds, those of all [bp]."""
    found: dict[str, list[FloatArray]] = {}
    for contender, table in zip(comparison.contenders, comparison.tables, strict=True):
        name, own = contender.row
        if own == risk_aversion:
            found.setdefault(name, []).append(table.net_loss / BASIS_POINT)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _charged_components(summary: Summary) -> list[str]:
    return [
        name
        for name in COST_COMPONENTS
        if any(row.cost_components_bp[name] != 0.0 for row in summary.policies)
    ]


def _versions(seed: int) -> dict[str, str]:
    """What besides command and config the numbers depend on."""
    collected = collect_versions(seed)
    packages: dict[str, str | None] = collected["packages"]
    known = {name: version for name, version in packages.items() if version}
    return {
        "git commit": commit_in_words(collected["git_commit"]),
        "Python": collected["python"],
        "system": platform.platform(terse=True),
        **known,
    }
