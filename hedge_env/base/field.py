"""The rows of the structure of arrays that everything else reads.

At each decision the state of `n` paths is a float64 array `(N_FIELDS, n)`. The
first `N_MARKET_FIELDS` rows belong to the market: no decision changes them, so a
recorded market is an array of them per decision (unless it answers to decisions, see
`EnvConfig.answering_key`). The others depend on what the
hedger holds. Where options are listed, rows after the `N_FIELDS` named here hold the
value, delta, gamma and vega of each, which belong to the market, and then the units
held of each. All are in internal units: years, fractions of notional, spot
relative to its start (`S / S_0`), holdings per contract.

Each row is declared once, with its unit, its meaning, the setting without which it is
not written (`when`) and who may see it (`seen`; see `row_table.Row`). Its number is a
constant of this module, `field.SPOT`, which kernels freeze; the rest is read from

    ROWS              all rows, `Row(name, number, unit, meaning, when, seen)`
    present(config)   those that are written under a config
    visible(config)   those that a policy may see under it

A new row goes to the end of its part; nothing else is to be edited.
"""

from __future__ import annotations

from typing import Final

from hedge_env.base import row_table
from hedge_env.base.row_table import Row, RowTable

_table = RowTable()
# Settings that several rows belong to.
_BASIS, _LATENCY = "market.basis", "execution.fills_late"
_MARGIN, _OPTION = "execution.margin", "execution.option"
_KEEPER = "execution.keeper"
_VENUES = "execution.venues"
_FEES, _ROLLUP = "market.fees", "execution.rollup"
_RANGE = "book.recentred_by_policy"

# Of the market, in every one.
SPOT: Final = _table.row("S_0", "price of the underlying")
BOOK_VALUE: Final = _table.row(
    "notional", "value of the book on the surface, negative if short"
)
DELTA: Final = _table.row(
    "-", "holdings that neutralise the book's Black-Scholes delta"
)
GAMMA: Final = _table.row(
    "1/S_0", "change of delta per unit of spot; positive if short gamma"
)
VEGA: Final = _table.row(
    "notional", "change of book value per unit of implied volatility"
)
LOG_MONEYNESS: Final = _table.row("-", "log of spot over the book's mean strike")
IMPLIED_VOLATILITY: Final = _table.row("1/sqrt(year)", "at the money, longest maturity")
REALISED_VOLATILITY: Final = _table.row(
    "1/sqrt(year)", "exponentially weighted estimate"
)
TRUE_VOLATILITY: Final = _table.row(
    "1/sqrt(year)",
    "diffusive volatility of the next step",
    seen="observation.true_volatility",
)
SKEW: Final = _table.row("-", "slope of implied volatility in standardised log strike")
FIXED_COST: Final = _table.row(
    "notional", "fixed cost of a transaction now, gas included"
)
MEAN_FIXED_COST: Final = _table.row("notional", "long-run mean of fixed_cost")
GAS_COST: Final = _table.row("notional", "gas part of fixed_cost")
HALF_SPREAD: Final = _table.row("-", "half-spread per traded value")
PROPORTIONAL_COST: Final = _table.row("-", "fee, half-spread, mean sandwich loss")
IMPACT_LINEAR: Final = _table.row("1/notional", "cost of a trade per squared value")
IMPACT_SQRT: Final = _table.row("1/sqrt(notional)", "cost of a trade per value^1.5")
GAS_PRICE: Final = _table.row("gwei", "gas price now")
LOG_GAS: Final = _table.row("-", "log of gas price over its long-run median")
GAS_SEASON: Final = _table.row("-", "part of log_gas that the hour of day gives")
HOUR_SIN: Final = _table.row("-", "sine of the hour of day as an angle")
HOUR_COS: Final = _table.row("-", "cosine of the hour of day as an angle")
FUNDING_RATE: Final = _table.row("per settlement", "rate that would be settled now")
FUNDING_ACCRUED: Final = _table.row(
    "S_0", "paid per unit held since the last decision", seen=False
)
TIME_TO_MATURITY: Final = _table.row("year", "to the longest maturity")
TIME_FRACTION: Final = _table.row("-", "share of the episode that is left")
STEP: Final = _table.row("-", "decisions already taken")

