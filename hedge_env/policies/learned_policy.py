"""A trained network as a policy: encode, remember, run the layers, decode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.observations import observe
from hedge_env.base import field
from hedge_env.base.errors import PolicyFileError
from hedge_env.base.field import FIELDS, N_FIELDS
from hedge_env.base.types import BoolArray, Float32Array, FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.desk.band_position import observe_position
from hedge_env.policies.lstm import Memory
from hedge_env.policies.network import run_layers
from hedge_env.policies.policy import PolicyKind
from hedge_env.policies.policy_metadata import PolicyMetadata
from hedge_env.pricing.no_trade_band import fill_effective_risk_aversion

Weights: TypeAlias = Sequence[tuple[Float32Array, Float32Array]]


class LearnedPolicy:
    """A network with the encoding and decoding it was trained with.

    It needs neither torch nor the library that trained it. Deterministic: the mean
    action of a stochastic policy, the likeliest of a discrete one. Its layers are
    feed-forward; one that was trained with a memory has LSTM layers before them, and
    each decision then takes in what `reset` has started and `target` or `act` has seen
    since.

    Args:
        metadata: Form of the network, features, action mode.
        weights: Weight (outputs, inputs) and bias (outputs,) of each layer, float32.
        name: Name in tables; None means the metadata's.
        lstm: Weight (4 h, inputs + h) and bias (4 h,) of each LSTM layer.

    Raises:
        PolicyFileError: If an output of a layer could overflow.

    Attributes:
        name: Name in tables.
        inputs: Observables that are read.
        metadata: As given.
    """

    kind: PolicyKind = "agent"

    def __init__(
        self,
        metadata: PolicyMetadata,
        weights: Weights,
        name: str | None = None,
        lstm: Weights = (),
    ) -> None:
        self.name = metadata.name if name is None else name
        _require_no_overflow(metadata, weights, lstm)
        self.metadata = metadata
        features = metadata.features
        seen = [f.observable for f in features] + (["step"] if lstm else [])
        self.inputs = tuple(dict.fromkeys(seen))
        self._layers = [(w.copy(order="C"), b.copy()) for w, b in weights]
        self._lstm = [(w.copy(order="C"), b.copy()) for w, b in lstm]
        self._memory = Memory(self._lstm, 0)
        self._which = np.array([FIELDS.index(f.observable) for f in features])
        self._offset = np.array([f.offset for f in features])
        self._scale = np.array([f.scale for f in features])
        self._low = np.array([f.low for f in features])
        self._high = np.array([f.high for f in features])
        scaling = metadata.scaling
        self._scaling = np.array(
            [[s.offset, s.deviation, s.low, s.high] for s in scaling]
        )
        self._decoder = ActionDecoder(metadata.config, metadata.action_mode)

    @property
    def layers(self) -> list[tuple[Float32Array, Float32Array]]:
        """Weight (outputs, inputs) and bias (outputs,) of each layer."""
        return self._layers

    @property
    def lstm(self) -> list[tuple[Float32Array, Float32Array]]:
        """Weight (4 h, inputs + h) and bias (4 h,) of each LSTM layer before them."""
        return self._lstm

    @property
    def remembers(self) -> bool:
        """Whether a decision depends on what was seen before in the episode."""
        return bool(self._lstm)

    @property
    def config(self) -> EnvConfig:
        """The hedging problem it was trained on."""
        return self.metadata.config

    def reset(self, n_paths: int) -> None:
        """Forget everything; a copy of the policy keeps its own memory."""
        self._memory = Memory(self._lstm, n_paths)

    def forget(self, where: BoolArray) -> None:
        """Start anew on some paths, for who calls `act`; `target` does it at step 0.

        Args:
            where: Whether a path's episode starts now, shape (n,).
        """
        self._recall(where.size).forget(where)

    def _recall(self, n_paths: int) -> Memory:
        """The memory, an empty one where the number of paths is another."""
        if self._memory.n_paths != n_paths:
            self.reset(n_paths)
        return self._memory

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Target holdings, and what else it orders, shape (n, n_columns) [-]."""
        if self.remembers:
            self.forget(observables["step"] == 0.0)
        rows = self._with_own_band(_rows(observables))
        return self._decoder.decode(self.act(self.encode(rows)), rows)

    def _with_own_band(self, rows: FloatArray) -> FloatArray:
        """Rows with the analytic band that the policy was trained with.

        The market it is used in may scale its band otherwise, and an action that is
        relative to the band would mean something else there.
        """
        own = np.empty(rows.shape[1])
        fill_effective_risk_aversion(
            rows[field.LOG_RISK_AVERSION],
            rows[field.MEAN_FIXED_COST],
            self.config.action.risk_scale,
            own,
        )
        given = rows[field.BAND_RISK_AVERSION]
        if not given.any() or np.array_equal(own, given):  # zeros: not told
            return rows
        rows = rows.copy()
        rows[field.BAND_RISK_AVERSION] = own
        observe_position(rows)
        return rows

    def encode(self, rows: FloatArray) -> Float32Array:
        """The observation of the environment, shape (n, n_features) [-].

        Args:
            rows: Shape (N_FIELDS, n).
        """
        out = np.empty((rows.shape[1], self._which.size), dtype=np.float32)
        observe(
            rows, self._which, self._offset, self._scale, self._low, self._high, out
        )
        return out

    def act(self, observation: Float32Array) -> NDArray[Any]:
        """Deterministic action for each row of observations.

        Args:
            observation: Shape (n, n_features) [-]; of one that remembers, the next of
                the n paths, see `reset` and `forget`.

        Returns:
            Actions, shape (n, n_numbers), or integers (n,) in mode `discrete`.
        """
        output = self.outputs(observation)
        if self.metadata.action_mode == "discrete":
            choice: IntArray = output.argmax(axis=1)
            return choice
        if self.metadata.squash == "clip":
            return np.clip(output, -1.0, 1.0)
        return np.tanh(output) if self.metadata.squash == "tanh" else output

    def outputs(self, observation: Float32Array) -> Float32Array:
        """Output of the last layer, before it is squashed or a choice is made of it.

        Args:
            observation: Shape (n, n_features) [-]; normalised here, if the network was
                trained on normalised observations.

        Returns:
            Shape (n, n_outputs).
        """
        if self._scaling.size:
            offset, deviation, low, high = self._scaling.T
            scaled = np.clip((observation - offset) / deviation, low, high)
            observation = scaled.astype(np.float32)
        if self.remembers:
            observation = self._recall(len(observation)).step(observation)
        return run_layers(observation, self._layers, self.metadata.activation)


