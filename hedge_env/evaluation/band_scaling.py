r"""How the width of a policy's no-trade band grows with gamma and with costs.

For a small cost k in proportion to value, the half-width h of the best band is
:math:`h = (3 k S \Gamma^2 / 2 \lambda)^{1/3}` (Whalley and Wilmott, 1997): the exponent
of gamma is 2/3 and of the cost 1/3. For a fixed cost F alone it is
:math:`h \propto (F \Gamma^2 / \lambda)^{1/4}`: 1/2 and 1/4. A policy that hedges for a
reason has exponents near those; one whose band knows nothing of gamma has 0. They are
the slopes of a regression of :math:`\ln h` on the logarithms over states that the
policy comes to, the band found by asking it (`policy_band`).

Source: Whalley and Wilmott (1997), "An asymptotic analysis of an optimal hedging model
for option pricing with transaction costs", Mathematical Finance 7(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.evaluation.policy_band import policy_band
from hedge_env.policies.learned_policy import LearnedPolicy
from hedge_env.policies.policy import Policy

_LEAST_GAMMA: Final = 0.1  # of the median; below, a band is what is left at expiry
_LEAST_SPREAD: Final = 0.03  # sd of a logarithm; below, a cost stands still
_LEAST_STATES: Final = 50
_LEAST_SHARE: Final = 0.25  # of the states in which there is a band
_ILL_CONDITIONED: Final = 1e6


@dataclass(frozen=True)
class BandScaling:
    """Exponents of the half-width of a band.

    Attributes:
        exponents: By `gamma`, `fixed_cost` and `proportional_cost`, at the same implied
            volatility; a cost that stands still in the market has none [-].
        errors: Standard error of each, over the states [-].
        r_squared: Share of the variance of the logarithm that they explain.
        n_states: Number of states with a band.
        mean_half_width: Mean of the half-width there [-].
    """

    exponents: dict[str, float]
    errors: dict[str, float]
    r_squared: float
    n_states: int
    mean_half_width: float


def band_scaling(
    policy: Policy, rows: FloatArray, config: EnvConfig
) -> BandScaling | None:
    """Regress the width of a policy's band on gamma and on costs.

    Args:
        policy: For one instrument; it is asked anew, and forgets what it remembered.
        rows: States, shape (N_FIELDS, n); see `policy_band.visited_states`.
        config: The hedging problem.

    Returns:
        None where the policy has no band in a quarter of the states, gamma does not
        move, or the states do not tell one cause from another; or where the policy is
        learned and remembers, so that its band is not a function of a state.
    """
    if isinstance(policy, LearnedPolicy) and policy.remembers:
        return None
    policy.reset(rows.shape[1])
    band = policy_band(policy, rows, config)
    size = np.abs(rows[field.GAMMA] * rows[field.SPOT])
    known = band.known & (size > _LEAST_GAMMA * np.median(size)) & (size > 0.0)
    if known.sum() < max(_LEAST_STATES, _LEAST_SHARE * known.size):
        return None
    half = 0.5 * (band.high - band.low)[known]
    causes = {"gamma": size[known]}
    for name, row in (
        ("fixed_cost", field.FIXED_COST),
        ("proportional_cost", field.PROPORTIONAL_COST),
    ):
        if np.all(rows[row, known] > 0.0):
            causes[name] = rows[row, known]
    causes["implied_volatility"] = rows[field.IMPLIED_VOLATILITY, known]
    logs = {name: np.log(values) for name, values in causes.items()}
    logs = {name: x for name, x in logs.items() if x.std() > _LEAST_SPREAD}
    if "gamma" not in logs:
        return None
    return _regress(np.log(half), logs, float(half.mean()))


def _regress(
    y: FloatArray, logs: dict[str, FloatArray], mean: float
) -> BandScaling | None:
    """Least squares, with errors that allow for unequal spread (White, 1980)."""
    x = np.column_stack([values - values.mean() for values in logs.values()])
    if np.linalg.cond(x / x.std(axis=0)) > _ILL_CONDITIONED:
        return None
    about = y - y.mean()
    slopes = np.linalg.lstsq(x, about, rcond=None)[0]
    left = about - x @ slopes
    inverse = np.linalg.inv(x.T @ x)
    spread = np.sqrt(np.diag(inverse @ ((x * left[:, None] ** 2).T @ x) @ inverse))
    total, rest = float(about @ about), float(left @ left)
    shown = [name for name in logs if name != "implied_volatility"]
    return BandScaling(
        exponents={name: float(slopes[list(logs).index(name)]) for name in shown},
        errors={name: float(spread[list(logs).index(name)]) for name in shown},
        r_squared=max(0.0, 1.0 - rest / total) if total > 0.0 else 0.0,
        n_states=y.size,
        mean_half_width=mean,
    )
