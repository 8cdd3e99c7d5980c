"""Turn a validation error of a model into one line a user can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.config.documents import Located

Layer = tuple[str, Mapping[str, Any]]  # where values come from, and the values
ModelT = TypeVar("ModelT", bound=BaseModel)

_PLAIN_WORDS = {
    "Input should be": "must be",
    "Tuple should": "must",
    " after validation": "",
    "a valid ": "a ",
    "a integer": "a whole number",
    "an object": "a mapping",
    "a array": "a list",
    "a boolean": "true or false",
}
_TAG_KEYS = ("model", "kind")  # that tell the members of a union apart
_LONGEST_VALUE = 60  # characters of a wrong value that a message repeats


def validate(
    model: type[ModelT], document: Mapping[str, Any], layers: Sequence[Layer]
) -> ModelT:
    """Build a model from plain data, strictly: no text where a number is due.

    Args:
        model: The class to build.
        document: What to build it from.
        layers: Sources that `document` was merged from, weakest first; the error
            names the one that gave the wrong value.

    Raises:
        ConfigError: In one line: source, the line where it is a file, dotted key, what
            is wrong, what is allowed.
    """
    try:
        text = json.dumps(document, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"{layers[-1][0]}: not plain data: {error}"
        raise ConfigError(one_line(message)) from None
    try:
        # JSON, because its strict mode takes lists for tuples and 5 for 5.0.
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ConfigError(describe(error, model, document, layers)) from None
    except ArithmeticError:  # in a check that compares several numbers
        message = f"{layers[-1][0]}: a number is far too large or too small"
        raise ConfigError(message) from None


def describe(
    error: ValidationError,
    model: type[BaseModel],
    document: Mapping[str, Any],
    layers: Sequence[Layer],
) -> str:
    """One line about the first problem of a validation error; see `validate`."""
    problems = error.errors(include_url=False, include_context=True)
    problems.sort(key=_rank)
    first = problems[0]
    problems = [p for p in problems if _rank(p) <= max(_rank(first), 1)]
    path = _document_path(first, document)
    known = _known_keys(model, first["loc"][:-1])
    # What is missing has no source; what it is missing from has.
    parent = path[:-1] if first["type"] == "missing" else path
    at_top = first["type"] == "missing" and not parent  # of the document itself
    source, values = layers[0] if at_top else _source(parent, layers)
    line = _line(path, values)
    source += "" if line is None else f": line {line}"
    key = ".".join(path)
    text = f"{source}: {key}{' ' if key else ''}{_explain(first, known)}"
    others = {_document_path(p, document) for p in problems} - {path}
    if others:
        text += f" (and {len(others)} more)"
    return one_line(text)


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return `did you mean X?` for a close match, otherwise what is known."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(known)}" if known else "nothing is known here"


def _plain(value: Any) -> Any:
    """Make NumPy scalars, mappings and tuples fit for JSON."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} is no number, text, list or mapping")


def _rank(problem: ErrorDetails) -> int:
    """Order of problems: the one that explains the others comes first."""
    if problem["type"] == "extra_forbidden":
        return 0  # a misspelt key explains one that is missing
    # A union of a number and a mapping, which a list may be short for, reports what
    # the other form would need.
    is_mapping = isinstance(problem["input"], Mapping | list | tuple)
    # A list whose entries are wrong also counts as too short.
    echoes = problem["type"].endswith("_type") and is_mapping
    return 2 if echoes or problem["type"] in ("model_type", "too_short") else 1


def _document_path(
    problem: ErrorDetails, document: Mapping[str, Any]
) -> tuple[str, ...]:
    """Location of a problem without what is no key: tags of unions."""
    path: list[str] = []
    node: Any = document
    tagged: Any = None  # whose tag was passed: it may be the name of a key as well
    for part in problem["loc"]:
        tags = node if isinstance(node, Mapping) and node is not tagged else {}
        if part in [tags.get(key) for key in _TAG_KEYS]:
            tagged = node
            continue
        inside = isinstance(node, Mapping) and part in node
        if isinstance(node, list | tuple) and isinstance(part, int):
            inside = part < len(node)
        if inside:
            node = node[part]
            path.append(str(part))
    if problem["type"] == "missing":
        path.append(str(problem["loc"][-1]))
    return tuple(path)


def _source(path: Sequence[str], layers: Sequence[Layer]) -> Layer:
    """The strongest layer that reaches furthest along a path."""
    best, best_depth = layers[-1], -1
    for name, values in layers:
        node: Any = values
        depth = 0
        for part in path:
            if isinstance(node, Mapping) and part in node:
                node = node[part]
                depth += 1
            elif isinstance(node, list | tuple):
                depth += 1
                break
            else:
                break
        if depth >= max(best_depth, 1):
            best, best_depth = (name, values), depth
    return best


def _line(path: Sequence[str], values: Mapping[str, Any]) -> int | None:
    """Line of the last key of a path that a file has; None if it is of no file."""
    node: Any = values if isinstance(values, Located) else None
    line: int | None = None
    for part in path:
        if isinstance(node, Located) and part in node:
            line, node = node.lines[part], node[part]
        elif isinstance(node, list) and part.isdigit():
            node = node[int(part)]
        else:
            break
    return line


def _explain(problem: ErrorDetails, known: Sequence[str]) -> str:
    """What is wrong and what is allowed."""
    kind, message = problem["type"], problem["msg"]
    context = problem.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is unknown; {suggestion(str(problem['loc'][-1]), known)}"
    if kind == "missing":
        return "is missing"
    if kind == "union_tag_not_found":
        return f"needs the key {_tag_key(context)}"
    if kind == "union_tag_invalid":
        return f"must name a {_tag_key(context)}, one of {context['expected_tags']}"
    if kind == "value_error":
        return str(context.get("error", message))
    for technical, plain in _PLAIN_WORDS.items():
        message = message.replace(technical, plain)
    return f"{message}, not {_shown(problem['input'])}"


def _tag_key(context: Mapping[str, Any]) -> str:
    """Key that tells the members of a union apart."""
    return str(context["discriminator"]).strip("'")


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Keys that the models at a location have."""
    models = [model]
    for part in location:
        tagged = [m for m in models if part in _tags(m) or m.__name__ == part]
        if len(models) > 1 and tagged:
            models = tagged
            continue
        fields = [m.model_fields[part] for m in models if part in m.model_fields]
        if fields:
            models = [m for f in fields for m in _models_in(f.annotation)]
        else:
            models = tagged or models
    return sorted({name for m in models for name in m.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model class inside a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for inner in get_args(annotation) for m in _models_in(inner)]


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    """Values of the key that tells a union's members apart, by the name it has here."""
    names = [name for name in _TAG_KEYS if name in model.model_fields]
    return tuple(
        str(value)
        for name in names
        for value in get_args(model.model_fields[name].annotation)
    )
