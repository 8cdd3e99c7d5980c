"""Cost-to-go of all holdings in one pass, against an episode for each of them."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.bands.zakamouline import Zakamouline
from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.baselines.timing.gas_wait import GasWait
from hedge_env.baselines.value.pathwise import pathwise_values
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.observables import observable_index
from hedge_env.desk.orders import order_params
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape, record_tape

SHORT = ("episode.decisions=12", "book.legs.0.maturity_days=2")
SHORT_STRADDLE = (*SHORT, "book.legs.1.maturity_days=2")
HOLDINGS = np.linspace(-1.0, 1.0, 9)


def episode_from(
    rule: BandRule, tape: MarketTape, config: EnvConfig, start: int, held: float
) -> FloatArray:
    """Slow twin in plain Python: play every path from one decision and holding."""
    rows, e = tape.rows, config.execution
    index, n = observable_index(config), tape.n_paths
    perp, bounds = e.instrument == "perp", order_params(config)
    y, total = np.full(n, held), np.zeros(n)

    def cost(step: int, size: FloatArray) -> FloatArray:
        now = rows[step]
        value = size * now[field.SPOT]
        paid = now[field.PROPORTIONAL_COST] * value + now[field.FIXED_COST]
        paid = paid + now[field.IMPACT_LINEAR] * value**2
        paid = paid + now[field.IMPACT_SQRT] * value**1.5
        return np.where(size > 0.0, paid, 0.0)

    for step in range(start, config.episode.decisions):
        now, after = rows[step], rows[step + 1]
        seen = {
            k: now[i]
            for k, i in index.items()
            if i < field.N_MARKET_FIELDS and i < len(now)
        }
        seen |= {"holdings": y, "risk_aversion": np.full(n, 10.0)}
        goal = np.clip(rule.target(seen)[:, 0], bounds.low, bounds.high)
        total = total + cost(step, np.abs(goal - y))
        y = goal
        move = after[field.SPOT] - now[field.SPOT]
        change = after[field.BOOK_VALUE] - now[field.BOOK_VALUE]
        total = total + 10.0 * (y * move + change) ** 2
        total = total + (y * after[field.FUNDING_ACCRUED] if perp else 0.0)
    return total + cost(config.episode.decisions, np.abs(y))


@pytest.mark.parametrize("preset", ["reference", "ethereum-l1", "deribit"])
@pytest.mark.parametrize(
    "rule", [DeadlineBand(), Zakamouline(), DeltaBand(half_width=0.05)]
)
def test_it_is_what_an_episode_from_there_costs(preset: str, rule: BandRule) -> None:
    settings = SHORT if preset == "reference" else SHORT_STRADDLE
    config = load_config(preset, settings=settings)
    tape = record_tape(config, np.arange(20), seed=3, stream="test")
    found = pathwise_values(rule, tape, config, HOLDINGS, 10.0)
    assert found.shape == (13, 9, 20)
    for step in (0, 5, 11, 12):
        for h in (0, 3, 4, 8):
            one_by_one = episode_from(rule, tape, config, step, HOLDINGS[h])
            np.testing.assert_allclose(found[step, h], one_by_one, atol=1e-12)


def test_from_nothing_at_the_start_it_is_the_objective() -> None:
    config = load_config("ethereum-l1", settings=SHORT_STRADDLE)
    tape = record_tape(config, np.arange(50), seed=0, stream="test")
    found = pathwise_values(DeadlineBand(), tape, config, np.zeros(1), 10.0)
    table = evaluate_on_tape(DeadlineBand(), tape, config, 10.0)
    objective = table.cost + 10.0 * table.squared_increments
    np.testing.assert_allclose(found[0, 0], objective, atol=1e-12)


def test_a_rule_that_remembers_has_no_such_value() -> None:
    config = load_config("reference", settings=SHORT)
    tape = record_tape(config, np.arange(2), seed=0, stream="test")
    with pytest.raises(ConfigError, match="remembers"):
        pathwise_values(GasWait(), tape, config, HOLDINGS, 10.0)


def test_late_orders_are_refused_by_name() -> None:
    config = load_config("reference", settings=(*SHORT, "execution.latency_steps=1"))
    tape = record_tape(config, np.arange(2), seed=0, stream="test")
    with pytest.raises(ConfigError, match="latency_steps"):
        pathwise_values(DeadlineBand(), tape, config, HOLDINGS, 10.0)
