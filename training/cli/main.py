"""The console script `hedge`: reads the command line, runs one command.

Whatever goes wrong ends as one line on standard error with a remedy. Exit codes: 0
success, 1 failure, 2 wrong usage or config, 130 interrupted. The traceback is shown
with `--debug` or HEDGE_DEBUG=1.
"""

import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from hedge_env.base.interruption import (
    INTERRUPTED,
    end_interrupted,
    hearing_interrupts,
    ignore_interrupts,
)

if TYPE_CHECKING:
    from hedge_env.training.cli.commands import CommonOptions

__all__ = ["main"]

_DESCRIPTION = """Hedging policies under trading costs: train, evaluate, compare.

Every command has its own help: hedge COMMAND --help."""

# Modules that the bare install leaves out.
_EXTRAS = (
    "jinja2",
    "matplotlib",
    "optuna",
    "polars",
    "rich",
    "scipy",
    "stable_baselines3",
    "tensorboard",
    "torch",
    "tyro",
)

_FAILURE, _USAGE = 1, 2

# Small matrix products are slower on many threads than on one, several times so on a
# busy machine. These must be set before NumPy is imported.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Command line without the program name; None reads `sys.argv`, and
            takes the process for the command's own, which an interruption ends.

    Returns:
        The exit code.
    """
    if arguments is None:
        return _run(sys.argv[1:], owns_process=True)
    return _run(arguments, owns_process=False)


def _run(arguments: Sequence[str], owns_process: bool) -> int:
    """Run one command; see `main`."""
    for variable in _THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    for stream in (sys.stdout, sys.stderr):
        _print_what_can_be_printed(stream)
    debug = os.environ.get("HEDGE_DEBUG", "0") not in ("", "0")
    try:
        with hearing_interrupts():
            name, options = _parse(arguments)
            debug = debug or options.debug
            module = importlib.import_module(f"hedge_env.training.{name}")
            code: int | None = module.run(options)
            _flush_result()
    except BrokenPipeError:
        _silence_standard_output()  # the reader, say `head`, has enough: no error
        return 0
    except KeyboardInterrupt:
        if owns_process:
            ignore_interrupts()
        _say("hedge: interrupted")
        if owns_process:
            end_interrupted()
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        _say(f"hedge: error: {_one_line(error)}")
        if isinstance(error, OSError) and not error.filename:
            _silence_standard_output()  # it may be what failed, and fail again at exit
        return _exit_code(error)
    return code or 0


def _parse(arguments: Sequence[str]) -> "tuple[str, CommonOptions]":
    """Read the command line; tyro ends the process with code 2 if it is wrong.

    Args:
        arguments: Command line without the program name.

    Returns:
        The command's name and its options.
    """
    import tyro

    from hedge_env.training.cli.commands import COMMANDS

    options: CommonOptions = tyro.extras.subcommand_cli_from_dict(
        dict(COMMANDS),
        prog="hedge",
        description=_DESCRIPTION,
        args=list(arguments),
        console_outputs=True,
    )
    names = {kind: name for name, kind in COMMANDS.items()}
    return names[type(options)], options


def _print_what_can_be_printed(stream: TextIO | None) -> None:
    """Replace what the terminal's encoding lacks, rather than lose a whole result."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _flush_result() -> None:
    """Write what is left of the result; a full disk shows here."""
    if sys.stdout is None:  # closed by whoever started the command
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(
            error.errno, f"standard output cannot be written: {error.strerror}"
        ) from None


def _say(line: str) -> None:
    """Write a line to standard error, where there is one."""
    if sys.stderr is not None:  # closed by whoever started the command
        with suppress(OSError):
            print(line, file=sys.stderr)


def _silence_standard_output() -> None:
    """Send what is left to nowhere, because Python flushes once more at exit."""
    with suppress(OSError, ValueError, AttributeError):  # it may be no real file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: Exception) -> str:
    """Say in one line what went wrong and, where it is known, what to do."""
    message = _plain(str(error))
    if _is_own(error):
        return message
    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRAS:
        return (
            f"{error.name} is not installed; "
            "install the extras: pip install 'hedge-env[train,report,search]'"
        )
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return _plain(f"{where}{error.strerror}")
    kind = type(error).__name__
    return f"{kind}: {message}; run again with --debug to see where"


def _plain(text: str) -> str:
    """One line without control characters, as the package's own errors are."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _exit_code(error: Exception) -> int:
    """Return 2 for a config that cannot be right, 1 for every other failure."""
    errors = sys.modules.get("hedge_env.base.errors")
    wrong_usage = errors is not None and isinstance(error, errors.ConfigError)
    return _USAGE if wrong_usage else _FAILURE


def _is_own(error: Exception) -> bool:
    """Whether the error is one of the package's own, which explain themselves.

    The module is looked up, not imported: if it is not loaded, it was not raised.
    """
    errors = sys.modules.get("hedge_env.base.errors")
    return errors is not None and isinstance(error, errors.HedgeError)


def main_for(command: str) -> None:
    """Run one command as `python -m training.<command>` does, and exit.

    Args:
        command: Name of the command, as in `hedge <command>`.
    """
    sys.exit(_run([command, *sys.argv[1:]], owns_process=True))


if __name__ == "__main__":
    sys.exit(main())
