"""How good a policy is on validation paths that never change during a run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from hedge_env.agent.reward_params import balance_of
from hedge_env.base.errors import ConfigError
from hedge_env.base.files import write_atomically
from hedge_env.baselines import BASELINES
from hedge_env.baselines.tuning.criteria import criterion_of, parse_criterion
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config import EnvConfig
from hedge_env.config.validation import suggestion
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate_controlled
from hedge_env.evaluation.metrics import Metrics, summarise
from hedge_env.feeds.tape import MarketTape, record_tape, require_tape_fits
from hedge_env.policies.policy import Policy
from hedge_env.risk.path_moments import PathMoments, path_moments, why_no_moments
from hedge_env.training.experiment.experiment import ExperimentConfig
from hedge_env.training.output.console import progress_bar
from hedge_env.training.output.provenance import to_json
from hedge_env.training.train.run_folder import RunFolder


@dataclass(frozen=True)
class Validation:
    """One measurement.

    Attributes:
        timesteps: When it was taken.
        scalars: Name to value, as shown under `hedge/` in TensorBoard.
    """

    timesteps: int
    scalars: dict[str, float]

    @property
    def objective_bp(self) -> float:
        """J, the mean over risk aversions [bp]."""
        return self.scalars["objective_bp"]

    @property
    def score(self) -> float:
        """What the best policy is chosen by, low is good [bp]."""
        names = ("criterion_bp", "balanced_objective_bp", "objective_bp")
        return next(self.scalars[name] for name in names if name in self.scalars)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The measurement that `to_json` wrote."""
        return cls(**document)


@dataclass(frozen=True)
class TunedBaseline:
    """What a tuned rule reaches on the validation paths, mean over risk aversions."""

    name: str
    objective_bp: float  # of the criterion that it was tuned for, J unless told
    params: list[dict[str, float]]  # one per risk aversion


class Validator:
    """Measures policies on the same paths.

    Args:
        config: The hedging problem.
        tape: The validation paths, of `seed` and the validation stream.
        baselines: Tuned rules to report the gap to.
        seed: Of the paths; None leaves floor and avoidable part out, as does a market
            of which nothing can be drawn.
    """

    def __init__(
        self,
        config: EnvConfig,
        tape: MarketTape,
        baselines: Sequence[TunedBaseline],
        seed: int | None = None,
    ) -> None:
        self.config = config
        self.tape = tape
        self.baselines = tuple(baselines)
        self.risk_aversions = config.risk_aversions
        self._balance = balance_of(config)
        self.criterion = criterion_of(config.reward)
        self._moments: PathMoments | None = None
        if seed is not None and why_no_moments(config) is None:
            ids, stream = tape.path_ids, "validation"
            self._moments = path_moments(config, ids, seed=seed, stream=stream)

    @classmethod
    def prepare(
        cls,
        experiment: ExperimentConfig,
        config: EnvConfig,
        folder: RunFolder,
        *,
        progress: bool,
    ) -> Self:
        """Record the paths and tune the baselines, or read what a run had tuned."""
        n_paths = experiment.train.evaluation_paths
        require_tape_fits(config, n_paths, "train.evaluation_paths")
        path_ids = np.arange(n_paths)
        tape = record_tape(config, path_ids, seed=experiment.seed, stream="validation")
        if folder.baselines.exists():
            document = json.loads(folder.baselines.read_text())
            baselines = [TunedBaseline(**entry) for entry in document]
        else:
            names = experiment.train.baselines
            baselines = tune_baselines(
                names, config, tape, criterion_of(config.reward), progress=progress
            )
            entries = [asdict(baseline) for baseline in baselines]
            write_atomically(folder.baselines, to_json(entries))
        return cls(config, tape, baselines, experiment.seed)

    def measure(self, policy: Policy, timesteps: int) -> Validation:
        """Run a policy on the validation paths.

        Where risk aversion has a range, values are means over its ends and middle, and
        `balanced_objective_bp` that of J by the weights of rewards (`agent/balance`).
        Where the reward is paid for another criterion, `criterion_bp` is that.
        """
        tables = [self._table(policy, value) for value in self.risk_aversions]
        rows = [_scalars(summarise(table)) for table in tables]
        if self.criterion != "objective":
            measure = parse_criterion(self.criterion)
            for row, table in zip(rows, tables, strict=True):
                row["criterion_bp"] = measure(table)
        scalars = {
            name: float(np.mean([row[name] for row in rows])) for name in rows[0]
        }
        if self._balance is not None:
            weights = self._balance.weight(np.array(self.risk_aversions))
            values = np.array([row["objective_bp"] for row in rows])
            scalars["balanced_objective_bp"] = float((weights * values).mean())
        if self.baselines:
            best = min(baseline.objective_bp for baseline in self.baselines)
            own = scalars.get("criterion_bp", scalars["objective_bp"])
            scalars["gap_to_best_baseline"] = own / best - 1.0
        return Validation(timesteps, scalars)

    def _table(self, policy: Policy, value: float) -> EpisodeTable:
        tape, config, moments = self.tape, self.config, self._moments
        return evaluate_controlled(policy, tape, config, value, moments)


def require_baselines(names: Sequence[str]) -> None:
    """Refuse a name that is no rule's.

    Raises:
        ConfigError: With names like it.
    """
    for name in names:
        if name not in BASELINES:
            close = suggestion(name, tuple(BASELINES))
            raise ConfigError(f"train.baselines: no rule is called {name}; {close}")


def tune_baselines(
    names: Sequence[str],
    config: EnvConfig,
    tape: MarketTape,
    criterion: str = "objective",
    *,
    progress: bool,
) -> list[TunedBaseline]:
    """Tune rules on the validation paths for every risk aversion.

    Raises:
        ConfigError: If a rule is unknown.
    """
    require_baselines(names)
    values = config.risk_aversions
    tuned = []
    work = len(names) * len(values)
    with progress_bar("tuning baselines", work, enabled=progress and work > 0) as move:
        for name in names:
            best = []
            for value in values:
                best.append(tune(BASELINES[name], config, value, tape, criterion))
                move(1)
            objective = float(np.mean([rule.value for rule in best]))
            tuned.append(TunedBaseline(name, objective, [r.params for r in best]))
    return tuned


def _scalars(metrics: Metrics) -> dict[str, float]:
    """Metrics as they are called in TensorBoard."""
    components = metrics.cost_components_bp.items()
    known = ("expected_objective", "floor", "avoidable")
    found = {f"{name}_bp": getattr(metrics, f"{name}_bp") for name in known}
    return {
        **{name: value for name, value in found.items() if value is not None},
        "objective_bp": metrics.objective_bp,
        "objective_se": metrics.objective_se,
        "cost_bp": metrics.cost_bp,
        **{f"cost_{name}_bp": value for name, value in components},
        "tracking_error_bp": metrics.tracking_error_bp,
        "tracking_rms_bp": metrics.tracking_rms_bp,
        "cvar95_bp": metrics.cvar95_bp,
        "trades": metrics.trades,
        "turnover": metrics.turnover,
    }
