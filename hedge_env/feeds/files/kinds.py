"""What a file of history holds, told from its columns, then from its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hedge_env.feeds.files.columns import (
    FUNDING,
    GAS,
    IMPLIED_VOLATILITY,
    RISK_REVERSAL,
    SPOT,
    SeriesKind,
)
from hedge_env.feeds.files.csv_file import CsvFile
from hedge_env.feeds.files.layouts import layout_of

_WORDS: Final = (
    (FUNDING, {"funding", "fundingrate"}),
    (RISK_REVERSAL, {"reversal", "rr", "rr25", "skew"}),
    (GAS, {"gas", "gwei", "wei", "avggas", "gasprice"}),
    (
        IMPLIED_VOLATILITY,
        {"dvol", "iv", "implied", "volatility", "vol", "impliedvol", "vix"},
    ),
    (SPOT, {"price", "prices", "spot", "usd", "usdt"}),
)
_CHAINS: Final = (
    {"t", "f", "k", "iv"},
    {"instrument_name", "mark_price", "underlying_price"},
)
_BARS = 5  # columns of Deribit's answer about its volatility index


def is_chain(file: CsvFile) -> bool:
    """Whether a file holds an option chain."""
    return file.header is not None and any(c <= set(file.header) for c in _CHAINS)


def kind_of(file: CsvFile) -> SeriesKind:
    """What a file most likely holds; prices where nothing speaks for anything else."""
    kinds = (FUNDING, GAS)
    for kind in kinds:
        known = layout_of(file, kind.word) if file.header is not None else None
        if known is not None and kind.word in known.holds:
            return kind
    header = [] if file.header is None else file.header
    # A column "vol." of candles is a volume, and "usd" may be its unit.
    named = [name for name in header if not name.startswith("vol")]
    if "open" in header and not any("iv" in name.split("_") for name in header):
        named = []
    for texts in (named, [Path(file.source).name.lower()]):
        words = {word for text in texts for word in re.split(r"[^a-z0-9]+", text)}
        for kind, signs in _WORDS:
            if words & signs:
                return kind
    if header == [] and "JSON" in file.form and file.width == _BARS:
        return IMPLIED_VOLATILITY
    return SPOT
