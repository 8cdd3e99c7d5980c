"""`--set KEY=VALUE`: settings with a dotted key and a YAML value, as one document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.config.documents import MAX_DEPTH, UNION_KEY, Document, parse_yaml

_ENTRY = re.compile("[0-9]{1,6}")  # not str.isdigit, for which ² is a digit
_NOTHING = object()  # no value, not even null


def parse_settings(
    settings: Sequence[str], base: Mapping[str, Any], within: str | None = None
) -> Document:
    """Turn `a.b=value` strings into one document.

    They are taken in their order: of one key that is set twice the last value holds,
    mappings are merged, and `a={c: 1}` leaves `a.b` as an earlier setting has it. A
    mapping that names another `model` replaces the earlier one, as it does in a file.

    Args:
        settings: Each a dotted key, `=`, and a YAML value. A number in the key picks
            an entry of a list, `book.legs.0.quantity=-2`.
        base: Where a list that is picked from is taken from.
        within: Where the document belongs; a key may begin with it, as in
            `env.execution.fee_bp=3`, and `env={...}` is all of the document.

    Raises:
        ConfigError: If a setting is not of this form, drops one before it, or is an
            empty mapping where there is a mapping already, which would change nothing.
    """
    document: Document = {}
    earlier: list[tuple[str, list[str]]] = []
    for setting in settings:
        key, parts, value = _parts_and_value(setting, within)
        below = _mapping_at(base, parts)
        _require_change(value, below, key)
        joined = _joined(_at(document, parts), value, below)
        document = _with_value(document, base, parts, joined, key)
        for other, longer in earlier:
            inside = len(longer) > len(parts) and longer[: len(parts)] == parts
            if inside and _at(document, longer) is _NOTHING:
                raise ConfigError(
                    one_line(
                        f"--set {setting} contradicts --set {other} before it; leave "
                        "one of them out, or give the one with the longer key last"
                    )
                )
        earlier.append((setting, parts))
    return document


def _parts_and_value(setting: str, within: str | None) -> tuple[str, list[str], Any]:
    """Key, its parts from the document on, and value of one setting."""
    key, equals, text = setting.partition("=")
    key = key.strip()
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts) or len(parts) > MAX_DEPTH:
        raise ConfigError(
            one_line(f"--set {setting}: write KEY=VALUE, as in execution.fee_bp=3")
        )
    value = parse_yaml(text, f"--set {key}")
    if parts[0] == within:
        parts = parts[1:]
        if not parts and not isinstance(value, Mapping):
            raise ConfigError(f"--set {key} must be a mapping, as in {key}.KEY=VALUE")
    return key, parts, value


def _mapping_at(base: Any, parts: Sequence[str]) -> Any:
    """What stands at a dotted key, if the way there is through mappings alone."""
    for part in parts:
        base = base.get(part) if isinstance(base, Mapping) else None
    return base


def _at(document: Any, parts: Sequence[str]) -> Any:
    """What stands at a dotted key, entries of lists included; `_NOTHING` if none."""
    for part in parts:
        if isinstance(document, list | tuple) and _ENTRY.fullmatch(part):
            document = dict(enumerate(document)).get(int(part), _NOTHING)
        elif isinstance(document, Mapping):
            document = document.get(part, _NOTHING)
        else:
            return _NOTHING
    return document


def _joined(present: Any, value: Any, base: Any) -> Any:
    """Two values of one key, of which the second is later.

    Args:
        present: The earlier one.
        value: The later one.
        base: What both change, where nothing says which `model` the earlier one is of.
    """
    if not (isinstance(present, Mapping) and isinstance(value, Mapping)):
        return value
    below = base if isinstance(base, Mapping) else {}
    model = present.get(UNION_KEY, below.get(UNION_KEY))
    if value.get(UNION_KEY, model) != model:
        return value
    later = {
        key: _joined(present.get(key), inner, below.get(key))
        for key, inner in value.items()
    }
    return {**present, **later}


def _require_change(value: Any, present: Any, key: str) -> None:
    """Refuse an empty mapping that would be merged into one that is there."""
    if not (isinstance(value, Mapping) and isinstance(present, Mapping)):
        return
    for name, inner in value.items():
        _require_change(inner, present.get(name), f"{key}.{name}")
    if not value:
        keys = ", ".join(map(str, present)) or "any that belongs there"
        raise ConfigError(
            one_line(
                f"--set {key}={{}} is an empty mapping, which changes nothing; set a "
                f"key of it, as in {key}.KEY=VALUE, with KEY one of: {keys}"
            )
        )


def _with_value(
    document: Any, base: Any, parts: Sequence[str], value: Any, key: str
) -> Any:
    """Copy of `document` with `value` at `parts`; lists are completed from `base`."""
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    rows = document if isinstance(document, list | tuple) else None
    if rows is None and _ENTRY.fullmatch(head) and isinstance(base, list | tuple):
        rows = base
    if rows is not None:
        if not _ENTRY.fullmatch(head) or int(head) >= len(rows):
            raise ConfigError(
                one_line(f"--set {key}: {head} is no entry of a list of {len(rows)}")
            )
        index = int(head)
        copy = list(rows)
        copy[index] = _with_value(copy[index], copy[index], rest, value, key)
        return copy
    mapping = dict(document) if isinstance(document, Mapping) else {}
    below = base.get(head) if isinstance(base, Mapping) else None
    mapping[head] = _with_value(mapping.get(head), below, rest, value, key)
    return mapping
