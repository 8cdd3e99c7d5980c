"""The package, imported when an algorithm of it is asked for."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from torch import nn

from hedge_env.base.errors import ConfigError

_PACKAGE = "sb3_contrib"


def sb3_contrib(algorithm: str) -> Any:
    """The package.

    Args:
        algorithm: What needs it, as in a config.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        return importlib.import_module(_PACKAGE)
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        raise ConfigError(
            f"train.algorithm {algorithm} needs sb3-contrib, which is not installed: "
            "pip install 'hedge-env[train,contrib]'"
        ) from None


def contrib_classes(*names: str) -> tuple[type[nn.Module], ...]:
    """Classes of the package by dotted names below it; none where nobody imported it.

    A model of such a class cannot be there then.
    """
    if _PACKAGE not in sys.modules:
        return ()
    found = []
    for name in names:
        module, _, kind = name.rpartition(".")
        loaded = importlib.import_module(f"{_PACKAGE}.{module}")
        found.append(getattr(loaded, kind))
    return tuple(found)
