"""The rows of the structure of arrays that everything else reads.

At each decision the state of `n` paths is a float64 array `(N_FIELDS, n)`. The
first `N_MARKET_FIELDS` rows belong to the market: no decision changes them, so a
recorded market is an array of them per decision. The others depend on what the
hedger holds. Where options are listed, rows after the `N_FIELDS` named here hold the
value, delta, gamma and vega of each, which belong to the market, and then the units
held of each. All are in internal units: years, fractions of notional, spot
relative to its start (`S / S_0`), holdings per contract.
"""

from __future__ import annotations

from typing import Final

_MARKET: Final = (
    # name, unit, meaning
    ("spot", "S_0", "price of the underlying"),
    ("book_value", "notional", "value of the book on the surface, negative if short"),
    ("delta", "-", "holdings that neutralise the book's Black-Scholes delta"),
    ("gamma", "1/S_0", "change of delta per unit of spot; positive if short gamma"),
    ("vega", "notional", "change of book value per unit of implied volatility"),
    ("log_moneyness", "-", "log of spot over the book's mean strike"),
    ("implied_volatility", "1/sqrt(year)", "at the money, longest maturity"),
    ("realised_volatility", "1/sqrt(year)", "exponentially weighted estimate"),
    ("true_volatility", "1/sqrt(year)", "diffusive volatility of the next step"),
    ("skew", "-", "slope of implied volatility in standardised log strike"),
    ("fixed_cost", "notional", "fixed cost of a transaction now, gas included"),
    ("mean_fixed_cost", "notional", "long-run mean of fixed_cost"),
    ("gas_cost", "notional", "gas part of fixed_cost"),
    ("half_spread", "-", "half-spread per traded value"),
    ("proportional_cost", "-", "fee, half-spread, mean sandwich loss"),
    ("impact_linear", "1/notional", "cost of a trade per squared value"),
    ("impact_sqrt", "1/sqrt(notional)", "cost of a trade per value^1.5"),
    ("gas_price", "gwei", "gas price now"),
    ("log_gas", "-", "log of gas price over its long-run median"),
    ("gas_season", "-", "part of log_gas that the hour of day gives"),
    ("hour_sin", "-", "sine of the hour of day as an angle"),
    ("hour_cos", "-", "cosine of the hour of day as an angle"),
    ("funding_rate", "per settlement", "rate that would be settled now"),
    ("funding_accrued", "S_0", "paid per unit held since the last decision"),
    ("time_to_maturity", "year", "to the longest maturity"),
    ("time_fraction", "-", "share of the episode that is left"),
    ("step", "-", "decisions already taken"),
)

# Written only where the part they belong to is on; see docs/execution.md.
_CONDITIONS: Final = (
    ("hedge_price", "S_0", "price of the hedge instrument"),
    ("basis", "-", "log of the hedge instrument's price over spot"),
    ("halted", "-", "1 while no orders are taken"),
    ("fill_price", "S_0", "price at which the last decision's trade filled"),
    ("fill_funding", "S_0", "funding accrued per unit until that fill"),
    ("order_fails", "-", "1 if an order sent now would fail"),
    ("sandwich_rate", "-", "loss per traded value of an order sent now"),
)

_POSITION: Final = (
    ("holdings", "-", "units of the hedge instrument held, per contract"),
    ("steps_since_trade", "-", "decisions since the last trade or the start"),
    ("risk_aversion", "1/notional", "lambda of the objective"),
    ("log_risk_aversion", "-", "natural logarithm of risk_aversion"),
    ("band_risk_aversion", "1/notional", "risk aversion g of the analytic band"),
    ("band_half_width", "-", "half-width of the analytic band"),
    ("band_inner", "-", "distance from delta to trade back to"),
    ("band_position", "-", "holdings minus delta, in half-widths"),
    ("hedge_error", "-", "holdings minus delta"),
    ("worth", "-", "risk left until maturity over the fixed cost of a trade"),
    ("margin_equity", "notional", "collateral plus profit of the hedge after cost"),
    ("margin_use", "-", "maintenance margin of what is held over equity"),
    ("margin_calls", "-", "positions closed by force so far"),
    ("margin_closed", "-", "units bought by force at this time"),
    # Of the listed option, if there is one; per unit. See option_holdings.py.
    ("option_price", "S_0", "value of the option listed now"),
    ("option_delta", "-", "change of its value per unit of spot"),
    ("option_gamma", "1/S_0", "change of its delta per unit of spot"),
    ("option_vega", "S_0", "change of its value per unit of implied volatility"),
    ("option_half_spread", "S_0", "cost of trading one of it"),
    ("option_holdings", "-", "units of it held, per contract"),
    ("option_limit", "-", "largest holdings of it, bought or sold"),
)

_ROWS: Final = _MARKET + _CONDITIONS + _POSITION
FIELDS: Final = tuple(name for name, _, _ in _ROWS)
UNITS: Final = {name: unit for name, unit, _ in _ROWS}
MEANINGS: Final = {name: meaning for name, _, meaning in _ROWS}
N_CERTAIN_FIELDS: Final = len(_MARKET)  # rows that every market writes
N_MARKET_FIELDS: Final = len(_MARKET) + len(_CONDITIONS)
N_FIELDS: Final = len(FIELDS)

# Shown where there is a listed option.
OPTION_FIELDS: Final = tuple(name for name in FIELDS if name.startswith("option_"))

# What no policy sees: how a cost was charged, not what it could know beforehand.
INTERNAL_FIELDS: Final = frozenset(
    {"funding_accrued", "fill_price", "fill_funding", "order_fails", "sandwich_rate"}
)

# Row numbers as plain integers, because kernels freeze module-level constants.
(
    SPOT,
    BOOK_VALUE,
    DELTA,
    GAMMA,
    VEGA,
    LOG_MONEYNESS,
    IMPLIED_VOLATILITY,
    REALISED_VOLATILITY,
    TRUE_VOLATILITY,
    SKEW,
    FIXED_COST,
    MEAN_FIXED_COST,
    GAS_COST,
    HALF_SPREAD,
    PROPORTIONAL_COST,
    IMPACT_LINEAR,
    IMPACT_SQRT,
    GAS_PRICE,
    LOG_GAS,
    GAS_SEASON,
    HOUR_SIN,
    HOUR_COS,
    FUNDING_RATE,
    FUNDING_ACCRUED,
    TIME_TO_MATURITY,
    TIME_FRACTION,
    STEP,
    HEDGE_PRICE,
    BASIS,
    HALTED,
    FILL_PRICE,
    FILL_FUNDING,
    ORDER_FAILS,
    SANDWICH_RATE,
    HOLDINGS,
    STEPS_SINCE_TRADE,
    RISK_AVERSION,
    LOG_RISK_AVERSION,
    BAND_RISK_AVERSION,
    BAND_HALF_WIDTH,
    BAND_INNER,
    BAND_POSITION,
    HEDGE_ERROR,
    WORTH,
    MARGIN_EQUITY,
    MARGIN_USE,
    MARGIN_CALLS,
    MARGIN_CLOSED,
    OPTION_PRICE,
    OPTION_DELTA,
    OPTION_GAMMA,
    OPTION_VEGA,
    OPTION_HALF_SPREAD,
    OPTION_HOLDINGS,
    OPTION_LIMIT,
) = range(N_FIELDS)
