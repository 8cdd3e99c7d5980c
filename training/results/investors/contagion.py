"""How far spot falls where others are set off, and what of it is a policy's own doing.

It is looked at for the policy that a report looks at closely at each risk aversion, on
some of the test paths: as it is, with orders of its own that do not move spot, and so
with nobody else there either. The random numbers are the same.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.evaluation.contagion import tails
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.policies.policy import Policy
from hedge_env.training.results.policy_row import Z_95, PolicyRow
from hedge_env.training.results.practice import amount, monthly, rule_in_words

__all__ = ["contagion_entry", "contagion_sentence", "tail"]

_PERCENT = 100.0
_MINUS = "\N{MINUS SIGN}"


def tail(values: FloatArray, level: float) -> FloatArray:
    r"""Numbers whose mean is the mean of the worst share of some values, shape (n,).

    .. math:: q + (x - q)^+ / (1 - \alpha)

    with the quantile q; the standard error of their mean is that of the tail, and of
    the mean of paired differences that of a difference of tails.

    Args:
        values: Shape (n,).
        level: alpha, such as .95.
    """
    q = np.quantile(values, level, method="inverted_cdf")
    found: FloatArray = q + np.maximum(values - q, 0.0) / (1.0 - level)
    return found


def contagion_entry(
    row: PolicyRow, policy: Policy, config: EnvConfig, *, n_paths: int, seed: int
) -> Mapping[str, Any]:
    """How far spot falls in a day, and what of it others and the policy add.

    Args:
        row: What was measured of the policy.
        policy: The policy itself.
        config: A problem with `market.contagion`.
        n_paths: Number of test paths, at least 2.
        seed: Of the market.

    Returns:
        `fall` and `fall_tail`, the largest fall of log spot within a day on average and
        in the worst 5 % of the paths [percent]; of each what others add, `_others`,
        and what the policy does, `_own`; `loss`, the policy's net loss in its worst 5 %
        [bp], and of it `loss_own`; standard errors `_se`.
    """
    unmoved = {"execution": {"permanent_impact": 0.0}, "market": {}}
    alone = unmoved | {"market": {"contagion": None}}
    with_all, with_others, with_nobody = (
        tails(policy, one, row.risk_aversion, n_paths=n_paths, seed=seed)
        for one in (config, _with(config, unmoved), _with(config, alone))
    )
    found: dict[str, Any] = {"policy": row.name, "risk_aversion": row.risk_aversion}
    for name, level in (("fall", 0.0), ("fall_tail", 0.95)):
        here, others, nobody = (
            tail(each.falls, level) * _PERCENT
            for each in (with_all, with_others, with_nobody)
        )
        found |= _figures(name, here)
        found |= _figures(f"{name}_others", others - nobody)
        found |= _figures(f"{name}_own", here - others)
    here, others = (tail(each.losses, 0.95) for each in (with_all, with_others))
    found |= _figures("loss", here / BASIS_POINT)
    return found | _figures("loss_own", (here - others) / BASIS_POINT)


def _with(config: EnvConfig, changes: Mapping[str, Mapping[str, Any]]) -> EnvConfig:
    update = {
        section: getattr(config, section).model_copy(update=dict(change))
        for section, change in changes.items()
    }
    return config.model_copy(update=update)


def _figures(name: str, values: FloatArray) -> dict[str, float]:
    mean, error = mean_and_error(values)
    return {name: mean, f"{name}_se": error}


def contagion_sentence(config: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The same in words and in currency.

    Args:
        config: The market with every default written out.
        found: From `contagion_entry`.
    """
    unit, currency = monthly(config), config["report"]["currency"]
    own = amount(found["loss_own"] * unit, currency, found["loss_own_se"] * unit)
    return (
        f"Others with triggers, at risk aversion {found['risk_aversion']:g} beside "
        f"{rule_in_words(found['policy'])}: spot's largest fall within a day is "
        f"{_percent(found, 'fall')} on average, of which others add "
        f"{_percent(found, 'fall_others')} and the policy's own orders "
        f"{_percent(found, 'fall_own')}; in the worst 5 % of the paths it is "
        f"{_percent(found, 'fall_tail')}, of which others add "
        f"{_percent(found, 'fall_tail_others')} and the policy "
        f"{_percent(found, 'fall_tail_own')}. That its orders move spot adds {own} a "
        f"month to its own loss in its worst 5 %."
    )


def _percent(found: Mapping[str, Any], name: str) -> str:
    """A fall of log spot [percent], with its interval."""
    text = f"{found[name]:.2f} ± {Z_95 * found[f'{name}_se']:.2f} %"
    return text.replace("-", _MINUS)
