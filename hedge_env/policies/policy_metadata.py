"""What a policy file says about its network, besides the weights.

Everything is data checked against closed lists: no class path, no expression and no
code is ever read from a policy file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.features import FEATURES
from hedge_env.agent.observations import ObservationEncoder
from hedge_env.base.field import FIELDS, INTERNAL_FIELDS
from hedge_env.config import (
    ActionMode,
    EnvConfig,
    Model,
    RiskAversionRange,
    Series,
)

Activation: TypeAlias = Literal["tanh", "relu"]
RecordedSeries = Annotated[tuple[Series, ...], Field(max_length=4)]
Squash: TypeAlias = Literal["none", "clip", "tanh"]

# Printed in tables, terminals and HTML: plain characters only.
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Width = Annotated[int, Field(ge=1, le=4096)]
# An observable is below 1e300, so that no product overflows; a network's input is
# bounded so that its layers can be (see `LearnedPolicy`).
FeatureScale = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
FeatureBound = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Note = Annotated[str, StringConstraints(max_length=200)]
_TOLERANCE = 1e-9  # relative, of a risk aversion


class FeatureRecord(Model):
    """One network input: clip((observable - offset) * scale, low, high)."""

    name: Label
    observable: Label
    offset: FeatureScale
    scale: FeatureScale
    low: FeatureBound
    high: FeatureBound

    @model_validator(mode="after")
    def _known(self) -> FeatureRecord:
        if self.observable not in FIELDS or self.observable in INTERNAL_FIELDS:
            raise ValueError(f"no observable is called {self.observable!r}")
        feature = FEATURES.get(self.name)
        if feature is not None and self.observable != feature.observable:
            raise ValueError(
                f"{self.name!r} is {feature.observable}, not {self.observable}"
            )
        if not self.low < self.high:
            raise ValueError(f"low of {self.name!r} must be below high")
        return self


class InputScaling(Model):
    """What the network's own normalisation makes of one feature, after its record.

    clip((feature - offset) / deviation, low, high); from running statistics that the
    agent was trained with: offset is their mean.
    """

    offset: FeatureScale
    deviation: Annotated[float, Field(ge=1e-15, le=1e15, allow_inf_nan=False)]
    low: FeatureScale
    high: FeatureScale

    @model_validator(mode="after")
    def _ordered(self) -> InputScaling:
        if self.low > self.high:
            raise ValueError("low of an input's scaling must not be above high")
        return self


class PolicyMetadata(Model):
    """The network's form, its inputs and outputs, and where it was trained."""

    version: Literal[1] = 1
    name: Label
    algorithm: Label
    # Outputs of each LSTM layer between the features and the layers; none: no memory.
    lstm: Annotated[tuple[Width, ...], Field(max_length=8)] = ()
    layers: Annotated[tuple[Width, ...], Field(min_length=2, max_length=12)]
    activation: Activation  # of all layers but the last
    squash: Squash  # of the last layer's output; "none" for a choice of integers
    action_mode: ActionMode
    features: Annotated[tuple[FeatureRecord, ...], Field(min_length=1, max_length=256)]
    # One for each feature, or none at all.
    scaling: Annotated[tuple[InputScaling, ...], Field(max_length=256)] = ()
    config: EnvConfig  # the problem it was trained on; decodes its actions
    recorded: RecordedSeries = ()  # that files gave it, which are not named here
    notes: dict[Label, Note] = Field(default_factory=dict, max_length=64)

    @model_validator(mode="after")
    def _fits(self) -> PolicyMetadata:
        n_actions = action_size(self.config, self.action_mode)
        given = self.lstm[-1] if self.lstm else len(self.features)
        if self.layers[0] != given:
            what = "outputs of the LSTM" if self.lstm else "features"
            raise ValueError(
                f"the network takes {self.layers[0]} inputs, but there are {given} "
                f"{what}"
            )
        if len(self.scaling) not in (0, len(self.features)):
            raise ValueError(
                f"scaling has {len(self.scaling)} entries, but there are "
                f"{len(self.features)} features; give one for each, or none"
            )
        if self.layers[-1] != n_actions:
            raise ValueError(
                f"the network gives {self.layers[-1]} outputs, but action mode "
                f"{self.action_mode!r} has {n_actions}"
            )
        if self.action_mode == "discrete" and self.squash != "none":
            raise ValueError("a choice of integers has squash 'none'")
        if self.action_mode != "discrete" and self.squash == "none":
            raise ValueError(
                "squash 'none' is for a choice of integers; the numbers of action mode "
                f"{self.action_mode!r} lie in [-1, 1]: use 'clip' or 'tanh'"
            )
        hidden = not self.config.observation.true_volatility
        if hidden and any(f.observable == "true_volatility" for f in self.features):
            raise ValueError(
                "a feature reads true_volatility, which the config hides; set "
                "observation.true_volatility = true to show it"
            )
        return self

    @property
    def risk_aversions(self) -> tuple[float, float]:
        """Lowest and highest lambda that it was trained for [1/notional]."""
        setting = self.config.risk_aversion
        if isinstance(setting, RiskAversionRange):
            return setting.low, setting.high
        return float(setting), float(setting)

    def is_trained_for(self, risk_aversion: float) -> bool:
        """Whether lambda [1/notional] is among those it was trained for."""
        low, high = self.risk_aversions
        return low * (1 - _TOLERANCE) <= risk_aversion <= high * (1 + _TOLERANCE)

    def without_files(self) -> PolicyMetadata:
        """The same, its config naming no files, and `recorded` saying what they held.

        A policy file may come from anybody. It must not choose what is opened on the
        machine it is used on, so whoever uses it on recorded days names the files.
        """
        config, given = self.config.without_files()
        recorded = tuple(dict.fromkeys((*self.recorded, *given)))
        return self.model_copy(update={"config": config, "recorded": recorded})


