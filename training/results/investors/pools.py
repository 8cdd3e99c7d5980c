"""What owners of liquidity, or of a pool of options, earned and lost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hedge_env.config import EnvConfig
from hedge_env.evaluation.liquidity import holds_liquidity_alone, liquidity_parts
from hedge_env.evaluation.option_pool import is_option_pool, option_pool_parts
from hedge_env.training.results.findings import with_error


def pool_parts(
    config: EnvConfig, n_paths: int, seed: int
) -> Mapping[str, float] | None:
    """What a book of pools earned and lost on test paths; None of any other book.

    Args:
        config: The hedging problem.
        n_paths: Number of test paths, at least 2.
        seed: Of the paths.
    """
    if is_option_pool(config):
        return option_pool_parts(config, np.arange(n_paths), seed=seed)
    if not holds_liquidity_alone(config):
        return None
    return liquidity_parts(config, np.arange(n_paths), seed=seed).to_document()


def liquidity_sentence(parts: Mapping[str, float]) -> str:
    """What a book of liquidity, or a pool of options, earned and lost, in words.

    Args:
        parts: `Summary.liquidity`.
    """

    def part(name: str) -> str:
        return with_error(parts[f"{name}_bp"], parts[f"{name}_se"])

    if "adverse_selection_bp" in parts:
        return (
            f"The pool, hedged at delta without cost: {part('hedged')} bp; spread "
            f"earned {part('spread')}, adverse selection {part('adverse_selection')}, "
            f"gamma {part('gamma')} against {part('theta')} of time, the rest "
            f"{part('rest')}."
        )
    return (
        f"The liquidity: impermanent loss {part('impermanent_loss')} bp; loss versus "
        f"rebalancing {part('lvr')} bp, of which arbitrageurs keep "
        f"{part('arbitrage_profit')} after the fee; fees {part('fees')} bp, "
        f"{part('noise_fees')} of them from noise traders."
        f"{_recentring(parts)}"
    )


def _recentring(parts: Mapping[str, float]) -> str:
    """What moving its range has cost, where it moves."""
    times = parts.get("recentrings", 0.0)
    if times == 0.0:
        return ""
    cost = with_error(parts["recentring_bp"], parts["recentring_se"])
    return f" Its range is moved {times:.1f} times, for {cost} bp."
