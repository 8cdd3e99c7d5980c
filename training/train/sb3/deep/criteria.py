r"""What deep hedging minimises: a criterion of many paths at once, in torch.

With net losses L, risk aversion :math:`\lambda` and n paths,

- the objective (rewards `objective`, `expected`, `controlled`): its mean;
- `entropic`: :math:`\frac{1}{g} \ln \frac{1}{n} \sum e^{g L}`, :math:`g = 2 \lambda`
  (mean exponential losses where :math:`\lambda` has a range);
- `cvar`: :math:`z + \frac{1}{n (1 - q)} \sum (L - z)^+`, z the quantile q of the paths
  (Rockafellar and Uryasev 2000);
- `mean_std` (and `accounting`, `cash_flow`, whose returns are the same): mean + K
  standard deviations.

All but the first are biased by 1 / n of what they are; a step wants a thousand paths.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hedge_env.base.errors import ConfigError
from hedge_env.config import BASIS_POINT, RewardConfig
from hedge_env.training.train.sb3.market_walk import WEIGHED

TERMINAL = ("entropic", "cvar", "mean_std", "accounting", "cash_flow")


def require_criterion(reward: RewardConfig) -> None:
    """Refuse rewards that are no criterion of whole episodes.

    Raises:
        ConfigError: In one line that says what to use.
    """
    known = (*WEIGHED, *TERMINAL)
    if reward.name not in known:
        raise ConfigError(
            f"train.algorithm deep_hedging minimises {', '.join(known)}, not "
            f"reward.name = {reward.name}; set one of them, or use ppo"
        )


def criterion(
    reward: RewardConfig, loss: Tensor, objective: Tensor, aversion: Tensor
) -> Tensor:
    """What is minimised, a scalar.

    Args:
        reward: Which.
        loss: L of each path, shape (n,) [notional].
        objective: Weighted cost and risk, shape (n,) [bp].
        aversion: lambda of each path, shape (n,) [1/notional].
    """
    if reward.name in WEIGHED:
        return objective.mean()
    if reward.name == "entropic":
        return _entropic(loss, 2.0 * aversion) / BASIS_POINT
    if reward.name == "cvar":
        share = 0.01 * reward.quantile
        threshold = torch.quantile(loss.detach(), share)
        beyond = (loss - threshold).clamp(min=0.0).mean()
        return (threshold + beyond / (1.0 - share)) / BASIS_POINT
    return (loss.mean() + reward.deviations * loss.std()) / BASIS_POINT


def _entropic(loss: Tensor, g: Tensor) -> Tensor:
    if bool((g == g[0]).all()):
        return (torch.logsumexp(g * loss, 0) - torch.log(torch.tensor(len(g)))) / g[0]
    return (torch.expm1(g * loss) / g).mean()
