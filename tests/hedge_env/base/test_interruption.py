"""A Ctrl-C that a callback swallows ends what is running all the same."""

import ctypes
import os
import signal
import subprocess
import sys
import time

import pytest

from hedge_env.base.interruption import hearing_interrupts

# Sends Ctrl-C from inside the callback by which LLVM hands over a finished kernel.
_WHILE_COMPILING = """
import signal, sys
from llvmlite.binding.executionengine import ExecutionEngine

real, sent = ExecutionEngine._find_module_ptr, []

def find(self, pointer):
    if len(sent) < {times}:
        sent.append(signal.raise_signal(signal.SIGINT))
    return real(self, pointer)

ExecutionEngine._find_module_ptr = find
"""


def send():
    signal.raise_signal(signal.SIGINT)


def swallow():
    """Raise an interruption where ctypes drops it, as a compiler's callback does."""
    ctypes.CFUNCTYPE(None)(send)()


def raise_lost():
    """Lose an interruption without a signal."""

    def fail():
        raise KeyboardInterrupt

    ctypes.CFUNCTYPE(None)(fail)()


def wait():
    time.sleep(20)
    pytest.fail("went on")


def test_what_goes_on_after_a_lost_interruption_is_ended(capsys):
    def goes_on():
        with hearing_interrupts():
            swallow()
            wait()

    with pytest.raises(KeyboardInterrupt):
        goes_on()
    assert capsys.readouterr().err == ""


def test_one_that_is_lost_again_is_sent_again():
    lost = []

    def lose():
        try:
            wait()
        except KeyboardInterrupt:
            lost.append(1)
            raise

    def loses_two():
        with hearing_interrupts():
            swallow()
            ctypes.CFUNCTYPE(None)(lose)()
            assert lost == [1]
            wait()

    with pytest.raises(KeyboardInterrupt):
        loses_two()


def test_what_fails_because_of_it_is_an_interruption():
    def fails():
        with hearing_interrupts():
            swallow()
            raise RuntimeError("no compiled object yet")

    with pytest.raises(KeyboardInterrupt):
        fails()


def test_other_failures_stay_what_they_are():
    with pytest.raises(RuntimeError, match="diverged"), hearing_interrupts():
        raise RuntimeError("diverged")


def test_nothing_is_sent_to_who_comes_after():
    before = sys.unraisablehook
    with hearing_interrupts():
        swallow()
    assert sys.unraisablehook is before
    time.sleep(0.5)  # more than the time to the next one


def test_of_several_that_are_lost_one_is_sent_again():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        with hearing_interrupts():
            for _ in range(3):
                raise_lost()
            time.sleep(0.7)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [1]


def test_what_else_is_lost_goes_where_it_went(monkeypatch):
    def fail():
        raise ValueError("lost")

    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: seen.append(lost.exc_type))
    with hearing_interrupts():
        ctypes.CFUNCTYPE(None)(fail)()
    assert seen == [ValueError]


_EVALUATE = """
sys.argv[1:] = ['evaluate', 'delta', '--preset', 'reference', '--episodes', '9']
from hedge_env.training.cli.main import main
sys.exit(main())
"""
_WARM_UP = """
import runpy
sys.argv[1:] = ['calm']
runpy.run_module('hedge_env', run_name='__main__')
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("times", "start", "who"),
    [
        (1, _EVALUATE, "hedge"),
        (3, _EVALUATE, "hedge"),
        (3, _WARM_UP, "python -m hedge_env"),
    ],
    ids=["hedge", "hedge-again", "warm-up"],
)
def test_a_command_that_compiles_ends_in_one_sentence(times, start, who, tmp_path):
    caches = {"NUMBA_CACHE_DIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _WHILE_COMPILING.format(times=times) + start],
        capture_output=True,
        text=True,
        env={**os.environ, **caches},
        timeout=120,
        check=False,
    )
    said = (130, "", f"{who}: interrupted\n")
    assert (done.returncode, done.stdout, done.stderr) == said
