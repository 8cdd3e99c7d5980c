"""Refuses sections that do not go together: execution, market, episode and replay."""

from __future__ import annotations

from hedge_env.config.sections.agent import ActionConfig
from hedge_env.config.sections.book import BookConfig
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.execution import ExecutionConfig
from hedge_env.config.sections.market import MarketConfig

_TOLERANCE = 1e-9  # of a market step


def check_execution(
    execution: ExecutionConfig, market: MarketConfig, episode: EpisodeConfig
) -> None:
    """Refuse what cannot be simulated together.

    Raises:
        ValueError: In one sentence that names the keys.
    """
    slices = execution.transactions
    if execution.latency_steps + slices - 1 > episode.market_steps and slices > 1:
        raise ValueError(
            f"execution.slicing.slices = {slices} with execution.latency_steps = "
            f"{execution.latency_steps} must be filled within episode.market_steps = "
            f"{episode.market_steps}, one slice each and one at the next decision; "
            "lower slices or raise market_steps"
        )
    if execution.latency_steps > episode.market_steps:
        raise ValueError(
            f"execution.latency_steps = {execution.latency_steps} must not exceed "
            f"episode.market_steps = {episode.market_steps}: a trade fills before the "
            "next decision"
        )
    _check_keeper(execution, episode)
    _check_chains(execution, market, episode)
    for number, venue in enumerate(execution.venues):
        if venue.gas > 0.0 and market.gas is None:
            raise ValueError(
                f"execution.venues.{number}.gas_units needs market.gas; use "
                "fixed_cost_bp for a constant cost per transaction"
            )
    for key in ("gas_units", "gas_cost_bp"):
        if getattr(execution, key) > 0.0 and market.gas is None:
            raise ValueError(
                f"execution.{key} needs market.gas; use execution.fixed_cost_bp "
                "for a constant cost per transaction"
            )
    if execution.instrument != "perp":
        for part, name in (
            (execution.margin, "execution.margin"),
            (market.basis, "market.basis"),
        ):
            if part is not None:
                raise ValueError(f"{name} needs execution.instrument = perp")
    _check_settlement(market, episode)
    _check_basis_moves(execution, market)
    _check_crowd(market)
    _check_surface(market)


def _check_settlement(market: MarketConfig, episode: EpisodeConfig) -> None:
    if market.settlement == "spot":
        return
    minutes, step = market.settlement_minutes, 60.0 * episode.hours_per_market_step
    if minutes > 60.0 * episode.decision_interval_hours:
        raise ValueError(
            f"market.settlement_minutes = {minutes:g} must not exceed the decision "
            f"interval, {60.0 * episode.decision_interval_hours:g} minutes: nobody "
            "decides while the mean is taken"
        )
    steps = minutes / step
    if steps > 1.0 and abs(steps - round(steps)) > _TOLERANCE:
        raise ValueError(
            f"market.settlement_minutes = {minutes:g} must be a multiple of the market "
            f"step, {step:g} minutes, or shorter than it; change it or "
            "episode.market_steps"
        )


def _check_keeper(execution: ExecutionConfig, episode: EpisodeConfig) -> None:
    """Refuse a keeper whose runs the grid does not have, or whose bill nobody knows."""
    if execution.keeper is None:
        return
    execution.keeper.check(episode)
    for is_on, off in (
        (bool(execution.venues), "execution.venues = []"),
        (execution.slicing is not None, "execution.slicing = null"),
    ):
        if is_on:
            raise ValueError(
                f"execution.keeper sends an order as one transaction: set {off}"
            )


def _check_chains(
    execution: ExecutionConfig, market: MarketConfig, episode: EpisodeConfig
) -> None:
    """Refuse fees without a gas price to follow, and a rollup that is paid none."""
    if market.fees is not None and market.gas is None:
        raise ValueError(
            "market.fees needs market.gas, which says what block space is worth"
        )
    rollup = execution.rollup
    if rollup is None:
        return
    if execution.instrument != "spot":
        raise ValueError(
            "execution.rollup moves the underlying itself: set execution.instrument "
            "= spot"
        )
    has = market.fees is not None and market.fees.rollup is not None
    if rollup.gas_units > 0.0 and not has:
        raise ValueError("execution.rollup.gas_units needs market.fees.rollup")
    has = market.fees is not None and market.fees.blob is not None
    if rollup.blob_gas > 0.0 and not has:
        raise ValueError("execution.rollup.blob_gas needs market.fees.blob")
    for number, bridge in enumerate(rollup.bridges):
        if bridge.gas_units > 0.0 and market.gas is None:
            raise ValueError(
                f"execution.rollup.bridges.{number}.gas_units needs market.gas; use "
                "fixed_cost_bp for a constant cost per transfer"
            )
    if rollup.latency_steps > episode.market_steps:
        raise ValueError(
            f"execution.rollup.latency_steps = {rollup.latency_steps} must not exceed "
            f"episode.market_steps = {episode.market_steps}: a trade fills before the "
            "next decision"
        )


