"""Stop a run and continue it in another process as if nothing had happened.

A checkpoint is taken between two rollouts and holds the learner (SB3's archive), the
environments, the random generators and the callbacks. The archive is only ever read
with torch's `weights_only`; everything else is npz without pickles, or JSON. So a
checkpoint from elsewhere cannot run code, unlike `PPO.load`.
"""

import hashlib
import json
import random
import shutil
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.save_util import load_from_zip_file

from hedge_env.base.errors import HedgeError
from hedge_env.base.files import sync_folder, write_atomically
from hedge_env.training.output.provenance import to_json
from hedge_env.training.train.sb3.contrib.lstm import lstm_states, restore_lstm_states
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

FORMAT = 1
ARCHIVE, ARRAYS, STATE = "model.zip", "arrays.npz", "state.json"
MANIFEST = "manifest.json"  # written last: sizes and digests of the other files
REPLAY_FIELDS = (
    "observations",
    "next_observations",
    "actions",
    "rewards",
    "dones",
    "timeouts",
)


class CheckpointError(HedgeError):
    """A checkpoint is missing or damaged."""


def save_checkpoint(
    folder: Path, model: BaseAlgorithm, callbacks: Mapping[str, Any]
) -> None:
    """Replace the checkpoint in `folder`; a crash leaves the old one or the new one.

    Args:
        folder: The checkpoint's folder.
        model: The learner, between two rollouts.
        callbacks: State of the callbacks, as JSON can hold it.
    """
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    model.save(fresh / ARCHIVE)
    np.savez(fresh / ARRAYS, **_arrays(model))  # type: ignore[arg-type]  # the stub takes a keyword for a flag
    state = {**_scalars(model), "callbacks": callbacks}
    (fresh / STATE).write_text(to_json(state))
    manifest = {
        "format": FORMAT,
        "files": {name: _digest(fresh / name) for name in (ARCHIVE, ARRAYS, STATE)},
    }
    write_atomically(fresh / MANIFEST, to_json(manifest))
    _swap(fresh, folder)


def load_checkpoint(folder: Path, model: BaseAlgorithm) -> dict[str, Any]:
    """Continue `model`, freshly built from the same config, from a checkpoint.

    Returns:
        The state of the callbacks.

    Raises:
        CheckpointError: If the checkpoint is missing, damaged or of another model.
    """
    folder = _verified(folder)
    state: dict[str, Any] = json.loads((folder / STATE).read_text())
    try:
        _restore_parameters(model, folder / ARCHIVE)
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            _restore_arrays(model, dict(arrays))
    except (KeyError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{folder}: does not fit this experiment ({reason})"
        ) from error
    _restore_scalars(model, state)
    callbacks: dict[str, Any] = state["callbacks"]
    return callbacks


def verify_checkpoint(folder: Path) -> None:
    """Make sure that the checkpoint in `folder`, if there is one, is whole.

    Raises:
        CheckpointError: If it is damaged.
    """
    if checkpoint_exists(folder):
        _verified(folder)


def _adapter(model: BaseAlgorithm) -> VecEnvAdapter:
    env = model.get_env()
    if not isinstance(env, VecEnvAdapter):
        raise TypeError("only a model over a VecEnvAdapter can be checkpointed")
    return env


def _arrays(model: BaseAlgorithm) -> dict[str, NDArray[Any]]:
    """Environments, generators and buffers."""
    episodes = [(e["r"], e["l"], e["t"]) for e in model.ep_info_buffer or ()]
    arrays = {
        **_adapter(model).state_dict(),
        "last_obs": np.asarray(model._last_obs),
        "last_episode_starts": np.asarray(model._last_episode_starts),
        "episodes": np.array(episodes, dtype=np.float64).reshape(-1, 3),
        "torch_rng": torch.get_rng_state().numpy(),
        **lstm_states(model),
    }
    if isinstance(model, OffPolicyAlgorithm) and model.replay_buffer is not None:
        buffer = model.replay_buffer
        for name in REPLAY_FIELDS:
            arrays[f"replay.{name}"] = getattr(buffer, name)[: buffer.size()]
    return arrays