# Of the market, where the part they belong to is on; see docs/execution.md.
HEDGE_PRICE: Final = _table.row("S_0", "price of the hedge instrument", when=_BASIS)
BASIS: Final = _table.row(
    "-", "log of the hedge instrument's price over spot", when=_BASIS
)
HALTED: Final = _table.row(
    "-", "1 while no orders are taken", when="execution.halt", stops=True
)
FILL_PRICE: Final = _table.row(
    "S_0", "price at which the last decision's trade filled", when=_LATENCY, seen=False
)
FILL_FUNDING: Final = _table.row(
    "S_0", "funding accrued per unit until that fill", when=_LATENCY, seen=False
)
ORDER_FAILS: Final = _table.row(
    "-", "1 if an order sent now would fail", when="execution.failure", seen=False
)
SANDWICH_RATE: Final = _table.row(
    "-",
    "loss per traded value of an order sent now",
    when="execution.sandwich",
    seen=False,
)
LIQUIDITY: Final = _table.row(
    "-", "half-spread and impact over those at reference liquidity", when=_VENUES
)
NOTIONAL_RATIO: Final = _table.row(
    "-", "notional of the episode over that of the config", when=_VENUES, seen=False
)
VENUE_LUCK: Final = _table.row(
    "-",
    "what befalls an order sent now, a digit of base 4 for each venue",
    when=_VENUES,
    seen=False,
)
KEEPER_AWAY: Final = _table.row(
    "-", "1 where the keeper does not run", when=_KEEPER, stops=True
)
KEEPER_COST: Final = _table.row(
    "notional", "what the keeper takes for a transaction now", when=_KEEPER
)
BASE_FEE: Final = _table.row("gwei", "base fee of the next block", when=_FEES)
BLOB_FEE: Final = _table.row("gwei", "fee of a unit of blob gas now", when=_FEES)
ROLLUP_FIXED_COST: Final = _table.row(
    "notional", "fixed cost of a transaction on the rollup, gas included", when=_ROLLUP
)
ROLLUP_GAS_COST: Final = _table.row("notional", "gas part of it", when=_ROLLUP)
ROLLUP_PROPORTIONAL_COST: Final = _table.row(
    "-", "fee and half-spread on the rollup", when=_ROLLUP
)
ROLLUP_HALF_SPREAD: Final = _table.row(
    "-", "half-spread per traded value on the rollup", when=_ROLLUP
)
ROLLUP_IMPACT: Final = _table.row(
    "1/notional", "cost of a trade there per squared value", when=_ROLLUP
)
ROLLUP_FAILS: Final = _table.row(
    "-", "1 if an order sent there now would fail", when=_ROLLUP, seen=False
)
ROLLUP_FILL_PRICE: Final = _table.row(
    "S_0",
    "price at which the last decision's trade there filled",
    when="execution.rollup_fills_late",
    seen=False,
)
VOLATILITY_FORECAST: Final = _table.row(
    "1/sqrt(year)",
    "of the hours ahead, from past returns",
    when="market.forecasts.volatility",
)
GAS_FORECAST: Final = _table.row(
    "-",
    "log of gas price some hours ahead over its long-run median",
    when="market.forecasts.gas",
)
# Of a range of liquidity that a policy moves, and of what moving it now would change.
RANGE_PLACE: Final = _table.row(
    "-",
    "way of log price from the centre of the range to an end; 1 at the upper one, -1 "
    "at the lower",
    when=_RANGE,
)
RECENTRING_DELTA: Final = _table.row(
    "-", "what moving the range now would add to delta", when=_RANGE
)
RECENTRING_GAMMA: Final = _table.row(
    "1/S_0", "what moving it now would add to gamma", when=_RANGE
)
RECENTRING_COST: Final = _table.row(
    "notional", "what moving it now would cost, swap and gas", when=_RANGE
)

# Of what is held and wanted.
HOLDINGS: Final = _table.row("-", "units of the hedge instrument held, per contract")
STEPS_SINCE_TRADE: Final = _table.row(
    "-", "decisions since the last trade or the start"
)
RISK_AVERSION: Final = _table.row("1/notional", "lambda of the objective")
LOG_RISK_AVERSION: Final = _table.row("-", "natural logarithm of risk_aversion")
BAND_RISK_AVERSION: Final = _table.row(
    "1/notional", "risk aversion g of the analytic band"
)
BAND_HALF_WIDTH: Final = _table.row("-", "half-width of the analytic band")
BAND_INNER: Final = _table.row("-", "distance from delta to trade back to")
BAND_POSITION: Final = _table.row("-", "holdings minus delta, in half-widths")
HEDGE_ERROR: Final = _table.row("-", "holdings minus delta")
WORTH: Final = _table.row(
    "-", "risk left until maturity over the fixed cost of a trade"
)

MARGIN_EQUITY: Final = _table.row(
    "notional",
    "collateral plus profit of what the account holds, after cost",
    when=_MARGIN,
)
MARGIN_USE: Final = _table.row(
    "-", "maintenance margin of what the account holds, over equity", when=_MARGIN
)
MARGIN_CALLS: Final = _table.row(
    "-", "decisions with a forced trade so far", when=_MARGIN
)
MARGIN_CLOSED: Final = _table.row(
    "-", "units bought by force at this time", when=_MARGIN
)

