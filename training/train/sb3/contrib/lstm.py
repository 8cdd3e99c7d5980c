"""LSTMs of a model as plain arrays: their weights, and what they remember."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from hedge_env.training.train.sb3.observation_chain import UNWRAP, ExportError

__all__ = ["lstm_layers", "lstm_states", "restore_lstm_states"]

_STATES = ("actor.output", "actor.cell", "critic.output", "critic.cell")
_PLAIN = {
    "bidirectional": False,
    "proj_size": 0,
    "batch_first": False,
}


def lstm_layers(
    lstm: nn.LSTM,
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weight (4 h, inputs + h) and bias (4 h,) of each layer, as copies.

    Torch has a matrix each for what comes in and for the layer's own output, and two
    biases, of which only the sum matters.

    Raises:
        ExportError: If it is more than layers one above the other.
    """
    if type(lstm) is not nn.LSTM or any(
        getattr(lstm, name) != value for name, value in _PLAIN.items()
    ):
        raise ExportError(
            f"cannot export a {type(lstm).__name__} with lstm_kwargs: a policy file "
            f"holds LSTM layers of one direction, without projection; {UNWRAP}"
        )
    layers = []
    with torch.no_grad():
        for number in range(lstm.num_layers):
            weights = [
                getattr(lstm, f"weight_{part}_l{number}") for part in ("ih", "hh")
            ]
            weight = torch.cat(weights, dim=1).cpu().numpy().astype(np.float32)
            bias = np.zeros(len(weight), dtype=np.float32)
            for part in ("ih", "hh") if lstm.bias else ():
                bias += getattr(lstm, f"bias_{part}_l{number}").cpu().numpy()
            layers.append((weight, bias))
    return layers


def lstm_states(model: BaseAlgorithm) -> dict[str, NDArray[Any]]:
    """What a learner remembers of its environments; empty if it does not.

    SB3's archive leaves it out, so that a loaded model would go on in the middle of
    an episode as if it had just begun.
    """
    states: Any = getattr(model, "_last_lstm_states", None)
    if states is None:
        return {}
    tensors = (*states.pi, *states.vf)
    return {
        f"lstm.{name}": tensor.cpu().numpy()
        for name, tensor in zip(_STATES, tensors, strict=True)
    }


def restore_lstm_states(
    model: BaseAlgorithm, arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Continue from `lstm_states`; a learner without them is left alone.

    Raises:
        KeyError: If they are missing.
    """
    states: Any = getattr(model, "_last_lstm_states", None)
    if states is None:
        return
    tensors = [torch.from_numpy(arrays[f"lstm.{name}"]) for name in _STATES]
    fresh = type(states)(pi=tuple(tensors[:2]), vf=tuple(tensors[2:]))
    model._last_lstm_states = fresh  # type: ignore[attr-defined]
