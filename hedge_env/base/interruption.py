"""Ctrl-C while kernels compile, which the compiler may swallow.

LLVM tells Python by a callback of ctypes that a kernel is ready, and what is raised in
there is printed and forgotten, as in a finalizer (`__del__`). The KeyboardInterrupt of
a Ctrl-C at that moment ends nothing, or ends as an error of the compiler that has lost
its kernel ("no compiled object yet").
"""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

INTERRUPTED = 130  # exit code of a command that Ctrl-C has ended

# Long enough for an error of the compiler to arrive first, and what it leaves open to
# be closed undisturbed; too short to be waited for.
_AGAIN_SECONDS = 0.2


class _Repeater:
    """Python's hook for what cannot be raised: an interruption is sent once more.

    Attributes:
        has_swallowed: Whether an interruption was lost since the start.
    """

    def __init__(self) -> None:
        self.has_swallowed = False
        self._previous = sys.unraisablehook
        self._timer: threading.Timer | None = None

    def __call__(self, lost: UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            self._previous(lost)
            return
        self.has_swallowed = True
        self._cancel()  # of several that are lost one is enough
        # Later, and by another thread: here it would be lost again.
        self._timer = threading.Timer(_AGAIN_SECONDS, _send)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """Send nothing any more, and put the hook back that was there before."""
        sys.unraisablehook = self._previous
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _send() -> None:
    """Interrupt the main thread, also where it waits for something."""
    if hasattr(signal, "pthread_kill"):
        main_thread = threading.main_thread().ident
        assert main_thread is not None  # it runs
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:  # Windows, where waiting ends by this
        _thread.interrupt_main()


@contextmanager
def hearing_interrupts() -> Iterator[None]:
    """Let one Ctrl-C end what runs inside, wherever it arrives.

    Raises:
        KeyboardInterrupt: Also in place of the failure that a lost one has caused.
    """
    repeater = _Repeater()
    sys.unraisablehook = repeater
    try:
        yield
    except Exception:
        if repeater.has_swallowed:
            raise KeyboardInterrupt from None
        raise
    finally:
        repeater.end()


def ignore_interrupts() -> None:
    """Let a process that ends as an interrupted one end undisturbed."""
    with suppress(ValueError):  # only the main thread may say so, and only it hears any
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_interrupted() -> NoReturn:
    """End the process as an interrupted one, without taking the interpreter down.

    To be called while the interruption is handled: a compiler that was interrupted may
    have left code that two objects own, and crashes when both give it back.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by whoever started the process
            with suppress(OSError, ValueError):
                stream.flush()
    atexit._run_exitfuncs()  # what is temporary goes; this asks for nothing else
    os._exit(INTERRUPTED)
