"""A hedging problem, which is everything together."""

from __future__ import annotations

from collections.abc import Collection
from math import sqrt
from typing import Any, get_args

from pydantic import model_validator

from hedge_env.config.compatibility import (
    check_execution,
    check_moved_range,
    check_replayed,
    check_shares,
)
from hedge_env.config.extremes import check_extremes
from hedge_env.config.model import Model, Remark, RiskAversion, Title
from hedge_env.config.sections.agent import (
    ActionConfig,
    ObservationConfig,
    RewardConfig,
    RiskAversionRange,
)
from hedge_env.config.sections.book import BookConfig, HoldingsConfig, limiting_deltas
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.execution import ExecutionConfig
from hedge_env.config.sections.margin import check_margin
from hedge_env.config.sections.market import MarketConfig
from hedge_env.config.sections.option import check_arrivals, check_option
from hedge_env.config.sections.replay import ReplayConfig, Series, check_recorded
from hedge_env.config.sections.report import ReportConfig


class EnvConfig(Model):
    """One hedging problem."""

    name: Title = "custom"
    description: Remark = ""
    episode: EpisodeConfig = EpisodeConfig()
    market: MarketConfig = MarketConfig()
    execution: ExecutionConfig = ExecutionConfig()
    book: BookConfig = BookConfig()
    holdings: HoldingsConfig = HoldingsConfig()
    observation: ObservationConfig = ObservationConfig()
    action: ActionConfig = ActionConfig()
    reward: RewardConfig = RewardConfig()
    replay: ReplayConfig | None = None  # None: the market is simulated
    report: ReportConfig = ReportConfig()
    risk_aversion: RiskAversion | RiskAversionRange = 10.0  # lambda [1/notional]

    @model_validator(mode="after")
    def _consistent(self) -> EnvConfig:
        for number, leg in enumerate(self.book.legs):
            leg.check(f"book.legs.{number}", self.episode)
        self._check_options()
        self._check_coin_margin()
        low, high = self.holdings_bounds
        if not low < high:
            raise ValueError(
                f"holdings.low = {low} must be below holdings.high = {high}; "
                "set both for a book whose delta cannot move"
            )
        self._check_start(low, high)
        check_execution(self.execution, self.market, self.episode)
        check_margin(self.execution.margin, self.book)
        check_moved_range(self.book, self.execution, self.action)
        check_shares(self.execution, self.action)
        self._check_order_sizes(high - low)
        check_extremes(self.market, self.execution, self.book, self.episode, high - low)
        if self.replay is not None:
            check_recorded(self.replay, self.market)
            check_replayed(self.execution, self.market)
        return self

    def _check_start(self, low: float, high: float) -> None:
        """Refuse holdings at the start that an order could not lead to."""
        start = self.holdings.start
        if start == 0.0:
            return
        if not low <= start <= high:
            raise ValueError(
                f"holdings.start = {start:g} must be from holdings.low = {low:g} to "
                f"holdings.high = {high:g}"
            )
        if self.execution.rollup is not None:
            raise ValueError(
                "holdings.start does not say on which of two chains it is held; set "
                "holdings.start = 0, or execution.rollup = null"
            )

    def _check_order_sizes(self, holdings_range: float) -> None:
        """Refuse a lot, or a least order, that leaves nothing to trade."""
        largest = holdings_range * self.book.contracts
        for key in ("lot", "least_order"):
            if getattr(self.execution, key) > largest:
                raise ValueError(
                    f"execution.{key} = {getattr(self.execution, key):g} units is more "
                    f"than the largest order, {largest:g} units: nothing could be "
                    "traded; lower it or raise book.contracts"
                )

    def _check_coin_margin(self) -> None:
        """Refuse what a book that is margined in the underlying does not know."""
        if self.book.margin == "quote":
            return
        horizon = self.episode.horizon_days
        reasons = {
            "book.arrivals": self.book.arrivals is not None,
            "execution.option": self.execution.option is not None,
            "positions other than calls and puts": bool(self.book.others),
            "an option that ends before the episode does": any(
                leg.maturity_days < horizon - 1e-9 for leg in self.book.europeans
            ),
        }
        for reason, holds in reasons.items():
            if holds:
                raise ValueError(
                    f"book.margin = coin does not go together with {reason}; remove "
                    "it, or use book.margin = quote"
                )

    def _check_options(self) -> None:
        """Refuse an option, orders or an action mode that do not fit the rest."""
        option, arrivals = self.execution.option, self.book.arrivals
        if option is not None:
            check_option(option, self.episode)
        if option is not None and self.execution.keeper is not None:
            raise ValueError(
                "execution.keeper trades no options: what it saw of them is not kept; "
                "remove it or execution.option"
            )
        if arrivals is not None:
            check_arrivals(arrivals, self.episode)
        bounds = self.holdings.low, self.holdings.high
        if arrivals is not None and None in bounds:
            raise ValueError(
                "holdings.low and holdings.high must be set with book.arrivals: what "
                "clients order has no bound"
            )
        if self.action.mode == "discrete" and option is not None:
            raise ValueError(
                "action.mode = discrete has no choice of options; use target, band, "
                "band_free, band_edges or ratio, or remove execution.option"
            )
        if self.action.mode == "ratio" and option is None:
            raise ValueError(
                "action.mode = ratio is a share of a trade in options; set "
                "execution.option"
            )

    def without_files(self) -> tuple[EnvConfig, tuple[Series, ...]]:
        """The same problem, naming no file, and which recorded series were named.

        For a config that came inside a file of results or of a policy, which may be
        anybody's: it must not choose what is opened on the machine it is read on.
        """
        if self.replay is None:
            return self, ()
        series = get_args(Series)
        given = tuple(s for s in series if getattr(self.replay, s) is not None)
        bare = self.replay.model_copy(update=dict.fromkeys(given))
        return self.model_copy(update={"replay": bare}), given

    def keys_in_use(self, section: str, known: Collection[str]) -> list[str]:
        """Keys of a section that are set to more than their default, but the known.

        Args:
            section: Dotted name, such as `market.volatility`; "": the config itself.
            known: Keys to leave out.

        Returns:
            Their names, in the order of the section; none of a section that is off.
        """
        model: Any = self
        for part in section.split(".") if section else ():
            model = getattr(model, part)
        fields = {} if model is None else type(model).model_fields
        return [
            name
            for name, field in fields.items()
            if name not in known
            and getattr(model, name) != field.get_default(call_default_factory=True)
        ]

    @property
    def risk_aversions(self) -> tuple[float, ...]:
        """What to measure at, rising: of a range, its ends and geometric middle."""
        setting = self.risk_aversion
        if not isinstance(setting, RiskAversionRange):
            return (float(setting),)
        middle = sqrt(setting.low * setting.high)
        return tuple(sorted({setting.low, middle, setting.high}))

    @property
    def n_instruments(self) -> int:
        """What can be traded: the underlying, and a listed option or a rollup."""
        execution = self.execution
        return 1 if execution.option is None and execution.rollup is None else 2

    @property
    def n_columns(self) -> int:
        """Columns of a target: holdings of every instrument, and what else is ordered.

        That is whether a range moves, or the shares of venues. Neither is holdings: a
        policy that gives none has ordered none.
        """
        ordered = len(self.book.recentring_keys) + self.execution.n_shares
        return self.n_instruments + ordered

    @property
    def answering_key(self) -> str | None:
        """The key by which the market's rows depend on decisions; None: they do not.

        Prices answer to trades, or what the book holds to an order about a range.
        """
        if self.execution.permanent_impact > 0.0:
            return "execution.permanent_impact"
        return next(iter(self.book.recentring_keys), None)

    @property
    def seen_age(self) -> int:
        """How old the market is that decisions are taken on, in decisions."""
        keeper = self.execution.keeper
        return 0 if keeper is None else keeper.decisions("stale_hours", self.episode)

    @property
    def longest_maturity_days(self) -> float:
        """Longest maturity of an option of the book, of clients or listed [day].

        Of a book that never ends, what its clock counts to.
        """
        struck = (self.book.arrivals, self.execution.option)
        days = [terms.maturity_days for terms in struck if terms]
        return max([self.book.clock_days(self.episode.horizon_days), *days])

    @property
    def holdings_bounds(self) -> tuple[float, float]:
        """Lowest and highest holdings per contract [-].

        The range, over spot, of the hedge of the payoff of the legs that are left:
        of all, and of those that are still alive once shorter ones have expired. A
        leg's hedge is 0 or -quantity for a call and quantity or 0 for a put. A listed
        option widens the range by its limit either way.
        """
        low = self.holdings.low
        high = self.holdings.high
        if low is None or high is None:
            lowest, highest = limiting_deltas(self.book)
            if self.execution.option is not None:  # what is held of it has a delta too
                lowest -= self.execution.option.limit
                highest += self.execution.option.limit
            low = lowest if low is None else low
            high = highest if high is None else high
        return low, high
