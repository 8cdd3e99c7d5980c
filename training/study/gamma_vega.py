"""The published benchmark of Cao and others (2023), hedging gamma with options.

Profit over 30 days of a desk that writes a client option of 100 units on the first day
and takes Poisson orders on each of the 29 after it, in currency at a price of 10: mean,
standard deviation, and the 5 % quantile ("VaR 95"). `docs/options.md` holds the result
of

    python -m hedge_env.training.study.gamma_vega --episodes 40000
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.training.output.console import write_text

__all__ = ["PUBLISHED_EPISODES", "ROWS", "Benchmark", "Result", "measure", "table"]

PUBLISHED_EPISODES = 5_000
_LEVEL = 0.05  # of the quantile
_WIDTH = 0.01  # of the band of probabilities that its density is taken from


@dataclass(frozen=True)
class Benchmark:
    """One published row [currency].

    Attributes:
        preset: Constant or stochastic volatility.
        days: Maturity of the option that hedges [trading day].
        share: Cost of trading it over its value.
        rule: Name of the rule.
        mean: Of the profit.
        sd: Its standard deviation.
        var95: Its 5 % quantile; None if it was not published.
    """

    preset: str
    days: int
    share: float
    rule: str
    mean: float
    sd: float
    var95: float | None


_GBM, _SABR = "gamma-vega", "gamma-vega-sabr"

# Tables 1 and 2 of the authors' evaluation; no quantile of delta hedging with SABR.
ROWS: tuple[Benchmark, ...] = (
    Benchmark(_GBM, 30, 0.01, "delta", 0.05, 14.99, -24.29),  # the same at any cost
    Benchmark(_GBM, 30, 0.005, "delta-gamma", -3.41, 1.44, -5.78),
    Benchmark(_GBM, 30, 0.01, "delta-gamma", -6.84, 1.88, -10.12),
    Benchmark(_GBM, 30, 0.02, "delta-gamma", -13.69, 3.07, -19.11),
    Benchmark(_SABR, 30, 0.01, "delta", 0.22, 21.87, None),
    Benchmark(_SABR, 30, 0.01, "delta-gamma", -6.85, 9.86, -23.02),
    Benchmark(_SABR, 30, 0.01, "delta-vega", -13.08, 23.27, -50.24),
    Benchmark(_SABR, 90, 0.01, "delta-gamma", -18.46, 10.23, -35.01),
    Benchmark(_SABR, 90, 0.01, "delta-vega", -12.16, 6.10, -22.05),
)


@dataclass(frozen=True)
class Result:
    """What this package measures for a row [currency]; `_se` are standard errors.

    Attributes:
        n: Number of episodes.
        mean: Mean profit.
        mean_se: Its error.
        sd: Standard deviation of the profit.
        sd_se: Its error.
        var95: 5 % quantile of the profit.
        var95_se: Its error.
    """

    n: int
    mean: float
    mean_se: float
    sd: float
    sd_se: float
    var95: float
    var95_se: float

    def with_theirs(self, error: float) -> float:
        """Standard error of the difference to a published figure.

        Their paths are fewer, of the same law: their error is ours times a root.
        """
        return error * sqrt(1.0 + self.n / PUBLISHED_EPISODES)


def measure(
    rows: Sequence[Benchmark], *, n_episodes: int, seed: int = 0, threads: int = 1
) -> list[Result]:
    """Measure rows, those of one problem on the same test paths.

    Args:
        rows: What was published.
        n_episodes: Number of paths.
        seed: Of the paths.
        threads: The result does not depend on it.
    """
    found: dict[Benchmark, Result] = {}
    for problem in dict.fromkeys(_problem(row) for row in rows):
        chosen = [row for row in rows if _problem(row) == problem]
        preset, days, share = problem
        settings = (
            f"execution.option.maturity_days={days}",
            f"execution.option.half_spread_share={share}",
        )
        config = load_config(preset, settings=settings)
        notional = config.market.spot * config.book.contracts
        tables = evaluate(
            [(BASELINES[row.rule](), None) for row in chosen],
            config,
            n_episodes=n_episodes,
            seed=seed,
            threads=threads,
        )
        results = [_result(-notional * table.net_loss) for table in tables]
        found |= dict(zip(chosen, results, strict=True))
    return [found[row] for row in rows]


def _problem(row: Benchmark) -> tuple[str, int, float]:
    return row.preset, row.days, row.share


def _result(profit: FloatArray) -> Result:
    """Mean, standard deviation, quantile, and their errors by the delta method."""
    mean, sd, n = float(profit.mean()), float(profit.std()), profit.size
    centred = profit - mean
    sd_se = float(np.std(centred**2)) / (2.0 * sd * sqrt(n))
    low, quantile, high = np.quantile(
        profit, [_LEVEL - _WIDTH, _LEVEL, _LEVEL + _WIDTH]
    )
    density = 2.0 * _WIDTH / (high - low)
    quantile_se = sqrt(_LEVEL * (1.0 - _LEVEL) / n) / density
    return Result(n, mean, sd / sqrt(n), sd, sd_se, float(quantile), float(quantile_se))


def table(rows: Sequence[Benchmark], results: Sequence[Result]) -> str:
    """Published and measured figures as a table in Markdown."""
    lines = [
        "| preset | option | cost | rule | published mean / sd / VaR 95 | mean | sd "
        "| VaR 95 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row, found in zip(rows, results, strict=True):
        plain = row.rule == "delta"
        var95 = "" if row.var95 is None else f" / {row.var95:.2f}"
        cells = (
            f"`{row.preset}`",
            "none" if plain else f"{row.days} d",
            "none" if plain else f"{100.0 * row.share:g} %",
            f"`{row.rule}`",
            f"{row.mean:.2f} / {row.sd:.2f}{var95}",
            f"{found.mean:.2f} ± {found.mean_se:.2f}",
            f"{found.sd:.2f} ± {found.sd_se:.2f}",
            f"{found.var95:.2f} ± {found.var95_se:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every row and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m hedge_env.training.study.gamma_vega", description=__doc__
    )
    parser.add_argument("--episodes", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    results = measure(
        ROWS,
        n_episodes=options.episodes,
        seed=options.seed,
        threads=options.threads,
    )
    write_text(table(ROWS, results))


if __name__ == "__main__":
    main()
