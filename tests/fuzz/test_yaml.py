"""Whatever a YAML file holds, it is a config or one line that says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config, preset_text
from tests.fuzz.examples import assert_one_line, tries

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

# Pieces that mean something to YAML, to numbers or to terminals.
PIECES = st.sampled_from(
    [
        *("!!int '1:30'", "!!bool maybe", "!!python/object:os.system x", "! 5", "!x"),
        *("&a", "*a", "<<: *a", "|", ">", "[", "]", "{", "}", ": ", "- ", "? ", "\n"),
        *("0x10", "1e999", "-.inf", ".nan", "1_0", "0o7", "~", "yes", "²", "%", "---"),
        *('"\\Uffffffff"', '"\\ud800"', '"\\x1b[2J"', "\x00", "\x1b", "\t", "'", '"'),
        *("extends:", "market:", "spot", "book", "legs", "name:", "risk_aversion: "),
        *("9" * 5000, "[" * 200, "a: {" * 50, "\ufeff", "\u2028", "é", "\U0001f600"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from([1e308, -1e308, 5e-324, 10**400, 1e16, 0, -1, ""]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def leaves(document: Any, prefix: str = "") -> list[str]:
    if isinstance(document, dict):
        rows = [
            leaves(v, f"{prefix}.{k}" if prefix else k) for k, v in document.items()
        ]
        return [prefix] * bool(prefix) + [key for row in rows for key in row]
    return [prefix]


KEYS = leaves(load_config("ethereum-l1").model_dump(mode="json"))


def assert_config_or_one_line(*arguments: Any, **named: Any) -> None:
    try:
        config = load_config(*arguments, **named)
    except ConfigError as error:
        assert_one_line(str(error))
    else:
        assert isinstance(config, EnvConfig)
        assert config.name.isprintable()


@tries(300)
@given(text=st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
@example(text="market: {spot: !!bool maybe}")
@example(text="extends: ")
@example(text='"a\\x1b[2Jb": 1')
def test_a_made_up_file_is_a_config_or_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "made.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_config_or_one_line(path)


@tries(300)
@given(preset=st.sampled_from(PRESETS), data=st.data())
def test_a_damaged_preset_is_a_config_or_one_line(
    tmp_path: Path, preset: str, data: st.DataObject
) -> None:
    content = bytearray(preset_text(preset).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(PIECES.map(str.encode) | st.binary(max_size=3))
        content[at : at + data.draw(st.integers(0, 8))] = piece
    path = tmp_path / "damaged.yaml"
    path.write_bytes(bytes(content))
    assert_config_or_one_line(path)


@tries(300)
@given(key=st.sampled_from(KEYS), value=VALUES)
def test_any_value_of_any_key_is_a_config_or_one_line(key: str, value: Any) -> None:
    *outer, last = key.split(".")
    document: Any = {last: value}
    for part in reversed(outer):
        document = {part: document}
    assert_config_or_one_line("ethereum-l1", document)
    text = yaml.safe_dump(value, default_flow_style=True, width=10**9)
    assert_config_or_one_line("ethereum-l1", settings=[f"{key}={text}"])


@tries(200)
@given(setting=st.lists(PIECES | st.sampled_from(KEYS) | st.just("="), max_size=6))
@example(setting=["book.legs.²", "=", "1"])
@example(setting=["observation.features", "=", "[]"])
def test_any_setting_is_a_config_or_one_line(setting: list[str]) -> None:
    assert_config_or_one_line("reference", settings=["".join(setting)])
