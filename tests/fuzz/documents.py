"""Documents of any section of a config, made from the models themselves.

A key that is added to a model is tried from then on: its type says what it may be, its
bounds how far it may go. What several keys have to do with each other is mended
afterwards, see `problems`.
"""

from __future__ import annotations

from math import exp, log
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Draw = Any  # what hypothesis hands to a composite strategy

# Ordinary values of numbers that have no default, or one of zero, by key.
ORDINARY = {
    "half_life_days": 2.0,
    "sd": 0.3,
    "level": 0.7,
    "long_run_level": 0.6,
    "mean_reversion": 4.0,
    "volatility_of_variance": 1.5,
    "volatility_of_volatility": 1.0,
    "per_year": 50.0,
    "calm_days": 20.0,
    "stress_days": 5.0,
    "median_gwei": 20.0,
    "size": 0.05,
    "sd_bp": 20.0,
    "probability": 0.2,
    "loss_bp": 50.0,
    "move": 0.03,
    "collateral": 0.3,
    "depth": 1e5,
    "gas_units": 1e5,
    "return_response_bp": 30.0,
    "excitation": 0.5,
    "leverage": -0.3,
    "latency_steps": 1.0,
    "reserve": 1e6,
    "quoted_order": 0.05,
    "lot": 0.01,
    "maturity_days": 30.0,
    "low": 2.0,
    "high": 20.0,
    "missed": 0.1,
    "gas_premium": 0.3,
    "tip": 0.5,
    "discount": 0.1,
}
_LEFT_OUT = ("name", "description", "replay", "features", "report")  # text, or files
_SPREAD = 1.5  # of the logarithm of an ordinary number
_ODDS = 12  # one number in so many is extreme, where some are
_SMALL, _LARGE = 1e-12, 1e12  # what stands for no bound


def document(draw: Draw, model: type[BaseModel], *, extreme: bool) -> dict[str, Any]:
    """Values of some keys of a model; all that have no default are among them."""
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if name in _LEFT_OUT:
            continue
        needed = info.is_required() or name == "model" or _has_parts(info.annotation)
        if needed or draw(st.booleans()):
            values[name] = _value(draw, name, info, extreme)
    return values


def _has_parts(annotation: Any) -> bool:
    """Whether a key is a section: those are always there, unless they may be None."""
    inside = (annotation, *get_args(annotation))
    return any(isinstance(i, type) and issubclass(i, BaseModel) for i in inside)


def _value(draw: Draw, name: str, info: FieldInfo, extreme: bool) -> Any:
    allowed = info.annotation, tuple(info.metadata)
    base = ORDINARY.get(name, 1.0)
    default = info.get_default(call_default_factory=True)
    if isinstance(default, float | int) and not isinstance(default, bool) and default:
        base = float(default)
    return _of_type(draw, name, *allowed, base, extreme)


def _of_type(
    draw: Draw, name: str, annotation: Any, bounds: Any, base: float, extreme: bool
) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner, *more = arguments
        return _of_type(draw, name, inner, (*bounds, *more), base, extreme)
    if origin in (Union, UnionType):
        chosen = draw(st.sampled_from(arguments))
        return _of_type(draw, name, chosen, bounds, base, extreme)
    if origin is Literal:
        return draw(st.sampled_from(arguments))
    if origin is tuple:
        if arguments[-1] is not Ellipsis:  # as many as it says
            return [_of_type(draw, name, a, (), base, extreme) for a in arguments]
        several = range(draw(st.integers(1, 3)))
        inner = arguments[0]
        return [_of_type(draw, name, inner, (), base, extreme) for _ in several]
    if annotation is NoneType:
        return None
    if annotation is bool:
        return draw(st.booleans())
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return document(draw, annotation, extreme=extreme)
    if annotation in (int, float):
        return number(draw, bounds, base, whole=annotation is int, extreme=extreme)
    raise AssertionError(f"{name}: no strategy for {annotation!r}")


def number(
    draw: Draw, metadata: Any, base: float, *, whole: bool, extreme: bool
) -> float | int:
    """A number like `base`, or one from anywhere within its bounds."""
    low, high = _bounds(metadata)
    kind = draw(st.integers(0, _ODDS - 1)) if extreme else 1
    if kind == 0:
        value = draw(st.sampled_from([low, high, *_between(low, high)]))
    else:
        size = abs(base) * exp(draw(st.floats(-_SPREAD, _SPREAD)))
        value = -size if base < 0.0 or (low < 0.0 and draw(st.booleans())) else size
    value = min(max(value, low), high)
    return round(value) if whole else value


def _bounds(metadata: Any) -> tuple[float, float]:
    """Closest allowed numbers, of what `Field` says and what else may be inside."""
    low, high = -_LARGE, _LARGE
    for item in metadata:
        for rule in (item, *getattr(item, "metadata", ())):
            low = getattr(rule, "ge", low)
            high = getattr(rule, "le", high)
            if getattr(rule, "gt", None) is not None:
                low = rule.gt + max(abs(rule.gt) * 1e-9, _SMALL)
            if getattr(rule, "lt", None) is not None:
                high = rule.lt - max(abs(rule.lt) * 1e-9, _SMALL)
    return float(low), float(high)


def _between(low: float, high: float) -> list[float]:
    """Zero, and numbers of every size, of either sign."""
    sizes = [exp(log(_SMALL) + k * log(10.0)) for k in range(25)]
    inside = [x for size in sizes for x in (size, -size) if low <= x <= high]
    return [*inside, 0.0] if low <= 0.0 <= high else inside
