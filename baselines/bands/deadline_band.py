r"""A band that opens as expiry approaches, because little risk is left to remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.expiry import time_left
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.numerics.powers import power_of


def deadline_half_width(
    gamma: FloatArray,
    remaining_variance: FloatArray,
    mean_fixed_cost: FloatArray,
    risk_aversion: FloatArray,
    *,
    alpha: float,
    chi: float,
) -> FloatArray:
    r"""Half-width for a fixed cost, with a deadline.

    .. math:: h^2 = \alpha \sqrt{6 \bar F / \lambda} \, |\Gamma|
              + \frac{\chi \bar F}{\lambda \sigma^2 S^2 \tau}

    The first term is the squared band of a fixed cost alone (`no_trade_band`, at
    g = 2 lambda); the second is the squared error whose risk until expiry equals
    the fixed cost.

    Args:
        gamma: Change of delta per unit of spot, either sign, shape (n,) [1/S_0].
        remaining_variance: sigma^2 S^2 tau, positive, shape (n,) [S_0^2].
        mean_fixed_cost: Long-run mean cost of a transaction, shape (n,) [notional].
        risk_aversion: lambda, positive, shape (n,) [1/notional].
        alpha: Weight of the first term, at least 0 [-].
        chi: Weight of the second term, at least 0 [-].

    Returns:
        Half-width in holdings, shape (n,) [-].
    """
    ratio = mean_fixed_cost / risk_aversion
    squared = alpha * np.sqrt(6.0 * ratio) * np.abs(gamma)
    return np.sqrt(squared + chi * ratio / remaining_variance)


def gas_multiplier(
    fixed_cost: FloatArray,
    gas_cost: FloatArray,
    mean_fixed_cost: FloatArray,
    season: FloatArray,
    exponent: float,
    season_weight: float,
) -> FloatArray:
    r"""How much wider the band is at today's fixed cost.

    .. math:: \left( \frac{F + G (e^{(w - 1) s} - 1)}{\bar F} \right)^a,
              \quad \text{without other fixed costs } \propto e^{a (x + w s)}

    with the season s and the rest x of log gas. The season passes within a day, so
    that waiting for it to pass costs less risk than waiting for x: w is above 1.

    Args:
        fixed_cost: F, cost of a transaction now, shape (n,) [notional].
        gas_cost: G, the part of it that is gas, shape (n,) [notional].
        mean_fixed_cost: Long-run mean of F, shape (n,) [notional].
        season: s, the season's part of log gas, shape (n,) [-].
        exponent: a [-]; 1/4 is that of the fixed-cost band.
        season_weight: w [-].

    Returns:
        Shape (n,) [-]; 1 where transactions have no fixed cost.
    """
    is_charged = (fixed_cost > 0.0) & (mean_fixed_cost > 0.0)
    felt = fixed_cost + gas_cost * np.expm1((season_weight - 1.0) * season)
    ratio = np.divide(
        felt, mean_fixed_cost, out=np.ones_like(fixed_cost), where=is_charged
    )
    return power_of(ratio, exponent)


@dataclass(frozen=True)
class DeadlineBand(BandRule):
    """Trade to delta outside the deadline band, and to 0 where that is near.

    With `trade_back` below 1 a trade goes only that fraction of the half-width into
    the band, which pays where the proportional cost is not small against the fixed
    one. Neither it nor `season_weight` is tuned.

    Source:
        Derived for this project; see `deadline_half_width`.
    """

    name: ClassVar[str] = "deadline-band"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "gamma",
        "spot",
        "fixed_cost",
        "gas_cost",
        "mean_fixed_cost",
        "gas_season",
        "implied_volatility",
        "time_to_maturity",
        "risk_aversion",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "alpha": ParameterRange(0.05, 10.0, "log"),
        "chi": ParameterRange(0.0, 4.0),
        "gas_exponent": ParameterRange(0.0, 1.0),
        "snap": ParameterRange(0.0, 0.4),
    }

    alpha: float = 0.86  # [-]
    chi: float = 0.8  # [-]
    gas_exponent: float = 0.3  # a [-]
    snap: float = 0.064  # s0 [-], holdings per contract
    trade_back: float = 1.0  # f [-], in (0, 1]; 1 is to delta
    season_weight: float = 2.2  # w [-], best where the season is of one day

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.trade_back <= 1.0:
            raise ValueError(f"trade_back = {self.trade_back} must be in (0, 1]")

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre."""
        half_width = self.half_width(observables)
        inner = (1.0 - self.trade_back) * half_width
        return band_around(
            self.centre(observables), half_width, inner=inner, snap=self.snap
        )

    def half_width(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Of the band, at today's cost, shape (n,) [-]."""
        mean_fixed_cost = observables["mean_fixed_cost"]
        spot_volatility = observables["spot"] * observables["implied_volatility"]
        usual = deadline_half_width(
            observables["gamma"],
            spot_volatility**2 * time_left(observables),
            mean_fixed_cost,
            observables["risk_aversion"],
            alpha=self.alpha,
            chi=self.chi,
        )
        return usual * gas_multiplier(
            observables["fixed_cost"],
            observables["gas_cost"],
            mean_fixed_cost,
            observables["gas_season"],
            self.gas_exponent,
            self.season_weight,
        )
