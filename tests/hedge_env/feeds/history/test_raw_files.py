"""Packing, encoding and what is no text."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError, MissingDependencyError
from hedge_env.feeds.files.columns import SPOT
from hedge_env.feeds.files.series_file import read_series
from tests.hedge_env.feeds.history.layout_files import INSTANTS, OPEN_BARS, OPENS, TIMES

EVERY = {name: text for name, (_, text) in (OPEN_BARS | INSTANTS).items()}
TEXT = EVERY["bars without a header"]
MARKED = INSTANTS["coingecko"][1]


def zipped(data: bytes, *names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("name", EVERY)
def test_every_layout_is_read_zipped_and_gzipped(name: str, tmp_path: Path) -> None:
    data = EVERY[name].encode()
    for packed in (gzip.compress(data), zipped(data, "a.csv")):
        path = tmp_path / "packed"
        path.write_bytes(packed)
        series = read_series(str(path), SPOT)
        np.testing.assert_array_equal(series.seconds, TIMES)
        np.testing.assert_allclose(series.values, OPENS, rtol=1e-12)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_encoding_and_end_of_line_is_read(
    encoding: str, end: str, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    name = "é" if encoding == "cp1252" else "e"
    text = MARKED.replace("market_cap", name).replace("\n", end)
    path.write_bytes(text.encode(encoding))
    np.testing.assert_array_equal(read_series(str(path), SPOT).values, OPENS)


REFUSED = {
    "half a gzip": (gzip.compress(TEXT.encode())[:-30], "is a damaged gzip file"),
    "half a zip": (zipped(TEXT.encode(), "a.csv")[:-40], "is a damaged zip archive"),
    "two files": (zipped(b"1", "a.csv", "b.csv"), "of 2 files (a.csv, b.csv)"),
    "a workbook": (zipped(b"1", "[Content_Types].xml", "xl/b.xml"), "Excel workbook"),
    "bzip2": (bz2.compress(TEXT.encode()), "packed with bzip2"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), "a picture"),
    "html": (b"<html><body>no</body></html>", "a page of HTML"),
    "nothing in it": (gzip.compress(b""), "is empty"),
    "half of parquet": (b"PAR1" + bytes(40), "damaged Parquet"),
    "packed and packed": (
        gzip.compress(gzip.compress(gzip.compress(b"1,2"))),
        "packed more than twice",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_text_is_named_as_what_it_is(name: str, tmp_path: Path) -> None:
    data, sentence = REFUSED[name]
    path = tmp_path / "p.csv"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_series(str(path), SPOT)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pipe_or_a_device_is_refused_and_never_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)  # opening it would wait for ever
    for path in (str(pipe), os.devnull):
        with pytest.raises(DataError, match="it is a pipe or device; give a file"):
            read_series(path, SPOT)


def test_parquet_is_read_with_polars_and_asks_for_it_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "p.parquet"
    frame = polars.DataFrame({"timestamp": TIMES, "open": OPENS})
    stamps = polars.from_epoch(frame["timestamp"], time_unit="s")
    for times in (frame["timestamp"], stamps, stamps.dt.replace_time_zone("UTC")):
        frame.with_columns(timestamp=times).write_parquet(path)
        series = read_series(str(path), SPOT)
        np.testing.assert_array_equal(series.seconds, TIMES)
        np.testing.assert_array_equal(series.values, OPENS)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingDependencyError, match="is a Parquet file, for which"):
        read_series(str(path), SPOT)
