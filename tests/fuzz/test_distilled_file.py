"""Whatever a file of a formula holds, it is a rule or one line that says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedge_env.base.errors import ConfigError
from hedge_env.base.json_file import digest_of
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.distilled_file import (
    DISTILLED_FILE,
    DistilledFile,
    describe_band,
    distilled_bytes,
    read_distilled,
)
from hedge_env.baselines.distilled.terms import CONSTANT, FACTORS
from hedge_env.config.loading import load_config
from tests.baselines.distilled.test_terms import state
from tests.fuzz.examples import assert_one_line, tries
from tests.fuzz.test_policy_file import places
from tests.fuzz.test_yaml import VALUES

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

BAND = DistilledBand(
    DeadlineBand(),
    centre_sum=((CONSTANT, 0.1), (("gas", "time"), -0.4)),
    width_sum=((CONSTANT, 0.2), (("volatility",), 0.3)),
)
FORMULA = ("base", "base_params", "centre", "width")


def made() -> dict[str, Any]:
    file = DistilledFile(
        name="a formula",
        **describe_band(BAND),
        preset="reference",
        config=load_config("reference").model_dump(mode="json"),
        distilled_from={"name": "agent", "sha256": None},
        version="0",
        git_commit=None,
        date="2026-01-01",
    )
    document: dict[str, Any] = json.loads(distilled_bytes(file))
    return document


def assert_rule_or_one_line(path: Path) -> None:
    try:
        _, band = read_distilled(path)
    except ConfigError as error:
        assert_one_line(str(error), str(path))
        return
    edges = band.band(state(3, log_gas=[-4.0, 0.0, 4.0]))
    assert all(np.isfinite(edge).all() for edge in edges)
    assert band.fitted_in is not None
    assert band.fitted_in.replay is None or band.fitted_in.replay.spot is None


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / DISTILLED_FILE
    path.write_text(json.dumps(made()))
    assert read_distilled(path)[1] == BAND


@tries(300)
@given(data=st.data())
def test_a_changed_formula_with_a_right_digest_is_a_rule_or_one_line(
    tmp_path: Path, data: st.DataObject
) -> None:
    document = made()
    del document["sha256"]
    for _ in range(data.draw(st.integers(1, 2))):
        own = {key: document[key] for key in FORMULA}
        anywhere = document if data.draw(st.booleans()) else own
        *outer, last = data.draw(st.sampled_from(places(anywhere)))
        node = document
        for key in outer:
            node = node[key]
        node[last] = data.draw(VALUES | st.sampled_from([*FACTORS, "deadline-band"]))
    path = tmp_path / DISTILLED_FILE
    path.write_text(json.dumps({**document, "sha256": digest_of(document)}))
    assert_rule_or_one_line(path)


@tries(200)
@given(data=st.data())
def test_damaged_bytes_are_one_line(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(json.dumps(made()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.binary(max_size=6)
        )
    path = tmp_path / DISTILLED_FILE
    path.write_bytes(bytes(content))
    assert_rule_or_one_line(path)
