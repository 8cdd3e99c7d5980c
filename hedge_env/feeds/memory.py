"""How much memory a problem needs, before any of it is asked for.

A batch keeps every row of every path twice (now and at the next decision), the state of
its market, the memory of its quotes and what it shows; a problem keeps tables over its
decisions for each option. The sum is exact to a few per cent where it matters, and
compared with the memory of the machine, or of the container, as a whole.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from hedge_env.base.account_rows import N_RECORD, N_TOTALS
from hedge_env.base.errors import ConfigError
from hedge_env.base.field import N_FIELDS
from hedge_env.book.client_orders import N_ORDER_ROWS
from hedge_env.book.liabilities import remembered_rows
from hedge_env.book.margin_scenarios import quoted_rows
from hedge_env.book.series import count_listed, count_orders
from hedge_env.config import EnvConfig
from hedge_env.market.engine.market_state import N_STATES

_NUMBER = 8  # bytes
_TABLE = 6  # numbers of an option at a decision: time left and fair variance
_SHOWN = 64  # numbers of a path in observations, spaces and what a step returns
_LIMITS: Final = (  # of a container, where there is one
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_UNKNOWN: Final = 2**40  # bytes, where the system does not say


def path_bytes(config: EnvConfig) -> int:
    """Memory of one path of a batch [byte]."""
    listed, orders = count_listed(config), count_orders(config)
    rows = 2 * (N_FIELDS + quoted_rows(config) + listed)
    if config.seen_age > 0:  # what is seen, and what was true since
        rows += (config.seen_age + 2) * N_FIELDS
    remembered = len(config.book.europeans) + listed + N_ORDER_ROWS * orders + 1
    remembered += remembered_rows(config)
    return _NUMBER * (rows + remembered + N_STATES + N_RECORD + N_TOTALS + _SHOWN)


def table_bytes(config: EnvConfig) -> int:
    """Memory of the tables of a problem, whatever the number of paths [byte]."""
    options = len(config.book.legs) + 3  # the longest, the listed and the ordered one
    return 2 * _NUMBER * _TABLE * options * (config.episode.decisions + 1)


def require_memory(name: str, n_paths: int, config: EnvConfig, extra: int = 0) -> None:
    """Refuse a batch that cannot fit into memory.

    Args:
        name: What the user calls the number of paths.
        n_paths: Size of the batch.
        config: The hedging problem.
        extra: Further memory of each path [byte].

    Raises:
        ConfigError: In one line, with the figure and what would fit.
    """
    tables, each = table_bytes(config), path_bytes(config) + extra
    needed, there = tables + n_paths * each, memory_bytes()
    if needed <= there:
        return
    most = (there - tables) // each
    if most >= 1:
        remedy = f"use {name} = {most} at most"
    else:
        remedy = "lower episode.decisions, or the number of options (book.legs)"
    raise ConfigError(
        f"{name} = {n_paths} of {config.episode.decisions} decisions needs about "
        f"{in_words(needed)} of memory and there is {in_words(there)}; {remedy}"
    )


def most_paths(config: EnvConfig, extra: int = 0) -> int:
    """Largest batch that fits into memory, at least 1.

    Args:
        config: The hedging problem.
        extra: Further memory of each path [byte].
    """
    each = path_bytes(config) + extra
    return max(1, (memory_bytes() - table_bytes(config)) // each)


def memory_bytes() -> int:
    """Memory of this machine, or of the container that this process runs in [byte]."""
    found = []
    with suppress(AttributeError, ValueError, OSError):  # not every system says
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _LIMITS:
        with suppress(OSError, ValueError):  # "max" is no number
            found.append(int(path.read_text(encoding="ascii")))
    return min((size for size in found if size > 0), default=_UNKNOWN)


def in_words(size: float) -> str:
    """A number of bytes with a unit that suits it."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024.0:
            return f"{size:.3g} {unit}"
        size /= 1024.0
    return f"{size:.3g} TiB" if size < 1e6 else f"{size:.1e} TiB"
