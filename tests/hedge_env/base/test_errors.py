"""Messages can be printed anywhere, whatever the file they speak of holds."""

from __future__ import annotations

import pickle

import pytest

from hedge_env.base import errors
from hedge_env.base.errors import HedgeError, one_line, printable

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HedgeError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_can_steer_a_terminal(kind: type[HedgeError]) -> None:
    error = kind("a\x1b[2J\x1b]0;x\x07\nb\x9b1m\u202ec\u200bd\ud800e")
    assert str(error) == "a[2J]0;x b1mcde"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_message_is_bounded() -> None:
    assert len(str(HedgeError("x" * 10_000_000))) == 2_000
    assert one_line("ab " * 1_000_000, 10) == "ab ab a..."


def test_letters_of_every_script_are_kept() -> None:
    text = "λ = 10 ± 2, Ωμέγα, 契約, é"
    assert printable(text) == text
    assert printable("a\tb\u00a0c\nd\r") == "a b c\nd "
