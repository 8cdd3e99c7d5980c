import numpy as np
import pytest

from hedge_env.baselines.deltas.delta import Delta
from hedge_env.config import EnvConfig, ExecutionConfig
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from tests.baselines.markets import target_of


def test_the_target_is_delta():
    assert target_of(Delta(), delta=0.31, holdings=0.3) == 0.31


def test_costs_follow_the_law_of_rebalancing():
    """The law is c sqrt(2 / pi) sigma S_0^2 Gamma_0 T / sqrt(dt), c one way."""
    execution = ExecutionConfig(
        fee_bp=10.0, charge_opening=False, charge_liquidation=False
    )
    config = EnvConfig(execution=execution)
    (table,) = evaluate([(Delta(), 1.0)], config, n_episodes=4000)
    years, n_decisions = 30.0 / 365.0, 180
    sd = 0.8 * np.sqrt(years)
    gamma = np.exp(-0.5 * (0.5 * sd) ** 2) / np.sqrt(2.0 * np.pi) / sd
    # The first of the 180 trades is the opening one, which is free here.
    law = np.sqrt(2.0 / np.pi) * 0.8 * gamma * years / np.sqrt(years / n_decisions)
    metrics = summarise(table)
    tolerance = 4.0 * metrics.cost_se + 0.01 * 10.0 * law
    assert metrics.cost_bp == pytest.approx(10.0 * law, abs=tolerance)
