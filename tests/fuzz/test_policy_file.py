"""Whatever a policy file holds, it is a policy or one line that says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from hedge_env.base.errors import PolicyFileError
from hedge_env.policies.policy_file import load_policy, save_policy
from tests.fuzz.examples import assert_one_line, tries
from tests.fuzz.test_yaml import VALUES
from tests.hedge_env.policies.test_policy_file import (
    document,
    metadata,
    random_weights,
    rewrite,
)

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

PATH_NAME = "policy.safetensors"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / PATH_NAME
    save_policy(path, random_weights(metadata()), metadata())
    return path


def assert_policy_or_one_line(path: Path) -> None:
    try:
        policy = load_policy(path)
    except PolicyFileError as error:
        assert_one_line(str(error), str(path))
        return
    bounds = [(f.low, f.high) for f in policy.metadata.features]
    low, high = (np.array(side, dtype=np.float32) for side in zip(*bounds, strict=True))
    action = policy.act(np.stack([low, high]))
    assert np.isfinite(action).all()
    assert policy.config.replay is None or policy.config.replay.spot is None


@tries(400)
@given(data=st.data())
def test_damaged_bytes_are_one_line(
    tmp_path: Path, original: Path, data: st.DataObject
) -> None:
    content = bytearray(original.read_bytes())
    head = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(
            st.integers(0, 15) | st.integers(0, head) | st.integers(head, 10**4)
        )
        at = min(at, len(content) - 1)
        content[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.binary(max_size=6)
        )
    path = tmp_path / PATH_NAME
    path.write_bytes(bytes(content))
    assert_policy_or_one_line(path)


def places(node: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [prefix] if prefix else []
    if isinstance(node, dict | list):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in pairs:
            found += places(value, (*prefix, key))
    return found


@tries(400)
@given(data=st.data())
def test_changed_metadata_with_a_right_digest_are_a_policy_or_one_line(
    tmp_path: Path, original: Path, data: st.DataObject
) -> None:
    path = tmp_path / PATH_NAME
    path.write_bytes(original.read_bytes())
    changed = document(path)
    for _ in range(data.draw(st.integers(1, 2))):
        *outer, last = data.draw(st.sampled_from(places(changed)))
        node = changed
        for key in outer:
            node = node[key]
        node[last] = data.draw(VALUES)
    rewrite(path, text=json.dumps(changed))
    assert_policy_or_one_line(path)


@tries(200)
@given(
    layer=st.integers(0, 2),
    scale=st.floats(width=32) | st.sampled_from([1e30, 3e38, np.inf, np.nan, 1e-45]),
    activation=st.sampled_from(["tanh", "relu"]),
    squash=st.sampled_from(["clip", "tanh"]),
)
def test_any_weights_give_numbers_or_are_one_line(
    tmp_path: Path,
    original: Path,
    layer: int,
    scale: float,
    activation: str,
    squash: str,
) -> None:
    path = tmp_path / PATH_NAME
    path.write_bytes(original.read_bytes())
    tensors = safetensors.numpy.load_file(path)
    with np.errstate(over="ignore", invalid="ignore"):
        tensors[f"layers.{layer}.weight"] *= np.float32(scale)
    text = json.dumps(document(path) | {"activation": activation, "squash": squash})
    rewrite(path, text=text, tensors=tensors)
    assert_policy_or_one_line(path)
