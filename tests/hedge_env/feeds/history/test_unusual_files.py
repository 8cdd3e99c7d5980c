"""Files as they arrive: damaged, edited by hand, of other vendors; read or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.columns import (
    FUNDING,
    GAS,
    IMPLIED_VOLATILITY,
    SPOT,
    SeriesKind,
)
from hedge_env.feeds.files.csv_file import read_csv
from hedge_env.feeds.files.reading import read_series_cells
from hedge_env.feeds.files.series_file import read_series
from tests.hedge_env.feeds.history.unusual import (
    BAR_HEAD,
    BARS,
    DAY,
    HOUR,
    OKX_HEAD,
    START,
    VALUES,
    closes,
    rows,
    stamp,
)

# name: text, kind, value of row i, moment of row 0, rows
READ: dict[
    str, tuple[str, SeriesKind, Callable[[int], float], datetime, timedelta, int]
] = {
    "footnote marks in the heading": (
        rows(
            "Date,Open*,High,Low,Close**\n",
            lambda t, i: f"{t:%Y-%m-%d},{i + 10},{i + 12},{i + 9},{i + 11}",
            step=DAY,
        ),
        *(SPOT, lambda i: i + 11.0, START + DAY, DAY, 48),
    ),
    "ten days of March, day first": (
        rows(
            "date,close\n", lambda t, i: f"{t:%d/%m/%Y},{VALUES[i]}", step=DAY, count=9
        ),
        *(SPOT, lambda i: VALUES[i], START + DAY, DAY, 9),
    ),
    "ten days of March, month first": (
        rows(
            "date,close\n", lambda t, i: f"{t:%m/%d/%Y},{VALUES[i]}", step=DAY, count=9
        ),
        *(SPOT, lambda i: VALUES[i], START + DAY, DAY, 9),
    ),
    "a clock eight hours ahead in the heading": (
        rows(
            "Time(UTC+8),Price\n",
            lambda t, i: f"{t + 8 * HOUR:%Y-%m-%d %H:%M:%S},{VALUES[i]}",
        ),
        *(SPOT, lambda i: VALUES[i], START, HOUR, 48),
    ),
    "a clock behind, among bars": (
        rows(
            "Date (GMT-05:00),Open,High,Low,Close\n",
            lambda t, i: (
                f"{t - 5 * HOUR:%Y-%m-%d %H:%M:%S}," + ",".join(map(str, BARS[i]))
            ),
        ),
        *(SPOT, lambda i: BARS[i][3], START + HOUR, HOUR, 48),
    ),
    "prices of a small currency, as large as Unix times": (
        rows("timestamp,close\n", lambda t, i: f"{stamp(t)},{VALUES[i] * 5e5:.0f}"),
        *(SPOT, lambda i: VALUES[i] * 5e5, START + HOUR, HOUR, 48),
    ),
    "a break within a note is no end of a row": (
        rows(
            "date,note,close\n",
            lambda t, i: f"{t:%Y-%m-%d %H:%M},a\u2028b\x85c,{VALUES[i]}",
        ),
        *(SPOT, lambda i: VALUES[i], START + HOUR, HOUR, 48),
    ),
    "the newest bar is not over": (
        rows(OKX_HEAD, lambda t, i: f"{closes(t, i)},{int(i < 47)}"),
        *(SPOT, lambda i: BARS[i][3], START + HOUR, HOUR, 47),
    ),
    "the rate that was paid, beside the predicted": (
        rows(
            "instId,fundingRate,realizedRate,fundingTime\n",
            lambda t, i: f"ETH,0.0002,{1e-5 * (i + 1):.5f},{stamp(t)}",
            step=8 * HOUR,
        ),
        *(FUNDING, lambda i: 1e-5 * (i + 1), START, 8 * HOUR, 48),
    ),
    "a typographic minus": (
        rows(
            "time,funding rate\n",
            lambda t, i: f"{t:%Y-%m-%d %H:%M},\u22120.{i + 10:04}%",
            step=8 * HOUR,
        ),
        *(FUNDING, lambda i: -1e-6 * (i + 10), START, 8 * HOUR, 48),
    ),
    "a ledger's negative": (
        rows(
            "time,funding rate\n",
            lambda t, i: f"{t:%Y-%m-%d %H:%M},0.{i + 10:04}-%",
            step=8 * HOUR,
        ),
        *(FUNDING, lambda i: -1e-6 * (i + 10), START, 8 * HOUR, 48),
    ),
    "midnight as the hour 24": (
        rows(
            "time,price\n",
            lambda t, i: (
                f"{t - HOUR:%Y-%m-%d} 24:00,{VALUES[i]}"
                if t.hour == 0
                else f"{t:%Y-%m-%d %H:%M},{VALUES[i]}"
            ),
        ),
        *(SPOT, lambda i: VALUES[i], START, HOUR, 48),
    ),
    "notes in another script": (
        rows(
            "date,note,price\n",
            lambda t, i: f"{t:%Y-%m-%d %H:%M},价格变化很大今天没有成交,{VALUES[i]}",
        ),
        *(SPOT, lambda i: VALUES[i], START, HOUR, 48),
    ),
    "an accountant's negative": (
        rows(
            "time,funding rate\n",
            lambda t, i: f"{t:%Y-%m-%d %H:%M},(0.{i + 10:04}%)",
            step=8 * HOUR,
        ),
        *(FUNDING, lambda i: -1e-6 * (i + 10), START, 8 * HOUR, 48),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_an_unusual_file_is_read_as_what_it_is(name: str, tmp_path: Path) -> None:
    text, kind, value, first, step, count = READ[name]
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8", newline="")
    cells = read_series_cells(read_csv(path), kind, closes=True)
    times = [stamp(first + i * step, 1) for i in range(count)]
    assert cells.seconds.tolist() == times
    expected = [value(i) for i in range(count)]
    assert cells.values.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def _hours_then_days() -> str:
    days = rows("", lambda t, i: closes(t, i), step=DAY, start=START + 2 * DAY)
    return rows(BAR_HEAD, closes) + days


# name: text, kind, words of the sentence
REFUSED: dict[str, tuple[str, SeriesKind, tuple[str, ...]]] = {
    "hours, then days": (
        *(_hours_then_days(), SPOT),
        ("spacing of rows changes", "24 h from 2024-03-03"),
    ),
    "weeks": (
        rows("date,close\n", lambda t, i: f"{t:%Y-%m-%d},{VALUES[i]}", step=7 * DAY),
        *(SPOT, ("a row every 168 hours; one a day is needed",)),
    ),
    "days or months": (
        rows(
            "date,close\n",
            lambda t, i: f"03/05/2024 {i // 2:02}:{i % 2 * 30:02},{i + 9}",
        ),
        *(SPOT, ("'03/05/2024 00:00'", "day/month or month/day")),
    ),
    "a quote that never closes": (
        rows(
            "time,close\n",
            lambda t, i: f"{stamp(t)},{chr(34) if i == 9 else ''}{i + 9}",
        ),
        *(SPOT, ("line 11", "quote")),
    ),
    "one line of a megabyte": (
        *("1709251200000,3000.5," * 50_000, SPOT),
        ("line 1", "characters in one line"),
    ),
    "prices beyond all prices": (
        rows("time,close\n", lambda t, i: f"{stamp(t)},{i + 1}e306"),
        *(SPOT, ("line 2", "1e+306 is too large for a price")),
    ),
    "an exchange's complaint": (
        *('{"code":-1121,"msg":"Invalid symbol."}', SPOT),
        ("'Invalid symbol.'",),
    ),
    "an exchange's complaint in a list": (
        *('{"error":["EQuery:Unknown asset pair"]}', SPOT),
        ("'EQuery:Unknown asset pair'",),
    ),
    "an exchange's complaint in an object": (
        *('{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"}}', SPOT),
        ("'Invalid params'",),
    ),
    "an exchange's complaint inside": (
        *('{"status":{"error_code":429,"error_message":"Rate Limit."}}', SPOT),
        ("'Rate Limit.'",),
    ),
    "gas for prices, though its column is a value": (
        rows(
            "Date(UTC),UnixTimeStamp,Value (Wei)\n",
            lambda t, i: f"{t.month}/{t.day}/{t.year},{stamp(t, 1)},{VALUES[i]:.0f}",
            step=DAY,
        ),
        *(SPOT, ("column 'value (wei)' is no price",)),
    ),
    "a pointer of Git LFS": (
        *("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", SPOT),
        ("pointer of Git LFS",),
    ),
    "escapes of a terminal": (
        rows("time,close\n", lambda t, i: f"{stamp(t)},\x1b[3{i}m"),
        *(SPOT, ("line 2 is not text", "control character 27")),
    ),
    "volumes for prices": (
        rows("date,volume\n", lambda t, i: f"{t:%Y-%m-%d %H:%M},{VALUES[i]}"),
        *(SPOT, ("column 'volume' is no price",)),
    ),
    "returns for prices": (
        rows("date,log_return\n", lambda t, i: f"{t:%Y-%m-%d %H:%M},0.0{i}"),
        *(SPOT, ("column 'log_return' is no price",)),
    ),
    "realised for implied": (
        rows("date,rv_30d\n", lambda t, i: f"{t:%Y-%m-%d},{50 + i}", step=DAY),
        *(IMPLIED_VOLATILITY, ("column 'rv_30d' is no implied volatility",)),
    ),
    "prices for implied volatility": (
        rows("date,price\n", lambda t, i: f"{t:%Y-%m-%d},{VALUES[i]}", step=DAY),
        *(IMPLIED_VOLATILITY, ("column 'price' is no implied volatility",)),
    ),
    "a year's rate for a settlement's": (
        rows("time,apr\n", lambda t, i: f"{t:%Y-%m-%d %H:%M},0.1{i}", step=8 * HOUR),
        *(FUNDING, ("column 'apr' is no funding rate",)),
    ),
    "the sum of eight hours at every hour": (
        rows("timestamp,interest_8h\n", lambda t, i: f"{stamp(t)},0.0001{i}"),
        *(FUNDING, ("column 'interest_8h' is no funding rate",)),
    ),
    "funding for gas": (
        rows("time,funding_rate\n", lambda t, i: f"{stamp(t)},0.0001{i}"),
        *(GAS, ("column 'funding_rate' is no gas price",)),
    ),
    "a zone whose clock is put back": (
        rows(
            "Date (Europe/Berlin),Price\n",
            lambda t, i: f"{t:%Y-%m-%d %H:%M},{VALUES[i]}",
        ),
        *(SPOT, ("'date (europe/berlin)' are not in UTC",)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_right_is_refused_in_one_true_sentence(
    name: str, tmp_path: Path
) -> None:
    text, kind, words = REFUSED[name]
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_series(str(path), kind)
    for word in words:
        assert word in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_line_is_counted_from_the_file_not_from_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('date,note,price\n2024-03-01,"a\nb",1\n2024-03-02,c,bad\n')
    with pytest.raises(DataError, match="line 4: 'bad' is no number"):
        read_series(str(path), SPOT)


def test_settlements_may_become_more_frequent(tmp_path: Path) -> None:
    slow = rows("time,funding_rate\n", lambda t, i: f"{stamp(t)},0.0001", step=8 * HOUR)
    later = START + 48 * 8 * HOUR
    fast = rows("", lambda t, i: f"{stamp(t)},0.00005", step=4 * HOUR, start=later)
    path = tmp_path / "f.csv"
    path.write_text(slow + fast)
    assert read_series(str(path), FUNDING).values.size == 96


def test_gaps_are_no_change_of_spacing(tmp_path: Path) -> None:
    kept = [i for i in range(48) if i % 3 != 1 and not 20 < i < 32]
    path = tmp_path / "p.csv"
    path.write_text(
        BAR_HEAD + "".join(closes(START + i * HOUR, i) + "\n" for i in kept)
    )
    assert read_series(str(path), SPOT).values.tolist() == [3000.0 + i for i in kept]
