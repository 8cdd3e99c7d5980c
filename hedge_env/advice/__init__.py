"""The trade to make now: a desk's state in its own units, and what a policy does in it.

    adviser = Adviser(policy, load_config("ethereum-l1"))
    advice = adviser.advise(read_state({"spot": 3000, "holdings": 4, ...}))

Needs neither a learning library nor a simulation.
"""

from hedge_env.advice.advice import Advice
from hedge_env.advice.adviser import Adviser
from hedge_env.advice.state import DeskState, read_state

__all__ = ["Advice", "Adviser", "DeskState", "read_state"]
