r"""What an agent sees: bounded, scale-free features of the observable rows.

Every feature is a clipped affine function of one row,

.. math:: o = \mathrm{clip}((x - m) \cdot k, low, high)

with offset :math:`m` and scale :math:`k` from the config (a trader's scale: the
horizon's standard deviation for log moneyness, the market's typical level for
volatility and cost). Normalisation is therefore part of the environment, and no
running statistics have to be kept beside a saved policy.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.agent.features import FEATURES, OPTION_FEATURES
from hedge_env.base.errors import ConfigError, SimulationError
from hedge_env.base.field import FIELDS, ROWS, visible
from hedge_env.base.kernel import kernel
from hedge_env.base.types import Float32Array, FloatArray, IntArray
from hedge_env.config import EnvConfig, RiskAversionRange

DEFAULT: Final = "default"  # in a list of features: those of `default_features`
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
# Where there is what they tell of.
_WHERE_SHOWN: Final = (
    *("basis", "halted", "keeper_away", "margin_use"),
    *("rollup_stock", "rollup_room", "in_bridge"),
    *("range_place", "recentring_cost"),
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
    execution = config.execution
    if execution.venues or (spread_moves and execution.half_spread_bp > 0.0):
        names.append("proportional_cost")
    shown = {row.name for row in visible(config)}
    names += [name for name in _WHERE_SHOWN if name in shown]
    if config.execution.option is not None:
        names += ["vega", *OPTION_FEATURES]
    if isinstance(config.risk_aversion, RiskAversionRange):
        names.append("risk_aversion")
    names += [name for name in ("true_volatility",) if name in shown]
    return tuple(names)


def chosen_features(config: EnvConfig) -> tuple[str, ...]:
    """Features of a config in order, with `default` spelled out, each once."""
    chosen = config.observation.features
    default = default_features(config)
    if chosen is None:
        return default
    listed = [default if name == DEFAULT else (name,) for name in chosen]
    return tuple(dict.fromkeys(name for names in listed for name in names))


def _require_seen(name: str, config: EnvConfig) -> None:
    """Refuse a feature of a row that the config does not write, or does not show.

    Raises:
        ConfigError: In one line, with the setting it needs.
    """
    row = ROWS[FIELDS.index(FEATURES[name].observable)]
    if not row.is_present(config):
        raise ConfigError(
            f"observation.features: {name} belongs to {row.when}, which is off; set "
            f"{row.when} or leave it out"
        )
    if not row.is_seen(config):
        raise ConfigError(
            f"observation.features: {name} is hidden; set {row.seen} = true to show it"
        )


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
        self.names = chosen_features(config)
        for name in self.names:
            if name not in FEATURES:
                raise ConfigError(
                    f"observation.features: unknown feature {name!r}; known are "
                    f"{DEFAULT} and " + ", ".join(FEATURES)
                )
            _require_seen(name, config)
        features = [FEATURES[name] for name in self.names]
        self._which = np.array([FIELDS.index(f.observable) for f in features])
        self._offset = np.array([f.offset(config) for f in features])
        self._scale = np.array([f.scale(config) for f in features])
        self._low = np.array([f.low for f in features])
        self._high = np.array([f.high for f in features])
        self.low = self._low.astype(np.float32)
        self.high = self._high.astype(np.float32)

    def encode(self, rows: FloatArray) -> Float32Array:
        """Observation of each path, a fresh array (n, n_features).

        Raises:
            SimulationError: If one is no number.
        """
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
        good = np.isfinite(out)
        if not good.all():
            bad = [self.names[k] for k in np.flatnonzero(~good.all(axis=0))]
            raise SimulationError(
                f"{', '.join(bad)} of some paths is no number: the market of this "
                "config moves beyond what a number can hold; bring its volatility, "
                "drift and costs closer to a real market's"
            )
        return out
