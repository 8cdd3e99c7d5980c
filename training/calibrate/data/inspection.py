"""What a file of history is taken for, before anybody fits to it or replays it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hedge_env.base.errors import DataError
from hedge_env.base.types import FloatArray
from hedge_env.feeds.files import columns, units
from hedge_env.feeds.files.columns import SeriesKind
from hedge_env.feeds.files.csv_file import CsvFile, read_csv
from hedge_env.feeds.files.kinds import is_chain, kind_of
from hedge_env.feeds.files.reading import Reading, read_series_cells
from hedge_env.feeds.files.series_file import read_series
from hedge_env.feeds.history.gas_units import gas_unit
from hedge_env.feeds.history.settlements import fractions_paid, settlements_of
from hedge_env.feeds.history.spacings import runs_of_steps
from hedge_env.training.calibrate.data.chains import fit_chains
from hedge_env.training.calibrate.data.cleaning import clean
from hedge_env.training.calibrate.data.read_table import (
    FUNDING,
    GAS,
    IMPLIED,
    REVERSAL,
    SPOT,
    read_table,
)

KINDS = {
    columns.SPOT: ("spot", SPOT),
    columns.IMPLIED_VOLATILITY: ("implied_volatility", IMPLIED),
    columns.GAS: ("gas", GAS),
    columns.FUNDING: ("funding", FUNDING),
    columns.RISK_REVERSAL: ("risk_reversal", REVERSAL),
}
_LISTED = 5  # gaps
_RUN = 3  # equal steps that show how often a market settles


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        document: Of the contract layout, kind, rows, first, last, spacing_seconds,
            moment, unit, missing, repaired; and column, values, gaps, what
            `replay` and `calibrate` say about the file, None if they take it.
    """

    document: dict[str, Any] = field(default_factory=dict)


def inspect_file(path: Path) -> Inspection:
    """Read a file as a replay and a fit do.

    Raises:
        DataError: If neither can read it; in one sentence.
    """
    file = read_csv(path)
    if is_chain(file):
        return _chain(file, path)
    kind = kind_of(file)
    replay, (fit, of_fit) = _replay(path, kind), _fit(path, kind)
    if replay is not None and fit is not None:
        raise DataError(replay)
    found = _series(path, file, kind, {"replay": replay, "calibrate": fit})
    repaired = found.document["repaired"]
    repaired += [f"calibrate: {text}" for text in of_fit if text not in repaired]
    return found


def _series(
    path: Path, file: CsvFile, kind: SeriesKind, said: dict[str, str | None]
) -> Inspection:
    cells = read_series_cells(file, kind)
    good = np.isfinite(cells.seconds) & np.isfinite(cells.values)
    seconds = cells.seconds[good]
    values = cells.values[good] * (100.0 if cells.percent else 1.0)
    order = np.argsort(seconds, kind="stable")
    times = np.unique(seconds)
    gaps, missing = _gaps(times, cells.spacing, settled=kind.settled)
    return Inspection(
        {
            "file": str(path),
            "layout": cells.layout,
            "kind": KINDS[kind][0],
            "rows": int(good.sum()),
            "first": _iso(times[0]),
            "last": _iso(times[-1]),
            "spacing_seconds": cells.spacing,
            "moment": cells.moment,
            "unit": _unit(cells, kind, values),
            "missing": missing,
            "repaired": _repaired(
                cells, seconds, values, int((~good).sum()), settled=kind.settled
            ),
            "column": cells.column,
            "first_value": float(values[order[0]]),
            "last_value": float(values[order[-1]]),
            "gaps": gaps,
            **said,
        }
    )


def _replay(path: Path, kind: SeriesKind) -> str | None:
    """Why a replay refuses a file, None if it does not."""
    try:
        series = read_series(str(path), kind)
        if kind is columns.SPOT:
            units.prices(series)
        elif kind is columns.IMPLIED_VOLATILITY:
            units.implied_volatilities(series)
        elif kind is columns.GAS:
            units.gas_prices(series)
        elif kind is columns.FUNDING:
            found = settlements_of(series.seconds, min(3600, series.spacing))
            fractions_paid(series, found, series.values)
    except DataError as error:
        return str(error)
    return None


