"""How a network's numbers become targets, so that torch can go back through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.band_actions import DecoderParams
from hedge_env.agent.band_edges import (
    LOWER,
    LOWER_TARGET,
    N_EDGES,
    SNAP,
    UPPER,
    UPPER_TARGET,
    fill_edges,
    pull_back,
)
from hedge_env.agent.option_shares import LEAST_GREEK
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.training.train.sb3.deep.account import Account

Target = tuple[Tensor, Tensor | None]


class Edges(torch.autograd.Function):
    """Edges, targets and snapping distance of `agent/band_edges`, and their slopes."""

    @staticmethod
    def forward(
        ctx: Any, numbers: Tensor, rows: FloatArray, base: FloatArray, p: DecoderParams
    ) -> Tensor:
        """Shape (5, m) of actions (m, 6) at rows (rows, m)."""
        action = np.ascontiguousarray(numbers.detach().cpu().numpy().T, np.float64)
        edges = np.empty((N_EDGES, rows.shape[1]))
        fill_edges(rows, base, action, p, edges)
        ctx.seen = rows, action, edges, p
        return torch.from_numpy(edges)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None, None]:
        """Slopes in the actions, shape (m, 6)."""
        rows, action, edges, p = ctx.seen
        found = np.empty_like(action)
        given = np.ascontiguousarray(slopes[0].numpy())
        pull_back(rows, action, edges, given, p, found)
        return torch.from_numpy(found.T.astype(np.float32)), None, None, None


class Mode(ABC):
    """One action mode.

    Args:
        decoder: Of the mode.
        neutral: Greek that a share of a trade in options is of.

    Attributes:
        FOLLOWED: Rows that depend on what is held and that a policy may see.
    """

    FOLLOWED: ClassVar[tuple[int, ...]]

    def __init__(self, decoder: ActionDecoder, neutral: str) -> None:
        self.decoder, self.neutral = decoder, neutral

    def prepare(self, numbers: Tensor, rows: FloatArray) -> Tensor:
        """What of a decision does not depend on what is held.

        Args:
            numbers: Actions, shape (m, n_numbers).
            rows: Shape (rows, m), contiguous.

        Returns:
            Shape (n_prepared, m).
        """
        del rows
        return numbers.T.double()

    @abstractmethod
    def decide(self, prepared: Tensor, account: Account) -> Target:
        """Targets of the underlying and of the option listed now, shape (n,) each.

        Args:
            prepared: Of the present decision, shape (n_prepared, n).
            account: Before it.
        """


class EdgesMode(Mode):
    """`band_edges`: to the targets from outside the edges, whatever is held."""

    FOLLOWED = (field.NET_LOSS,)

    def prepare(self, numbers: Tensor, rows: FloatArray) -> Tensor:
        """Edges and targets, shape (5, m)."""
        base = np.ascontiguousarray(self.decoder.base(rows))
        found: Tensor = Edges.apply(numbers, rows, base, self.decoder.params)  # type: ignore[no-untyped-call]
        return found

    def decide(self, prepared: Tensor, account: Account) -> Target:
        """As `decode_edges`."""
        held, p = account.held, self.decoder.params
        below, above = held < prepared[LOWER], held > prepared[UPPER]
        wanted = torch.where(below, prepared[LOWER_TARGET], held)
        wanted = torch.where(above, prepared[UPPER_TARGET], wanted)
        wanted = wanted.clamp(p.low, p.high)
        snaps = (wanted != held) & (wanted.abs() < prepared[SNAP])
        return torch.where(snaps, torch.zeros_like(held), wanted), None


class TargetMode(Mode):
    """`target`: the holdings themselves."""

    FOLLOWED = (
        *(field.NET_LOSS, field.HOLDINGS, field.HEDGE_ERROR),
        *(field.DELTA, field.GAMMA, field.VEGA, field.OPTION_HOLDINGS),
    )

    def decide(self, prepared: Tensor, account: Account) -> Target:
        """Shares of the bounds, and of the option's limit."""
        p = self.decoder.params
        wanted = p.low + 0.5 * (prepared[0] + 1.0) * (p.high - p.low)
        if len(prepared) == 1:
            return wanted, None
        return wanted, prepared[1] * account.row(field.OPTION_LIMIT)


class RatioMode(Mode):
    """`ratio`: a share of the neutral trade in options, and the underlying to delta."""

    FOLLOWED = (
        *(field.NET_LOSS, field.OPTION_HOLDINGS),
        *(field.DELTA, field.GAMMA, field.VEGA),
    )

    def decide(self, prepared: Tensor, account: Account) -> Target:
        """As `option_shares`."""
        share, greeks = 0.5 * (prepared[0] + 1.0), account.greeks()
        is_gamma = self.neutral == "gamma"
        row = field.OPTION_GAMMA if is_gamma else field.OPTION_VEGA
        of_one = account.row(row)
        left = greeks.gamma if is_gamma else -greeks.vega
        useful = of_one > LEAST_GREEK
        one = torch.ones_like(of_one)
        neutral = torch.where(useful, left / torch.where(useful, of_one, one), 0.0)
        limit, units = account.row(field.OPTION_LIMIT), account.units[account.listed]
        wanted = torch.minimum(torch.maximum(units + share * neutral, -limit), limit)
        bought = wanted - units
        return greeks.delta - bought * account.row(field.OPTION_DELTA), wanted


MODES: dict[str, type[Mode]] = {
    "band_edges": EdgesMode,
    "target": TargetMode,
    "ratio": RatioMode,
}


def require_mode(config: EnvConfig) -> None:
    """Refuse action modes that torch cannot go back through.

    Raises:
        ConfigError: In one line that says what to use.
    """
    mode, has_option = config.action.mode, config.execution.option is not None
    allowed = ("ratio", "target") if has_option else ("band_edges", "target")
    if mode not in allowed:
        raise ConfigError(
            f"train.algorithm deep_hedging goes back through action.mode "
            f"{' and '.join(allowed)}{' with a listed option' if has_option else ''}, "
            f"not {mode}; set one of them"
        )
