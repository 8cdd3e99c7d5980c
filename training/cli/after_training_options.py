"""Options of the commands about what a trained policy is, and is worth elsewhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro import conf

from hedge_env.training.cli.common_options import SettingOptions
from hedge_env.training.cli.option_types import (
    Count,
    Folder,
    Json,
    Names,
    NumbersFromZero,
    OptionalName,
    OptionalTuned,
    Progress,
    Replay,
    RiskAversions,
    Seed,
    Share,
    Threads,
)

__all__ = ["AdaptOptions", "DistillOptions", "MatrixOptions"]


@dataclass(frozen=True, kw_only=True)
class DistillOptions(SettingOptions):
    """Write a saved policy down as a short formula that can be used as a rule."""

    policy: Annotated[conf.Positional[str], conf.arg(metavar="POLICY")]
    """A policy file or a run folder."""
    preset: OptionalName = None
    """The market to distill in (default: that of training)."""
    replay: Replay = None
    policies: Names = ("deadline-band", "gas-band", "zakamouline")
    """Rules to tune: the formula starts from the best with a band, and the policy's
    advantage is that over the best of all."""
    tuned: OptionalTuned = None
    """File of `hedge tune` with their parameters (default: tuned now)."""
    risk_aversion: RiskAversions = ()
    """Risk aversions to distill at (default: that of training, or ends and middle of
    its range)."""
    keep: Share = 0.95
    """Share of the advantage that is enough: the shortest formula that keeps so much on
    the validation paths is taken."""
    terms: Count = 8
    """Most terms of each of its two sums."""
    episodes: Count = 20_000
    """Number of test paths."""
    validation_episodes: Count = 20_000
    """Number of validation paths that choose terms and polish their weights."""
    seed: Seed = 0
    """Seed of all paths."""
    threads: Threads = 1
    out: Folder = None
    """Folder for distilled.json and distilled.png (default: print only)."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class MatrixOptions(SettingOptions):
    """Measure policies of one market in every other, as tables and heat maps."""

    policies: Names = ("deadline-band", "gas-band", "zakamouline")
    """Policy files, run folders, formulas of `hedge distill`, rules with parameters,
    and rules by name, which are tuned in every market."""
    presets: Names = ("ethereum-l1", "ethereum-l1-2026", "ethereum-l2", "deribit")
    """Markets to measure in; rules are tuned in each."""
    replay: Replay = None
    risk_aversion: RiskAversions = ()
    """Risk aversions (default: those of the saved policies, or the first market's)."""
    episodes: Count = 20_000
    """Number of test paths of each market."""
    validation_episodes: Count = 20_000
    """Number of validation paths that rules are tuned and the best are picked on."""
    seed: Seed = 0
    """Seed of all paths."""
    threads: Threads = 1
    out: Folder = None
    """Folder for matrix.json and a heat map for each risk aversion."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class AdaptOptions(SettingOptions):
    """Measure how fast an agent of one market becomes good in another."""

    policies: Annotated[
        conf.Positional[tuple[str, ...]],
        conf.arg(metavar="POLICY ...", help_behavior_hint=""),
    ]
    """Policy files or run folders of ahpg, the training seeds of one experiment."""
    presets: Names = ("ethereum-l1-2021", "ethereum-l1-2026", "ethereum-l2", "deribit")
    """Markets to adapt to."""
    updates: NumbersFromZero = (0, 10, 50, 200)
    """Numbers of updates, each a training of its own, from the policies and from
    random weights; 0 is what acts before the first."""
    agent: Annotated[str, conf.arg(metavar="CONFIG")] = "ahpg"
    """The experiment that the policies are of, which is gone on with."""
    rules: Names = ("one-step-better", "frozen-optimum", "gas-band", "deadline-band")
    """Rules, of whom the strongest in each market is the yardstick."""
    risk_aversion: RiskAversions = (10.0,)
    """Risk aversions to measure at."""
    episodes: Count = 20_000
    """Number of test paths of each market."""
    validation_episodes: Count = 6_000
    """Number of validation paths that tune rules and pick the strongest."""
    seed: Seed = 0
    """Seed of all paths, and of the first training; the next have those after it."""
    threads: Threads = 1
    out: Annotated[Path, conf.arg(metavar="DIR")] = Path("runs/adapt")
    """Folder for page, table and picture, and for what is trained, so that it can be
    interrupted."""
    json: Json = False
    progress: Progress = True
