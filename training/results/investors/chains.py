"""What two chains save a policy against one, and what it costs that they are two.

It is looked at for the policy that a report looks at closely at each risk aversion, on
some of the test paths: as it is, with a rollup that may hold nothing, and with
treasuries in which every unit can be used on either chain at once. The last is compared
without the cost of the sale at the end, where each unit is sold where it is.
"""

from collections.abc import Mapping
from typing import Any

from hedge_env.config import BASIS_POINT, EnvConfig, InventoryConfig, RollupConfig
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.policies.policy import Policy
from hedge_env.training.results.policy_row import PolicyRow
from hedge_env.training.results.practice import amount, monthly, rule_in_words

__all__ = ["chains_entry", "chains_sentence"]


def chains_entry(
    row: PolicyRow, policy: Policy, config: EnvConfig, *, n_paths: int, seed: int
) -> Mapping[str, Any]:
    """What one policy saves by the second chain, and would save if both were one.

    Args:
        row: What was measured of the policy.
        policy: The policy itself.
        config: A problem with a rollup.
        n_paths: Number of test paths, at least 2.
        seed: Of the market.

    Returns:
        `saved_bp`, objective on the first chain alone less that on both;
        `apart_bp`, objective on both less that with treasuries without limits, both
        without the sale at the end; what bridges take, `bridge_bp`; standard errors
        `_se`.
    """
    rollup = config.execution.rollup
    if rollup is None:
        raise ValueError("a problem without execution.rollup has one chain")
    nothing = InventoryConfig(least=0.0, most=0.0)
    endless = {"inventory": InventoryConfig(), "home": InventoryConfig()}
    unsold = {"charge_liquidation": False}
    both, alone, kept, as_one = (
        evaluate([(policy, row.risk_aversion)], one, n_episodes=n_paths, seed=seed)[0]
        for one in (
            config,
            _with(config, rollup=rollup.model_copy(update={"inventory": nothing})),
            _with(config, **unsold),
            _with(config, rollup=rollup.model_copy(update=endless), **unsold),
        )
    )
    found: dict[str, Any] = {
        "policy": row.name,
        "risk_aversion": row.risk_aversion,
        "bridge_bp": row.cost_components_bp["bridge"],
    }
    for name, values in (
        ("saved", alone.objective - both.objective),
        ("apart", kept.objective - as_one.objective),
    ):
        mean, error = mean_and_error(values / BASIS_POINT)
        found |= {f"{name}_bp": mean, f"{name}_se": error}
    return found


def _with(config: EnvConfig, **changes: RollupConfig | bool) -> EnvConfig:
    execution = config.execution.model_copy(update=changes)
    return config.model_copy(update={"execution": execution})


def chains_sentence(config: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The same in words and in currency.

    Args:
        config: The market with every default written out.
        found: From `chains_entry`.
    """
    unit, currency = monthly(config), config["report"]["currency"]
    saved, apart = (
        amount(found[f"{name}_bp"] * unit, currency, found[f"{name}_se"] * unit)
        for name in ("saved", "apart")
    )
    bridge = amount(found["bridge_bp"] * unit, currency)
    return (
        f"Two chains, at risk aversion {found['risk_aversion']:g} with "
        f"{rule_in_words(found['policy'])}: the rollup saves {saved} a month against "
        f"the first chain alone, risk counted. That inventory is in two places costs "
        f"{apart} a month against the same rule where every unit can be used on either "
        f"chain, the sale at the end left out; bridges take {bridge}."
    )
