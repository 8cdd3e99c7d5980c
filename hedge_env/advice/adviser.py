"""Asks a policy what to do in a desk's present state."""

from __future__ import annotations

import numpy as np

from hedge_env.advice.advice import Advice, Risk
from hedge_env.advice.margin_account import carried
from hedge_env.advice.present_rows import PresentRows
from hedge_env.advice.state import DeskState
from hedge_env.advice.turning_points import turning_point
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.allocation.allocation_rule import AllocationRule
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.sections.venues import venue_names
from hedge_env.desk.observables import Observables, observable_index
from hedge_env.desk.orders import trades_of
from hedge_env.desk.step import step_params
from hedge_env.policies.learned_policy import LearnedPolicy
from hedge_env.policies.policy import Policy
from hedge_env.venues.cost_components import fee_limit
from hedge_env.venues.order_split import Split
from hedge_env.venues.route_quotes import quote_split
from hedge_env.venues.venue import impact_cost

# What only the state can say, and the key that says it.
_GIVEN = {
    "realised_volatility": "realised_volatility",
    "skew": "skew",
    "funding_rate": "funding_rate",
    "steps_since_trade": "decisions_since_trade",
    "net_loss": "net_loss",
}
_POSITION = {row.name for row in field.ROWS[field.HOLDINGS : field.WORTH + 1]}
_KNOWN = (
    {row.name for row in field.CERTAIN_ROWS}
    | _POSITION
    | {"hedge_price", "halted", "net_loss"}
    | {row.name for row in field.ROWS if row.when == "execution.margin"}
) - {"true_volatility", "funding_accrued"}
_SPOT_REACH, _GAS_REACH = 2.0, 100.0  # factors up and down that are searched


