"""Hedging problems of every kind, mended so that their sections fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from hedge_env.config import EnvConfig
from hedge_env.config.sections.execution import ONE_VENUE
from hedge_env.config.sections.market import GENERAL_VOLATILITY
from hedge_env.config.sections.onchain.rollup import ONE_CHAIN
from tests.fuzz.documents import Draw, document

_MOST_DECISIONS = 6
_MOST_STEPS = 4  # of the market, per decision
_ENDING = ("call", "put", "forward")


@dataclass(frozen=True)
class Case:
    """A problem, who plays it, and the seed of paths and actions."""

    config: dict[str, Any]
    n_envs: int
    autoreset_mode: str
    seed: int


@st.composite
def cases(draw: Draw, *, extreme: bool) -> Case:
    """Problems whose numbers are ordinary, or a few of them extreme."""
    config = document(draw, EnvConfig, extreme=extreme)
    _shorten(draw, config)
    market, execution = config["market"], config["execution"]
    _fit_volatility(draw, market)
    _fit_funding(market.get("funding") or {})
    _fit_margin(execution, config["book"])
    _fit_coins(execution, config["book"])
    _fit_venue(market, execution, config["episode"]["market_steps"])
    _fit_chains(market, execution, config["episode"]["market_steps"])
    _fit_keeper(draw, config["episode"], execution)
    _fit_others(market, execution)
    _fit_settlement(draw, market, config["episode"])
    _fit_times(draw, config, execution.get("option"))
    _fit_agent(draw, config, execution.get("option") is not None)
    mode = draw(st.sampled_from(("NextStep", "SameStep", "Disabled")))
    return Case(config, draw(st.integers(1, 5)), mode, draw(st.integers(0, 2**31)))


def _shorten(draw: Draw, config: dict[str, Any]) -> None:
    episode = config["episode"]
    episode["decisions"] = draw(st.integers(1, _MOST_DECISIONS))
    episode["market_steps"] = draw(st.integers(1, _MOST_STEPS))


def _fit_volatility(draw: Draw, market: dict[str, Any]) -> None:
    """Surfaces, jumps and seasons of the models that have them."""
    model, surface = market["volatility"]["model"], market["surface"]
    regime = market.get("regime") or {}
    if regime.get("volatility_half_life_days") is None:
        surface.pop("sees", None)
    if model in GENERAL_VOLATILITY:
        if surface["model"] not in ("flat", "ssvi"):
            market["surface"] = {"model": "flat"}
        return
    for part in ("jumps", "season", "regime"):
        market.pop(part, None)
    rare = 1 if model == "sabr" else 9  # Heston's table takes a second
    own = draw(st.integers(0, rare)) == 0
    market["surface"] = {"model": model if own else "flat"}
    if model == "heston":
        market.pop("crowd", None)


def _fit_others(market: dict[str, Any], execution: dict[str, Any]) -> None:
    """Forecasts of gas where there is gas, a premium of the basis where that is."""
    if market.get("gas") is None:
        (market.get("forecasts") or {}).pop("gas", None)
    if market.get("basis") is None:
        (market.get("funding") or {}).pop("premium", None)
        execution.pop("impact_on", None)
    hedgers = (market.get("contagion") or {}).get("hedgers") or {}
    if "gamma" in hedgers:  # else one move causes a larger one
        hedgers["gamma"] = 0.01 * abs(hedgers["gamma"])
    leveraged = (market.get("contagion") or {}).get("leveraged") or {}
    if "open_interest" in leveraged:  # else all of it closed moves spot by its value
        leveraged["open_interest"] *= 0.1


def _fit_funding(funding: dict[str, Any]) -> None:
    """No number that is in no formula of the rule."""
    strange = {"deribit": "interest_bp", "derive": "clamp_bp"}
    funding.pop(strange.get(funding.get("rule", "clamp"), ""), None)


def _fit_margin(execution: dict[str, Any], book: dict[str, Any]) -> None:
    """A portfolio margin for a book that it can revalue."""
    margin = execution.get("margin")
    if margin is not None and margin["model"] == "portfolio":
        kinds = {leg["kind"] for leg in book.get("legs", [])}
        if kinds - {"call", "put", "forward"} or book.get("margin") == "coin":
            execution.pop("margin")


def _fit_coins(execution: dict[str, Any], book: dict[str, Any]) -> None:
    """Coins for calls and puts alone: half of the books would be refused."""
    kinds = {leg["kind"] for leg in book.get("legs", [])}
    others = kinds - {"call", "put"} or execution.get("option") or book.get("arrivals")
    if book.get("margin") == "coin" and others:
        book.pop("margin")


def _fit_settlement(
    draw: Draw, market: dict[str, Any], episode: dict[str, Any]
) -> None:
    """A window of whole market steps, or within one."""
    minutes = 60.0 * episode.get("decision_interval_hours", 4.0)
    steps = episode["market_steps"]
    window = draw(st.sampled_from((0.4, 1.0, float(steps)))) * minutes / steps
    if market.get("settlement") == "twap" and 0.1 <= window <= 1440.0:
        market["settlement_minutes"] = window
    else:
        market.pop("settlement", None)


def _fit_venue(market: dict[str, Any], execution: dict[str, Any], steps: int) -> None:
    """Margin and basis of a perpetual, gas where there is any, fills in time."""
    margin = execution.get("margin")
    if margin is not None and margin["model"] == "isolated":
        initial = max(margin.get("initial", 0.1), 1e-5)
        margin["initial"] = initial
        margin["maintenance"] = min(margin.get("maintenance", 0.05), 0.5 * initial)
    if margin is not None or market.get("basis") is not None:
        execution["instrument"] = "perp"
    if market.get("gas") is None:
        execution.pop("gas_units", None)
        execution.pop("gas_cost_bp", None)
    _fit_venues(execution, has_gas=market.get("gas") is not None)
    late = execution.get("latency_steps", 0)
    execution["latency_steps"] = min(late, steps)
    slicing = execution.get("slicing")
    if slicing is not None or not execution.get("fee_bp"):
        execution.pop("fee_limit_bp", None)
    if slicing is not None:
        slicing["slices"] = min(max(slicing["slices"], 2), steps + 1)
        execution["latency_steps"] = min(late, steps + 1 - slicing["slices"])
        execution.pop("failure", None)


def _fit_venues(execution: dict[str, Any], *, has_gas: bool) -> None:
    """Nothing of a single venue beside a list, of which one fills every order."""
    venues = execution.get("venues") or []
    for key in ONE_VENUE.split() if venues else ():
        execution.pop(key, None)
    for venue in venues:
        if not has_gas:
            venue.pop("gas_units", None)
        if "improvement_bp" in venue:
            most = venue.get("half_spread_bp", 0.0)
            venue["improvement_bp"] = min(venue["improvement_bp"], most)
    if venues:
        venues.append({"kind": "order-book"})
    elif execution.get("split") == "policy":
        execution.pop("split")


def _fit_chains(market: dict[str, Any], execution: dict[str, Any], steps: int) -> None:
    """Fees that follow a price of gas, and a rollup beside one place to trade in."""
    if market.get("gas") is None:
        market.pop("fees", None)
    fees = market.get("fees") or {}
    if fees.get("blob") is not None:
        most = fees["blob"]["most"] = fees["blob"].get("target", 14) + 7
        given = fees["blob"].get("update_fraction", 0)
        fees["blob"]["update_fraction"] = max(given, 30_000 * most)
    rollup = execution.get("rollup")
    if rollup is None:
        return
    for key in [*ONE_CHAIN.split(), "split"]:
        execution.pop(key, None)
    execution["instrument"] = "spot"
    market.pop("basis", None)
    for part, key in (("rollup", "gas_units"), ("blob", "blob_gas")):
        if fees.get(part) is None:
            rollup.pop(key, None)
    rollup["latency_steps"] = min(rollup.get("latency_steps", 0), steps)
    _fit_treasuries(rollup, has_gas=market.get("gas") is not None)


def _fit_treasuries(rollup: dict[str, Any], *, has_gas: bool) -> None:
    """Bounds with the start between them, and no gas of bridges where there is none."""
    for limits in (rollup["inventory"], rollup["home"]):
        for key, sign in (("least", -1.0), ("most", 1.0)):
            if limits.get(key) is not None:
                limits[key] = sign * abs(limits[key])
    rollup["bridges"] = rollup.get("bridges", [])[:2]
    for bridge in rollup["bridges"]:
        if not has_gas:
            bridge.pop("gas_units", None)


def _fit_keeper(draw: Draw, episode: dict[str, Any], execution: dict[str, Any]) -> None:
    """Runs at decisions, on a market that is younger than the episode; no options."""
    if any(execution.get(key) for key in ("option", "venues", "slicing")):
        execution.pop("keeper", None)
    keeper = execution.get("keeper")
    if keeper is not None:
        hours = episode.get("decision_interval_hours", 4.0)
        keeper["interval_hours"] = draw(st.integers(1, 3)) * hours
        keeper["stale_hours"] = draw(st.integers(0, episode["decisions"] - 1)) * hours


def _fit_times(draw: Draw, config: dict[str, Any], option: Any) -> None:
    """Maturities that end at a decision or beyond the episode."""
    episode = config["episode"]
    days = episode.get("decision_interval_hours", 4.0) / 24.0
    decisions = episode["decisions"]
    legs = config["book"].setdefault("legs", [{"kind": "call"}])
    timed = [leg for leg in legs if leg["kind"] in _ENDING]
    for terms in [*timed, config["book"].get("arrivals")]:
        if terms is not None:
            places = (draw(st.integers(1, decisions)), decisions, 3.7 * decisions)
            terms["maturity_days"] = draw(st.sampled_from(places)) * days
    for leg in legs:
        _fit_endless(leg, days)
        if leg["kind"] == "rolled_call":
            leg["roll_days"] = draw(st.integers(1, decisions)) * days
        if leg["kind"] == "option_pool":
            _fit_pool(draw, leg, days)
    if option is not None:
        listed = min(option.get("roll_every") or decisions, decisions)
        option["roll_every"] = draw(st.sampled_from((None, listed)))
        listed = option["roll_every"] or decisions
        option["maturity_days"] = draw(st.integers(1, 3)) * listed * days


def _fit_pool(draw: Draw, leg: dict[str, Any], interval: float) -> None:
    """Boards at decisions that end before their options do, and no crowds."""
    every, boards = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    leg["board_days"] = every * interval
    leg["maturity_days"] = every * boards * interval
    leg["orders_per_day"] = min(leg.get("orders_per_day", 1.0), 19.0 / interval)


def _fit_endless(leg: dict[str, Any], interval: float) -> None:
    """A range that holds a price, payments at decisions."""
    low, high = leg.get("low"), leg.get("high")
    if low is not None and high is not None and low >= high:
        leg["high"] = 1.5 * low if low < 100.0 else None
    if leg.get("payments") is not None:
        leg["funding_days"] = min(max(leg["payments"] * interval, 1e-2), 1e3)
        leg["payments"] = max(round(leg["funding_days"] / interval), 1)
        if leg["payments"] > 48 or leg["funding_days"] < interval:
            leg["payments"] = None


def _fit_agent(draw: Draw, config: dict[str, Any], option: bool) -> None:
    """Bounds where they are needed, and an action mode that fits."""
    action = config["action"]
    excluded = ["discrete"] if option else ["ratio"]
    if config["execution"].get("split") == "policy":
        excluded.append("discrete")
    if action.get("mode") in excluded:
        action["mode"] = "target"
    if action.get("mode", "band") not in ("band", "band_free", "band_edges"):
        for centre in ("centre_vega", "centre_smile", "centre_funding"):
            action.pop(centre, None)
    kinds = {leg["kind"] for leg in config["book"]["legs"]}
    wide = kinds & {"amm", "power"} or config["book"].get("arrivals") is not None
    if wide or draw(st.booleans()):
        config["holdings"] = {"low": -2.0, "high": 3.0}
    else:
        config.pop("holdings", None)
    aversion = config.get("risk_aversion")
    if isinstance(aversion, dict):
        aversion["low"], aversion["high"] = sorted(aversion.values())
