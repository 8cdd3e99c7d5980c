r"""An adversary that learns when the desk trades, and trades ahead of it.

Orders are sent in private: whoever wants to trade ahead of one has to guess. What can
be seen by all are holdings :math:`h`, delta :math:`\Delta`, every trade once it is
done, and the times at which a keeper looks, if they are regular. At each of those
the adversary expects a trade where

.. math:: |h - \Delta| > g.

A trade that it expected loses a share of its value to it. Of the others it learns,

.. math:: \ln g \leftarrow \ln g + \begin{cases}
              - \eta & \text{after a trade it did not expect,} \\
              c \, \eta & \text{after none where it expected one,} \end{cases}

so that in the long run one unexpected trade comes on :math:`c` false alarms: a small
:math:`c` is an adversary to whom a false alarm costs little. Against a fixed trigger
the guess walks up to it from below and down from above. One that is random, in height
or in time, leaves it false alarms or unexpected trades, whatever it guesses.
"""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.numerics.special import exp, log

_FARTHEST = 20.0  # of the log of the guess from its start


class FrontRunnerParams(NamedTuple):
    """Constants of the adversary."""

    on: bool
    loss: float  # per value of a trade that was expected [-]
    log_guess: float  # at the start
    down: float  # step of the log of the guess after an unexpected trade [-]
    up: float  # and after a false alarm [-]
    every: float  # decisions between two at which a trade can come
    opening: float  # share of the first trade's loss that is charged, 1 or 0


NOBODY = FrontRunnerParams(
    on=False, loss=0.0, log_guess=0.0, down=0.0, up=0.0, every=1.0, opening=1.0
)


def front_runner_params(config: EnvConfig) -> FrontRunnerParams:
    """Compile the adversary of a config."""
    adversary, keeper = config.execution.front_runner, config.execution.keeper
    if adversary is None:
        return NOBODY
    every = 1
    if keeper is not None and keeper.timing == "regular":
        every = keeper.decisions("interval_hours", config.episode)
    return FrontRunnerParams(
        on=True,
        loss=adversary.loss_bp * BASIS_POINT,
        log_guess=_log(adversary.guess),
        down=float(adversary.learning),
        up=adversary.caution * adversary.learning,
        every=float(every),
        opening=1.0 if config.execution.charge_opening else 0.0,
    )


@kernel
def _log(x: float) -> float:
    return log(x)


@kernel
def trade_ahead(before: Tile, after: Tile, record: Tile, p: FrontRunnerParams) -> None:
    """Charge a trade that was expected, and learn from what was not.

    Args:
        before: Rows at the decision, what the adversary has learned among them.
        after: Rows at the next one; what it has learned then is written.
        record: Trade and turnover are read, the loss is written.
        p: Constants.
    """
    held, delta = part(before, field.HOLDINGS), part(before, field.DELTA)
    step, traded = part(before, field.STEP), part(record, account_rows.TRADED)
    turnover = part(record, account_rows.TURNOVER)
    learned, learns = part(before, field.LEARNED), part(after, field.LEARNED)
    lost = part(record, account_rows.FRONT_RUN)
    for i in range(held.size):
        due = step[i] == p.every * (step[i] // p.every)
        guess = exp(p.log_guess + learned[i])
        expected = due and abs(held[i] - delta[i]) > guess
        trades = traded[i] != 0.0
        share = p.loss * (p.opening if step[i] == 0.0 else 1.0)
        lost[i] = share * turnover[i] if expected and trades else 0.0
        move = p.up if expected and not trades else 0.0
        move = -p.down if trades and not expected else move
        now = learned[i] + move
        now = _FARTHEST if now > _FARTHEST else now
        learns[i] = -_FARTHEST if now < -_FARTHEST else now
