"""The command `hedge matrix`: policies of one market in every other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.after_training_options import MatrixOptions


def run(options: MatrixOptions) -> None:
    """Run the command; its libraries are imported now and not before."""
    from hedge_env.training.matrix import matrix as command

    command.run(options)
