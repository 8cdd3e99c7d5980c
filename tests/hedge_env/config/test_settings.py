"""Several `--set` at once: none is dropped without a word."""

import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.config.settings import parse_settings

BASE = {
    "a": {"b": 1, "c": 2, "d": {"e": 3}},
    "rows": [{"x": 1, "y": 2}, {"x": 3, "y": 4}],
    "m": {"model": "z", "b": 1},
}


def parsed(*settings, within=None):
    return parse_settings(settings, BASE, within)


@pytest.mark.parametrize(
    ("settings", "document"),
    [
        (["a.b=3", "a={c: 4}"], {"a": {"b": 3, "c": 4}}),
        (["a={c: 4}", "a.b=3"], {"a": {"b": 3, "c": 4}}),
        (["a={b: 4, c: 5}", "a.b=3"], {"a": {"b": 3, "c": 5}}),
        (["a.d.e=4", "a={d: {f: 5}}"], {"a": {"d": {"e": 4, "f": 5}}}),
        (["a={b: 3}", "a={c: 4}"], {"a": {"b": 3, "c": 4}}),
        (["a.b=3", "a={b: 4}"], {"a": {"b": 4}}),
        (["a.d={e: 4, f: 5}", "a={d: {e: 6}}"], {"a": {"d": {"e": 6, "f": 5}}}),
        (["a={model: x, b: 3}", "a={model: y}"], {"a": {"model": "y"}}),
        (["a={b: 3}", "a={model: y}"], {"a": {"model": "y"}}),
        (["a.model=x", "a.b=3", "a={model: x}"], {"a": {"model": "x", "b": 3}}),
        (["m.b=3", "m={model: z, c: 4}"], {"m": {"model": "z", "b": 3, "c": 4}}),
        (
            ["rows.0.x=9", "rows.0={y: 5}"],
            {"rows": [{"x": 9, "y": 5}, {"x": 3, "y": 4}]},
        ),
        (["rows.0.x=9", "rows=[{x: 8}]"], {"rows": [{"x": 8}]}),
        (["a.b=3", "a.b=4"], {"a": {"b": 4}}),
        (["a.b=3", "a.b=4", "a={b: 4}"], {"a": {"b": 4}}),
        (["a.d=null", "a.d.e=4"], {"a": {"d": {"e": 4}}}),
        (["a.n={}", "a.n.k=4"], {"a": {"n": {"k": 4}}}),
        (
            ["rows.0.x=9", "rows.0={y: 2, x: 9}"],
            {"rows": [{"x": 9, "y": 2}, {"x": 3, "y": 4}]},
        ),
        (["rows=[{x: 5}]", "rows.0.x=9"], {"rows": [{"x": 9}]}),
        (["rows.1={x: 5}", "rows.0.x=9"], {"rows": [{"x": 9, "y": 2}, {"x": 5}]}),
    ],
)
def test_settings_are_merged_in_their_order(settings, document):
    assert parsed(*settings) == document


@pytest.mark.parametrize(
    "settings",
    [
        ["a.b=3", "a={model: x, c: 4}"],
        ["a.b=3", "a=null"],
        ["a.b=null", "a=7"],
        ["a.d.e=4", "a={d: null}"],
        ["rows.0.y=9", "rows=[{x: 8}]"],
        ["rows.1.x=9", "rows=[{x: 8}]"],
    ],
)
def test_a_setting_that_drops_one_before_it_is_refused(settings):
    with pytest.raises(ConfigError) as caught:
        parsed(*settings)
    first, second = settings
    assert str(caught.value) == (
        f"--set {second} contradicts --set {first} before it; leave one of them out, "
        "or give the one with the longer key last"
    )


def test_a_key_may_begin_with_where_the_document_belongs():
    settings = ["env.a.b=3", "a.c=4", "env={a: {d: {e: 5}}}", "env.rows.1.x=6"]
    assert parsed(*settings, within="env") == {
        "a": {"b": 3, "c": 4, "d": {"e": 5}},
        "rows": [{"x": 1, "y": 2}, {"x": 6, "y": 4}],
    }
    assert parsed("env.a.b=3", "a.b=4", within="env") == {"a": {"b": 4}}
    assert parsed("env.a=3") == {"env": {"a": 3}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["env=3"], "--set env must be a mapping, as in env.KEY=VALUE"),
        (["env={}"], "--set env={} is an empty mapping, which changes nothing"),
        (["env={a: {}}"], "--set env.a={} is an empty mapping, which changes nothing"),
        (["env.a.d={}"], "--set env.a.d={} is an empty mapping, which changes nothing"),
        (["a.b=3", "env={a: 4}"], "--set env={a: 4} contradicts --set a.b=3 before it"),
    ],
)
def test_what_begins_with_it_is_refused_like_the_rest(settings, message):
    with pytest.raises(ConfigError) as caught:
        parsed(*settings, within="env")
    assert str(caught.value).startswith(message)


def test_a_config_has_both_settings():
    settings = ["execution.fee_bp=3", "execution={fixed_cost_bp: 1}"]
    execution = load_config("reference", settings=settings).execution
    assert (execution.fee_bp, execution.fixed_cost_bp) == (3.0, 1.0)
    assert load_config("reference", settings=settings[::-1]).execution == execution
