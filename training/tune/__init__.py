"""The command `hedge tune`: the best parameters of rules and of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hedge_env.training.cli.policy_options import TuneOptions


def run(options: TuneOptions) -> int | None:
    """Run the command; its libraries are imported now and not before."""
    if options.agent is None:
        from hedge_env.training.tune import rules

        rules.run(options)
        return None
    from hedge_env.training.tune import agent

    return agent.run(options.agent, options)
