"""Options of the commands about markets, and about this installation."""

from dataclasses import dataclass

from tyro import conf

from hedge_env.training.cli.common_options import CommonOptions, SettingOptions
from hedge_env.training.cli.option_types import (
    Count,
    File,
    Files,
    Flag,
    Folder,
    Json,
    Market,
    Names,
    OptionalCount,
    OptionalDate,
    OptionalFile,
    OptionalName,
    OptionalPresetFile,
    PositiveNumber,
    Progress,
    RiskAversions,
    Seed,
    WholeNumbers,
)

__all__ = [
    "BenchmarkOptions",
    "BoundOptions",
    "CalibrateOptions",
    "DoctorOptions",
    "InspectOptions",
    "OptimumOptions",
    "PresetsOptions",
]


@dataclass(frozen=True, kw_only=True)
class OptimumOptions(SettingOptions):
    """Solve a market exactly: its optimum on finer and finer grids, and the error."""

    preset: Market = "reference"
    """The market to solve: constant volatility, gas constant or a Markov chain."""
    risk_aversion: RiskAversions = (2.0, 10.0, 50.0)
    """Risk aversions to solve for."""
    out: Folder = None
    """Folder for the figures (default: none)."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class BoundOptions(SettingOptions):
    """Prove how far policies are at most from the best that anyone could do."""

    preset: Market = "reference"
    """The market; not one that answers to what is held."""
    risk_aversion: RiskAversions = (2.0, 10.0, 50.0)
    """Risk aversions to bound at."""
    policies: Names = ("deadline-band", "one-step-better")
    """Rules by name (tuned on validation paths) or with parameters, `optimal`,
    `one-step-better`, policy files or run folders."""
    value_scale: PositiveNumber = 1.0
    """Volatility of the value function in the penalty over that of the market, where
    the optimum is exact; another than 1 shows what a wrong value costs the bound."""
    episodes: Count = 1000
    """Number of test paths."""
    validation_episodes: Count = 4000
    """Number of validation paths that rules are tuned on."""
    seed: Seed = 0
    """Seed of the validation and the test paths."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions(SettingOptions):
    """Fit a market to a history of prices and write it as a preset file."""

    spot: File
    """Hourly prices: a column of times and one of prices, or a vendor's candles."""
    implied_vol: OptionalFile = None
    """Daily implied volatility, for example the index DVOL."""
    gas: Files = ()
    """Gas prices, daily or hourly; a daily and an hourly file give level and season."""
    funding: OptionalFile = None
    """Funding rates of a perpetual, one per settlement."""
    risk_reversal: OptionalFile = None
    """30-day 25-delta risk reversals (call less put): mean and moves of the skew."""
    chain: Files = ()
    """Option chains; the mean skew and curvature of their smiles are taken."""
    parts: Names = ()
    """Parts to fit: spot, gas, funding, skew (default: all that have a file), or none:
    the table of the base as it is."""
    forecasts: Flag = False
    """Fit forecasts of volatility and of hourly gas as well, which policies may see."""
    since: OptionalDate = None
    """First day that counts."""
    until: OptionalDate = None
    """Day after the last that counts."""
    gas_since: OptionalDate = None
    """First day of gas that counts (default: --since)."""
    gas_until: OptionalDate = None
    """Day after the last of gas (default: --until)."""
    without_year: OptionalCount = None
    """Year, UTC, that does not count in any file: what is then fitted knows nothing of
    it."""
    base: Market = "ethereum-l1"
    """The preset that everything not fitted comes from."""
    out: OptionalPresetFile = None
    """Preset file to write; needed unless --parts is none."""
    report: Folder = None
    """Folder for the table and the figures (default: none)."""
    histories: Count = 24
    """Simulated histories in each step of the fit."""
    steps: Count = 6
    """Steps of the search at most."""
    starts: Count = 4
    """Places where the search of calm and stress may start: the best of so many."""
    table_histories: OptionalCount = None
    """Simulated histories behind every figure of the table, others than those of the
    fit, each as long as its data (default: 100)."""
    years: OptionalCount = None
    """In place of --table-histories: simulated years, in histories as long as that of
    spot."""
    weights: Flag = True
    """Count the simulated histories of the table alike, not weighted until their time
    under stress is the expected one, which takes out most of their luck."""
    seed: Seed = 0
    """Seed of the simulated histories."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class PresetsOptions(SettingOptions):
    """List the market presets, or print one in full."""

    preset: conf.Positional[OptionalName] = None
    """The preset to print with every key (default: list the names)."""
    json: Json = False


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(CommonOptions):
    """Measure environment and training speed on this machine."""

    presets: Names = ("reference", "ethereum-l1")
    """Markets to measure."""
    num_envs: WholeNumbers = (1, 64, 1024, 4096)
    """Batch sizes to measure."""
    seconds: PositiveNumber = 1.0
    """Time to spend on each measurement [s]."""
    ppo: Flag = True
    """Leave out the training part."""
    json: Json = False
    progress: Progress = True


@dataclass(frozen=True, kw_only=True)
class InspectOptions(CommonOptions):
    """Say what a file of history is taken for: layout, span, gaps, unit, moments."""

    file: conf.Positional[File]
    """Prices, implied volatility, gas, funding or an option chain, in any form."""
    json: Json = False


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(CommonOptions):
    """Check this installation: versions, threads, kernel cache, presets, disk."""

    json: Json = False
