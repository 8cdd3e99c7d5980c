"""Open the feed that a config asks for: simulated or recorded."""

from __future__ import annotations

from hedge_env.config import EnvConfig
from hedge_env.feeds.feed import Market
from hedge_env.feeds.recorded import ReplayMarket
from hedge_env.feeds.simulated import SimulatedMarket


def open_market(config: EnvConfig, n_paths: int, *, seed: int, stream: str) -> Market:
    """Market of a config: simulated, or recorded if the config has a replay section.

    Args:
        config: The hedging problem.
        n_paths: Size of the batch.
        seed: Of all streams.
        stream: "training", "validation" or "test".

    Raises:
        ConfigError: If a recorded market does not fit its history.
        DataError: If a file of it cannot be used.
    """
    if config.replay is None:
        return SimulatedMarket(config, n_paths, seed=seed, stream=stream)
    return ReplayMarket(config, n_paths, seed=seed, stream=stream)
