"""A matrix as tables in the terminal, and the sentences below them."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from hedge_env.training.results.findings import with_error
from hedge_env.training.results.matrix_result import Cell, Matrix
from hedge_env.training.results.recorded_market import replay_sentence

__all__ = ["cell_text", "matrix_tables", "remarks"]


def matrix_tables(matrix: Matrix) -> Iterable[Table]:
    """A table for each risk aversion: policies down, markets across."""
    for level in matrix.risk_aversions:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
        table.add_column(f"λ {level:g}, policy [market it is from]", no_wrap=True)
        for market in matrix.markets:
            table.add_column(market, justify="right")
        for label, cells in matrix.rows(level).items():
            shown = [cell_text(cell) for cell in cells]
            table.add_row(label.replace("[", r"\["), *shown)
        yield table


def cell_text(cell: Cell, line: str = " ") -> str:
    """Avoidable J, or J where no floor is known, and what is lost there.

    Args:
        cell: Of the matrix.
        line: Between both.
    """
    if cell.why_not is not None or cell.objective_bp is None:
        return "cannot act"
    if cell.avoidable_bp is None:
        value = with_error(cell.objective_bp, cell.objective_se or 0.0)
        value = f"J {value}"
    else:
        value = with_error(cell.avoidable_bp, cell.avoidable_se or 0.0)
    if cell.is_native:
        return f"{value}{line}" + ("best of its own" if cell.is_home else "picked")
    if cell.excess_percent is None:
        return value
    return f"{value}{line}({cell.excess_percent:+.1f} %)"


def remarks(matrix: Matrix) -> list[str]:
    """What the numbers mean, and why some are not there."""
    lines = [
        f"Avoidable J in bp of notional, seed {matrix.seed}; ± is a 95 % confidence "
        "interval. In brackets: J more than that of the best policy from the market "
        "itself (or, where none is, of all) that its validation paths pick, in % of "
        "its avoidable J."
    ]
    if any(c.avoidable_bp is None and c.objective_bp is not None for c in matrix.cells):
        lines.append(
            "Where it says J, no floor is known (recorded days, or holdings move "
            "prices): that is J itself, and the percentage is of J."
        )
    lines += [replay_sentence(document) for document in matrix.replay.values()]
    reasons = {f"{cell.why_not}." for cell in matrix.cells if cell.why_not is not None}
    return [*lines, *sorted(reasons)]
