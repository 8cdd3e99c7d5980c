"""Ctrl-C as a request: the run stops where it can be continued."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hedge_env.training.output.console import log

_HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none


class RunStoppedError(Exception):
    """The user asked to stop, and the checkpoint has been written."""


class StopRequest:
    """Remembers that the user pressed Ctrl-C, or that the system wants us gone.

    Attributes:
        requested: Whether to stop at the next place where the run can be continued.
        worth_saving: Whether this process has learned anything. Until then, kernels
            compile and rules are tuned, which may take minutes: a request ends the
            process at once.
    """

    def __init__(self) -> None:
        self.requested = False
        self.worth_saving = False
        self._ended = False
        self._terminals: tuple[int, ...] = ()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn SIGINT, SIGTERM and SIGHUP into a request; a second one ends at once.

        Unless that is a SIGHUP, of which a terminal that closes sends two. A SIGHUP
        that is ignored, as under `nohup`, stays so. A request that comes while a kernel
        compiles may be swallowed by a callback of the compiler, which then fails; that
        failure is the end that was asked for.

        Raises:
            KeyboardInterrupt: If the process was to end at once.
        """
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may handle signals
            return
        kinds = [signal.SIGINT, signal.SIGTERM]
        if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:
            kinds.append(_HANGUP)
        self._terminals = tuple(number for number in (1, 2) if os.isatty(number))
        previous = {kind: signal.getsignal(kind) for kind in kinds}
        for kind in kinds:
            signal.signal(kind, self._handle)
        try:
            yield
        except Exception:
            if self._ended:
                raise KeyboardInterrupt from None
            raise
        finally:
            for kind, handler in previous.items():
                signal.signal(kind, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == _HANGUP:
            self._leave_terminals()
        if self.requested:
            if number == _HANGUP:  # the shell and the system each send one
                return
            self._ended = True
            raise KeyboardInterrupt
        self.requested = True
        if not self.worth_saving:
            log(
                "stopping at once: nothing new is learned yet; the same command goes "
                "on, hedge train with --resume"
            )
            self._ended = True
            raise KeyboardInterrupt
        log("stopping after this update; press Ctrl-C again to stop without saving")

    def _leave_terminals(self) -> None:
        """Write to nowhere from now on: a terminal that is gone fails every write."""
        for number in self._terminals:
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)
                os.close(nowhere)
