"""`hedge optimum`: the exact optimum of a market, how exact it is, and what it does.

Solves the problem on finer and finer grids, states the error, and draws both the
convergence and the region in which the best policy does not trade.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.optimum.convergence import (
    FINER_SPOTS,
    HOLDINGS,
    Convergence,
    convergence,
)
from hedge_env.baselines.optimum.liquidation import (
    best_orders,
    best_rate,
    liquidation_of,
    why_no_liquidation,
)
from hedge_env.baselines.optimum.solvable import require_solvable
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.training.cli.commands import OptimumOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import log, progress_bar, write_json, write_text
from hedge_env.training.output.folder import prepare_folder, write_folder

__all__ = ["convergence_document", "convergence_table", "liquidation_table", "run"]


def run(options: OptimumOptions) -> None:
    """Solve on several grids, print the values, draw the figures.

    Args:
        options: Which market, at which risk aversions.
    """
    config = load_config(options.preset, settings=options.settings)
    if why_no_liquidation(config) is None:
        if options.out is not None:
            raise HedgeError(
                f"{config.name} is solved without grids, of which there is nothing to "
                "draw; leave out --out, and use --json for a document"
            )
        optima = [_liquidation(config, level) for level in options.risk_aversion]
        if options.json:
            write_json({"preset": config.name, "optima": optima})
        else:
            write_text(liquidation_table(optima))
        return
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


_FINER = 64  # orders for one of a decision: as good as all the time


def _liquidation(config: EnvConfig, risk_aversion: float) -> dict[str, float]:
    """J and first order of the best way out of a perpetual, and the limit."""
    p, n = liquidation_of(config, risk_aversion), config.episode.decisions
    start, held = best_orders(p, n), config.holdings.start
    limit = best_orders(p, n * _FINER).value[0, 0]
    rate = best_rate(p._replace(closing=p.closing * _FINER), p.horizon)
    return {
        "risk_aversion": risk_aversion,
        "objective_bp": float(start.value[0, 0]) * held**2 / BASIS_POINT,
        "limit_bp": float(limit) * held**2 / BASIS_POINT,
        "first_order": float(start.gains[0, 0]) * held,
        "rate_of_holdings": rate[0],
        "rate_of_basis": rate[1],
    }


def liquidation_table(found: Sequence[Mapping[str, float]]) -> str:
    """Markdown: a line for each risk aversion.

    Args:
        found: Of a liquidation, with `objective_bp`, `limit_bp`, `first_order` and what
            the best rate takes of holdings and basis, per decision.
    """
    lines = [
        "| lambda | J [bp] | orders all the time [bp] | first order "
        "| rate, of holdings | of the basis |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['risk_aversion']:g} | {one['objective_bp']:.4f} | "
        f"{one['limit_bp']:.4f} | {one['first_order']:.5f} | "
        f"{one['rate_of_holdings']:.5f} | {one['rate_of_basis']:.4f} |"
        for one in found
    ]
    return "\n".join(lines)


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
