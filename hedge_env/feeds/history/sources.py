"""What of a replayed market is recorded, and what is modelled in its place."""

from __future__ import annotations

from hedge_env.config import EnvConfig, FlatSurface, LogOuVolatility, ReplayConfig
from hedge_env.feeds.history.dispersion import Spread


def recorded_files(replay: ReplayConfig) -> dict[str, str]:
    """Quantity -> its file."""
    files = {
        "spot": replay.spot,
        "implied_volatility": replay.implied_volatility,
        "gas": replay.gas,
        "funding": replay.funding,
    }
    return {name: path for name, path in files.items() if path is not None}


def modelled_parts(
    config: EnvConfig, replay: ReplayConfig, spread: Spread | None, until: str
) -> dict[str, str]:
    """Quantity -> how it comes about, of all that the market has and no file gives.

    Args:
        config: The problem as it is modelled on these days, `History.config`.
        replay: Its section of recorded days.
        spread: Of volatility before the test days, if it could be measured.
        until: Where the test days begin, for the sentence.
    """
    market, parts = config.market, {}
    if replay.implied_volatility is None:
        parts["implied_volatility"] = _implied_volatility(config, spread, until)
    if market.surface.model == "ssvi":
        parts["smile"] = "skew and curvature are drawn as in the preset"
    if market.gas is not None and replay.gas is None:
        parts["gas"] = "drawn as in the preset, answers to the recorded returns"
    if market.funding is not None and replay.funding is None:
        parts["funding"] = "drawn as in the preset, answers to the recorded returns"
    return parts


def _implied_volatility(config: EnvConfig, spread: Spread | None, until: str) -> str:
    market = config.market
    if isinstance(market.surface, FlatSurface):
        level = market.surface.volatility or market.volatility.level
        return f"stands still at {100.0 * level:.3g} % whatever the record does"
    if not isinstance(market.volatility, LogOuVolatility):
        return "moves as in the preset whatever the record does"
    if spread is None:
        return (
            "follows the recorded returns as far as the preset's volatility moves: the "
            f"days before {until} are too few to measure how far the record's does"
        )
    return (
        "follows the recorded returns, with the level and the spread of volatility in "
        f"the days before {until}"
    )