def check_moved_range(
    book: BookConfig, execution: ExecutionConfig, action: ActionConfig
) -> None:
    """Refuse what a decision about a range of liquidity has no place beside.

    Raises:
        ValueError: In one sentence that names the keys.
    """
    keys = book.recentring_keys
    if not keys:
        return
    if len(keys) > 1:
        raise ValueError(
            f"{keys[1]} = policy, and {keys[0]} too: a policy decides about one range; "
            f"set {keys[1]} = rule"
        )
    for is_on, remedy, why in (
        (
            execution.option is not None,
            "execution.option = null",
            "an action has one further entry, for options or for a range",
        ),
        (
            execution.rollup is not None,
            "execution.rollup = null",
            "an action has one further entry, for a chain or for a range",
        ),
        (
            execution.n_shares > 0,
            "execution.split = optimal",
            "an action has further entries for venues or for a range",
        ),
        (
            execution.keeper is not None,
            "execution.keeper = null",
            "a keeper trades the hedge, and sees a range as it was",
        ),
        (
            action.mode == "discrete",
            "action.mode = band, band_free, band_edges or target",
            "a grid of holdings has no choice of a range",
        ),
    ):
        if is_on:
            raise ValueError(f"{keys[0]} = policy needs {remedy}: {why}")


def check_shares(execution: ExecutionConfig, action: ActionConfig) -> None:
    """Refuse a grid of holdings, which has no shares of venues.

    Raises:
        ValueError: In one sentence that names the keys.
    """
    if execution.n_shares > 0 and action.mode == "discrete":
        raise ValueError(
            "execution.split = policy needs action.mode = band, band_free, band_edges, "
            "target or ratio: a grid of holdings has no shares of venues"
        )


def _check_basis_moves(execution: ExecutionConfig, market: MarketConfig) -> None:
    """Refuse a basis that is to be moved, or paid for, where there is none."""
    if execution.moves_perpetual:
        if market.basis is None:
            raise ValueError(
                "execution.impact_on = perpetual parts the perpetual from spot: set "
                "market.basis, for example {sd_bp: 0}"
            )
        if execution.slicing is not None:
            raise ValueError(
                "execution.impact_on = perpetual is of an order that fills as a whole; "
                "set execution.slicing = null"
            )
    funding = market.funding
    if funding is not None and funding.premium == "basis" and market.basis is None:
        raise ValueError(
            "market.funding.premium = basis needs market.basis; set it, or "
            "market.funding.premium = process"
        )


def _check_surface(market: MarketConfig) -> None:
    if market.surface.model != "ssvi" or market.surface.sees != "depth":
        return
    if market.regime is None or market.regime.volatility_half_life_days is None:
        raise ValueError(
            "market.surface.sees = depth needs market.regime with "
            "volatility_half_life_days: without, stress is as deep as it gets at once; "
            "set them, or market.surface.sees = regime"
        )


def _check_crowd(market: MarketConfig) -> None:
    if market.crowd is not None and market.volatility.model == "heston":
        raise ValueError(
            "market.crowd does not go with volatility.model = heston; set "
            "market.crowd = null"
        )
    if market.crowd is None or market.jumps is None:
        return
    if (1.0 + market.crowd.cap) * market.jumps.mean_up >= 1.0:
        raise ValueError(
            f"market.crowd.cap = {market.crowd.cap} with market.jumps.mean_up = "
            f"{market.jumps.mean_up} gives jumps of infinite mean; lower one of them"
        )


def check_replayed(execution: ExecutionConfig, market: MarketConfig) -> None:
    """Refuse what recorded prices cannot answer to.

    Raises:
        ValueError: In one sentence that names the key.
    """
    for is_on, name in (
        (execution.permanent_impact > 0.0, "execution.permanent_impact = 0"),
        (
            market.funding is not None and market.funding.premium == "basis",
            "market.funding.premium = process",
        ),
        (market.crowd is not None, "market.crowd = null"),
        (market.contagion is not None, "market.contagion = null"),
        (execution.rollup is not None, "execution.rollup = null"),
        (market.fees is not None, "market.fees = null"),
    ):
        if is_on:
            raise ValueError(
                f"a replay of recorded prices needs {name}: they do not answer to "
                "trades, those of others are in them, and so are fees as they were"
            )
