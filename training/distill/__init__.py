"""The command `hedge distill`: a saved policy as a short formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.after_training_options import DistillOptions


def run(options: DistillOptions) -> None:
    """Run the command; its libraries are imported now and not before."""
    from hedge_env.training.distill import distill as command

    command.run(options)
