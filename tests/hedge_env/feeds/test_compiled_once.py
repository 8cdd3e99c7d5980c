"""A config is compiled once, whatever is made of it."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds import simulated


def test_batches_of_one_problem_share_what_is_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = []
    compile_market = simulated.market_params

    def counted(config: object) -> object:
        compiled.append(config)
        return compile_market(config)  # type: ignore[arg-type]

    monkeypatch.setattr(simulated, "market_params", counted)
    settings = ["episode.decisions=2", "market.drift=0.0123"]
    config = load_config("reference", settings=settings)
    for n_paths in (1, 3):
        batch = HedgeBatch(config, n_paths)
        batch.reset(np.arange(n_paths))
    HedgeBatch(load_config("reference", settings=settings), 2)
    assert len(compiled) == 1
    HedgeBatch(config.model_copy(update={"risk_aversion": 3.0}), 2)
    assert len(compiled) == 2
