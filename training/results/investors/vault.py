"""What a keeper costs a vault, and what its depositors get and pay.

Both are looked at for the policy that a report looks at closely at each risk aversion,
on some of the test paths.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig, KeeperConfig
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.evaluation.pool import (
    cost_of_depositor,
    cost_shares,
    drawdown,
    share_prices,
)
from hedge_env.policies.policy import Policy
from hedge_env.training.results.policy_row import PolicyRow
from hedge_env.training.results.practice import amount, monthly, notional, rule_in_words

__all__ = ["keeper_entry", "keeper_sentence", "pool_entry", "pool_sentence"]

_TIMES = 60  # of a path of the share price, at most
_SIZES = (1, 10, 100, 1000, 10_000)  # numbers of depositors


def keeper_entry(
    row: PolicyRow, policy: Policy, config: EnvConfig, *, n_paths: int, seed: int
) -> Mapping[str, Any]:
    """What a keeper costs one policy, against the same one run by hand.

    By hand: at every decision, on the present market, and for the gas alone, which is a
    keeper that is always there and charges nothing, so that an agent sees what it read.

    Args:
        row: What was measured of the policy.
        policy: The policy itself.
        config: A problem with a keeper.
        n_paths: Number of test paths, at least 2.
        seed: Of the market.

    Returns:
        `charged_bp`, what the keeper takes; `behind_bp`, objective behind it less that
        by hand, `behind_cost_bp` of it cost; `trades_by_hand`; standard errors `_se`.
    """
    hand = KeeperConfig(interval_hours=config.episode.decision_interval_hours)
    execution = config.execution.model_copy(update={"keeper": hand})
    by_hand = config.model_copy(update={"execution": execution})
    behind, alone = (
        evaluate([(policy, row.risk_aversion)], one, n_episodes=n_paths, seed=seed)[0]
        for one in (config, by_hand)
    )
    found: dict[str, Any] = {
        "policy": row.name,
        "risk_aversion": row.risk_aversion,
        "charged_bp": row.cost_components_bp["keeper"],
        "trades": float(behind.trades.mean()),
        "trades_by_hand": float(alone.trades.mean()),
    }
    for name, values in (
        ("behind", behind.objective - alone.objective),
        ("behind_cost", behind.cost - alone.cost),
    ):
        mean, error = mean_and_error(values / BASIS_POINT)
        found |= {f"{name}_bp": mean, f"{name}_se": error}
    return found


def keeper_sentence(config: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The same in words and in currency.

    Args:
        config: The market with every default written out.
        found: From `keeper_entry`.
    """
    unit, currency = monthly(config), config["report"]["currency"]
    money = amount(found["behind_bp"] * unit, currency, found["behind_se"] * unit)
    charged = amount(found["charged_bp"] * unit, currency)
    in_cost = amount(found["behind_cost_bp"] * unit, currency)
    return (
        f"The keeper, at risk aversion {found['risk_aversion']:g} behind "
        f"{rule_in_words(found['policy'])}: {money} a month against the same rule run "
        f"by hand, risk counted, of which {in_cost} is cost ({charged} the keeper's "
        f"own charges); {found['trades']:.1f} trades in place of "
        f"{found['trades_by_hand']:.1f}."
    )


def pool_entry(
    row: PolicyRow,
    policy: Policy,
    config: EnvConfig,
    *,
    n_paths: int,
    seed: int,
) -> Mapping[str, Any]:
    """What becomes of a share under one policy, and what depositors pay.

    Args:
        row: What was measured of the policy.
        policy: The policy itself.
        config: A problem with `report.depositors`.
        n_paths: Number of test paths, at least 2.
        seed: Of the market.

    Returns:
        `mean`, `deviation`, `below` (share of paths that end below 1) and `drawdown`
        (mean and 95 % quantile) of the share price, its `path` (days, and quantiles
        of 5, 50 and 95 %), and `depositors`, their number now and `cost` a month of
        each [currency] at other `numbers`, None where impact forbids to say.
    """
    prices = share_prices(policy, config, row.risk_aversion, n_paths=n_paths, seed=seed)
    fall = drawdown(prices)
    mean, error = mean_and_error(prices[-1])
    return {
        "policy": row.name,
        "risk_aversion": row.risk_aversion,
        "mean": mean,
        "mean_se": error,
        "deviation": float(prices[-1].std(ddof=1)),
        "below": float((prices[-1] < 1.0).mean()),
        "drawdown": {
            "mean": float(fall.mean()),
            "quantile_95": float(np.quantile(fall, 0.95)),
        },
        "path": _path(prices, config),
        "depositors": config.report.depositors,
        "numbers": list(_SIZES),
        "cost": depositor_costs(row.cost_components_bp, config, _SIZES),
    }


def _path(prices: np.ndarray[Any, Any], config: EnvConfig) -> dict[str, list[float]]:
    """Quantiles of the share price at some of the decisions."""
    last = prices.shape[0] - 1
    picked = np.unique(np.linspace(0, last, min(_TIMES, last) + 1).round()).astype(int)
    days = picked * config.episode.decision_interval_hours / HOURS_PER_DAY
    low, median, high = np.quantile(prices[picked], [0.05, 0.5, 0.95], axis=1)
    path = {"days": days, "low": low, "median": median, "high": high}
    return {name: values.tolist() for name, values in path.items()}


def depositor_costs(
    components_bp: Mapping[str, float], config: EnvConfig, numbers: Sequence[int]
) -> list[float] | None:
    """Cost of one depositor a month among several numbers of them [currency].

    Args:
        components_bp: Cost of the pool by component [bp].
        config: A problem with `report.depositors`.
        numbers: Of depositors of the same deposit each.
    """
    shares = cost_shares(components_bp, config.execution)
    present = config.report.depositors
    if shares is None or present is None:
        return None
    unit = monthly(config.model_dump(mode="json")) / present
    return [unit * cost_of_depositor(shares, number / present) for number in numbers]


def pool_sentence(config: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The same in words.

    Args:
        config: The market with every default written out.
        found: From `pool_entry`.
    """
    fall, currency = found["drawdown"], config["report"]["currency"]
    text = (
        f"A share, from 1, at risk aversion {found['risk_aversion']:g} behind "
        f"{rule_in_words(found['policy'])}: {found['mean']:.4f} on average at the end, "
        f"below 1 on {100.0 * found['below']:.0f} % of the paths; its largest fall "
        f"from a peak {100.0 * fall['mean']:.1f} % on average, and more than "
        f"{100.0 * fall['quantile_95']:.1f} % on one path of twenty."
    )
    if found["cost"] is None:
        return text
    deposit = amount(notional(config) / found["depositors"], currency)
    costs = ", ".join(
        f"{_paid(cost, currency)} among {number:,}"
        for number, cost in zip(found["numbers"], found["cost"], strict=True)
    )
    return f"{text} A depositor of {deposit}, by the month, {costs}."


def _paid(cost: float, currency: str) -> str:
    """A cost, or an income, among others."""
    return f"{'earns' if cost < 0.0 else 'pays'} {amount(abs(cost), currency)}"
