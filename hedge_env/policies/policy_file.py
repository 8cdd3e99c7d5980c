"""Policy files that cannot run code: safetensors, checked metadata, a digest.

One file holds the weights and, in its header, two texts: `metadata`, the JSON of
`PolicyMetadata`, and `sha256`, a digest of both. Reading takes a bounded number of
bytes once, refuses everything that is not exactly such a file, never unpickles, and
opens nothing that the file names. The digest detects damage; it does not prove who
wrote the file. One policy always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors.numpy
from pydantic import ValidationError
from safetensors import SafetensorError

from hedge_env.base.errors import HedgeError, PolicyFileError, one_line
from hedge_env.base.files import (
    NotRegularFileError,
    read_regular_file,
    write_atomically,
)
from hedge_env.base.types import Float32Array
from hedge_env.policies.learned_policy import LearnedPolicy, Weights
from hedge_env.policies.lstm import N_GATES
from hedge_env.policies.policy_metadata import PolicyMetadata, describe_policy

__all__ = [
    "LearnedPolicy",
    "PolicyMetadata",
    "describe_policy",
    "load_policy",
    "save_policy",
]

MAX_BYTES: Final = 32 * 2**20  # a hedging network has some kilobytes
MAX_HEADER_BYTES: Final = 2**20  # the config of a thousand legs takes a tenth
MAX_TENSORS: Final = 64
_LENGTH_BYTES = 8  # the file starts with the length of its header
_ALIGNMENT = 8  # of the first tensor [byte], as the format asks
_NOT_SAFETENSORS: Final = (
    SafetensorError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,  # of a type of number that NumPy lacks
    RecursionError,
    OverflowError,
)
_FOREIGN: Final = (
    (b"\x80", "a pickle, which can run code and is never loaded"),
    (b"PK\x03\x04", "a zip archive (a Stable-Baselines3 or torch model?)"),
)


def save_policy(
    path: str | Path, weights: Weights, metadata: PolicyMetadata, lstm: Weights = ()
) -> None:
    """Write a policy file; a crash leaves the old file or the new one, whole.

    Args:
        path: Usually `policy.safetensors`.
        weights: Weight (outputs, inputs) and bias (outputs,) of each layer.
        metadata: What the network is, see `describe_policy`.
        lstm: Weight (4 h, inputs + h) and bias (4 h,) of each LSTM layer, see `lstm`.

    Raises:
        PolicyFileError: If weights and metadata do not fit, or a weight is not finite.
        OSError: If the file cannot be written.
    """
    tensors = {}
    for part, layers in (("lstm", lstm), ("layers", weights)):
        for number, (weight, bias) in enumerate(layers):
            tensors[f"{part}.{number}.weight"] = np.ascontiguousarray(
                weight, np.float32
            )
            tensors[f"{part}.{number}.bias"] = np.ascontiguousarray(bias, np.float32)
    # Without memory nothing is said of it: such a file is the same as ever.
    silent = None if metadata.lstm else {"lstm"}
    text = metadata.without_files().model_dump_json(exclude=silent)
    data = _serialise(tensors, {"metadata": text, "sha256": _digest(text, tensors)})
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
        data = read_regular_file(path, MAX_BYTES)
    except NotRegularFileError as error:
        raise _error(
            str(path), f"{error.strerror}; name a policy.safetensors"
        ) from None
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
        header = _texts(data)
        tensors = safetensors.numpy.load(data)
    except _NOT_SAFETENSORS as error:
        raise _error(path, _recognise(data) or f"is damaged: {error}") from None
    if set(header) != {"metadata", "sha256"}:
        raise _error(path, "is a safetensors file, but not of a hedging policy")
    if header["sha256"] != _digest(header["metadata"], tensors):
        raise _error(path, "is damaged: its content does not match its sha256")
    try:
        _plain_json(header["metadata"])
        metadata = PolicyMetadata.model_validate_json(header["metadata"], strict=True)
    except ValidationError as error:
        raise _error(path, _describe(error)) from None
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise _error(path, f"its metadata are not usable here: {error}") from None
    weights, lstm = _weights(tensors, metadata, path)
    try:
        return LearnedPolicy(metadata.without_files(), weights, name, lstm)
    except HedgeError as error:
        raise _error(path, str(error)) from None


def _recognise(data: bytes) -> str:
    """What a file is that is no safetensors file, if that can be told."""
    if data[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{":
        return ""  # a header of its own, whose length can begin like a pickle
    for start, what in _FOREIGN:
        if data.startswith(start):
            return f"is {what}; a policy is a .safetensors file"
    return ""


def _texts(data: bytes) -> Mapping[str, str]:
    """Texts in the header, whose size is checked before anything is parsed.

    Raises:
        ValueError: If the header is too large, no JSON, or has a key twice.
    """
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if length > len(data) - _LENGTH_BYTES:
        raise ValueError("it is shorter than its header says")
    if length > MAX_HEADER_BYTES:
        raise ValueError(
            f"its header has {length} bytes, and that of a policy at most "
            f"{MAX_HEADER_BYTES}"
        )
    header = _plain_json(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
    texts = header.get("__metadata__", {}) if isinstance(header, dict) else {}
    if not isinstance(texts, dict):
        raise ValueError("its header holds no texts")
    if len(header) > MAX_TENSORS:
        raise ValueError(
            f"it holds {len(header)} tensors, and a policy at most {MAX_TENSORS}"
        )
    return texts


def _plain_json(text: str | bytes) -> Any:
    """Parse JSON in which no key is repeated and every number is finite.

    What parsers make of a repeated key differs, so that a check could read one value
    and the policy another.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueError(f"the key {twice[:60]!r} is there twice")
        return dict(pairs)

    def no_constant(word: str) -> None:
        raise ValueError(f"{word} is no finite number")

    return json.loads(text, object_pairs_hook=once, parse_constant=no_constant)