def _require_no_overflow(
    metadata: PolicyMetadata, weights: Weights, lstm: Weights
) -> None:
    r"""Refuse weights with which float32 can overflow, so that actions are numbers.

    A layer's outputs, and all partial sums of them, are at most
    :math:`\sum_j |w_{ij}| x_j + |b_i|` with inputs of size up to :math:`x_j`: the
    bounds of the features or of their scaling, then those of the layer before, or 1
    after a tanh or an LSTM.
    """
    inputs = metadata.scaling or metadata.features
    most = np.array([max(abs(x.low), abs(x.high)) for x in inputs])
    for number, (weight, bias) in enumerate(lstm):
        own = np.ones(weight.shape[1] - most.size)
        _reach(weight, bias, np.append(most, own), f"LSTM layer {number}")
        most = np.ones_like(own)
    for number, (weight, bias) in enumerate(weights):
        most = _reach(weight, bias, most, f"layer {number}")
        if metadata.activation == "tanh":
            most = np.ones_like(most)


def _reach(
    weight: Float32Array, bias: Float32Array, most: FloatArray, layer: str
) -> FloatArray:
    """Largest size of a layer's outputs for inputs of size up to `most`."""
    reach: FloatArray = np.abs(weight.astype(np.float64)) @ most + np.abs(bias)
    if not reach.max() <= 0.5 * np.finfo(np.float32).max:  # half: for rounding
        raise PolicyFileError(
            f"the weights of {layer} are so large that its output can overflow; train "
            "the policy again"
        )
    return reach


def _rows(observables: Mapping[str, FloatArray]) -> FloatArray:
    """All rows by number; from the names if the mapping is not the batch's own."""
    rows = getattr(observables, "rows", None)
    if isinstance(rows, np.ndarray):
        return rows
    n = next(iter(observables.values())).size
    rows = np.zeros((N_FIELDS, n))
    for name, values in observables.items():
        rows[FIELDS.index(name)] = values
    return rows
