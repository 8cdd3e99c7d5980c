"""The command `hedge train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.policy_options import TrainOptions


def run(options: TrainOptions) -> int | None:
    """Run the command; its libraries are imported now and not before."""
    from hedge_env.training.train import train as command

    return command.run(options)
