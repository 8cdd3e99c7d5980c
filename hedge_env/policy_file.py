"""Policy files that cannot run code: safetensors, checked metadata, a digest.

One file holds the weights and, in its header, two texts: `metadata`, the JSON of
`PolicyMetadata`, and `sha256`, a digest of both. Reading takes a bounded number of
bytes once, refuses everything that is not exactly such a file, and never unpickles.
The digest detects damage; it does not prove who wrote the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import safetensors.numpy
from pydantic import ValidationError
from safetensors import SafetensorError

from hedge_env._types import Float32Array
from hedge_env.errors import PolicyFileError, one_line
from hedge_env.files import write_atomically
from hedge_env.learned_policy import LearnedPolicy
from hedge_env.policy_metadata import PolicyMetadata, describe_policy

__all__ = [
    "LearnedPolicy",
    "PolicyMetadata",
    "describe_policy",
    "load_policy",
    "save_policy",
]

MAX_BYTES: Final = 32 * 2**20  # a hedging network has some kilobytes
_LENGTH_BYTES = 8  # the file starts with the length of its header
_FOREIGN: Final = (
    (b"\x80", "a pickle, which can run code and is never loaded"),
    (b"PK\x03\x04", "a zip archive (a Stable-Baselines3 or torch model?)"),
)

Weights = Sequence[tuple[Float32Array, Float32Array]]


def save_policy(path: str | Path, weights: Weights, metadata: PolicyMetadata) -> None:
    """Write a policy file; a crash leaves the old file or the new one, whole.

    Args:
        path: Usually `policy.safetensors`.
        weights: Weight (outputs, inputs) and bias (outputs,) of each layer.
        metadata: What the network is, see `describe_policy`.

    Raises:
        PolicyFileError: If weights and metadata do not fit, or a weight is not finite.
        OSError: If the file cannot be written.
    """
    tensors = {}
    for number, (weight, bias) in enumerate(weights):
        tensors[f"layers.{number}.weight"] = np.ascontiguousarray(weight, np.float32)
        tensors[f"layers.{number}.bias"] = np.ascontiguousarray(bias, np.float32)
    text = metadata.model_dump_json()
    header = {"metadata": text, "sha256": _digest(text, tensors)}
    data = safetensors.numpy.save(tensors, metadata=header)
    _parse(data, str(path), None)  # what is written can be read
    write_atomically(path, data)


def load_policy(path: str | Path, name: str | None = None) -> LearnedPolicy:
    """Read a policy file.

    Args:
        path: A file written by `save_policy`.
        name: Name in tables; None means the one in the file.

    Raises:
        PolicyFileError: If there is no such file, or it is not an undamaged policy
            file; one line that says which.
    """
    return _parse(_read(Path(path)), str(path), name)


def _error(path: str, problem: str) -> PolicyFileError:
    return PolicyFileError(one_line(f"{path}: {problem}"))


def _read(path: Path) -> bytes:
    """Content of a regular file of bounded size."""
    try:
        if path.exists() and not path.is_file():
            raise _error(str(path), "is not a file; name the policy.safetensors in it")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _error(str(path), f"cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise _error(
            str(path), f"is larger than {MAX_BYTES // 2**20} MiB, so no policy file"
        )
    return data


def _parse(data: bytes, path: str, name: str | None) -> LearnedPolicy:
    """Check a file's content from the outside in and build the policy."""
    try:
        tensors = safetensors.numpy.load(data)
        header = _header(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _error(path, _recognise(data) or f"is damaged: {error}") from None
    if "metadata" not in header or "sha256" not in header:
        raise _error(path, "is a safetensors file, but not of a hedging policy")
    if header["sha256"] != _digest(header["metadata"], tensors):
        raise _error(path, "is damaged: its content does not match its sha256")
    try:
        metadata = PolicyMetadata.model_validate_json(header["metadata"], strict=True)
    except ValidationError as error:
        raise _error(path, _describe(error)) from None
    return LearnedPolicy(metadata, _weights(tensors, metadata, path), name)


def _recognise(data: bytes) -> str:
    """What a file is that is no safetensors file, if that can be told."""
    for start, what in _FOREIGN:
        if data.startswith(start):
            return f"is {what}; a policy is a .safetensors file"
    return ""


def _header(data: bytes) -> Mapping[str, str]:
    """Texts in the header of a file whose structure the library has checked."""
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
    texts: Mapping[str, str] = header.get("__metadata__", {})
    return texts


def _digest(text: str, tensors: Mapping[str, Float32Array]) -> str:
    """SHA-256 over the metadata and each tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name} {tensor.dtype.str} {tensor.shape}\0".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def _weights(
    tensors: Mapping[str, Float32Array], metadata: PolicyMetadata, path: str
) -> list[tuple[Float32Array, Float32Array]]:
    """Layers in order, each tensor of the shape the metadata asks for and finite."""
    layers = metadata.layers
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (n_in, n_out) in enumerate(pairwise(layers)):
        shapes[f"layers.{number}.weight"] = (n_out, n_in)
        shapes[f"layers.{number}.bias"] = (n_out,)
    if set(shapes) != set(tensors):
        odd = ", ".join(sorted(set(shapes) ^ set(tensors)))
        raise _error(path, f"has missing or unknown tensors: {odd}")
    for name, shape in shapes.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != np.float32:
            raise _error(
                path,
                f"tensor {name} is {tensor.dtype} {tensor.shape}, needed is "
                f"float32 {shape}",
            )
        if not np.isfinite(tensor).all():
            raise _error(path, f"tensor {name} holds numbers that are not finite")
    n_layers = len(layers) - 1
    return [
        (tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"])
        for i in range(n_layers)
    ]


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "metadata"
    return f"its metadata are not usable here: {key}: {first['msg']}"
