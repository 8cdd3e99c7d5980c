"""`hedge matrix`: policies trained or tuned in one market, measured in every other.

All policies of a column are run on the same test paths. They are compared with the
best policy from the column's own market, which the validation paths pick.
"""

from collections.abc import Sequence

from hedge_env.base.errors import ConfigError
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate
from hedge_env.evaluation.metrics import paired_difference, summarise
from hedge_env.feeds.recorded import describe_replay
from hedge_env.training.cli.after_training_options import MatrixOptions
from hedge_env.training.matrix.markets import ColumnMarket, find_markets
from hedge_env.training.matrix.rows import (
    RowPolicy,
    agent_rows,
    find_rows,
    given_rows,
    tuned_rows,
)
from hedge_env.training.output.console import (
    counter,
    log,
    write_json,
    write_table,
)
from hedge_env.training.output.folder import prepare_folder, write_folder
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.agents import Agent
from hedge_env.training.results.matrix_result import Cell, Matrix, in_order
from hedge_env.training.results.recorded_market import (
    episodes_in,
    overlap,
    require_two_paths,
)
from hedge_env.training.results.rule_spec import Rule

__all__ = ["measure_matrix", "run"]


def run(options: MatrixOptions) -> None:
    """Measure, write document and figures if a folder is given, print the tables.

    Args:
        options: Which policies, in which markets, how carefully.
    """
    if options.out is not None:
        # Missing plotting packages must show now, not after the work is done.
        from hedge_env.training.report.matrix_figure import matrix_figures
    with prepare_folder(options.out):
        matrix = measure_matrix(options)
        if options.out is not None:
            document = to_json(matrix.to_document()).encode()
            files = {"matrix.json": document, **matrix_figures(matrix)}
            write_folder(options.out, files)
            for name in files:
                log(f"written: {options.out / name}")
    if options.json:
        write_json(matrix.to_document())
    else:
        from hedge_env.training.report.matrix_table import matrix_tables, remarks

        write_table(*matrix_tables(matrix), *remarks(matrix))


def measure_matrix(options: MatrixOptions) -> Matrix:
    """Every policy in every market.

    Args:
        options: As on the command line.

    Raises:
        ConfigError: If something asked for does not exist.
    """
    require_two_paths(options.episodes)
    require_two_paths(options.validation_episodes, "--validation-episodes")
    markets = find_markets(options.presets, options.replay, options.settings)
    rules, agents = find_rows(options.policies)
    # First: days without two windows are refused before rules are tuned anywhere.
    episodes = {
        m.name: episodes_in(m.config, options.episodes, "test") for m in markets
    }
    rows = _rows(rules, agents, markets, options)
    cells = [cell for market in markets for cell in _column(market, rows, options)]
    names = tuple(market.name for market in markets)
    return Matrix(
        markets=names,
        cells=tuple(in_order(cells, names)),
        seed=options.seed,
        episodes=episodes,
        validation_episodes=options.validation_episodes,
        replay={
            market.name: {
                **describe_replay(market.config),
                "error_factor": overlap(market.config) ** 0.5,
            }
            for market in markets
            if not market.is_home
        },
    )


def _rows(
    rules: Sequence[Rule],
    agents: Sequence[Agent],
    markets: Sequence[ColumnMarket],
    options: MatrixOptions,
) -> list[RowPolicy]:
    """All policies, rules tuned in every market.

    Raises:
        ConfigError: If there are none.
    """
    rows = agent_rows(agents, options.risk_aversion)
    levels = options.risk_aversion or tuple(
        dict.fromkeys(
            [row.risk_aversion for row in rows] or markets[0].config.risk_aversions
        )
    )
    rows += given_rows(rules, levels)
    for market in markets:
        if market.is_home:
            rows += tuned_rows(
                rules,
                market,
                levels,
                n_paths=options.validation_episodes,
                seed=options.seed,
                threads=options.threads,
                progress=options.progress,
            )
    if not rows:
        raise ConfigError(
            "--policies: none of them can act in any of the markets; name others"
        )
    return rows


def _column(
    market: ColumnMarket, rows: Sequence[RowPolicy], options: MatrixOptions
) -> list[Cell]:
    """All policies in one market."""
    reasons = [row.why_not(market.config) for row in rows]
    able = [row for row, why in zip(rows, reasons, strict=True) if why is None]
    cells = [
        Cell(
            row.name,
            row.home,
            market.name,
            row.risk_aversion,
            is_home=row.home == market.name,
            why_not=why,
        )
        for row, why in zip(rows, reasons, strict=True)
        if why is not None
    ]
    if not able:
        return cells
    tables = _play(market, able, "test", options.episodes, options)
    for level in dict.fromkeys(row.risk_aversion for row in able):
        at = [n for n, row in enumerate(able) if row.risk_aversion == level]
        here = [able[n] for n in at]
        native = at[_native(market, here, options)]
        cells += [
            _cell(market, able[n], tables[n], tables[native], is_native=n == native)
            for n in at
        ]
    return cells


def _native(
    market: ColumnMarket, rows: Sequence[RowPolicy], options: MatrixOptions
) -> int:
    """Number of the best policy from a market, or of the best of all if none is."""
    own = [n for n, row in enumerate(rows) if row.home == market.name]
    tried = own or list(range(len(rows)))
    if len(tried) == 1:
        return tried[0]
    chosen = [rows[n] for n in tried]
    tables = _play(market, chosen, "validation", options.validation_episodes, options)
    values = [float(table.objective.mean()) for table in tables]
    return tried[values.index(min(values))]


def _play(
    market: ColumnMarket,
    rows: Sequence[RowPolicy],
    stream: str,
    n_paths: int,
    options: MatrixOptions,
) -> list[EpisodeTable]:
    """What policies do in a market, on the same paths."""
    n_paths = episodes_in(market.config, n_paths, stream)
    total = n_paths * len(rows)
    words = f"{market.name}, {stream}"
    with counter(words, total, enabled=options.progress) as report:
        return evaluate(
            [(row.policy, row.risk_aversion) for row in rows],
            market.config,
            n_episodes=n_paths,
            seed=options.seed,
            stream=stream,
            threads=options.threads,
            progress=lambda done, total: report(done),
            controlled=stream == "test",
        )


def _cell(
    market: ColumnMarket,
    row: RowPolicy,
    table: EpisodeTable,
    native: EpisodeTable,
    *,
    is_native: bool,
) -> Cell:
    """One policy against the best from the market; errors widened for shared days."""
    wider = overlap(market.config) ** 0.5
    own, best = summarise(table), summarise(native)
    plain = paired_difference(table, native)
    excess = plain.controlled or plain
    base = best.objective_bp if best.avoidable_bp is None else best.avoidable_bp
    controlled = own.controlled_objective_bp is not None
    value = own.controlled_objective_bp if controlled else own.objective_bp
    error = own.controlled_objective_se if controlled else own.objective_se
    avoidable = own.avoidable_se
    return Cell(
        policy=row.name,
        home=row.home,
        market=market.name,
        risk_aversion=row.risk_aversion,
        is_home=row.home == market.name,
        is_native=is_native,
        objective_bp=value,
        objective_se=None if error is None else wider * error,
        avoidable_bp=own.avoidable_bp,
        avoidable_se=None if avoidable is None else wider * avoidable,
        excess_bp=excess.mean_bp,
        excess_se=wider * excess.se_bp,
        excess_percent=100.0 * excess.mean_bp / base if base > 1e-9 else None,
    )
