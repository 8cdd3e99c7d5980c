"""Options of the commands that train, tune and measure policies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro import conf

from hedge_env.training.cli.common_options import SettingOptions
from hedge_env.training.cli.option_types import (
    Count,
    Criterion,
    Flag,
    Folder,
    Json,
    Market,
    Names,
    OptionalCount,
    OptionalName,
    OptionalPolicy,
    OptionalPresetFile,
    OptionalRiskAversion,
    OptionalSeed,
    OptionalTuned,
    Progress,
    Replay,
    RiskAversions,
    Seed,
    Threads,
    WholeNumber,
    WholeNumbers,
)

__all__ = [
    "AdviseOptions",
    "CompareOptions",
    "EvaluateOptions",
    "StudyOptions",
    "TrainOptions",
    "TuneOptions",
]


@dataclass(frozen=True, kw_only=True)
class TrainOptions(SettingOptions):
    """Train an agent from an experiment file and write a run folder."""

    config: Annotated[conf.Positional[Path], conf.arg(metavar="CONFIG")]
    """The experiment: reference, or a file such as configs/reference.yaml."""
    out: Folder = None
    """Run folder to write (default: a new one under runs/)."""
    resume: Flag = False
    """Continue the run in the run folder from its last checkpoint."""
    start_from: OptionalPolicy = None
    """Policy file or run folder, of any market, whose weights are the first (ahpg)."""
    risk_aversion: OptionalRiskAversion = None
    """Risk aversion to train at, or a range for one agent of all in it, 2:50 (default:
    that of the experiment)."""
    seed: OptionalSeed = None
    """Seed of the run (default: the one in the experiment file)."""
    total_timesteps: OptionalCount = None
    """Environment steps to train for (default: from the experiment file)."""
    threads: Count = 1
    """Threads of the learner; more than one changes the trained weights."""
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(SettingOptions):
    """Evaluate one saved policy or rule on test paths, with confidence intervals."""

    policy: Annotated[conf.Positional[str], conf.arg(metavar="POLICY")]
    """A policy file, a run folder, a formula of `hedge distill`, or a rule: NAME or
    NAME:KEY=VALUE,KEY=VALUE."""
    tuned: OptionalTuned = None
    """File of `hedge tune` with the rule's parameters (default: its own)."""
    preset: OptionalName = None
    """The market to evaluate in (default: that of training or tuning)."""
    replay: Replay = None
    risk_aversion: RiskAversions = ()
    """Risk aversions to evaluate at (default: those of --tuned, or the market's)."""
    episodes: Count = 20_000
    """Number of test paths."""
    seed: Seed = 0
    """Seed of the test paths."""
    threads: Threads = 1
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class CompareOptions(SettingOptions):
    """Tune rules on validation paths, compare all on test paths, write a report."""

    preset: Market = "reference"
    """The market to compare in."""
    replay: Replay = None
    policies: Names = ("main",)
    """Rules by name or with parameters not to be tuned (`gas-band:snap=0`; with
    `gas-band:centre=delta,rest=tuned` all others are), `main` for the eight that lead
    somewhere, `all` for every rule, policy files, run folders, formulas of `hedge
    distill`."""
    risk_aversion: RiskAversions = (2.0, 10.0, 50.0)
    """Risk aversions to compare at."""
    episodes: Count = 20_000
    """Number of test paths."""
    validation_episodes: Count = 20_000
    """Number of validation paths that rules are tuned and the best are picked on."""
    seed: Seed = 0
    """Seed of the validation and the test paths."""
    criterion: Criterion = "objective"
    """What tuning minimises: objective, mean-std:K or cvar:Q (percent, 50 or more)."""
    tuned: OptionalTuned = None
    """File of `hedge tune` with parameters that are then not tuned again."""
    threads: Threads = 1
    out: Folder = None
    """Folder for the report (default: no report, the table only)."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class TuneOptions(SettingOptions):
    """Find the best parameters of rules, or of an agent's training, and keep them."""

    agent: Annotated[Path | None, conf.arg(metavar="CONFIG")] = None
    """An experiment, such as configs/ahpg.yaml, whose market, length and risk aversion
    stay, and whose other settings are searched. Trials are judged on as many validation
    paths as its train.evaluation_paths says (--set changes it), not on those of
    --validation-episodes, which are of rules."""
    space: OptionalPresetFile = None
    """What to search of --agent, a setting a line (default: what its algorithm has)."""
    trials: Count = 30
    """Trials of --agent, those that were given up early, or have the settings and so
    the result of an earlier one, included."""
    finalists: WholeNumber = 3
    """Of them, how many are trained with further seeds, next to the present settings; 0
    takes the best trial as it is."""
    training_seeds: Count = 3
    """Seeds of each finalist: that of the experiment and those after it."""
    preset: Market = "reference"
    """The market to tune in."""
    replay: Replay = None
    policies: Names = ("all",)
    """Rules by name, or with what is not to be tuned (`gas-band:snap=0,rest=tuned`),
    `main` for the eight that lead somewhere, `all` for every rule."""
    risk_aversion: RiskAversions = (2.0, 10.0, 50.0)
    """Risk aversions to tune for."""
    episodes: Count = 20_000
    """Number of test paths that the tuned rules are shown on."""
    validation_episodes: Count = 20_000
    """Number of validation paths that rules are tuned on."""
    seed: Seed = 0
    """Seed of the validation and the test paths."""
    criterion: Criterion = "objective"
    """What to minimise: objective, mean-std:K or cvar:Q (percent, 50 or more)."""
    threads: Threads = 1
    out: Folder = None
    """Folder for tuned.json, written after every rule (default: print only); of
    --agent, for its trials, which the same command then goes on with (required)."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class StudyOptions(SettingOptions):
    """Tune and compare all rules in many markets, and write tables and a page."""

    presets: Names = (
        "reference",
        "ethereum-l1-2021",
        "ethereum-l1",
        "ethereum-l1-2026",
        "ethereum-l2",
        "deribit",
        "cao-gbm-1m",
        "cao-gbm-3m",
        "cao-sabr-1m",
        "cao-sabr-3m",
    )
    """Markets to study."""
    published: Names = ()
    """Measure tables that others have published instead, and print them: cao-2021,
    cao-2023, or all."""
    years: WholeNumbers = ()
    """Years of --replay FILE, each of which is left out once: the first preset is
    fitted to all other days, rules are tuned and agents trained in what is fitted, and
    all are measured on the days of the year."""
    replay: Replay = None
    policies: Names = ("main", "frozen-optimum", "one-step-better")
    """Rules by name, `main` for the strongest, `all` for every one. The optimum, where
    it is known, takes the place of `frozen-optimum` and `one-step-better`."""
    agents: Names = ()
    """Experiments, such as configs/ahpg.yaml, to train in every market and to set
    against its strongest rule."""
    training_seeds: Count = 5
    """Seeds to train each of them with: 0, 1 and so on."""
    risk_aversion: RiskAversions = ()
    """Risk aversions (default: five around each market's own)."""
    episodes: Count = 20_000
    """Number of test paths of each market."""
    validation_episodes: Count = 6_000
    """Number of validation paths that the rules are tuned on."""
    bound_episodes: WholeNumber = 128
    """Number of test paths of the certified gap of the best rule; 0 leaves it out."""
    seed: Seed = 0
    """Seed of the validation and the test paths."""
    threads: Threads = 1
    work: Annotated[Path, conf.arg(metavar="DIR")] = Path("runs/study")
    """Folder that keeps what is finished, so that the study can be interrupted."""
    out: Annotated[Path, conf.arg(metavar="DIR")] = Path("docs/study")
    """Folder for the tables, the figures and the page."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class AdviseOptions(SettingOptions):
    """Say which trade to make now, and why, in a state of the desk."""

    policy: Annotated[str, conf.arg(metavar="POLICY")] = "deadline-band"
    """A policy file, a run folder, a formula of `hedge distill`, or a rule: NAME or
    NAME:KEY=VALUE,KEY=VALUE."""
    tuned: OptionalTuned = None
    """File of `hedge tune` with the rule's parameters (default: its own)."""
    preset: OptionalName = None
    """Venue, clock and notional (default: those of training, or of reference)."""
    state: Annotated[str | None, conf.arg(metavar="FILE.yaml|-")] = None
    """The present: spot, legs, holdings, volatilities, gas; - is standard input."""
    watch: Flag = False
    """Read states from standard input, a JSON object a line, and answer each by one."""
    changes: Flag = True
    """Look for the spot and the gas price at which the answer is another one."""
    json: Json = False