class Adviser:
    """One policy in one market.

    Args:
        policy: A rule or a saved policy.
        config: The market: venue, clock, risk scale, notional; its book is not used.
        risk_aversion: lambda if a state names none [1/notional]; None: the config's.

    Raises:
        ConfigError: If the policy needs what no state can say.
    """

    def __init__(
        self, policy: Policy, config: EnvConfig, *, risk_aversion: float | None = None
    ) -> None:
        if isinstance(policy, AllocationRule):
            raise ConfigError(
                f"{policy.name} manages an investment and hedges no book; take a rule "
                "that hedges"
            )
        if isinstance(policy, RememberingRule):
            raise ConfigError(
                f"{policy.name} remembers its earlier decisions, which a state does "
                "not hold; take a rule that looks at the present alone"
            )
        if isinstance(policy, LearnedPolicy) and policy.remembers:
            raise ConfigError(
                f"{policy.name} remembers what it saw earlier in the episode, which a "
                "state does not hold; take a policy that was trained without an LSTM"
            )
        foreign = [name for name in policy.inputs if name not in _KNOWN]
        if foreign:
            raise ConfigError(
                f"{policy.name} looks at {', '.join(foreign)}, which no state can say; "
                "take another policy"
            )
        _require_same_shares(policy, config)
        self.policy, self.config = policy, config
        self._present = PresentRows(config)
        self._index = observable_index(config)
        self._desk = step_params(config)
        self._orders = self._desk.orders
        own = config.risk_aversion if risk_aversion is None else risk_aversion
        self._risk_aversion = own if isinstance(own, float | int) else None

    def advise(self, state: DeskState, *, changes: bool = True) -> Advice:
        """The trade to make now.

        Args:
            state: The present.
            changes: Whether to look for the levels of spot and gas at which the answer
                is another one, which takes most of the time.

        Raises:
            ConfigError: If the policy needs what the state does not say.
        """
        self._require(state)
        rows = self._rows(state, np.array([state.spot]))
        target, trade, shares = self._decide(state, rows)
        scale, price = self._present.scale(state), self._price(rows)
        traded = float(trade[0])
        value = traded * price
        split = self._split(rows, value, state, shares)
        held = float(rows[field.HOLDINGS, 0])
        units, notional = scale.contracts, scale.notional
        fixed = float(rows[field.FIXED_COST, 0]) * notional
        return Advice(
            policy=self.policy.name,
            risk_aversion=float(rows[field.RISK_AVERSION, 0]),
            notional=notional,
            trade=traded * units,
            trade_value=value * notional,
            holdings=state.holdings,
            target=float(target[0]) * units,
            delta=float(rows[field.DELTA, 0]) * units,
            half_width=float(rows[field.BAND_HALF_WIDTH, 0]) * units,
            reason=self._reason(rows, float(target[0]), traded, units),
            cost=self._cost(rows, value, state, split) * notional,
            cost_basis=(
                fixed,
                float(rows[field.PROPORTIONAL_COST, 0]) / BASIS_POINT,
            ),
            risk_before=self._risk(rows, held, state, notional),
            risk_after=self._risk(rows, held + traded, state, notional),
            book_value=float(rows[field.BOOK_VALUE, 0]) * notional,
            changes=self._changes(state) if changes else {},
            venues=self._venues(split, notional),
            not_used=self._not_used(state),
        )

    def _not_used(self, state: DeskState) -> tuple[str, ...]:
        """Kinds of the market's own book, of which the state holds none."""
        held = {leg.kind for leg in state.legs}
        kinds = dict.fromkeys(one.kind for one in self.config.book.others)
        return tuple(kind for kind in kinds if kind not in held)

    def target(self, state: DeskState) -> float:
        """Units of the underlying that the policy asks for."""
        self._require(state)
        target, *_ = self._decide(state, self._rows(state, np.array([state.spot])))
        return float(target[0]) * self._present.scale(state).contracts

    def _require(self, state: DeskState) -> None:
        """Refuse a state that lacks something."""
        for name, key in _GIVEN.items():
            if name in self.policy.inputs and getattr(state, key) is None:
                raise ConfigError(
                    f"{key} is missing from the state: {self.policy.name} looks at it; "
                    f"add {key}, or take another policy"
                )
        for key in ("fee_bp", "half_spread_bp", "fixed_cost"):
            if self.config.execution.venues and getattr(state, key) is not None:
                raise ConfigError(
                    f"{key}: this market has several venues, each with its own costs; "
                    "leave it out, and set execution.venues where they are others"
                )
        has_gas = self.config.market.gas is not None
        if has_gas and state.gas_price is None and state.fixed_cost is None:
            raise ConfigError(
                "gas_price is missing from the state: gas is paid in this market; add "
                "gas_price in gwei, or fixed_cost in currency"
            )
        if self.config.execution.margin is not None and state.margin_equity is None:
            raise ConfigError(
                "margin_equity is missing from the state: this market has a margin "
                "account; add what it is worth in currency"
            )
        if not has_gas and state.gas_price is not None:
            raise ConfigError(
                "gas_price: no gas is paid in this market; give fixed_cost in currency "
                "instead, or a --preset with gas"
            )

    def _aversion(self, state: DeskState) -> float:
        """Risk aversion, one that the policy was trained for [1/notional]."""
        wanted = self._wanted_aversion(state)
        if not isinstance(self.policy, LearnedPolicy):
            return wanted
        metadata = self.policy.metadata
        if not metadata.is_trained_for(wanted):
            low, high = metadata.risk_aversions
            raise ConfigError(
                f"risk_aversion is {wanted:g} per notional, and {self.policy.name} was "
                f"trained for {'' if low == high else f'{low:g} to '}{high:g}: what it "
                "would do there is unknown; give one that it was trained for, or take "
                "another policy"
            )
        return wanted

    def _wanted_aversion(self, state: DeskState) -> float:
        """What the state asks for, or failing that the policy [1/notional]."""
        if state.risk_aversion is None:
            if self._risk_aversion is None:
                raise ConfigError(
                    "risk_aversion is missing from the state: the policy was made for "
                    "a range of it; add risk_aversion"
                )
            return float(self._risk_aversion)
        if state.risk_aversion_per == "notional":
            return state.risk_aversion
        return state.risk_aversion * self._present.scale(state).notional

    def _rows(
        self, state: DeskState, spots: FloatArray, gas: FloatArray | None = None
    ) -> FloatArray:
        return self._present.write(state, self._aversion(state), spots, gas)

    def _decide(
        self, state: DeskState, rows: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Target and trade of each column [-], and shares of venues where given."""
        contracts, execution = (
            self._present.scale(state).contracts,
            self.config.execution,
        )
        low, high = self._present.bounds(state)
        orders = self._orders._replace(
            low=low,
            high=high,
            lot=execution.lot / contracts,
            least=execution.least_order / contracts,
        )
        self.policy.reset(rows.shape[1])
        asked = self.policy.target(Observables(rows, self._index))
        n_shares = execution.n_shares
        shares = asked[0, -n_shares:] if 0 < n_shares < asked.shape[1] else None
        target = np.ascontiguousarray(asked[:, 0], dtype=np.float64)
        if not np.isfinite(target).all():
            raise ConfigError(
                f"the state is beyond what a number can hold: {self.policy.name} finds "
                "no target; bring spot, strikes and volatilities closer to real ones"
            )
        possible = carried(rows, target, orders, self._desk)
        trade = trades_of(rows, possible, orders) / rows[orders.price_row]
        return target, trade, shares

    def _price(self, rows: FloatArray) -> float:
        return float(rows[self._orders.price_row, 0])

    def _risk(
        self, rows: FloatArray, held: float, state: DeskState, notional: float
    ) -> Risk:
        r"""Variance of one interval, of length :math:`\tau`, the book's gamma included.

        .. math:: (y - \Delta)^2 S^2 \sigma^2 \tau + \Gamma^2 S^4 \sigma^4 \tau^2 / 2

        Source: the second moment of a quadratic function of a normal move; sigma is
        the realised volatility if the state says it, else the implied one.
        """
        row = field.REALISED_VOLATILITY
        row = field.IMPLIED_VOLATILITY if state.realised_volatility is None else row
        left = min(self._present.interval_years, float(rows[field.TIME_TO_MATURITY, 0]))
        move = float(rows[field.SPOT, 0] ** 2 * rows[row, 0] ** 2) * left
        error = held - float(rows[field.DELTA, 0])
        gamma = float(rows[field.GAMMA, 0])
        variance = error**2 * move + 0.5 * (gamma * move) ** 2
        aversion = float(rows[field.RISK_AVERSION, 0])
        return Risk(notional * float(np.sqrt(variance)), notional * aversion * variance)

    def _split(
        self,
        rows: FloatArray,
        value: float,
        state: DeskState,
        shares: FloatArray | None,
    ) -> Split | None:
        """Where an order goes; None if there is one venue, or no order."""
        if not self.config.execution.venues or value == 0.0:
            return None
        return quote_split(rows, value, self._present.routes(state), shares)

    def _venues(self, split: Split | None, notional: float) -> dict[str, float]:
        """Value to be traded at each venue in use [currency]; none if there is one."""
        if split is None:
            return {}
        names = venue_names(self.config.execution.venues)
        return {
            name: float(part) * notional
            for name, part in zip(names, split.parts, strict=True)
            if part > 0.0
        }

    def _cost(
        self, rows: FloatArray, value: float, state: DeskState, split: Split | None
    ) -> float:
        """Expected cost of trading `value` now [notional]."""
        if split is not None:
            return split.cost
        execution = self.config.execution
        fee = execution.fee_bp if state.fee_bp is None else state.fee_bp
        excess = fee * BASIS_POINT * abs(value) - fee_limit(execution)
        return _cost(rows, value) - max(0.0, excess)

    def _reason(
        self, rows: FloatArray, target: float, traded: float, units: float
    ) -> str:
        """Where the holdings stand, and what the policy wants."""
        held, delta, width = (
            float(rows[row, 0]) * units
            for row in (field.HOLDINGS, field.DELTA, field.BAND_HALF_WIDTH)
        )
        place = (
            f"{held:,.4f} units are {abs(held - delta):,.4f} "
            f"{'above' if held > delta else 'below'} delta; the analytic band reaches "
            f"{width:,.4f} either way"
        )
        if traded != 0.0:
            return f"{place}; {self.policy.name} wants {target * units:,.4f}"
        if target * units == held:
            return f"{place}; {self.policy.name} holds still"
        return (
            f"{place}; {self.policy.name} wants {target * units:,.4f}, but the order "
            "is below the least one, less than a lot, outside the range of the hedge, "
            "or more than the margin account carries"
        )

    def _changes(self, state: DeskState) -> dict[str, float | None]:
        """Levels of spot and gas at which the answer is another one."""

        def at_spot(spots: FloatArray) -> FloatArray:
            return np.sign(self._decide(state, self._rows(state, spots))[1])

        spot = state.spot
        found = {
            "spot_below": turning_point(at_spot, spot, spot / _SPOT_REACH),
            "spot_above": turning_point(at_spot, spot, spot * _SPOT_REACH),
        }
        gas = state.gas_price
        if not gas:
            return found
        present: FloatArray = np.full(65, spot)

        def at_gas(prices: FloatArray) -> FloatArray:
            rows = self._rows(state, present[: prices.size], prices)
            return np.sign(self._decide(state, rows)[1])

        found["gas_below"] = turning_point(at_gas, gas, gas / _GAS_REACH)
        found["gas_above"] = turning_point(at_gas, gas, gas * _GAS_REACH)
        return found


def _require_same_shares(policy: Policy, config: EnvConfig) -> None:
    """Refuse a policy that shares orders out over other venues than there are."""
    if not isinstance(policy, LearnedPolicy):
        return
    own = policy.config.execution.n_shares
    if own not in (0, config.execution.n_shares):
        raise ConfigError(
            f"{policy.name} splits orders over {own} venues, and this market asks for "
            f"{config.execution.n_shares} shares; give the market that it was trained "
            "in, with execution.split = policy, or take another policy"
        )


def _cost(rows: FloatArray, value: float) -> float:
    """Expected cost of trading `value` now, of `venues/venue` [notional]."""
    if value == 0.0:
        return 0.0
    size = abs(value)
    rate, fixed, linear, root = (
        float(rows[row, 0])
        for row in (
            field.PROPORTIONAL_COST,
            field.FIXED_COST,
            field.IMPACT_LINEAR,
            field.IMPACT_SQRT,
        )
    )
    return rate * size + fixed + impact_cost(size, linear, root)
