"""The rows of the structure of arrays that everything else reads.

At each decision the state of `n` paths is a float64 array `(N_FIELDS, n)`. The
first `N_MARKET_FIELDS` rows belong to the market: no decision changes them, so a
recorded market is an array of them per decision. The others depend on what the
hedger holds. All are in internal units: years, fractions of notional, spot
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
    ("proportional_cost", "-", "fee plus half-spread per traded value"),
    ("impact_linear", "1/notional", "cost of a trade per squared value"),
    ("impact_sqrt", "1/sqrt(notional)", "cost of a trade per value^1.5"),
    ("gas_price", "gwei", "gas price now"),
    ("log_gas", "-", "log of gas price over its long-run median"),
    ("hour_sin", "-", "sine of the hour of day as an angle"),
    ("hour_cos", "-", "cosine of the hour of day as an angle"),
    ("funding_rate", "per settlement", "rate that would be settled now"),
    ("funding_accrued", "S_0", "paid per unit held since the last decision"),
    ("time_to_maturity", "year", "to the longest maturity"),
    ("time_fraction", "-", "share of the episode that is left"),
    ("step", "-", "decisions already taken"),
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
)

FIELDS: Final = tuple(name for name, _, _ in _MARKET + _POSITION)
UNITS: Final = {name: unit for name, unit, _ in _MARKET + _POSITION}
MEANINGS: Final = {name: meaning for name, _, meaning in _MARKET + _POSITION}
N_MARKET_FIELDS: Final = len(_MARKET)
N_FIELDS: Final = len(FIELDS)

# What no policy sees: how a cost was charged, not what it could know beforehand.
INTERNAL_FIELDS: Final = frozenset({"funding_accrued"})

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
    HOUR_SIN,
    HOUR_COS,
    FUNDING_RATE,
    FUNDING_ACCRUED,
    TIME_TO_MATURITY,
    TIME_FRACTION,
    STEP,
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
) = range(N_FIELDS)
