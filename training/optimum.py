"""`hedge optimum`: the exact optimum of a market, how exact it is, and what it does.

Solves the problem on finer and finer grids, states the error, and draws both the
convergence and the region in which the best policy does not trade.
"""

from collections.abc import Sequence
from typing import Any

from hedge_env.baselines.optimum.convergence import (
    FINER_SPOTS,
    HOLDINGS,
    Convergence,
    convergence,
)
from hedge_env.baselines.optimum.solvable import require_solvable
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.training.cli.commands import OptimumOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import log, progress_bar, write_json, write_text
from hedge_env.training.output.folder import prepare_folder, write_folder

__all__ = ["convergence_document", "convergence_table", "run"]


def run(options: OptimumOptions) -> None:
    """Solve on several grids, print the values, draw the figures.

    Args:
        options: Which market, at which risk aversions.
    """
    config = load_config(options.preset, settings=options.settings)
    require_solvable(config)
    if options.out is not None:
        # Missing plotting packages must show now, not after the work is done.
        from hedge_env.training.report.optimum_figures import optimum_figures
    with prepare_folder(options.out):
        found = _converge(config, options.risk_aversion, progress=options.progress)
        if options.out is not None:
            files = optimum_figures(config, found)
            write_folder(options.out, files)
            for name in files:
                log(f"figure: {options.out / name}")
    if options.json:
        write_json(convergence_document(config, found))
    else:
        write_text(convergence_table(found))


def convergence_table(found: Sequence[Convergence]) -> str:
    """Markdown: a line for every grid, and what follows from it.

    Args:
        found: One for each risk aversion.
    """
    lines = ["| lambda | holdings | log spots | J [bp] |", "|---|---|---|---|"]
    summary = ["| lambda | J [bp] | error [bp] | limit [bp] |", "|---|---|---|---|"]
    for one in found:
        for grid in (*one.by_holdings, *one.by_spots[1:]):
            lines.append(
                f"| {one.risk_aversion:g} | {grid.n_holdings} | {grid.n_spots} | "
                f"{grid.value / BASIS_POINT:.4f} |"
            )
        share = 100.0 * one.error / one.value
        summary.append(
            f"| {one.risk_aversion:g} | {one.value / BASIS_POINT:.3f} | "
            f"{one.error / BASIS_POINT:.3f} ({share:.2f} %) | "
            f"{one.limit / BASIS_POINT:.3f} |"
        )
    return "\n".join([*summary, "", *lines])


def convergence_document(
    config: EnvConfig, found: Sequence[Convergence]
) -> dict[str, Any]:
    """Plain values for JSON.

    Args:
        config: The hedging problem.
        found: One for each risk aversion.
    """
    return {
        "preset": config.name,
        "optima": [
            {
                "risk_aversion": one.risk_aversion,
                "objective_bp": one.value / BASIS_POINT,
                "error_bp": one.error / BASIS_POINT,
                "limit_bp": one.limit / BASIS_POINT,
                "grids": [
                    {
                        "n_holdings": grid.n_holdings,
                        "n_spots": grid.n_spots,
                        "objective_bp": grid.value / BASIS_POINT,
                    }
                    for grid in (*one.by_holdings, *one.by_spots[1:])
                ],
            }
            for one in found
        ],
    }


def _converge(
    config: EnvConfig, risk_aversions: Sequence[float], *, progress: bool
) -> list[Convergence]:
    total = len(risk_aversions) * (len(HOLDINGS) + len(FINER_SPOTS) - 1)
    with progress_bar("solving", total, enabled=progress) as advance:
        return [
            convergence(config, risk_aversion, advance=lambda: advance(1))
            for risk_aversion in risk_aversions
        ]


if __name__ == "__main__":
    main_for("optimum")
