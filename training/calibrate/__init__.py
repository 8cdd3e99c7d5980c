"""The command `hedge calibrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.market_options import CalibrateOptions


def run(options: CalibrateOptions) -> None:
    """Run the command; its libraries are imported now and not before."""
    from hedge_env.training.calibrate import calibrate as command

    command.run(options)