def _serialise(tensors: Mapping[str, Float32Array], texts: Mapping[str, str]) -> bytes:
    """Bytes of a safetensors file, the entries of its header in the order given.

    The library writes the texts in an order that changes from process to process.
    """
    header: dict[str, Any] = {"__metadata__": dict(texts)}
    start = 0
    for name, tensor in tensors.items():
        stop = start + tensor.nbytes
        header[name] = {
            "dtype": "F32",
            "shape": tensor.shape,
            "data_offsets": (start, stop),
        }
        start = stop
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % _ALIGNMENT)
    bodies = [tensor.astype("<f4", copy=False).tobytes() for tensor in tensors.values()]
    return b"".join([len(head).to_bytes(_LENGTH_BYTES, "little"), head, *bodies])


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
) -> tuple[Weights, Weights]:
    """Layers in order, then those of the LSTM.

    Each tensor has the shape that the metadata ask for, and finite numbers.
    """
    shapes = _shapes(metadata)
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
    weights, lstm = (
        [(tensors[f"{part}.{i}.weight"], tensors[f"{part}.{i}.bias"]) for i in range(n)]
        for part, n in (
            ("layers", len(metadata.layers) - 1),
            ("lstm", len(metadata.lstm)),
        )
    )
    return weights, lstm


def _shapes(metadata: PolicyMetadata) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor by its name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (n_in, n_out) in enumerate(pairwise(metadata.layers)):
        shapes[f"layers.{number}.weight"] = (n_out, n_in)
        shapes[f"layers.{number}.bias"] = (n_out,)
    for number, (n_in, n_out) in enumerate(
        pairwise((len(metadata.features), *metadata.lstm))
    ):
        shapes[f"lstm.{number}.weight"] = (N_GATES * n_out, n_in + n_out)
        shapes[f"lstm.{number}.bias"] = (N_GATES * n_out,)
    return shapes


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "metadata"
    return f"its metadata are not usable here: {key}: {first['msg']}"
