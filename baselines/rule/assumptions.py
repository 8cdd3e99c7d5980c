"""What rules assume about the book they hedge, and how a book breaks it."""

from __future__ import annotations

from hedge_env.config import EnvConfig

MOST_OPTIONS = 10.0  # options per contract that `smoothed_delta` reads a book as


def why_nothing_to_hedge(config: EnvConfig) -> str | None:
    """Say that a book holds nothing, now or later; None if it holds something."""
    return None if _has_positions(config) else "the book holds no options"


def why_not_one_maturity(config: EnvConfig) -> str | None:
    """What keeps the time to the longest maturity from being that of all options."""
    if config.book.others:
        return f"the book holds a {config.book.others[0].kind}"
    if config.book.arrivals is not None:
        return "clients bring options of later maturities"
    days = {leg.maturity_days for leg in config.book.europeans if leg.quantity != 0.0}
    return f"the book has {len(days)} maturities" if len(days) > 1 else None


def why_not_one_option(config: EnvConfig) -> str | None:
    """What keeps a book from being options of one strike and one maturity."""
    maturity = why_not_one_maturity(config)
    strikes = {leg.moneyness for leg in config.book.europeans if leg.quantity != 0.0}
    others = config.book.others or config.book.arrivals is not None
    if others or len(strikes) < 2:
        return maturity
    text = f"the book has {len(strikes)} strikes"
    return text if maturity is None else text + maturity.replace("the book has", " and")


def why_not_a_few_options(config: EnvConfig) -> str | None:
    """As `why_not_one_option`, and more options per contract than are read."""
    count = sum(abs(leg.quantity) for leg in config.book.europeans)
    if count > MOST_OPTIONS:
        return (
            f"the book has {count:g} options per contract, of which it reads "
            f"{MOST_OPTIONS:g}; book.contracts makes a book large"
        )
    return why_not_one_option(config)


def why_something_to_hedge(config: EnvConfig) -> str | None:
    """Say that a book holds something; None if it holds nothing."""
    return "the book holds options" if _has_positions(config) else None


def _has_positions(config: EnvConfig) -> bool:
    legs = any(leg.quantity != 0.0 for leg in config.book.legs)
    return legs or config.book.arrivals is not None
