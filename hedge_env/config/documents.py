"""Configuration documents: reading YAML strictly, and merging.

YAML here has the decimal numbers, booleans and null of the 1.2 core schema on top of
PyYAML's safe loader: `1e-4` is a number (PyYAML alone makes it a string), `010` is ten,
only `true` and `false` are booleans. A key is a word as it is written, and a repeated
one is an error. Anchors are refused because a few bytes of them can grow to gigabytes,
tags (`!!int '1:30'`) because they read a text by other rules than these. A document
has a bounded depth and number of values, and knows the lines of its keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.base.files import NotRegularFileError, read_regular_file
from hedge_env.config.sections.funding import PLAIN_RULE, RULE_NUMBERS

MAX_FILE_BYTES = 1_000_000  # a config is a page of text; anything longer is a mistake
MAX_DEPTH = 32  # mappings and lists inside each other
MAX_VALUES = 50_000  # a book of a thousand legs has ten thousand
UNION_KEY = "model"  # names the member of a discriminated union
_RULE_KEY = "rule"  # of funding

Document: TypeAlias = dict[str, Any]


class Located(dict[str, Any]):
    """A mapping of a file, with the line of each key.

    Attributes:
        lines: Line of each key, from 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the rules above."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own form)

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        self._n_values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node; anchors, aliases, tags and what is too large are refused."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # untyped stub
        self._n_values += 1
        problem = _what_is_refused(event, self._depth, self._n_values)
        if problem:
            raise yaml.constructor.ConstructorError(
                None, None, problem, event.start_mark
            )
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def locate(self, node: Any) -> Located:
        """Build a mapping whose keys are distinct words."""
        found = Located()
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key in found:
                problem = "a key must be a word" if key is None else f"{key} is twice"
                raise yaml.constructor.ConstructorError(
                    None, None, f"{problem} in one mapping", key_node.start_mark
                )
            found[key] = self.construct_object(value_node, deep=True)
            found.lines[key] = key_node.start_mark.line + 1
        return found

    def whole_number(self, node: Any) -> int:
        """Build a decimal integer; PyYAML would take `010` for eight."""
        return int(node.value.replace("_", ""))


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _StrictLoader.locate)
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.whole_number)


def _what_is_refused(event: Any, depth: int, n_values: int) -> str:
    """Why a config cannot hold this, or nothing."""
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        return "anchors and aliases are not allowed"
    if event.tag is not None:
        return f"the tag {event.tag} is not allowed; write the plain value"
    if depth > MAX_DEPTH:
        return "nested too deeply to be a config"
    if n_values > MAX_VALUES:
        return f"more than {MAX_VALUES} values: too many to be a config"
    return ""


def _resolve(tag: str, pattern: str, first: str) -> None:
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first)
    )


_resolve("null", r"^(?:~|null|Null|NULL|)$", "~nN")
_StrictLoader.yaml_implicit_resolvers.setdefault("", []).append(
    ("tag:yaml.org,2002:null", re.compile(r"^$"))
)
_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("int", r"^[-+]?[0-9][0-9_]*$", "-+0123456789")
_resolve(
    "float",
    r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    "-+0123456789.",
)


def parse_yaml(text: str, source: str) -> Any:
    """Parse one YAML document; the error is one line that starts with `source`."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # a subclass of SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = (
            "" if mark is None else f" line {mark.line + 1}, column {mark.column + 1}"
        )
        problem = error.problem or error.context or "not valid YAML"
        raise ConfigError(one_line(f"{source}:{where}: {problem}")) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Of the last two kinds: a number of thousands of digits, "\\Uffffffff".
        raise ConfigError(one_line(f"{source}: not valid YAML: {error}")) from None
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply to be a config") from None


def read_document(path: Path) -> Document:
    """Read a YAML file that holds one mapping.

    Raises:
        ConfigError: If the file cannot be read, is too large, is not text, not YAML
            or not a mapping; the one-line message says which.
    """
    try:
        data = read_regular_file(path, MAX_FILE_BYTES)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except NotRegularFileError as error:
        raise ConfigError(f"{path} {error.strerror}; give a YAML file") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(one_line(f"{path} cannot be read: {reason}")) from None
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_FILE_BYTES} bytes: no config")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; give a YAML file") from None
    document = parse_yaml(text, str(path))
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold a mapping of keys to values")
    return document


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Document:
    """Merge `over` into a copy of `base`, mapping by mapping.

    Lists and scalars are replaced. A mapping that names another `model` replaces the
    one it meets, since the keys of the old model mean nothing to the new one. One that
    names another `rule` of funding drops the numbers of the old rule.
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            other = UNION_KEY in value and value[UNION_KEY] != old.get(UNION_KEY)
            merged[key] = merge({} if other else _without_rule(old, value), value)
        elif isinstance(value, Mapping):
            merged[key] = merge({}, value)
        else:
            merged[key] = value
    return merged


def _without_rule(old: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    """A mapping without what its rule of funding sets, if `over` names another."""
    if _RULE_KEY not in over or over[_RULE_KEY] == old.get(_RULE_KEY, PLAIN_RULE):
        return old
    return {key: value for key, value in old.items() if key not in RULE_NUMBERS}
