"""Somebody who learns when a vault trades, and trades ahead of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hedge_env.config.model import BasisPoints, Model

_Step = Annotated[float, Field(ge=0.0, le=10.0)]


class FrontRunnerConfig(Model):
    """An adversary that guesses the error of the hedge at which a trade comes."""

    loss_bp: BasisPoints  # of the value of a trade that it foresaw
    # What it starts from: |holdings - delta| per contract.
    guess: Annotated[float, Field(ge=1e-6, le=1e3)] = 0.1
    # Steps of the logarithm of its guess: down after a trade that it did not foresee,
    # and, over that, up after a false alarm.
    learning: _Step = 0.2
    caution: _Step = 0.5
