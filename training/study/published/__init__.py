"""Tables that others have published, measured again row by row."""

from collections.abc import Mapping
from typing import Final

from hedge_env.training.study.published.cao_2021 import CAO_2021
from hedge_env.training.study.published.cao_2023 import CAO_2023
from hedge_env.training.study.published.table import PublishedTable

TABLES: Final[Mapping[str, PublishedTable]] = {
    table.name: table for table in (CAO_2021, CAO_2023)
}

__all__ = ["TABLES", "PublishedTable"]
