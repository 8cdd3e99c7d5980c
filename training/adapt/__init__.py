"""The command `hedge adapt`: how fast an agent becomes good in another market."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.after_training_options import AdaptOptions


def run(options: AdaptOptions) -> int:
    """Run the command; its libraries are imported now and not before."""
    from hedge_env.training.adapt import adapt as command

    return command.run(options)
