"""Whole episodes on two chains, step by step, against the slow oracle."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.field import FIELDS
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from tests.episodes.test_oracle import PATHS, SEED, STREAM, compare_records
from tests.oracle.execution.two_chains import TwoChainDesk
from tests.oracle.market.noise import Noise
from tests.oracle.world import World
from tests.support.examples import CHAINS, LATE_CHAINS, full_config, stormy_config

WEEK = ("episode.decisions=84", "book.legs.0.maturity_days=7")
CONFIGS = [
    load_config("two-chains", settings=WEEK),
    full_config(*CHAINS),
    stormy_config(*CHAINS, "name=chains-stormy", "market.fees.blob.reserve=false"),
    stormy_config(*LATE_CHAINS),
    # More blocks in a step than are run, and one whose rollup has no blobs or limits.
    full_config(
        *CHAINS,
        "name=chains-free",
        "market.fees={blocks: 7}",
        "execution.rollup.gas_units=0",
        "execution.rollup.blob_gas=0",
        "execution.rollup.inventory={least: null, most: null}",
        "execution.rollup.home={least: null, most: null}",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_two_chains_repeat_the_oracle_to_rounding(config: EnvConfig) -> None:
    batch = HedgeBatch(config, len(PATHS), seed=SEED, stream=STREAM)
    batch.reset(np.array(PATHS))
    desks = [TwoChainDesk(World(config, Noise(SEED, STREAM, path))) for path in PATHS]
    rng = np.random.default_rng(0)
    low, high = config.holdings_bounds
    moves = 0
    for step in range(config.episode.decisions):
        compare_rows(batch, desks)
        held = batch.rows[[field.HOLDINGS, field.ROLLUP_HOLDINGS]]
        targets = np.stack(
            [
                rng.uniform(low - 0.3, high + 0.3, len(PATHS)),
                rng.uniform(-0.3, 0.6, len(PATHS)),
            ]
        )
        targets = np.where(rng.random(targets.shape) < 0.4, held, targets)
        record = batch.advance(targets.T)
        results = [
            desk.decide_on_both(*map(float, target))
            for desk, target in zip(desks, targets.T, strict=True)
        ]
        compare_records(record, results)
        moves += int(
            (record.cost_components[COST_COMPONENTS.index("bridge")] > 0).sum()
        )
        assert record.done.all() == (step == config.episode.decisions - 1)
    cash = [desk.cash for desk in desks]
    np.testing.assert_allclose(batch.totals.cash, cash, rtol=1e-11, atol=1e-12)
    assert moves > 8


def compare_rows(batch: HedgeBatch, desks: list[TwoChainDesk]) -> None:
    expected = [desk.rows() for desk in desks]
    for name in expected[0]:
        values = [of_path[name] for of_path in expected]
        np.testing.assert_allclose(
            batch.rows[FIELDS.index(name)], values, rtol=1e-10, atol=1e-13, err_msg=name
        )
    held = [desk.chains.held for desk in desks]
    np.testing.assert_allclose(batch.rows[field.HOLDINGS], held, rtol=0, atol=1e-12)
