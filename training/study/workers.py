"""Markets side by side, each in a process of its own, that one Ctrl-C ends together.

A terminal sends Ctrl-C to every process. A worker that measures ends its market, where
it trains after that is saved; one that waits or starts takes no notice; and none begins
another market, though some are handed out already.
"""

import functools
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

from hedge_env.base.interruption import hearing_interrupts

R = TypeVar("R")

_over: Event | None = None  # in a worker: set once no market is to be begun


def side_by_side(
    function: Callable[..., R], workers: int, *arguments: Iterable[Any]
) -> list[R]:
    """Call a function as `map` does, as many times at once as there are workers.

    Args:
        function: What can be pickled, as can its arguments and result.
        workers: Number of processes; with one, it is this one.
        arguments: Of the calls, as for `map`.

    Raises:
        KeyboardInterrupt: Once all workers have stopped; a second one stops them.
    """
    if workers == 1:
        return list(map(function, *arguments))
    # Spawned: a forked worker would inherit half of the parent's threads.
    context = multiprocessing.get_context("spawn")
    over = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (over,))
    try:
        with _interrupts_later():
            results = pool.map(functools.partial(_unless_over, function), *arguments)
        return list(results)
    except BaseException as error:
        over.set()
        _wait_for(pool, patiently=isinstance(error, KeyboardInterrupt))
        raise
    finally:
        pool.shutdown(wait=False)


def _wait_for(pool: ProcessPoolExecutor, patiently: bool) -> None:
    """Let the workers save what they do; not if told again."""
    try:
        pool.shutdown(wait=patiently, cancel_futures=True)
    except KeyboardInterrupt:
        for worker in multiprocessing.active_children():
            worker.terminate()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Keep a Ctrl-C until the end, and from processes that start meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(over: Event) -> None:
    """Make a process a worker, which takes no notice of Ctrl-C while it waits."""
    global _over
    _over = over
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _unless_over(function: Callable[..., R], *arguments: Any) -> R:
    """Call a function in a worker, unless another one was interrupted."""
    assert _over is not None  # set as the worker began
    if _over.is_set():
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with hearing_interrupts():
            return function(*arguments)
    except KeyboardInterrupt:
        _over.set()
        raise
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
