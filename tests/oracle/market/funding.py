"""Funding of the perpetual future."""

from __future__ import annotations

from math import exp, floor

from hedge_env.config import MeanReverting
from tests.oracle.market.basis import log_basis
from tests.oracle.state import BP, State, mean_revert


def binance(premium: float, interest: float, clamp: float) -> float:
    """Premium, drawn to the interest by at most the clamp; Hyperliquid has the same."""
    return premium + max(-clamp, min(clamp, interest - premium))


def deribit(premium: float, interest: float, clamp: float) -> float:
    """Premium through the damper, as the exchange writes it."""
    return max(clamp, premium) + min(-clamp, premium)


def derive(premium: float, interest: float, clamp: float) -> float:
    """Premium plus interest, as in the contract."""
    return premium + interest


RULES = {
    "clamp": binance,
    "binance": binance,
    "deribit": deribit,
    "hyperliquid": binance,
    "derive": derive,
}


def funding_rate(world: State) -> float:
    """Premium through the rule, for a settlement."""
    funding = world.config.market.funding
    if funding is None:
        return 0.0
    premium = world.factors["premium"] + funding.premium_mean_bp * BP
    if funding.premium == "basis":
        premium = log_basis(world)
    premium += funding.return_response_bp * BP * world.trailing
    rule = RULES[funding.rule]
    rate = rule(premium, funding.interest_bp * BP, funding.clamp_bp * BP)
    if funding.cap_bp is not None:
        rate = min(funding.cap_bp * BP, max(-funding.cap_bp * BP, rate))
    if funding.period_hours is None:
        return rate
    return rate / (funding.period_hours / funding.settlement_hours)


def start_funding(world: State, z: list[float]) -> None:
    """Both factors of the premium from the long run."""
    funding, f = world.config.market.funding, world.factors
    f["premium_slow"] = 0.0 if funding is None else funding.premium_sd_bp * BP * z[8]
    f["premium_fast"] = 0.0 if funding is None else funding.fast_sd_bp * BP * z[10]
    f["premium"] = f["premium_slow"] + f["premium_fast"]


def move_funding(world: State, z: list[float], log_return: float) -> None:
    """Move the premium and settle; the spot has moved already."""
    funding = world.config.market.funding
    if funding is None:
        return
    total = 0.0
    for name, sd, hours, shock in (
        ("slow", funding.premium_sd_bp, funding.premium_half_life_hours, z[8]),
        ("fast", funding.fast_sd_bp, funding.fast_half_life_hours, z[10]),
    ):
        process = MeanReverting(half_life_days=hours / 24.0, sd=sd * BP)
        name = f"premium_{name}"
        world.factors[name] = mean_revert(
            world.factors[name], shock, process, world.days
        )
        total += world.factors[name]
    world.factors["premium"] = total
    world.trailing *= exp(-world.days / funding.trailing_days)
    world.trailing += log_return
    if funding.rule in ("deribit", "derive"):
        paid = funding_rate(world) / funding.settlement_hours * world.hours_per_step
        world.accrued += paid * exp(world.log_spot)
        return
    hour = funding.settlement_hours * (floor(world.hour / funding.settlement_hours))
    while hour <= world.hour + world.hours_per_step + 1e-9:
        if hour > world.hour + 1e-9:
            world.accrued += funding_rate(world) * exp(world.log_spot)
        hour += funding.settlement_hours
