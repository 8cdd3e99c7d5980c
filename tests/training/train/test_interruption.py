"""What ends a run, and when it is saved first."""

import os
import signal
from contextlib import suppress

import pytest

from hedge_env.training.train import train as train_module
from hedge_env.training.train.interruption import StopRequest
from hedge_env.training.train.train import train
from tests.training.train.runs import experiment

ALL = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def send(number):
    os.kill(os.getpid(), number)


def at_step(monkeypatch, timesteps, numbers):
    """Make the next run receive signals while it takes that timestep."""

    class Sends(train_module.ProgressCallback):
        def _on_step(self):
            if self.model.num_timesteps == timesteps:
                for number in numbers:
                    send(number)
            return super()._on_step()

    monkeypatch.setattr(train_module, "ProgressCallback", Sends)


@pytest.mark.parametrize("number", ALL)
def test_every_signal_that_asks_to_end_saves_first(number, tmp_path, monkeypatch):
    at_step(monkeypatch, 136, [number])
    result = train(experiment(), tmp_path / "run")
    assert result.stopped
    assert result.timesteps == 192  # the end of the third rollout of 64
    assert result.folder.last_policy.exists()


def test_a_terminal_that_closes_sends_two_signals_and_loses_nothing(
    tmp_path, monkeypatch
):
    at_step(monkeypatch, 136, [signal.SIGHUP, signal.SIGHUP])
    assert train(experiment(), tmp_path / "run").timesteps == 192


@pytest.mark.parametrize("number", ALL)
@pytest.mark.parametrize("step", ["build_model", "make_training_env"])
def test_a_run_that_has_learned_nothing_ends_at_once(
    number, step, tmp_path, monkeypatch, capsys
):
    def compiles(*_args):
        send(number)
        raise AssertionError("the run went on")

    monkeypatch.setattr(train_module, step, compiles)
    with pytest.raises(KeyboardInterrupt):
        train(experiment(), tmp_path / "run")
    assert "nothing new is learned yet" in capsys.readouterr().err


@pytest.mark.parametrize("number", ALL)
def test_an_end_that_a_compiler_swallows_is_no_failure(number):
    def compiles():
        with StopRequest().listening():
            with suppress(KeyboardInterrupt):  # as ctypes does with a callback's
                send(number)
            raise RuntimeError("no compiled object yet")

    with pytest.raises(KeyboardInterrupt):
        compiles()


def test_a_failure_after_a_request_that_saves_stays_one():
    def diverges():
        stop = StopRequest()
        stop.worth_saving = True
        with stop.listening():
            send(signal.SIGTERM)
            raise RuntimeError("diverged")

    with pytest.raises(RuntimeError, match="diverged"):
        diverges()


def test_the_first_update_of_a_process_is_not_waited_for(tmp_path, monkeypatch):
    at_step(monkeypatch, 8, [signal.SIGTERM])
    with pytest.raises(KeyboardInterrupt):
        train(experiment(), tmp_path / "run")
    monkeypatch.undo()
    assert train(experiment(), tmp_path / "run", resume=True).timesteps == 320


def test_a_second_request_ends_without_saving(tmp_path, monkeypatch):
    at_step(monkeypatch, 136, [signal.SIGTERM, signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):
        train(experiment(), tmp_path / "run")


def test_an_ignored_hangup_stays_ignored():
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        stop = StopRequest()
        with stop.listening():
            send(signal.SIGHUP)
        assert not stop.requested
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_a_terminal_that_is_gone_is_written_to_no_more(monkeypatch):
    master, terminal = os.openpty()
    stop = StopRequest()
    with stop.listening():
        stop._terminals = (terminal,)
        os.close(master)
        with pytest.raises(OSError, match="Input/output error"):
            os.write(terminal, b"progress")
        stop.worth_saving = True
        send(signal.SIGHUP)
        assert os.write(terminal, b"progress") == 8
    os.close(terminal)
    assert stop.requested
