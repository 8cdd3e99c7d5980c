import json
import os
import pickle
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from hedge_env.agent.observations import ObservationEncoder
from hedge_env.base.errors import PolicyFileError
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.policies.policy import Policy
from hedge_env.policies.policy_file import (
    MAX_BYTES,
    _digest,
    describe_policy,
    load_policy,
    save_policy,
)


def metadata(**changes):
    arguments = {
        "config": EnvConfig(),
        "algorithm": "ppo",
        "hidden_layers": (8, 5),
        "activation": "tanh",
        "squash": "clip",
    }
    return describe_policy(**(arguments | changes))


def random_weights(described):
    rng = np.random.default_rng(1)
    return [
        (
            rng.normal(size=(n_out, n_in)).astype(np.float32),
            rng.normal(size=n_out).astype(np.float32),
        )
        for n_in, n_out in pairwise(described.layers)
    ]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_weights(metadata()), metadata())
    return path


def refusal(path):
    """The one line with which a file is refused."""
    with pytest.raises(PolicyFileError) as caught:
        load_policy(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def rewrite(path, *, text=None, tensors=None, digest=None):
    """Write a file whose digest is right although its content is not."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])["__metadata__"]
    text = header["metadata"] if text is None else text
    tensors = safetensors.numpy.load(data) if tensors is None else tensors
    digest = _digest(text, tensors) if digest is None else digest
    header = {"metadata": text, "sha256": digest}
    path.write_bytes(safetensors.numpy.save(tensors, metadata=header))


def document(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["metadata"])


def rewrite_metadata(path, **changes):
    rewrite(path, text=json.dumps(document(path) | changes))


def test_a_policy_comes_back_as_it_was_saved(saved):
    policy = load_policy(saved)
    assert isinstance(policy, Policy)
    assert policy.metadata == metadata()
    assert (policy.name, policy.kind) == ("ppo", "agent")
    assert load_policy(saved, name="mine").name == "mine"


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("squash", ["clip", "tanh"])
def test_the_network_is_what_its_formula_says(tmp_path, activation, squash):
    described = metadata(activation=activation, squash=squash)
    weights = random_weights(described)
    save_policy(tmp_path / "p", weights, described)
    observation = np.random.default_rng(2).normal(size=(37, described.layers[0]))
    x = observation
    for number, (weight, bias) in enumerate(weights):
        if number > 0:
            x = np.tanh(x) if activation == "tanh" else np.maximum(x, 0.0)
        x = x @ weight.T.astype(float) + bias
    expected = {"clip": np.clip(x, -1, 1), "tanh": np.tanh(x)}[squash]
    action = load_policy(tmp_path / "p").act(observation.astype(np.float32))
    np.testing.assert_allclose(action, expected, atol=2e-5)


def test_a_discrete_policy_takes_its_likeliest_choice(tmp_path):
    described = metadata(action_mode="discrete", squash="none")
    save_policy(tmp_path / "p", random_weights(described), described)
    policy = load_policy(tmp_path / "p")
    action = policy.act(np.zeros((3, described.layers[0]), dtype=np.float32))
    assert action.shape == (3,)
    assert np.issubdtype(action.dtype, np.integer)


def test_no_length_of_the_header_looks_like_another_format(tmp_path):
    for length in range(0, 200, 4):
        described = metadata(notes={"text": "x" * length})
        save_policy(tmp_path / "p", random_weights(described), described)


def test_an_action_does_not_depend_on_the_rest_of_the_batch(saved):
    policy = load_policy(saved)
    rng = np.random.default_rng(3)
    observation = rng.normal(size=(300, policy.metadata.layers[0])).astype(np.float32)
    together = policy.act(observation)
    for low, high in ((0, 1), (7, 8), (3, 40), (100, 229), (299, 300)):
        np.testing.assert_array_equal(
            policy.act(observation[low:high]), together[low:high]
        )


def test_a_policy_sees_what_the_environment_shows(saved):
    config = EnvConfig()
    batch = HedgeBatch(config, 5)
    batch.reset(np.arange(5))
    batch.advance(np.full((5, 1), 0.4))
    policy = load_policy(saved)
    expected = ObservationEncoder(config).encode(batch.rows)
    np.testing.assert_array_equal(policy.encode(batch.rows), expected)


def test_a_policy_needs_no_more_than_named_observables(saved):
    batch = HedgeBatch(EnvConfig(), 5)
    batch.reset(np.arange(5))
    policy = load_policy(saved)
    target = policy.target(batch.observables())
    assert target.shape == (5, 1)
    np.testing.assert_array_equal(policy.target(dict(batch.observables())), target)


def test_a_policy_keeps_the_band_it_was_trained_with(saved):
    batches = []
    for scale in (EnvConfig().action.risk_scale, 0.3):
        config = EnvConfig.model_validate(
            {"action": {"risk_scale": scale}, "execution": {"fee_bp": 5.0}}
        )
        batches.append(HedgeBatch(config, 5))
        batches[-1].reset(np.arange(5))
        batches[-1].advance(np.full((5, 1), 0.4))
    own, other = (batch.observables() for batch in batches)
    assert not np.allclose(own["band_half_width"], other["band_half_width"])
    width = other["band_half_width"].copy()
    policy = load_policy(saved)
    np.testing.assert_array_equal(policy.target(other), policy.target(own))
    np.testing.assert_array_equal(other["band_half_width"], width)


def test_a_missing_file_is_named(tmp_path):
    assert "No such file" in refusal(tmp_path / "nothing.safetensors")


def test_a_folder_is_not_a_policy(tmp_path):
    assert "is a folder, not a file" in refusal(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(saved, share):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(share * len(data))])
    refusal(saved)


def test_a_file_with_something_after_its_end_is_refused(saved):
    saved.write_bytes(saved.read_bytes() + b"\0")
    refusal(saved)


def test_every_flipped_bit_is_noticed(saved):
    data = saved.read_bytes()
    rng = np.random.default_rng(4)
    for position in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[position] ^= 1 << int(rng.integers(8))
        saved.write_bytes(bytes(damaged))
        refusal(saved)


def test_a_flipped_weight_is_called_damage(saved):
    data = bytearray(saved.read_bytes())
    data[-3] ^= 1
    saved.write_bytes(bytes(data))
    assert "does not match its sha256" in refusal(saved)


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("a_pickle_was_loaded",))


def test_a_pickle_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("policy.safetensors")
    path.write_bytes(pickle.dumps(Bomb()))
    assert "pickle" in refusal(path)
    assert not Path("a_pickle_was_loaded").exists()


@pytest.mark.parametrize("length", [0x80, 0x0280, 0x010480])
def test_a_file_that_ends_early_is_not_taken_for_a_pickle(tmp_path, length):
    path = tmp_path / "policy.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + b'{"__metadata__":{"me')
    assert "pickle" not in refusal(path)


def test_an_archive_of_another_library_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("policy.pth", b"\x80")
    assert "zip archive" in refusal(tmp_path / "model.zip")


@pytest.mark.parametrize("content", [b"{}", b"GIF89a", b"\xff" * 100, b" " * 8])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "p").write_bytes(content)
    refusal(tmp_path / "p")


def test_somebody_elses_safetensors_file_is_refused(tmp_path):
    data = safetensors.numpy.save({"w": np.zeros(3, dtype=np.float32)})
    (tmp_path / "p").write_bytes(data)
    assert "not of a hedging policy" in refusal(tmp_path / "p")


def test_a_file_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "p").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "larger than 32 MiB" in refusal(tmp_path / "p")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(saved, value):
    tensors = safetensors.numpy.load_file(saved)
    tensors["layers.1.bias"][2] = value
    rewrite(saved, tensors=tensors)
    assert "not finite" in refusal(saved)


def test_weights_of_another_shape_are_refused(saved):
    tensors = safetensors.numpy.load_file(saved)
    tensors["layers.0.weight"] = tensors["layers.0.weight"][:, :-1].copy()
    rewrite(saved, tensors=tensors)
    assert "needed is float32" in refusal(saved)


def test_weights_of_another_precision_are_refused(saved):
    tensors = safetensors.numpy.load_file(saved)
    tensors["layers.0.bias"] = tensors["layers.0.bias"].astype(np.float64)
    rewrite(saved, tensors=tensors)
    assert "float64" in refusal(saved)


@pytest.mark.parametrize("extra", [True, False])
def test_missing_and_unknown_tensors_are_refused(saved, extra):
    tensors = safetensors.numpy.load_file(saved)
    if extra:
        tensors["critic.weight"] = np.zeros(3, dtype=np.float32)
    else:
        del tensors["layers.2.bias"]
    rewrite(saved, tensors=tensors)
    assert "missing or unknown" in refusal(saved)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version"),
        ({"activation": "os.system"}, "activation"),
        ({"layers": [9, 3]}, "tensors"),
        ({"layers": [9, 8, 5, 4]}, "outputs"),
        ({"layers": [9, 10**9, 3]}, "layers"),
        ({"layers": "9"}, "layers"),
        ({"name": "a\nb"}, "name"),
        ({"name": "<script>"}, "name"),
        ({"surprise": 1}, "surprise"),
        ({"features": []}, "features"),
        ({"squash": None}, "squash"),
        ({"config": {"episode": {"decisions": -1}}}, "decisions"),
        ({"config": {"colour": "red"}}, "colour"),
    ],
)
def test_metadata_that_mean_nothing_are_refused(saved, changes, said):
    rewrite_metadata(saved, **changes)
    assert said in refusal(saved)


@pytest.mark.parametrize("observable", ["funding_accrued", "__class__", "price"])
def test_a_feature_of_something_unseen_is_refused(saved, observable):
    features = document(saved)["features"]
    features[0]["observable"] = observable
    rewrite_metadata(saved, features=features)
    refusal(saved)


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 100_000, '{"layers":'])
def test_metadata_that_are_no_document_are_refused(saved, text):
    rewrite(saved, text=text)
    refusal(saved)


def test_weights_that_do_not_fit_are_not_saved(tmp_path):
    weights = random_weights(metadata())
    with pytest.raises(PolicyFileError, match="missing or unknown"):
        save_policy(tmp_path / "p", weights[:-1], metadata())
    assert list(tmp_path.iterdir()) == []


def test_saving_that_fails_leaves_the_old_policy_alone(saved, monkeypatch):
    before = saved.read_bytes()

    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_policy(saved, random_weights(metadata()), metadata())
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize(
    ("setting", "inside", "outside"),
    [
        (10.0, (10.0,), (9.99, 10.01)),
        ({"low": 2.0, "high": 50.0}, (2.0, 7.0, 50.0), (1.99, 50.1)),
    ],
)
def test_a_file_knows_its_risk_aversions_also_one_of_before_balance(
    setting, inside, outside, tmp_path
):
    described = metadata(config=EnvConfig(risk_aversion=setting))
    document = json.loads(described.model_dump_json())
    del document["config"]["reward"]["balanced"]
    old = type(described).model_validate(document)
    assert old == described
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_weights(old), old)
    read = load_policy(path).metadata
    assert read.risk_aversions == (inside[0], inside[-1])
    assert all(map(read.is_trained_for, inside))
    assert not any(map(read.is_trained_for, outside))


@pytest.mark.parametrize("name", ["recurrentppo", "deephedging"])
def test_a_file_that_names_its_algorithm_as_earlier_is_read(name, tmp_path):
    described = metadata(algorithm=name)
    path = tmp_path / "policy.safetensors"
    save_policy(path, random_weights(described), described)
    assert load_policy(path).metadata == described