def _fit(path: Path, kind: SeriesKind) -> tuple[str | None, tuple[str, ...]]:
    """Why a fit refuses a file, however long it is, None if not; what it mends."""
    try:
        of_fit = KINDS[kind][1]
        cleaned = clean(read_table(path, of_fit), of_fit, least_days=0.0)
    except DataError as error:
        return str(error), ()
    return None, cleaned.remarks


def _gaps(
    times: FloatArray, spacing: float, *, settled: bool
) -> tuple[list[dict[str, Any]], int]:
    """The longest gaps, and how many times are missing in all."""
    if spacing <= 0.0:
        return [], 0
    due = np.full(times.size - 1, spacing)
    if settled:
        for first, _, step in runs_of_steps(times, _RUN):
            due[first:] = step
    lost = np.maximum(np.round(np.diff(times) / due) - 1.0, 0.0)
    longest = [i for i in np.argsort(-lost, kind="stable")[:_LISTED] if lost[i] > 0]
    found = [
        {"from": _iso(times[i]), "to": _iso(times[i + 1]), "missing": int(lost[i])}
        for i in longest
    ]
    return found, int(lost.sum())


def _unit(cells: Reading, kind: SeriesKind, values: FloatArray) -> str:
    if kind is columns.SPOT:
        return "quote currency"
    if cells.percent:
        return "percent"
    if kind is columns.GAS:
        if units.in_usd(cells.column):
            return "USD per transaction"
        paid = values[values > 0.0]
        return gas_unit(paid, cells.column)[0] if paid.size else "gwei"
    if kind is columns.FUNDING:
        return units.funding_unit(values)[0]
    return units.volatility_unit(np.abs(values))[0]


def _repaired(
    cells: Reading, seconds: FloatArray, values: FloatArray, bad: int, *, settled: bool
) -> list[str]:
    repaired = list(cells.remarks)
    if bad:
        repaired.append(f"{bad} rows without a readable time or value left out")
    steps = np.diff(seconds)
    if (steps < 0.0).any():
        order = "newest first" if (steps <= 0.0).all() else "out of order"
        repaired.append(f"rows are {order}: sorted by time")
    again = seconds.size - np.unique(seconds).size
    if again:
        known = np.unique(np.stack([seconds, values], axis=1), axis=0).shape[0]
        differ = known - np.unique(seconds).size
        but = f", {differ} of them with another value" if differ else ""
        repaired.append(f"{again} rows repeat a time{but}")
    if settled:
        runs = runs_of_steps(np.unique(seconds), _RUN)
        for (_, _, old), (_, _, new) in pairwise(runs):
            if old != new:
                text = f"{old / 3600.0:g} to {new / 3600.0:g} h"
                repaired.append(f"the time between settlements changes from {text}")
    return repaired


def _chain(file: CsvFile, path: Path) -> Inspection:
    smile = fit_chains([path])
    deribit = file.header is not None and "instrument_name" in file.header
    when = None
    if deribit and file.header is not None and "creation_timestamp" in file.header:
        stamps = file.column(file.header.index("creation_timestamp"))
        known = [float(text) / 1000.0 for text in stamps if text.isdigit()]
        when = _iso(min(known)) if known else None
    return Inspection(
        {
            "file": str(path),
            "layout": "Deribit option chain" if deribit else "option chain T, F, K, iv",
            "kind": "chain",
            "rows": len(file.rows),
            "first": when,
            "last": when,
            "spacing_seconds": None,
            "moment": "instant",
            "unit": "coin" if deribit else "fractions",
            "missing": len(file.rows) - smile.options,
            "repaired": list(file.form),
            "options": smile.options,
            "expiries": smile.expiries,
        }
    )


def _iso(seconds: float) -> str:
    time = datetime.fromtimestamp(float(seconds), tz=UTC)
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
