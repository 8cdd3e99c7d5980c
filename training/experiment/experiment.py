"""One experiment: a market, an algorithm and its hyper-parameters, as YAML.

A file has the blocks `env:` (overrides of the preset, with the preset's own keys) and
`train:` (hyper-parameters under the names Stable-Baselines3 gives them). What is better
in another market stands in `presets:`, under the market's name, in the same two blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import Field

from hedge_env.agent.reward_params import WEIGHING_RISK
from hedge_env.base.errors import ConfigError, one_line
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.config.documents import Document, merge, read_document
from hedge_env.config.loading import load_config
from hedge_env.config.settings import parse_settings
from hedge_env.config.validation import Layer, suggestion, validate
from hedge_env.training.experiment.by_preset import BY_PRESET, changes_in
from hedge_env.training.experiment.hyperparameters import (
    ALGORITHMS,
    AlgorithmOptions,
    Model,
)


class ExperimentConfig(Model):
    """A market, an algorithm, a seed."""

    name: str = Field(default="experiment", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(default=0, ge=0, lt=2**31)
    preset: str | None = "reference"  # name or file; None: the models' defaults
    env: dict[str, Any] = Field(default_factory=dict)  # overrides of the preset
    train: AlgorithmOptions

    def env_config(self) -> EnvConfig:
        """The hedging problem: the preset with `env` merged over it."""
        return load_config(self.preset, self.env)

    def resolved(self) -> Document:
        """The same experiment with every default and preset value written out.

        It can be run again as it is, also after a preset has changed.
        """
        environment = self.env_config().model_dump(mode="json")
        train = self.train.model_dump(mode="json")
        return {
            "name": self.name,
            "seed": self.seed,
            "preset": None,
            "env": environment,
            "train": {"algorithm": self.train.algorithm, **train},
        }


EXPERIMENT_KEYS = tuple(ExperimentConfig.model_fields)
_ENV = "env"
_PRESET = "preset"

# May differ when a run is continued: they do not enter an update already made. Nor
# does what a report says, `env.report`.
CHANGEABLE = ("total_timesteps", "evaluation_frequency", "checkpoint_frequency")


def experiment_file(name: Path) -> Path:
    """The file of an experiment that comes with the package, or the file named.

    Raises:
        ConfigError: If a name without `.yaml` is not one of the package's.
    """
    if name.suffix or len(name.parts) != 1 or name.exists():
        return name
    folder = Path(str(resources.files("hedge_env.training") / "experiments"))
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name.name not in known:
        close = suggestion(name.name, known)
        text = f"no experiment is called {name.name!r}; {close} (a file ends in .yaml)"
        raise ConfigError(one_line(text))
    return folder / f"{name.name}.yaml"


def load_experiment(
    path: Path,
    settings: Sequence[str] = (),
    *,
    market: str | None = None,
    risk_aversion: float | Mapping[str, float] | None = None,
    seed: int | None = None,
    total_timesteps: int | None = None,
    torch_threads: int | None = None,
) -> ExperimentConfig:
    """Read an experiment file.

    The later of two wins: the file, what it says under `presets` of the market that is
    trained in, the settings, the other arguments.

    Args:
        path: The YAML file.
        settings: Overrides `key=value` with dotted keys: `train.n_epochs=8` or
            `seed=3`; a key that is none of the experiment's own is one of the
            environment's, `execution.fee_bp=3` or `env.execution.fee_bp=3`.
        market: Name of the market that will replace the file's, for what the file says
            of it under `presets`; None leaves it to the file and the settings.
        risk_aversion: Replaces the environment's; a range is its `low` and `high`.
        seed: Replaces the file's, where given; so do the following.
        total_timesteps: Length of the run.
        torch_threads: Threads of the learner.

    Returns:
        The experiment; where risk aversion has a range its rewards are balanced,
        unless it says `reward.balanced` itself.

    Raises:
        ConfigError: If the file is missing or not an experiment, in one line.
    """
    text = read_document(path)
    by_preset = text.pop(BY_PRESET, None)
    there = _market_of(text, settings) if market is None else market
    changes = changes_in(path, by_preset, there)
    # Before the settings: an entry that they pick is one of the list that holds there.
    document = merge({"name": path.stem, **text}, changes)
    own = [setting for setting in settings if _is_own(setting)]
    train = _given(total_timesteps=total_timesteps)
    threads = _given(torch_threads=torch_threads)
    further: list[Layer] = [
        ("--set", parse_settings(own, document)),
        ("--seed", _given(seed=seed)),
        ("--total-timesteps", {"train": train} if train else {}),
        ("--threads", {"train": threads} if threads else {}),
    ]
    for _, values in further:
        document = merge(document, values)
    layers = [(f"{path}: {BY_PRESET}.{there}", changes), *further]
    # A layer that says nothing could only be blamed for another's mistake.
    layers = [(str(path), text), *(entry for entry in layers if entry[1])]
    experiment = parse_experiment(document, layers)
    if risk_aversion is not None:
        env = {**experiment.env, "risk_aversion": risk_aversion}
        experiment = experiment.model_copy(update={"env": env})
    rest = [setting for setting in settings if setting not in own]
    return _balanced(_with_env_settings(experiment, rest))


def _market_of(text: Document, settings: Sequence[str]) -> Any:
    """What a file, or a setting after it, names as the market."""
    named = [s for s in settings if s.partition("=")[0].strip() == _PRESET]
    plain = ExperimentConfig.model_fields[_PRESET].default
    given = parse_settings(named, {})
    return given.get(_PRESET, text.get(_PRESET, plain))


def _is_own(setting: str) -> bool:
    """Whether a setting is of the experiment, and not of its environment."""
    head = setting.partition("=")[0].partition(".")[0].strip()
    return head in EXPERIMENT_KEYS and head != _ENV


def parse_experiment(document: Document, layers: Sequence[Layer]) -> ExperimentConfig:
    """Validate a mapping as an experiment, the market included.

    Args:
        document: The experiment.
        layers: Where its values come from, for the error message.

    Raises:
        ConfigError: In one line, naming the source and the key.
    """
    source = layers[0][0]
    train = document.get("train")
    if not isinstance(train, dict):
        raise ConfigError(f"{source}: the block train is missing")
    algorithm = train.setdefault("algorithm", "ppo")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        close = suggestion(str(algorithm), tuple(ALGORITHMS))
        raise ConfigError(f"{source}: train.algorithm {algorithm} is unknown; {close}")
    # On its own first: a message about one algorithm reads better than about four.
    inner = [(f"{name}: train", values.get("train") or {}) for name, values in layers]
    validate(ALGORITHMS[algorithm], train, inner)
    experiment = validate(ExperimentConfig, document, layers)
    try:
        experiment.env_config()
    except ConfigError as error:
        raise ConfigError(f"{source}: env: {error}") from None
    return experiment


def _with_env_settings(
    experiment: ExperimentConfig, settings: Sequence[str]
) -> ExperimentConfig:
    if not settings:
        return experiment
    base = experiment.env_config().model_dump(mode="json")
    given = parse_settings(settings, base, within=_ENV)
    changed = merge(experiment.env, given)
    load_config(experiment.preset, changed, source="--set")  # for what errors say
    return experiment.model_copy(update={"env": changed})


def _balanced(experiment: ExperimentConfig) -> ExperimentConfig:
    """Let every risk aversion of a range weigh alike, unless it is told otherwise."""
    config = experiment.env_config()
    reward = experiment.env.get("reward", {})
    knows = config.reward.name in WEIGHING_RISK and "balanced" not in reward
    if not knows or not isinstance(config.risk_aversion, RiskAversionRange):
        return experiment
    env = merge(experiment.env, {"reward": {"balanced": True}})
    return experiment.model_copy(update={"env": env})


def read_resolved(path: Path) -> ExperimentConfig:
    """The experiment in the `config.yaml` of a run folder."""
    document = read_document(path)
    return parse_experiment(document, [(str(path), document)])


def check_same_run(experiment: ExperimentConfig, path: Path) -> None:
    """Refuse to continue a run with another experiment.

    Args:
        experiment: What the user wants to continue.
        path: `config.yaml` of the run folder.

    Raises:
        ConfigError: Naming the first key that differs.
    """
    old, new = leaves(read_resolved(path).resolved()), leaves(experiment.resolved())
    for key in sorted(old.keys() | new.keys()):
        if key.removeprefix("train.") in CHANGEABLE or key.startswith("env.report."):
            continue
        if old.get(key) != new.get(key):
            raise ConfigError(
                f"{path}: the run to resume has {key} = {old.get(key)}, not "
                f"{new.get(key)}; resume it unchanged or start a new run"
            )


def _given(**values: int | None) -> Document:
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def leaves(document: Any, prefix: str = "") -> dict[str, Any]:
    """Dotted key to value."""
    if not isinstance(document, dict):
        return {prefix: document}
    return {
        key: value
        for name, inner in document.items()
        for key, value in leaves(inner, f"{prefix}.{name}" if prefix else name).items()
    }