# Of the listed option, if there is one; per unit. See desk/option_trades.py.
OPTION_PRICE: Final = _table.row("S_0", "value of the option listed now", when=_OPTION)
OPTION_DELTA: Final = _table.row(
    "-", "change of its value per unit of spot", when=_OPTION
)
OPTION_GAMMA: Final = _table.row(
    "1/S_0", "change of its delta per unit of spot", when=_OPTION
)
OPTION_VEGA: Final = _table.row(
    "S_0", "change of its value per unit of implied volatility", when=_OPTION
)
OPTION_HALF_SPREAD: Final = _table.row("S_0", "cost of trading one of it", when=_OPTION)
OPTION_HOLDINGS: Final = _table.row("-", "units of it held, per contract", when=_OPTION)
OPTION_LIMIT: Final = _table.row(
    "-", "largest holdings of it, bought or sold", when=_OPTION
)

# Of two chains; see desk/places/. Bridges are two times three rows, one by one.
ROLLUP_HOLDINGS: Final = _table.row("-", "units held on the rollup", when=_ROLLUP)
IN_BRIDGE: Final = _table.row(
    "-", "units in the bridges, under way to either chain", when=_ROLLUP
)
HOME_STOCK: Final = _table.row(
    "-", "units that can be sold on the first chain now", when=_ROLLUP
)
HOME_ROOM: Final = _table.row(
    "-", "units that can be bought on the first chain now", when=_ROLLUP
)
ROLLUP_STOCK: Final = _table.row(
    "-", "units that can be sold on the rollup now", when=_ROLLUP
)
ROLLUP_ROOM: Final = _table.row(
    "-", "units that can be bought on the rollup now", when=_ROLLUP
)
BRIDGE_UNITS: Final = _table.row(
    "-",
    "units that the first bridge carries to the rollup; negative: from it",
    when=_ROLLUP,
)
BRIDGE_WAIT: Final = _table.row("-", "decisions until they arrive", when=_ROLLUP)
BRIDGE_ROOM: Final = _table.row(
    "notional", "value that the first bridge could take now", when=_ROLLUP
)
SECOND_BRIDGE_UNITS: Final = _table.row(
    "-", "units that the second bridge carries", when=_ROLLUP
)
SECOND_BRIDGE_WAIT: Final = _table.row("-", "decisions until they arrive", when=_ROLLUP)
SECOND_BRIDGE_ROOM: Final = _table.row(
    "notional", "value that the second bridge could take now", when=_ROLLUP
)

# Of who trades ahead; see venues/front_runner.py.
LEARNED: Final = _table.row(
    "-",
    "log of an adversary's guess over what it started from",
    when="execution.front_runner",
    seen=False,
)

# Of the accounts; see desk/batch.py.
NET_LOSS: Final = _table.row(
    "notional", "cost less profit of hedge and book since the start of the episode"
)

ROWS: Final = _table.declared(globals())
FIELDS: Final = tuple(row.name for row in ROWS)
UNITS: Final = {row.name: row.unit for row in ROWS}
MEANINGS: Final = {row.name: row.meaning for row in ROWS}
N_FIELDS: Final = len(ROWS)
N_MARKET_FIELDS: Final = HOLDINGS
# Rows that every market writes, whatever is switched on.
CERTAIN_ROWS: Final = tuple(row for row in ROWS[:N_MARKET_FIELDS] if not row.when)

# Shown where there is a listed option.
OPTION_FIELDS: Final = tuple(row.name for row in ROWS if row.when == _OPTION)

# Where one of these is positive, no order is taken.
STOPPING_ROWS: Final = tuple(row for row in ROWS if row.stops)

# What no policy sees: how a cost was charged, not what it could know beforehand.
INTERNAL_FIELDS: Final = frozenset(row.name for row in ROWS if row.seen is False)


def present(config: object, rows: tuple[Row, ...] = ROWS) -> tuple[Row, ...]:
    """Those of `rows` that are written under a config, an `EnvConfig`."""
    return row_table.present(rows, config)


def count_market_rows(config: object) -> int:
    """Leading rows of the market that hold all that are written under an `EnvConfig`.

    Rows keep their numbers: those between them that are not written are zero.
    """
    return 1 + present(config, ROWS[:N_MARKET_FIELDS])[-1].number


def visible(config: object) -> tuple[Row, ...]:
    """Rows that a policy may see under a config, an `EnvConfig`."""
    return tuple(row for row in ROWS if row.is_seen(config))
