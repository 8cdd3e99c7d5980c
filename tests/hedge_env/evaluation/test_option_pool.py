"""What a pool of options earned and lost: the parts, and who is charged with them."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.baselines.deltas.delta import Delta
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.option_pool import (
    POOL_PARTS,
    is_option_pool,
    option_pool_parts,
    parts_of_paths,
)

WEEK = "episode.decisions=42"


def amm(*settings: str) -> EnvConfig:
    return load_config("options-amm", settings=(WEEK, *settings))


def parts(config: EnvConfig, n: int = 300) -> dict[str, np.ndarray]:
    found = parts_of_paths(config, np.arange(n), seed=0, stream="test")
    return dict(zip(POOL_PARTS, found, strict=True))


def test_the_parts_add_up_to_what_a_hedger_at_delta_is_left_with() -> None:
    config = amm("holdings={low: -9, high: 9}")
    found = parts(config)
    (table,) = evaluate([(Delta(), 10.0)], config, n_episodes=300)
    np.testing.assert_allclose(found["hedged"], table.tracking, atol=1e-12)
    total = sum(found[name] for name in POOL_PARTS if name != "hedged")
    np.testing.assert_allclose(total, found["hedged"], atol=1e-14)
    assert (found["adverse_selection"] <= 0.0).all()
    assert found["spread"].mean() > 0.0
    size = np.abs(found["gamma"]).mean()
    assert np.abs(found["gamma"] + found["theta"]).mean() < size


def test_adverse_selection_grows_with_the_share_of_informed_clients() -> None:
    none, some, more = (
        parts(amm(f"book.legs.0.informed_share={share}"))["adverse_selection"]
        for share in (0.0, 0.1, 0.3)
    )
    assert (none == 0.0).all()
    assert 2.0 < more.mean() / some.mean() < 4.0


def test_means_and_errors_are_those_of_the_paths() -> None:
    config = amm()
    found = option_pool_parts(config, np.arange(40), seed=0)
    by_path = 1e4 * parts(config, 40)["spread"]
    assert found["spread_bp"] == pytest.approx(by_path.mean(), rel=1e-12)
    assert found["spread_se"] == pytest.approx(by_path.std(ddof=1) / 40**0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("preset", "answer"), [("options-amm", True), ("lp-eth-usdc", False)]
)
def test_only_pools_of_options_have_these_parts(preset: str, answer: bool) -> None:
    assert is_option_pool(load_config(preset)) is answer
    mixed = {"book": {"legs": [{"kind": "option_pool"}, {"kind": "call"}]}}
    assert not is_option_pool(load_config("reference", mixed))
