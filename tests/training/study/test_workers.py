"""One Ctrl-C ends every worker, and none begins anything more."""

import os
import signal
import time

import pytest

from hedge_env.training.study.workers import side_by_side


def double(number):
    return 2 * number


def begin(number, folder):
    """Interrupt the first call once the second is there, which ends after it."""
    (folder / str(number)).touch()
    if number == 0:
        while not (folder / "1").exists():
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)  # as the terminal does to each
    time.sleep(0.5)


def send_if_asked(number, folder):
    """Interrupt the parent, which stops the worker that goes on the second time."""
    if number == 0:
        for _ in range(2):
            os.kill(os.getppid(), signal.SIGINT)
            time.sleep(0.5)
    time.sleep(20)
    (folder / str(number)).touch()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_arguments(workers):
    assert side_by_side(double, workers, range(5)) == [0, 2, 4, 6, 8]


def test_nothing_is_begun_after_an_interruption(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        side_by_side(begin, 2, range(6), [tmp_path] * 6)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1"}


def test_a_second_interruption_ends_what_goes_on(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        side_by_side(send_if_asked, 2, range(3), [tmp_path] * 3)
    assert list(tmp_path.iterdir()) == []
