"""What a book can hold, one model per kind; `kind` says which.

The kernel that values a kind is in `book/`, listed in `book/liabilities.py`. A kind
says here what the rest of a config has to know of it (`liability.Liability`).
"""

from typing import Annotated

from pydantic import Field

from hedge_env.config.sections.liabilities.ending import ForwardConfig, LegConfig
from hedge_env.config.sections.liabilities.endless import (
    EverlastingConfig,
    PowerConfig,
    RolledCallConfig,
)
from hedge_env.config.sections.liabilities.liability import Liability
from hedge_env.config.sections.liabilities.pools import (
    AmmConfig,
    OptionPoolConfig,
    RecentreConfig,
    StreamedConfig,
)

__all__ = [
    "AmmConfig",
    "EverlastingConfig",
    "ForwardConfig",
    "LegConfig",
    "Liability",
    "LiabilityConfig",
    "OptionPoolConfig",
    "PowerConfig",
    "RecentreConfig",
    "RolledCallConfig",
    "StreamedConfig",
]

# Every kind; its kernel is listed in `book/liabilities.py`.
LiabilityConfig = Annotated[
    LegConfig
    | ForwardConfig
    | AmmConfig
    | EverlastingConfig
    | PowerConfig
    | RolledCallConfig
    | StreamedConfig
    | OptionPoolConfig,
    Field(discriminator="kind"),
]
