"""Writes a fitted market as a preset file whose comments say where it comes from."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_DIGITS = 4  # significant; more would feign a precision that no history gives
_WIDTH = 86


def preset_yaml(
    base: str,
    description: str,
    changes: Mapping[str, Any],
    errors: Mapping[str, float],
    remarks: Sequence[str],
) -> str:
    """YAML text of a preset.

    Args:
        base: Preset that it extends.
        description: One line.
        changes: What differs from the base, nested.
        errors: Dotted key -> standard error, which becomes a comment.
        remarks: Paragraphs of the comment at the top.
    """
    lines = []
    for remark in remarks:
        lines += [f"# {line}" for line in textwrap.wrap(remark, _WIDTH)]
    head = yaml.safe_dump({"description": description, "extends": base}, width=1000)
    lines += ["", head.rstrip(), ""]
    _append(lines, changes, errors, "", 0)
    return "\n".join(lines) + "\n"


def rounded(market: Mapping[str, Any]) -> dict[str, Any]:
    """The same with floats to the digits that are written."""
    return {key: _rounded(value) for key, value in market.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return rounded(value)
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _append(
    lines: list[str],
    values: Mapping[str, Any],
    errors: Mapping[str, float],
    prefix: str,
    depth: int,
) -> None:
    indent = "  " * depth
    for key, value in values.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping):
            lines.append(f"{indent}{key}:")
            _append(lines, value, errors, f"{dotted}.", depth + 1)
            continue
        comment = f" # +- {errors[dotted]:.2g}" if dotted in errors else ""
        lines.append(f"{indent}{key}: {_scalar(value)}{comment}")


def _scalar(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True).split("\n")[0]
