"""What a search has found, in a file and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hedge_env.training.output.console import write_table
from hedge_env.training.output.provenance import collect_versions, own_command
from hedge_env.training.tune.finalists import Finalist
from hedge_env.training.tune.trials import Trial

__all__ = ["SearchResult", "print_search"]

_SHOWN = 10  # trials of the table


@dataclass(frozen=True)
class SearchResult:
    """What a search has found.

    Attributes:
        name: Of the experiment.
        seed: Of its first training, and of the search.
        trials: In the order of their numbers.
        finalists: The first trained trial, then the best ones.
    """

    name: str
    seed: int
    trials: Sequence[Trial]
    finalists: Sequence[Finalist]

    @property
    def best(self) -> Finalist:
        """The one of least mean J over seeds; of equals the first."""
        return min(self.finalists, key=lambda each: each.mean_bp)

    def headline(self) -> str:
        """What was found, in a sentence."""
        first, best = self.finalists[0], self.best
        seeds = len(best.scores_bp)
        tried = f"{len(self.trials)} trials of {self.name}, {seeds} seed(s) of the best"
        if best is first:
            return f"{tried}: nothing is better than trial {first.trial}"
        gain, error = best.gain_over(first)
        interval = "" if error is None else f" ± {_quantile(seeds - 1) * error:.2f}"
        # Trial 0 has the present settings; where it diverged another one stands first.
        which = ", which has the present settings" if first.trial == 0 else ""
        return (
            f"{tried}: trial {best.trial} has {gain:.2f}{interval} bp less validation "
            f"J than trial {first.trial}{which}"
        )

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "seed": self.seed,
            "headline": self.headline(),
            "command": own_command(),
            "versions": collect_versions(self.seed),
            "best": self.best.trial,
            "settings": list(self.best.settings),
            "finalists": [asdict(each) for each in self.finalists],
            "trials": [asdict(each) for each in self.trials],
        }


def _quantile(degrees: int) -> float:
    """Standard errors of a 95 % interval by few seeds: Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.975, degrees))


def print_search(found: SearchResult) -> None:
    """Print the best trials and the finalists on standard output."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("trial", justify="right")
    for title in ("J", "mean of seeds"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("settings", overflow="fold")
    means = {each.trial: f"{each.mean_bp:.3f}" for each in found.finalists}
    own = [trial for trial in found.trials if trial.same_as is None]
    done = [trial for trial in own if trial.score_bp is not None]
    done.sort(key=lambda trial: trial.score_bp or 0.0)
    shown = done[:_SHOWN]
    shown += [t for t in done[_SHOWN:] if t.number in means]
    for trial in shown:
        table.add_row(
            f"{trial.number}",
            f"{trial.score_bp:.3f}",
            means.get(trial.number, ""),
            ", ".join(trial.settings),
        )
    given_up = sum(trial.state == "given up" for trial in own)
    refused = sum(trial.state == "refused" for trial in own)
    twins = len(found.trials) - len(own)
    again = f", {twins} had the settings of an earlier one" if twins else ""
    write_table(
        table,
        f"{found.headline()}. {given_up} trials were given up early, {refused} could "
        f"not be trained{again}. J on validation paths, bp of notional; a seed has its "
        "own training and validation paths.",
    )
