"""The command `hedge study`, and published tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.policy_options import StudyOptions


def run(options: StudyOptions) -> None:
    """Run the command; its libraries are imported now and not before."""
    from hedge_env.training.study import study as command

    command.run(options)