def _restore_arrays(model: BaseAlgorithm, arrays: dict[str, NDArray[Any]]) -> None:
    _adapter(model).load_state_dict(arrays)
    model._last_obs = arrays["last_obs"]
    model._last_episode_starts = arrays["last_episode_starts"]
    model._last_original_obs = model._last_obs  # off-policy learners store this one
    model.ep_info_buffer = deque(
        ({"r": r, "l": int(n), "t": t} for r, n, t in arrays["episodes"].tolist()),
        maxlen=model._stats_window_size,
    )
    model.ep_success_buffer = deque(maxlen=model._stats_window_size)
    torch.set_rng_state(torch.from_numpy(arrays["torch_rng"]))
    restore_lstm_states(model, arrays)
    if isinstance(model, OffPolicyAlgorithm) and model.replay_buffer is not None:
        for name in REPLAY_FIELDS:
            rows = arrays[f"replay.{name}"]
            getattr(model.replay_buffer, name)[: len(rows)] = rows


def _scalars(model: BaseAlgorithm) -> dict[str, Any]:
    """Counters, and the states of the generators that are not arrays."""
    numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002  # SB3 draws minibatches from the global generator
    numpy_state["state"]["key"] = numpy_state["state"]["key"].tolist()
    state = {
        "num_timesteps": model.num_timesteps,
        "n_updates": model._n_updates,
        "episode_num": model._episode_num,
        "progress_remaining": model._current_progress_remaining,
        "python_rng": random.getstate(),
        "numpy_rng": numpy_state,
        "action_space_rng": model.action_space.np_random.bit_generator.state,
    }
    if isinstance(model, OffPolicyAlgorithm) and model.replay_buffer is not None:
        state["replay"] = [model.replay_buffer.pos, model.replay_buffer.full]
    if isinstance(model, DQN):
        state["exploration"] = [model._n_calls, model.exploration_rate]
    return state


def _restore_scalars(model: BaseAlgorithm, state: dict[str, Any]) -> None:
    model.num_timesteps = state["num_timesteps"]
    model._n_updates = state["n_updates"]
    model._episode_num = state["episode_num"]
    model._current_progress_remaining = state["progress_remaining"]
    version, words, gauss = state["python_rng"]
    random.setstate((version, tuple(words), gauss))
    numpy_state = state["numpy_rng"]
    numpy_state["state"]["key"] = np.array(numpy_state["state"]["key"], dtype=np.uint32)
    np.random.set_state(numpy_state)  # noqa: NPY002  # see _scalars
    model.action_space.np_random.bit_generator.state = state["action_space_rng"]
    if isinstance(model, OffPolicyAlgorithm) and model.replay_buffer is not None:
        model.replay_buffer.pos, model.replay_buffer.full = state["replay"]
    if isinstance(model, DQN):
        model._n_calls, model.exploration_rate = state["exploration"]


def _restore_parameters(model: BaseAlgorithm, archive: Path) -> None:
    """Networks and optimisers; `load_data=False` leaves the pickled part unread."""
    _, parameters, variables = load_from_zip_file(
        archive, load_data=False, device="cpu"
    )
    model.set_parameters(parameters, exact_match=True, device="cpu")
    for name, value in (variables or {}).items():
        if value is not None:  # SAC's entropy coefficient, where it is learned
            getattr(model, name).data = value.data


def _digest(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def checkpoint_exists(folder: Path) -> bool:
    """Whether there is one in `folder`, complete or not."""
    return folder.exists() or _previous(folder).exists()


def _previous(folder: Path) -> Path:
    """Where the old checkpoint is for the moment in which the new one moves in."""
    return folder.with_name(folder.name + ".previous")


def _swap(fresh: Path, folder: Path) -> None:
    """Put `fresh` in the place of `folder`."""
    previous = _previous(folder)
    if folder.exists():
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)
    fresh.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(previous, ignore_errors=True)


def _verified(folder: Path) -> Path:
    """The folder whose files match their manifest."""
    if not folder.exists():
        folder = _previous(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        if manifest["format"] != FORMAT:
            raise CheckpointError(
                f"{folder}: format {manifest['format']}, expected {FORMAT}; continue "
                "with the version of hedge-env that wrote it"
            )
        for name in (ARCHIVE, ARRAYS, STATE):
            if _digest(folder / name) != manifest["files"][name]:
                raise CheckpointError(f"{folder / name}: damaged; start a new run")
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{folder}: no complete checkpoint; start a new run"
        ) from error
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder / MANIFEST}: damaged; start a new run"
        ) from error
    return folder
