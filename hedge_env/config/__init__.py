"""What a hedging problem consists of, as frozen and validated models.

Units are a trader's (days, basis points, gwei); the conversion to years and
fractions of notional happens where a model is compiled into kernel parameters.
Every default of the package lives here and nowhere else.
"""

from __future__ import annotations

from hedge_env.config.extremes import MOST_OWN_MOVE
from hedge_env.config.model import (
    BASIS_POINT,
    HOURS_PER_DAY,
    LEAST_RISK_AVERSION,
    MOST_RISK_AVERSION,
    Correlation,
    Finite,
    MeanReverting,
    Model,
    NonNegative,
    Positive,
    Probability,
    RiskAversion,
)
from hedge_env.config.problem import EnvConfig
from hedge_env.config.sections.agent import (
    ACTION_MODES,
    ActionConfig,
    ActionMode,
    ObservationConfig,
    RewardConfig,
    RiskAversionRange,
)
from hedge_env.config.sections.book import BookConfig, HoldingsConfig
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.execution import (
    ExecutionConfig,
    FailureConfig,
    HaltConfig,
    SandwichConfig,
)
from hedge_env.config.sections.funding import FundingConfig
from hedge_env.config.sections.liabilities import LegConfig, Liability
from hedge_env.config.sections.margin import (
    IsolatedMargin,
    MarginConfig,
    PortfolioMargin,
)
from hedge_env.config.sections.market import (
    BasisConfig,
    ContagionConfig,
    CrowdConfig,
    GasConfig,
    JumpConfig,
    LeveragedConfig,
    LiquidityConfig,
    MarketConfig,
    RegimeConfig,
    SpikeConfig,
    TriggeredHedgersConfig,
    VolatilitySeasonConfig,
)
from hedge_env.config.sections.onchain.fees import BlobConfig, FeesConfig
from hedge_env.config.sections.onchain.keeper import KeeperConfig
from hedge_env.config.sections.onchain.rollup import (
    BridgeConfig,
    InventoryConfig,
    RollupConfig,
)
from hedge_env.config.sections.option import ArrivalsConfig, OptionConfig
from hedge_env.config.sections.replay import ReplayConfig, Series
from hedge_env.config.sections.report import ReportConfig
from hedge_env.config.sections.surface import (
    CurvatureConfig,
    FlatSurface,
    HestonSurface,
    LevelConfig,
    SabrSurface,
    SkewConfig,
    SsviSurface,
    SurfaceConfig,
)
from hedge_env.config.sections.volatility import (
    ConstantVolatility,
    HestonVolatility,
    LogOuVolatility,
    SabrVolatility,
    VolatilityConfig,
)

__all__ = [
    "ACTION_MODES",
    "BASIS_POINT",
    "HOURS_PER_DAY",
    "LEAST_RISK_AVERSION",
    "MOST_OWN_MOVE",
    "MOST_RISK_AVERSION",
    "ActionConfig",
    "ActionMode",
    "ArrivalsConfig",
    "BasisConfig",
    "BlobConfig",
    "BookConfig",
    "BridgeConfig",
    "ConstantVolatility",
    "ContagionConfig",
    "Correlation",
    "CrowdConfig",
    "CurvatureConfig",
    "EnvConfig",
    "EpisodeConfig",
    "ExecutionConfig",
    "FailureConfig",
    "FeesConfig",
    "Finite",
    "FlatSurface",
    "FundingConfig",
    "GasConfig",
    "HaltConfig",
    "HestonSurface",
    "HestonVolatility",
    "HoldingsConfig",
    "InventoryConfig",
    "IsolatedMargin",
    "JumpConfig",
    "KeeperConfig",
    "LegConfig",
    "LevelConfig",
    "LeveragedConfig",
    "Liability",
    "LiquidityConfig",
    "LogOuVolatility",
    "MarginConfig",
    "MarketConfig",
    "MeanReverting",
    "Model",
    "NonNegative",
    "ObservationConfig",
    "OptionConfig",
    "PortfolioMargin",
    "Positive",
    "Probability",
    "RegimeConfig",
    "ReplayConfig",
    "ReportConfig",
    "RewardConfig",
    "RiskAversion",
    "RiskAversionRange",
    "RollupConfig",
    "SabrSurface",
    "SabrVolatility",
    "SandwichConfig",
    "Series",
    "SkewConfig",
    "SpikeConfig",
    "SsviSurface",
    "SurfaceConfig",
    "TriggeredHedgersConfig",
    "VolatilityConfig",
    "VolatilitySeasonConfig",
]
