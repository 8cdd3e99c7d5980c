"""What every policy is: named inputs in, target holdings out.

Rules, agents and exact optima all end here, so there is one evaluation path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from hedge_env.base.types import FloatArray

PolicyKind: TypeAlias = Literal["baseline", "agent", "optimal"]


@runtime_checkable
class Policy(Protocol):
    """Decides holdings from what can be observed.

    A policy must look at nothing but its argument, and must not change it. One that
    remembers something between decisions creates those arrays in `reset` and never
    shares them: evaluation runs a shallow copy of the policy per chunk of paths,
    on several threads.
    """

    @property
    def name(self) -> str:
        """Name in tables, e.g. `delta-threshold`."""
        ...

    @property
    def kind(self) -> PolicyKind:
        """Where the policy comes from."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the observables that `target` reads."""
        ...

    def reset(self, n_paths: int) -> None:
        """Forget everything; `n_paths` episodes are about to start."""
        ...

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Target holdings of the present decision.

        Args:
            observables: Name to values, each of shape (n_paths,).

        Returns:
            Holdings per contract, shape (n_paths, n_instruments) [-]. Exactly the
            present holdings mean no trade, and then nothing is charged.
        """
        ...
