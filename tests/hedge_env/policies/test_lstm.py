"""A policy that remembers: its formula, whose past it sees, and its file."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from hedge_env.advice.adviser import Adviser
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.attribution import attribute
from hedge_env.evaluation.evaluate import evaluate, evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.lstm import Memory
from hedge_env.policies.policy import Policy
from hedge_env.policies.policy_file import load_policy, save_policy
from tests.hedge_env.policies.test_policy_file import (
    document,
    metadata,
    random_weights,
    refusal,
    rewrite,
    rewrite_metadata,
)
from tests.support.recurrent_policy import recurrent_policy, save_recurrent_policy

CONFIG = load_config("reference", settings=["episode.decisions=10"])
POLICY = recurrent_policy(CONFIG)


def observations(n_decisions: int, n: int, seed: int = 0) -> FloatArray:
    shape = (n_decisions, n, len(POLICY.metadata.features))
    return np.random.default_rng(seed).normal(size=shape)


def acted(seen: FloatArray) -> FloatArray:
    """Actions at every decision, from a fresh start."""
    policy = copy.copy(POLICY)
    policy.reset(seen.shape[1])
    return np.array([policy.act(now.astype(np.float32)) for now in seen])


def by_hand(seen: FloatArray) -> list[float]:
    """Outputs of all LSTM layers for one path, a number at a time."""

    def sigma(x: float) -> float:
        return 1.0 / (1.0 + float(np.exp(-x)))

    sizes = [len(bias) // 4 for _, bias in POLICY.lstm]
    outputs, cells = [[[0.0] * size for size in sizes] for _ in range(2)]
    for now in seen:
        below = [float(x) for x in now]
        for (weight, bias), h, c in zip(POLICY.lstm, outputs, cells, strict=True):
            size, joined = len(h), [*below, *h]
            sums = [
                sum(float(w) * x for w, x in zip(row, joined, strict=True)) + float(b)
                for row, b in zip(weight, bias, strict=True)
            ]
            for j in range(size):
                i, f, g, o = (sums[gate * size + j] for gate in range(4))
                c[j] = sigma(f) * c[j] + sigma(i) * float(np.tanh(g))
                h[j] = sigma(o) * float(np.tanh(c[j]))
            below = list(h)
    return below


def test_the_layers_are_what_their_formula_says() -> None:
    seen = observations(6, 3)
    memory = Memory(POLICY.lstm, 3)
    for now in seen:
        got = memory.step(now.astype(np.float32))
    expected = [by_hand(seen[:, path]) for path in range(3)]
    np.testing.assert_allclose(got, expected, atol=2e-6)


def test_without_layers_there_is_nothing_to_remember() -> None:
    inputs = observations(1, 4)[0].astype(np.float32)
    memory = Memory([], 4)
    np.testing.assert_array_equal(memory.step(inputs), inputs)


def test_a_decision_depends_on_what_was_seen_before_and_only_on_that_path() -> None:
    seen = observations(4, 50)
    both = acted(seen)
    alone = np.concatenate([acted(seen[:, i : i + 1]) for i in range(50)], axis=1)
    np.testing.assert_array_equal(both, alone)  # bit for bit, in any batch
    other = seen.copy()
    other[0, 7] += 1.0
    changed = np.abs(acted(other) - both).max(axis=(0, 2)) > 0.0
    assert changed.tolist() == [path == 7 for path in range(50)]
    assert np.abs(acted(other)[3, 7] - both[3, 7]).max() > 1e-4  # three decisions on


def test_a_path_that_starts_anew_forgets_and_the_others_do_not() -> None:
    first, second = observations(3, 4, seed=1), observations(3, 4, seed=2)
    policy = copy.copy(POLICY)
    policy.reset(4)
    for now in first:
        policy.act(now.astype(np.float32))
    policy.forget(np.array([False, True, False, True]))
    got = np.array([policy.act(now.astype(np.float32)) for now in second])
    fresh, on = acted(second), acted(np.concatenate([first, second]))[3:]
    np.testing.assert_array_equal(got[:, [1, 3]], fresh[:, [1, 3]])
    np.testing.assert_array_equal(got[:, [0, 2]], on[:, [0, 2]])
    assert np.abs(fresh - on).max() > 0.01


def test_an_episode_starts_anew_where_its_step_is_0() -> None:
    policy = copy.copy(POLICY)
    policy.reset(6)

    def episode() -> FloatArray:
        batch = HedgeBatch(CONFIG, 6, seed=1, stream="test")
        batch.reset(np.arange(6))
        targets = []
        for _ in range(batch.n_decisions):
            targets.append(policy.target(batch.observables()))
            batch.advance(batch.complete(targets[-1], policy.name).T)
        return np.array(targets)

    one, again = episode(), episode()
    np.testing.assert_array_equal(one, again)
    assert "step" in policy.inputs


def test_evaluation_gives_the_same_in_any_chunks_and_leaves_the_policy_alone() -> None:
    policy = copy.copy(POLICY)
    policy.reset(2)
    seen = observations(1, 2)[0].astype(np.float32)
    policy.act(seen)
    kept = policy._memory
    tables = [
        evaluate([(policy, 10.0)], CONFIG, n_episodes=60, chunk_size=size, threads=n)[0]
        for size, n in ((60, 1), (7, 2))
    ]
    assert policy._memory is kept
    np.testing.assert_array_equal(tables[0].objective, tables[1].objective)
    tape = record_tape(CONFIG, np.arange(60), seed=0, stream="test")
    alone = evaluate_on_tape(policy, tape, CONFIG, 10.0)
    np.testing.assert_array_equal(alone.objective, tables[0].objective)


def test_what_it_remembers_matters_in_an_episode() -> None:
    class Forgetful:
        """The same policy, whose every decision is its first."""

        name, kind, inputs = "forgetful", "agent", POLICY.inputs

        def reset(self, n_paths: int) -> None:
            del n_paths

        def target(self, observables: object) -> FloatArray:
            fresh = copy.copy(POLICY)
            fresh.reset(60)
            return fresh.target(observables)  # type: ignore[arg-type]

    tape = record_tape(CONFIG, np.arange(60), seed=0, stream="test")
    forgetful: Policy = Forgetful()  # type: ignore[assignment]
    one, other = (
        evaluate_on_tape(policy, tape, CONFIG, 10.0) for policy in (POLICY, forgetful)
    )
    assert np.abs(one.objective - other.objective).max() > 1e-4


def test_its_file_brings_it_back(tmp_path: Path) -> None:
    path = save_recurrent_policy(tmp_path / "p.safetensors", CONFIG)
    policy = load_policy(path)
    assert policy.remembers
    assert policy.metadata == POLICY.metadata
    assert policy.metadata.lstm == (5, 3)
    seen = observations(4, 9)
    got = [policy.act(now.astype(np.float32)) for now in seen]
    np.testing.assert_array_equal(got, acted(seen))
    before = path.read_bytes()
    save_policy(path, policy.layers, policy.metadata, policy.lstm)
    assert path.read_bytes() == before


def test_a_file_without_memory_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    save_policy(path, random_weights(metadata()), metadata())
    assert "lstm" not in document(path)  # so that every version reads it
    assert not load_policy(path).remembers


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"

    def fresh() -> dict[str, np.ndarray]:
        save_recurrent_policy(path, CONFIG)
        return safetensors.numpy.load_file(path)

    tensors = fresh()
    del tensors["lstm.1.bias"]
    rewrite(path, tensors=tensors)
    assert "missing or unknown tensors: lstm.1.bias" in refusal(path)
    tensors = fresh()
    tensors["lstm.0.weight"] = tensors["lstm.0.weight"][:, :-1].copy()
    rewrite(path, tensors=tensors)
    assert "tensor lstm.0.weight is float32" in refusal(path)
    tensors = fresh()
    tensors["lstm.1.weight"][...] = 3e38
    rewrite(path, tensors=tensors)
    assert "LSTM layer 1 are so large that its output can overflow" in refusal(path)
    fresh()
    rewrite_metadata(path, lstm=[5, 4])
    assert "takes 3 inputs, but there are 4 outputs of the LSTM" in refusal(path)
    fresh()
    rewrite_metadata(path, lstm=[])
    assert "takes 3 inputs, but there are 9 features" in refusal(path)


def test_an_lstm_bounds_what_comes_after_it(tmp_path: Path) -> None:
    path = save_recurrent_policy(tmp_path / "p.safetensors", CONFIG)
    tensors = safetensors.numpy.load_file(path)
    tensors["lstm.0.weight"][...] *= 1e30  # saturated gates, and no more
    rewrite(path, tensors=tensors)
    policy = load_policy(path)
    for now in observations(5, 8):
        assert np.isfinite(policy.act(now.astype(np.float32))).all()


def test_a_state_without_a_past_gets_no_advice() -> None:
    with pytest.raises(ConfigError, match="remembers what it saw earlier"):
        Adviser(POLICY, CONFIG)


def test_it_has_no_band_in_a_state_alone() -> None:
    (found,) = attribute([(POLICY, 10.0)], CONFIG, n_episodes=50)
    assert found.band is None
