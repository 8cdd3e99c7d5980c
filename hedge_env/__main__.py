"""`python -m hedge_env [PRESET ...]`: compile the kernels, for example in a container.

It needs nothing but the package itself; the commands of the `train` extra are `hedge`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hedge_env.base.errors import HedgeError
from hedge_env.base.interruption import (
    end_interrupted,
    hearing_interrupts,
    ignore_interrupts,
)
from hedge_env.base.kernel import cache_folder
from hedge_env.gym.warmup import warmup

_USAGE = """usage: python -m hedge_env [PRESET ...]

Compile the kernels of the presets (default: reference), once after an installation."""


def main(arguments: Sequence[str]) -> int:
    """Compile the kernels of each preset and say how long it took.

    Args:
        arguments: Names of presets or YAML files.

    Returns:
        Exit status: 0, or 2 if a preset is unknown.
    """
    if "-h" in arguments or "--help" in arguments:
        sys.stdout.write(f"{_USAGE}\n")
        return 0
    folder = cache_folder()
    kept = "not kept: no private cache folder can be written"
    kept = kept if folder is None else f"kept in {folder}"
    for preset in arguments or ("reference",):
        try:
            seconds = warmup(preset)
        except HedgeError as error:
            sys.stderr.write(f"python -m hedge_env: {error}\n")
            return 2
        line = f"{preset}: kernels are compiled once, {seconds:.1f} s, {kept}"
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    try:
        with hearing_interrupts():
            sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        ignore_interrupts()
        sys.stderr.write("python -m hedge_env: interrupted\n")
        end_interrupted()
