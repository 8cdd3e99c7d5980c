"""Ctrl-C as a request: the run stops where it can be continued."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hedge_env.training.output.console import log


class RunStoppedError(Exception):
    """The user asked to stop, and the checkpoint has been written."""


class StopRequest:
    """Remembers that the user pressed Ctrl-C, or that the system wants us gone."""

    def __init__(self) -> None:
        self.requested = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into a request; a second one ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may handle signals
            return
        kinds = (signal.SIGINT, signal.SIGTERM)
        previous = {kind: signal.getsignal(kind) for kind in kinds}
        for kind in kinds:
            signal.signal(kind, self._handle)
        try:
            yield
        finally:
            for kind, handler in previous.items():
                signal.signal(kind, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        log("stopping after this update; press Ctrl-C again to stop without saving")
