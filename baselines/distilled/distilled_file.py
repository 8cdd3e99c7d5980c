"""The file that `hedge distill` writes, and that every command takes as a policy.

It holds a formula as data: a rule by its name, its parameters, and weighted terms out
of a closed list. Nothing in it is run or opened. A digest over the whole shows damage.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.base.json_file import digest_of, read_json_object
from hedge_env.baselines.distilled.distilled_band import (
    BASES,
    MOST_TERMS,
    DistilledBand,
)
from hedge_env.baselines.distilled.terms import Weighted
from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.config import EnvConfig

__all__ = [
    "DISTILLED_FILE",
    "DistilledFile",
    "describe_band",
    "distilled_bytes",
    "read_distilled",
]

DISTILLED_FILE = "distilled.json"
_MOST_BYTES = 1_000_000
_LARGEST = 100.0  # size of a parameter that is not tuned
_REMEDY = "make it again with hedge distill"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TermEntry(_Model):
    """A weighted product of numbers of the state; without any, a constant."""

    factors: Annotated[tuple[str, ...], Field(max_length=2)]
    weight: Annotated[float, Field(ge=-1e3, le=1e3)]

    def weighted(self) -> Weighted:
        """As a distilled band has it."""
        return self.factors, self.weight


Terms = Annotated[tuple[TermEntry, ...], Field(max_length=MOST_TERMS)]


class DistilledFile(_Model):
    """A formula, where it is from, and what it is worth."""

    format: Literal["hedge-distilled-1"] = "hedge-distilled-1"
    name: Annotated[str, Field(max_length=200)]
    base: str
    base_params: dict[str, float | int | str]
    centre: Terms
    width: Terms
    formula: tuple[str, ...]  # for readers: what counts are the numbers above
    preset: str
    config: dict[str, Any]  # resolved, without names of files
    recorded: tuple[str, ...] = ()
    distilled_from: dict[str, str | None]
    kept: tuple[dict[str, Any], ...] = ()
    version: str
    git_commit: str | None
    date: str

    def band(self) -> DistilledBand:
        """The formula as a rule.

        Raises:
            ValueError: If formula or config is none of this version.
        """
        return DistilledBand(
            _base(self.base, self.base_params),
            tuple(entry.weighted() for entry in self.centre),
            tuple(entry.weighted() for entry in self.width),
            fitted_in=EnvConfig.model_validate(self.config).without_files()[0],
            recorded=self.recorded,
        )


def _base(name: str, given: Mapping[str, float | int | str]) -> BandRule:
    """The rule of a formula, every parameter of its type and within its range."""
    if name not in BASES:
        raise ValueError(f"{name} is no rule with a band that can be moved")
    rule = BASES[name]
    known = {own.name: own.default for own in fields(rule)}
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{name} has no parameter {key}")
        is_text = isinstance(known[key], str)
        allowed = rule.parameters.get(key)
        low, high = (
            (-_LARGEST, _LARGEST) if allowed is None else (allowed.low, allowed.high)
        )
        if isinstance(value, str) or is_text:
            if not (isinstance(value, str) and is_text):
                raise ValueError(f"{name}: {key} is of another kind than {value!r}")
        elif not low <= value <= high:
            raise ValueError(f"{name}: {key} = {value} is out of range")
    arguments: dict[str, Any] = dict(given)
    return rule(**arguments)


def describe_band(band: DistilledBand) -> dict[str, Any]:
    """The keys of a file that are the formula."""

    def entries(terms: tuple[Weighted, ...]) -> list[dict[str, Any]]:
        return [{"factors": list(term), "weight": weight} for term, weight in terms]

    base = band.base
    given = {own.name: getattr(base, own.name) for own in fields(base)}
    return {
        "base": base.name,
        "base_params": given,
        "centre": entries(band.centre_sum),
        "width": entries(band.width_sum),
        "formula": list(band.formula()),
    }


def distilled_bytes(file: DistilledFile) -> bytes:
    """The file as it is written, the digest last."""
    document = file.model_dump(mode="json")
    signed = {**document, "sha256": digest_of(document)}
    return (json.dumps(signed, indent=2, allow_nan=False) + "\n").encode()


def read_distilled(path: Path) -> tuple[DistilledFile, DistilledBand]:
    """Read a formula.

    Raises:
        ConfigError: If it cannot be read, is damaged, or is no formula of this version.
    """
    document = read_json_object(
        path, _MOST_BYTES, what="a formula of hedge distill", remedy=_REMEDY
    )
    found = document.pop("sha256", None)
    if found is None or "centre" not in document:
        raise ConfigError(f"{path} is not a formula of hedge distill")
    if found != digest_of(document):
        raise ConfigError(
            f"{path} is damaged or was edited: its content does not match its sha256; "
            f"{_REMEDY}"
        )
    try:
        file = DistilledFile.model_validate(document)
        return file, file.band()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(one_line(f"{path}: {key}: {first['msg']}")) from None
    except ValueError as error:
        raise ConfigError(one_line(f"{path}: {error}; {_REMEDY}")) from None
