r"""What an agent sees: bounded, scale-free features of the observable rows.

Every feature is a clipped affine function of one row,

.. math:: o = \mathrm{clip}((x - m) \cdot k, low, high)

with offset :math:`m` and scale :math:`k` from the config (a trader's scale: the
horizon's standard deviation for log moneyness, the market's typical level for
volatility and cost). Normalisation is therefore part of the environment, and no
running statistics have to be kept beside a saved policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from hedge_env._types import Float32Array, FloatArray, IntArray
from hedge_env.config import BASIS_POINT, EnvConfig, RiskAversionRange
from hedge_env.errors import ConfigError
from hedge_env.fields import FIELDS, OPTION_FIELDS
from hedge_env.kernel import kernel


@dataclass(frozen=True)
class Feature:
    """One entry of the observation.

    Attributes:
        observable: Row it is read from.
        offset: Function of the config giving m, in the row's unit.
        scale: Function of the config giving k, per unit of the row.
        low: Lowest value [-].
        high: Highest value [-].
        meaning: One line for tables.
    """

    observable: str
    offset: Callable[[EnvConfig], float]
    scale: Callable[[EnvConfig], float]
    low: float
    high: float
    meaning: str


def _constant(value: float) -> Callable[[EnvConfig], float]:
    return lambda config: value


_ZERO, _ONE = _constant(0.0), _constant(1.0)


def _volatility(config: EnvConfig) -> float:
    return max(config.market.volatility.level, 1e-6)


def _per_volatility(config: EnvConfig) -> float:
    return 1.0 / _volatility(config)


def _horizon_sd(config: EnvConfig) -> float:
    years = config.episode.horizon_days / config.episode.days_per_year
    return _volatility(config) * sqrt(years)


def _size(config: EnvConfig) -> float:
    """Largest holdings that the book can need [-]."""
    low, high = config.holdings_bounds
    return max(abs(low), abs(high), 1e-12)


def _per_size(config: EnvConfig) -> float:
    return 1.0 / _size(config)


def _gamma_scale(config: EnvConfig) -> float:
    """Inverse of the gamma of one at-the-money option at the start."""
    return 2.5 * _horizon_sd(config) / _size(config)


def _per_horizon_sd(config: EnvConfig) -> float:
    return 1.0 / _horizon_sd(config)


def _basis_mean(config: EnvConfig) -> float:
    basis = config.market.basis
    return 0.0 if basis is None else basis.mean_bp * BASIS_POINT


def _per_basis_sd(config: EnvConfig) -> float:
    basis = config.market.basis
    return 1.0 / max(1e-6, 0.0 if basis is None else basis.sd_bp * BASIS_POINT)


def _root_horizon(config: EnvConfig) -> float:
    """Root of the horizon in years."""
    return sqrt(config.episode.horizon_days / config.episode.days_per_year)


def _limit(config: EnvConfig) -> float:
    """Largest holdings of the listed option [-]."""
    option = config.execution.option
    return 1.0 if option is None else option.limit


def _log_aversion_middle(config: EnvConfig) -> float:
    setting = config.risk_aversion
    if isinstance(setting, RiskAversionRange):
        return float(np.log(setting.low * setting.high) / 2.0)
    return float(np.log(setting))


FEATURES: Final[Mapping[str, Feature]] = {
    "time_fraction": Feature(
        "time_fraction", _ZERO, _ONE, 0.0, 1.0, "share of the episode left"
    ),
    "moneyness": Feature(
        "log_moneyness",
        _ZERO,
        _per_horizon_sd,
        -4.0,
        4.0,
        "log spot over strike, in standard deviations over the horizon",
    ),
    "delta": Feature(
        "delta", _ZERO, _per_size, -2.0, 2.0, "neutral holdings over largest holdings"
    ),
    "gamma": Feature(
        "gamma",
        _ZERO,
        _gamma_scale,
        -4.0,
        4.0,
        "gamma over that of an at-the-money option at the start",
    ),
    "holdings": Feature(
        "holdings", _ZERO, _per_size, -2.0, 2.0, "holdings over largest holdings"
    ),
    "hedge_error": Feature(
        "hedge_error",
        _ZERO,
        lambda config: 4.0 / _size(config),
        -4.0,
        4.0,
        "holdings minus neutral holdings, over a quarter of the largest",
    ),
    "band_position": Feature(
        "band_position",
        _ZERO,
        _constant(0.5),
        -2.0,
        2.0,
        "holdings minus delta, in pairs of analytic half-widths",
    ),
    "band_half_width": Feature(
        "band_half_width",
        _ZERO,
        lambda config: 4.0 / _size(config),
        0.0,
        4.0,
        "analytic half-width over a quarter of the largest holdings",
    ),
    "worth": Feature(
        "worth",
        _ONE,
        _constant(0.25),
        -0.25,
        2.0,
        "risk left until maturity over the fixed cost of a trade, minus one",
    ),
    "implied_volatility": Feature(
        "implied_volatility",
        _volatility,
        _per_volatility,
        -1.0,
        4.0,
        "implied volatility over the market's median, minus one",
    ),
    "realised_volatility": Feature(
        "realised_volatility",
        _volatility,
        _per_volatility,
        -1.0,
        4.0,
        "estimated volatility over the market's median, minus one",
    ),
    "true_volatility": Feature(
        "true_volatility",
        _volatility,
        _per_volatility,
        -1.0,
        4.0,
        "volatility over the market's median, minus one",
    ),
    "skew": Feature(
        "skew", _ZERO, _constant(5.0), -4.0, 4.0, "slope of the smile, times five"
    ),
    "log_gas": Feature(
        "log_gas", _ZERO, _ONE, -4.0, 4.0, "log gas price over its median"
    ),
    "hour_sin": Feature("hour_sin", _ZERO, _ONE, -1.0, 1.0, "sine of the hour"),
    "hour_cos": Feature("hour_cos", _ZERO, _ONE, -1.0, 1.0, "cosine of the hour"),
    "funding_rate": Feature(
        "funding_rate", _ZERO, _constant(1000.0), -4.0, 4.0, "funding rate [10 bp]"
    ),
    "proportional_cost": Feature(
        "proportional_cost", _ZERO, _constant(500.0), 0.0, 4.0, "fee and spread [20 bp]"
    ),
    "basis": Feature(
        "basis",
        _basis_mean,
        _per_basis_sd,
        -4.0,
        4.0,
        "log of the perpetual over spot less its mean, in standard deviations",
    ),
    "halted": Feature("halted", _ZERO, _ONE, 0.0, 1.0, "1 while no orders are taken"),
    "margin_use": Feature(
        "margin_use", _ZERO, _ONE, 0.0, 1.0, "maintenance margin over equity"
    ),
    "vega": Feature(
        "vega",
        _ZERO,
        lambda config: 2.5 / _root_horizon(config) / _size(config),
        -4.0,
        4.0,
        "vega over that of at-the-money options at the start",
    ),
    "option_delta": Feature(
        "option_delta", _ZERO, _ONE, -1.0, 1.0, "delta of the listed option"
    ),
    "option_gamma": Feature(
        "option_gamma",
        _ZERO,
        lambda config: 2.5 * _horizon_sd(config),
        0.0,
        4.0,
        "its gamma over that of an at-the-money option at the start",
    ),
    "option_vega": Feature(
        "option_vega",
        _ZERO,
        lambda config: 2.5 / _root_horizon(config),
        0.0,
        4.0,
        "its vega over that of an at-the-money option at the start",
    ),
    "option_half_spread": Feature(
        "option_half_spread",
        _ZERO,
        lambda config: 40.0 / _horizon_sd(config),
        0.0,
        4.0,
        "cost of trading one, in sixteenths of an at-the-money option's value",
    ),
    "option_holdings": Feature(
        "option_holdings",
        _ZERO,
        lambda config: 1.0 / _limit(config),
        -1.0,
        1.0,
        "units of it held over their limit",
    ),
    "risk_aversion": Feature(
        "log_risk_aversion",
        _log_aversion_middle,
        _ONE,
        -4.0,
        4.0,
        "log of risk aversion over the middle of its range",
    ),
}

# Only where there is a listed option.
OPTION_FEATURES: Final = tuple(name for name in FEATURES if name in OPTION_FIELDS)

_ALWAYS: Final = (
    "time_fraction",
    "moneyness",
    "delta",
    "gamma",
    "holdings",
    "hedge_error",
    "band_position",
    "band_half_width",
    "worth",
)


def default_features(config: EnvConfig) -> tuple[str, ...]:
    """Features that carry information in the market of a config."""
    market, names = config.market, list(_ALWAYS)
    if market.volatility.model != "constant" or market.regime is not None:
        names += ["implied_volatility", "realised_volatility"]
    if market.surface.model != "flat":
        names.append("skew")
    if market.gas is not None:
        names += ["log_gas", "hour_sin", "hour_cos"]
    elif market.season is not None:
        names += ["hour_sin", "hour_cos"]
    if market.funding is not None and config.execution.instrument == "perp":
        names.append("funding_rate")
    regime_moves = market.regime is not None and market.regime.liquidity != 1.0
    spread_moves = market.liquidity.exponent > 0.0 or regime_moves
    if spread_moves and config.execution.half_spread_bp > 0.0:
        names.append("proportional_cost")
    names += _execution_features(config)
    if config.execution.option is not None:
        names += ["vega", *OPTION_FEATURES]
    if isinstance(config.risk_aversion, RiskAversionRange):
        names.append("risk_aversion")
    if config.observation.true_volatility:
        names.append("true_volatility")
    return tuple(names)


def _execution_features(config: EnvConfig) -> list[str]:
    parts = {
        "basis": config.market.basis,
        "halted": config.execution.halt,
        "margin_use": config.execution.margin,
    }
    return [name for name, part in parts.items() if part is not None]


@kernel
def observe(
    rows: FloatArray,
    which: IntArray,
    offset: FloatArray,
    scale: FloatArray,
    low: FloatArray,
    high: FloatArray,
    out: Float32Array,
) -> None:
    """Write clip((row - offset) * scale, low, high) to `out` (n, n_features)."""
    for k in range(which.shape[0]):
        x = rows[which[k]]
        m, s, lowest, highest = offset[k], scale[k], low[k], high[k]
        for i in range(out.shape[0]):
            value = (x[i] - m) * s
            value = lowest if value < lowest else value
            out[i, k] = highest if value > highest else value


class ObservationEncoder:
    """Turns rows into the observation of a config.

    Args:
        config: The hedging problem; `observation.features` names the entries.

    Attributes:
        names: Features in order.
        low: Lower bounds, shape (n_features,) [-].
        high: Upper bounds, shape (n_features,) [-].

    Raises:
        ConfigError: If a feature is unknown or hidden by the config.
    """

    def __init__(self, config: EnvConfig) -> None:
        chosen = config.observation.features
        self.names = default_features(config) if chosen is None else tuple(chosen)
        for name in self.names:
            if name not in FEATURES:
                raise ConfigError(
                    f"observation.features: unknown feature {name!r}; known are "
                    + ", ".join(FEATURES)
                )
        if "true_volatility" in self.names and not config.observation.true_volatility:
            raise ConfigError(
                "observation.features: true_volatility is hidden; set "
                "observation.true_volatility = true to show it"
            )
        hidden = set(OPTION_FEATURES) & set(self.names)
        if hidden and config.execution.option is None:
            raise ConfigError(
                f"observation.features: {min(hidden)} is of a listed option; set "
                "execution.option to list one"
            )
        features = [FEATURES[name] for name in self.names]
        self._which = np.array([FIELDS.index(f.observable) for f in features])
        self._offset = np.array([f.offset(config) for f in features])
        self._scale = np.array([f.scale(config) for f in features])
        self._low = np.array([f.low for f in features])
        self._high = np.array([f.high for f in features])
        self.low = self._low.astype(np.float32)
        self.high = self._high.astype(np.float32)

    def encode(self, rows: FloatArray) -> Float32Array:
        """Observation of each path, a fresh array (n, n_features)."""
        out = np.empty((rows.shape[1], len(self.names)), dtype=np.float32)
        observe(
            rows,
            self._which,
            self._offset,
            self._scale,
            self._low,
            self._high,
            out,
        )
        return out
