"""Policy files of others: each meaning is checked, and nothing they name is opened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from hedge_env.base.errors import PolicyFileError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.policies.policy_file import (
    MAX_HEADER_BYTES,
    PolicyMetadata,
    describe_policy,
    load_policy,
    save_policy,
)
from tests.hedge_env.policies.test_policy_file import (
    document,
    metadata,
    random_weights,
    refusal,
    rewrite,
    rewrite_metadata,
)
from tests.support.checkout import SHARED

CASES = SHARED / "cases" / "break" / "files"
RECORDED = "replay.spot=prices.csv", "replay.implied_volatility=dvol.csv"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_weights(metadata()), metadata())
    return path


def change_feature(path: Path, **changes: Any) -> None:
    features = document(path)["features"]
    features[0] |= changes
    rewrite_metadata(path, features=features)


def change_config(path: Path, **changes: Any) -> None:
    rewrite_metadata(path, config=document(path)["config"] | changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: rewrite_metadata(p, squash="none"), "use 'clip' or 'tanh'"),
        (lambda p: rewrite_metadata(p, squash="softmax"), "squash"),
        (lambda p: change_feature(p, observable="true_volatility"), "time_fraction"),
        (
            lambda p: change_feature(
                p, name="true_volatility", observable="true_volatility"
            ),
            "which the config hides",
        ),
        (lambda p: change_feature(p, observable="order_fails"), "no observable"),
        (lambda p: change_feature(p, scale=1e308), "scale"),
        (lambda p: change_feature(p, scale=-1e16), "scale"),
        (lambda p: change_feature(p, offset=1e300), "offset"),
        (lambda p: change_feature(p, high=1e30), "high"),
        (lambda p: change_feature(p, scale=float("nan")), "finite"),
        (lambda p: change_feature(p, low=float("-inf")), "finite"),
        (lambda p: change_config(p, risk_aversion=1e308), "risk_aversion"),
        (lambda p: change_config(p, risk_aversion=float("nan")), "finite"),
        (lambda p: change_config(p, description=float("inf")), "finite"),
    ],
)
def test_metadata_with_a_wrong_meaning_are_refused(
    saved: Path, change: Callable[[Path], None], said: str
) -> None:
    change(saved)
    assert said in refusal(saved)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_weights_that_can_overflow_are_refused(
    saved: Path, activation: str, layer: int
) -> None:
    tensors = safetensors.numpy.load_file(saved)
    tensors[f"layers.{layer}.weight"][...] = 3e38
    text = json.dumps(document(saved) | {"activation": activation})
    rewrite(saved, tensors=tensors, text=text)
    assert "can overflow" in refusal(saved)


def test_layers_that_overflow_only_together_are_refused(saved: Path) -> None:
    tensors = safetensors.numpy.load_file(saved)
    for layer in range(3):
        tensors[f"layers.{layer}.weight"][...] = 1e13
    rewrite(saved, tensors=tensors)  # a tanh in between bounds what comes next
    assert np.isfinite(load_policy(saved).act(np.ones((2, 9), np.float32))).all()
    text = json.dumps(document(saved) | {"activation": "relu"})
    rewrite(saved, tensors=tensors, text=text)
    assert "layer 2" in refusal(saved)


def test_a_key_twice_in_the_metadata_is_refused(saved: Path) -> None:
    text = json.dumps(document(saved))
    rewrite(saved, text=text[:-1] + ', "squash": "tanh"}')
    assert "'squash' is there twice" in refusal(saved)


def test_a_key_twice_in_the_header_is_refused(saved: Path) -> None:
    data = saved.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = data[8 : 8 + length].rstrip()[:-1] + b',"__metadata__":{}}'
    saved.write_bytes(len(head).to_bytes(8, "little") + head + data[8 + length :])
    assert "twice" in refusal(saved)


def test_a_header_of_very_many_tensors_is_refused_unparsed(tmp_path: Path) -> None:
    path = tmp_path / "p"
    entry = b'"t%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'
    head = b"{" + b"".join(entry % i for i in range(300_000))[:-1] + b"}"
    path.write_bytes(len(head).to_bytes(8, "little") + head)
    assert f"at most {MAX_HEADER_BYTES}" in refusal(path)
    few = b"{" + b"".join(entry % i for i in range(1_000))[:-1] + b"}"
    path.write_bytes(len(few).to_bytes(8, "little") + few)
    assert "1000 tensors" in refusal(path)


@pytest.mark.parametrize("head", [b"[" * 100_000, b"[]", b'{"__metadata__":[]}'])
def test_a_header_that_is_no_mapping_is_refused(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "p").write_bytes(len(head).to_bytes(8, "little") + head)
    refusal(tmp_path / "p")


def test_a_name_that_steers_a_terminal_loses_its_control_characters(
    saved: Path,
) -> None:
    change_config(saved, name="\x1b]0;x\x07\x1b[2Ja\nb\u202e", description="\x9b1m" * 9)
    config = load_policy(saved).config
    assert config.name == "]0;x[2Ja b"
    assert config.description.isprintable()
    change_config(saved, name="n" * 500_000)
    assert len(load_policy(saved).config.name) == 100


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    assert "a pipe or a device" in refusal(tmp_path / "p")


def recorded_policy(path: Path) -> PolicyMetadata:
    """A policy file as they were written before: its config names files."""
    config = load_config("replay", settings=RECORDED)
    described = describe_policy(
        config, algorithm="ppo", hidden_layers=(4,), activation="tanh", squash="clip"
    )
    save_policy(path, random_weights(described), described)
    written = document(path)
    del written["recorded"]
    written["config"] = config.model_dump(mode="json")
    rewrite(path, text=json.dumps(written))
    return described


def test_the_files_that_a_policy_file_names_are_forgotten(tmp_path: Path) -> None:
    described = recorded_policy(tmp_path / "p")
    policy = load_policy(tmp_path / "p")
    assert policy.metadata == described
    assert policy.metadata.recorded == ("spot", "implied_volatility")
    replay = policy.config.replay
    assert replay is not None
    assert (replay.spot, replay.implied_volatility) == (None, None)


def test_a_policy_file_that_is_written_names_no_file(tmp_path: Path) -> None:
    config = load_config("replay", settings=RECORDED)
    described = describe_policy(
        config, algorithm="ppo", hidden_layers=(4,), activation="tanh", squash="clip"
    )
    save_policy(tmp_path / "p", random_weights(described), described)
    assert b"prices.csv" not in (tmp_path / "p").read_bytes()
    assert load_policy(tmp_path / "p").metadata == described


def test_one_policy_gives_the_same_bytes_in_every_process(saved: Path) -> None:
    code = (
        "import sys; from tests.hedge_env.policies.test_policy_file import *; "
        "d = metadata(); "
        "save_policy(sys.argv[1], random_weights(d), d)"
    )
    written = set()
    for seed in range(3):
        path = saved.with_name(f"again-{seed}")
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        written.add(path.read_bytes())
    assert written == {saved.read_bytes()}
    for _ in range(20):  # the library's own order changes within a process
        save_policy(saved, random_weights(metadata()), metadata())
        assert saved.read_bytes() in written


def test_a_file_in_the_order_of_the_library_still_loads(saved: Path) -> None:
    before = load_policy(saved)
    rewrite(saved)  # writes with the library
    assert load_policy(saved).metadata == before.metadata


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nan-lambda", "risk_aversion"),
        ("policy-squash-none", "squash 'none'"),
        ("policy-feature-hidden", "true_volatility"),
        ("policy-hugeweights-3e38", "overflow"),
        ("policy-feature-scale-huge", "scale"),
    ],
)
def test_the_shared_cases_are_refused(name: str, said: str) -> None:
    path = CASES / f"{name}.safetensors"
    with pytest.raises(PolicyFileError, match=said) as caught:
        load_policy(path)
    assert path.name in str(caught.value)


def test_a_default_config_still_fits_its_own_metadata() -> None:
    assert metadata().config == EnvConfig()
