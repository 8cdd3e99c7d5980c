"""The fused rollout against the batch, which knows all physics."""

import numpy as np
import pytest

from hedge_env.baselines import BASELINES
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.baselines.timing.random_threshold import RandomThreshold
from hedge_env.baselines.tuning.fused_episodes import can_roll_out, cut_tiles, roll_out
from hedge_env.config import BookConfig, EnvConfig, ExecutionConfig, LegConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from tests.baselines.markets import SMALL

# `forecast-band` reads a row that not every market has: the batch plays it.
BANDS = {
    name: rule
    for name, rule in BASELINES.items()
    if issubclass(rule, BandRule) and name != "forecast-band"
}
COLUMNS = (
    "path_id",
    "risk_aversion",
    "cost_components",
    "tracking",
    "squared_increments",
    "trades",
    "turnover",
)


# A keeper on old prices, who misses runs, and all that can befall an order.
MISHAPS = {
    "failure": {"probability": 0.1},
    "sandwich": {"probability": 0.3, "loss_bp": 20.0},
    "halt": {"move": 0.02, "decisions": 2},
    "keeper": {
        "interval_hours": 8.0,
        "stale_hours": 8.0,
        "missed": 0.1,
        "gas_premium": 0.2,
        "tip": 0.5,
    },
}


def variants(rule_class, n=3):
    """The rule's defaults, and parameters from all over their ranges."""
    rng = np.random.default_rng(7)
    rules = [rule_class()]
    for _ in range(n - 1):
        values = {}
        for name, allowed in rule_class.parameters.items():
            value = allowed.from_unit(rng.uniform(0.2, 0.6))
            values[name] = int(value) if allowed.scale == "integer" else value
        rules.append(rule_class(**values))
    return rules


def assert_equal(fused: EpisodeTable, batch: EpisodeTable):
    assert (fused.policy, fused.kind) == (batch.policy, batch.kind)
    for column in COLUMNS:
        np.testing.assert_allclose(
            getattr(fused, column), getattr(batch, column), rtol=1e-12, atol=1e-15
        )


@pytest.fixture(scope="module")
def markets():
    """A perpetual with every cost the ledger knows, and gas."""
    execution = ExecutionConfig(
        instrument="perp",
        fee_bp=5.0,
        half_spread_bp=1.0,
        fixed_cost_bp=1.0,
        gas_units=150_000.0,
        depth=5e7,
        square_root_impact=0.5,
        daily_volume=1e8,
        charge_opening=False,
    )
    config = load_config("ethereum-l1")
    funding = load_config("deribit").market.funding
    market = config.market.model_copy(update={"funding": funding})
    episode = config.episode.model_copy(update={"decisions": 60})
    legs = tuple(
        LegConfig(kind=kind, quantity=-1.0, maturity_days=10.0)
        for kind in ("call", "put")
    )
    rich = config.model_copy(
        update={
            "market": market,
            "execution": execution,
            "episode": episode,
            "book": BookConfig(contracts=10.0, legs=legs),
        }
    )
    ids = np.arange(300)
    adverse = load_config(rich, {"execution": MISHAPS})
    return [
        (c, record_tape(c, ids, seed=3, stream="validation"))
        for c in (SMALL, rich, adverse)
    ]


@pytest.mark.parametrize("rule_class", BANDS.values(), ids=BANDS)
def test_it_gives_the_numbers_of_the_batch(markets, rule_class):
    for config, tape in markets:
        rules = variants(rule_class)
        tiles = cut_tiles(rule_class, tape, config, 7.0)
        tables = roll_out(rules, tiles, config, 7.0)
        for rule, table in zip(rules, tables, strict=True):
            assert_equal(table, evaluate_on_tape(rule, tape, config, 7.0))
        traded = table.trades.mean()
        assert 0.0 < traded < config.episode.decisions


def test_most_rules_are_bands():
    assert set(BASELINES) - set(BANDS) <= {
        "no-hedge",
        "delta",
        "delta-gamma",
        "delta-vega",
        "cheapest-chain",
        "forecast-band",
        "liquidation-schedule",
        "volatility-interval",
        "profit-triggered",
        "random-threshold",
        "bartlett",
        "cppi",
        "volatility-target",
    }


@pytest.mark.parametrize(
    "preset",
    [
        "reference",
        "reference-gas",
        "ethereum-l1",
        "deribit",
        "keeper-vault",
        "two-chains",
    ],
)
def test_the_main_presets_are_played_fast(preset):
    assert preset in PRESETS
    assert can_roll_out(GasBand, load_config(preset))


def test_who_trades_at_home_alone_is_played_as_if_there_were_one_chain():
    config = load_config("two-chains", settings=["episode.decisions=60"])
    tape = record_tape(config, np.arange(200), seed=3, stream="validation")
    (table,) = roll_out([GasBand()], cut_tiles(GasBand, tape, config, 7.0), config, 7.0)
    slow = evaluate_on_tape(GasBand(), tape, config, 7.0)
    assert 0.0 < table.trades.mean() < 60
    for mine, theirs in (
        (table.cost, slow.cost),
        (table.squared_increments, slow.squared_increments),
        (table.tracking, slow.tracking),
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-15)


def test_what_is_no_band_is_left_to_the_batch():
    assert not can_roll_out(NoHedge, SMALL)
    assert not can_roll_out(RandomThreshold, SMALL)


def test_a_setting_nobody_has_listed_is_left_to_the_batch():
    class Slower(ExecutionConfig):
        surprise: float = 0.0

    class WithSection(EnvConfig):
        surprise: int | None = None

    by_default = SMALL.model_copy(update={"execution": Slower()})
    assert can_roll_out(GasBand, by_default)
    changed = SMALL.model_copy(update={"execution": Slower(surprise=1.0)})
    assert not can_roll_out(GasBand, changed)
    assert can_roll_out(GasBand, WithSection())
    assert not can_roll_out(GasBand, WithSection(surprise=1))


def test_a_rule_that_reads_what_is_hidden_is_left_to_the_batch():
    class Clairvoyant(GasBand):
        inputs = (*GasBand.inputs, "true_volatility")

    assert not can_roll_out(Clairvoyant, SMALL)
    shown = SMALL.observation.model_copy(update={"true_volatility": True})
    assert can_roll_out(Clairvoyant, SMALL.model_copy(update={"observation": shown}))
