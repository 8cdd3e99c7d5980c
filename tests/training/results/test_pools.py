"""What owners of pools are told, in words."""

from __future__ import annotations

from hedge_env.config.loading import load_config
from hedge_env.training.results.investors.pools import liquidity_sentence, pool_parts

DAY = ["episode.decisions=6"]


def test_a_pool_of_options_says_what_spread_and_adverse_selection_were() -> None:
    config = load_config("options-amm", settings=DAY)
    parts = pool_parts(config, 50, seed=0)
    assert parts is not None
    text = liquidity_sentence(parts)
    assert text.startswith("The pool, hedged at delta without cost: ")
    assert f"spread earned {parts['spread_bp']:.1f} ±" in text
    assert "adverse selection \u2212" in text
    assert "gamma " in text


def test_liquidity_says_what_was_lost_to_arbitrage() -> None:
    parts = pool_parts(load_config("lp-eth-usdc", settings=DAY), 50, seed=0)
    assert parts is not None
    assert "loss versus rebalancing" in liquidity_sentence(parts)


def test_other_books_have_no_such_parts() -> None:
    assert pool_parts(load_config("squeeth", settings=DAY), 50, seed=0) is None
