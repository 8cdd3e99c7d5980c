"""What a network sees on played paths, what depends on its own trades included."""

from __future__ import annotations

import torch
from torch import Tensor

from hedge_env.agent.features import FEATURES
from hedge_env.base import field
from hedge_env.base.field import FIELDS
from hedge_env.config import EnvConfig
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.train.sb3.band_gradient import features_of_holdings
from hedge_env.training.train.sb3.deep.account import Account
from hedge_env.training.train.sb3.deep.modes import MODES

# Rows that options held move, and rows of the option itself that nothing moves.
_MOVED_BY_OPTIONS = (
    *(field.DELTA, field.GAMMA, field.VEGA),
    *(field.BAND_HALF_WIDTH, field.BAND_INNER),
)
_OF_THE_OPTION = (
    *(field.OPTION_PRICE, field.OPTION_DELTA, field.OPTION_GAMMA),
    *(field.OPTION_VEGA, field.OPTION_HALF_SPREAD, field.OPTION_LIMIT),
)


def moved_features(config: EnvConfig, names: tuple[str, ...]) -> tuple[int, ...]:
    """Numbers of the features that depend on what was traded before.

    Args:
        config: The hedging problem.
        names: Of the features in order.
    """
    rows = [FIELDS.index(FEATURES[name].observable) for name in names]
    moved = set(features_of_holdings(names))
    if config.execution.option is not None:
        moved |= {k for k, row in enumerate(rows) if row in _MOVED_BY_OPTIONS}
    return tuple(sorted(k for k in moved if rows[k] not in _OF_THE_OPTION))


def blind_features(config: EnvConfig, names: tuple[str, ...]) -> tuple[int, ...]:
    """Numbers of those that the account does not follow, and the policy does not see.

    Args:
        config: The hedging problem.
        names: Of the features in order.
    """
    followed = MODES[config.action.mode].FOLLOWED
    rows = [FIELDS.index(FEATURES[name].observable) for name in names]
    moved = moved_features(config, names)
    return tuple(k for k in moved if rows[k] not in followed)


class Sight:
    """Observations of played paths.

    Args:
        market: The environment.

    Attributes:
        is_alone: Whether nothing that is seen depends on what was traded.
    """

    def __init__(self, market: HedgeVectorEnv) -> None:
        config, names = market.config, market.encoder.names
        blind = set(blind_features(config, names))
        self._columns = [k for k in moved_features(config, names) if k not in blind]
        features = [FEATURES[names[k]] for k in self._columns]
        self._rows = [FIELDS.index(feature.observable) for feature in features]
        self._terms = [
            (feature.offset(config), feature.scale(config), feature.low, feature.high)
            for feature in features
        ]
        self._keep = torch.ones(len(names))
        self._keep[self._columns] = 0.0
        self.is_alone = not self._columns

    def at(self, base: Tensor, account: Account) -> Tensor:
        """Observation at the present decision, shape (n, n_features).

        Args:
            base: With nothing held, the same shape.
            account: Before the decision.
        """
        if self.is_alone:
            return base
        greeks = account.greeks()
        values = {
            field.NET_LOSS: account.loss,
            field.HOLDINGS: account.held,
            field.HEDGE_ERROR: account.held - greeks.delta,
            field.DELTA: greeks.delta,
            field.GAMMA: greeks.gamma,
            field.VEGA: greeks.vega,
        }
        if account.units.shape[0]:
            values[field.OPTION_HOLDINGS] = account.units[account.listed]
        seen = base * self._keep
        for column, row, (offset, scale, low, high) in zip(
            self._columns, self._rows, self._terms, strict=True
        ):
            value = ((values[row] - offset) * scale).clamp(low, high)
            only = torch.zeros(len(self._keep))
            only[column] = 1.0
            seen = seen + value.float()[:, None] * only
        return seen
