"""Everything the market kernels need, compiled from a config.

A process compiles its own section. Here is what belongs to sections besides the
market's, and what is a matter of several processes.
"""

from __future__ import annotations

from typing import Any

from hedge_env.config import EnvConfig
from hedge_env.market.engine.clock import clock_params
from hedge_env.market.engine.interval import interval_params
from hedge_env.market.engine.noise import draw_params
from hedge_env.market.engine.parts import PartsParams, parts_params
from hedge_env.market.engine.processes import PROCESSES, MarketParams
from hedge_env.market.liquidity import liquidity_params
from hedge_env.market.process import compile_process, step_length
from hedge_env.market.spot.cascades import CascadeParams
from hedge_env.market.spot.jumps import JumpParams
from hedge_env.market.spot.realised import RealisedParams
from hedge_env.market.spot.regime import RegimeParams, in_stress
from hedge_env.market.volatility.factors import VolatilityParams
from hedge_env.market.volatility.model_smiles import heston_table, sabr_params
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.special import exp


def market_params(config: EnvConfig) -> MarketParams:
    """Compile a config; years, fractions of notional and spot over its start."""
    episode, market, length = config.episode, config.market, step_length(config.episode)
    compiled: dict[str, Any] = {
        name: constants
        for name, process in PROCESSES.items()
        if (constants := compile_process(process, market, length)) is not None
    }
    half_life = config.observation.realised_half_life_days
    interval = interval_params(config.execution, episode.market_steps, market)
    parts = parts_params(market, interval)
    return MarketParams(
        parts=parts,
        draws=draw_params(lambda part: _is_on(part, parts, compiled)),
        liquidity=liquidity_params(market.liquidity),
        sabr=sabr_params(market),
        heston_smile=heston_table(config),
        usual_variance=usual_variance(
            compiled["volatility"],
            compiled["jumps"],
            compiled["cascades"],
            compiled["regime"],
            length.years,
        ),
        # Of sections besides the market's.
        clock=clock_params(episode),
        interval=interval,
        realised=RealisedParams(decay=half_life_decay(half_life, length.days)),
        **compiled,
    )


def _is_on(part: str, parts: PartsParams, compiled: dict[str, Any]) -> bool:
    """Whether the market has a part: by its flag, or as a process that is not off."""
    if part in parts._fields:
        return bool(getattr(parts, part))
    if compiled.get(part) is None:
        raise ValueError(
            f"a shock is drawn for {part!r}, which is neither a flag of PartsParams "
            "nor a process that compiles itself; name one of these in SHOCKS"
        )
    # What compiles itself has an `OFF`, which the protocol does not ask of others.
    off: object = PROCESSES[part].OFF  # type: ignore[attr-defined]
    return compiled[part] is not off


def usual_variance(
    volatility: VolatilityParams,
    jumps: JumpParams,
    cascades: CascadeParams,
    regime: RegimeParams,
    dt: float,
) -> float:
    """Mean variance of the long run, jumps included; seasons average to one [1/year].

    The mean of exp(2 x) of a normal factor x of variance v is exp(2 v). The shifts
    that jumps give the fast factor count as normal, and as if jumps did not cluster,
    and the factors as independent, as in `fair_variance_table`. SABR and Heston, which
    no SSVI surface quotes, have no use for it.
    """
    factors = (volatility.fast, volatility.slow, volatility.intraday)
    spread = sum(factor.sd**2 for factor in factors)
    diffusive = volatility.level**2 * float(exp(2.0 * spread))
    diffusive *= float(in_stress(regime.share, regime.volatility**2))
    return diffusive + cascades.mean * jumps.mean_square / dt