def action_size(config: EnvConfig, action_mode: str) -> int:
    """Number of network outputs: of an action, or one per choice."""
    decoder = ActionDecoder(config, action_mode)
    if decoder.n_choices is not None:
        return decoder.n_choices
    return decoder.shape[0]


def feature_records(config: EnvConfig) -> tuple[FeatureRecord, ...]:
    """The inputs of a network that is trained on the observations of a config."""
    named = [(name, FEATURES[name]) for name in ObservationEncoder(config).names]
    return tuple(
        FeatureRecord(
            name=name,
            observable=feature.observable,
            offset=feature.offset(config),
            scale=feature.scale(config),
            low=feature.low,
            high=feature.high,
        )
        for name, feature in named
    )


def describe_policy(
    config: EnvConfig,
    *,
    algorithm: str,
    hidden_layers: Sequence[int],
    activation: Activation,
    squash: Squash,
    action_mode: ActionMode | None = None,
    name: str | None = None,
    scaling: Sequence[InputScaling] = (),
    notes: dict[str, str] | None = None,
    lstm: Sequence[int] = (),
) -> PolicyMetadata:
    """Metadata of a network trained on the observations and actions of a config.

    Args:
        config: The hedging problem.
        algorithm: What trained it, e.g. `ppo`.
        hidden_layers: Their widths.
        activation: Of the hidden layers.
        squash: `clip` to [-1, 1] or `tanh`; `none` for a choice of integers.
        action_mode: None means the config's.
        name: Name in tables; None means the algorithm's.
        scaling: Of each feature before the network, if it has a normalisation.
        notes: Short texts to keep, e.g. the training step.
        lstm: Outputs of each LSTM layer before the hidden ones; none has no memory.

    Returns:
        The metadata, in which files of recorded days are not named.
    """
    mode = config.action.mode if action_mode is None else action_mode
    features = feature_records(config)
    n_inputs = lstm[-1] if lstm else len(features)
    return PolicyMetadata(
        name=algorithm if name is None else name,
        algorithm=algorithm,
        lstm=tuple(lstm),
        layers=(n_inputs, *hidden_layers, action_size(config, mode)),
        activation=activation,
        squash=squash,
        action_mode=mode,
        features=features,
        scaling=tuple(scaling),
        config=config,
        notes=notes or {},
    ).without_files()
