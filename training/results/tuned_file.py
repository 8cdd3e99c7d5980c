"""The file that `hedge tune` writes and `hedge compare --tuned` reads.

It holds the parameters of each rule at each risk aversion with everything that they
depend on, the resolved config above all, so that they are never used for a problem
they were not tuned for. A digest over the whole shows damage.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import hedge_env
from hedge_env.base.errors import ConfigError, one_line
from hedge_env.base.files import write_atomically
from hedge_env.base.json_file import digest_of, read_json_object
from hedge_env.baselines import RULES, AbstractRule
from hedge_env.baselines.capabilities import NOT_TUNED_FOR
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.moved_range import rule_in
from hedge_env.baselines.tuning.holdout import Holdout
from hedge_env.baselines.tuning.kept import name_with
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig, RiskAversion
from hedge_env.training.output.provenance import to_json
from hedge_env.training.output.source_commit import git_commit
from hedge_env.training.results.tuned_rules import Key

__all__ = ["TUNED_FILE", "TunedFile", "config_digest", "read_tuned", "rules_of"]

TUNED_FILE = "tuned.json"
_MOST_BYTES = 10_000_000


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TunedEntry(_Model):
    """One rule at one risk aversion."""

    policy: str
    risk_aversion: RiskAversion  # lambda [1/notional]
    params: dict[str, float | int]
    value_bp: float  # criterion on the validation paths
    value_se: float | None  # its standard error; None if not known
    evaluations: int = Field(ge=0)  # sets of parameters tried
    at_limits: tuple[str, ...] = ()  # parameters that ended at a limit of their range
    kept: dict[str, float | int | str] = {}  # parameters that were not tuned
    # On test paths, and what was gained over the rule's defaults: see `Holdout`.
    test_bp: float | None = None
    test_se: float | None = None
    gain_bp: float | None = None
    gain_se: float | None = None
    test_gain_bp: float | None = None
    test_gain_se: float | None = None

    @property
    def name(self) -> str:
        """What the rule is called in tables, with what was kept."""
        known = RULES.get(self.policy)
        return self.policy if known is None else name_with(known, self.kept)


class TunedFile(_Model):
    """Tuned parameters and where they are from."""

    format: Literal["hedge-tuned-1"] = "hedge-tuned-1"
    preset: str
    config: dict[str, Any]  # resolved, every default written out
    config_sha256: str
    criterion: str
    seed: int = Field(ge=0)
    stream: Literal["validation"] = "validation"
    n_paths: int = Field(ge=2)
    n_test_paths: int | None = Field(default=None, ge=2)  # as many where it is None
    version: str  # of this package
    git_commit: str | None
    date: str  # UTC
    entries: tuple[TunedEntry, ...] = ()

    def with_entry(
        self, risk_aversion: float, best: TunedRule, held_out: Holdout | None = None
    ) -> "TunedFile":
        """A copy with one more rule.

        Args:
            risk_aversion: Risk aversion [1/notional].
            best: What was found for it.
            held_out: What it is worth on other paths; None if that is not known.
        """
        entry = TunedEntry(
            policy=best.policy.name,
            risk_aversion=risk_aversion,
            params=best.params,
            value_bp=best.value,
            value_se=best.error if math.isfinite(best.error) else None,
            evaluations=best.n_evaluations,
            at_limits=best.at_limits,
            kept=dict(best.kept),
            **_measured(held_out),
        )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return self.model_copy(update={"entries": (*self.entries, entry), "date": now})

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON, the digest last."""
        document = self.model_dump(mode="json")
        return {**document, "sha256": digest_of(document)}

    def write(self, path: Path) -> None:
        """Replace the file, so that a reader sees the old one or the new one."""
        write_atomically(path, to_json(self.to_document()))


def new_file(
    config: EnvConfig,
    criterion: str,
    *,
    seed: int,
    n_paths: int,
    n_test_paths: int | None = None,
) -> TunedFile:
    """A file without entries yet.

    Args:
        config: The hedging problem.
        criterion: What tuning minimises.
        seed: Seed of validation and test paths.
        n_paths: Number of validation paths.
        n_test_paths: Number of test paths; None means as many.
    """
    return TunedFile(
        preset=config.name,
        config=config.model_dump(mode="json"),
        config_sha256=config_digest(config),
        criterion=criterion,
        seed=seed,
        n_paths=n_paths,
        n_test_paths=n_test_paths,
        version=hedge_env.__version__,
        git_commit=git_commit(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def config_digest(config: EnvConfig) -> str:
    """SHA-256 over all of a config that tuned parameters depend on."""
    return digest_of(_relevant(config.model_dump(mode="json")))


def read_tuned(path: Path) -> TunedFile:
    """Read a file of tuned parameters.

    Raises:
        ConfigError: If it cannot be read, is damaged, or is no such file.
    """
    document = read_json_object(
        path,
        _MOST_BYTES,
        what="a file of tuned parameters of hedge tune",
        remedy="make it again with hedge tune",
    )
    found = document.pop("sha256", None)
    if found is None or "entries" not in document:
        raise ConfigError(f"{path} is not a file of tuned parameters of hedge tune")
    if found != digest_of(document):
        raise ConfigError(
            f"{path} is damaged or was edited: its content does not match its sha256; "
            "make it again with hedge tune"
        )
    try:
        return TunedFile.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(one_line(f"{path}: {key}: {first['msg']}")) from None


def rules_of(
    path: Path, file: TunedFile, config: EnvConfig, criterion: str
) -> dict[Key, TunedRule]:
    """The rules of a file, if they were tuned for this problem.

    Args:
        path: Where the file is from.
        file: What it holds.
        config: The hedging problem they are to be used for.
        criterion: What they are to have minimised.

    Raises:
        ConfigError: If they were tuned for another problem or criterion, or if a
            rule or parameter of this version is not what the file says.
    """
    if file.config_sha256 != config_digest(config):
        keys = _differences(
            _relevant(file.config), _relevant(config.model_dump(mode="json"))
        )
        where = f" ({', '.join(keys[:3])})" if keys else ""
        raise ConfigError(
            f"{path} was tuned for {file.preset} with another config{where}; "
            "tune again with hedge tune, or compare in that market"
        )
    if file.criterion != criterion:
        raise ConfigError(
            f"{path} was tuned for --criterion {file.criterion}, not {criterion}; "
            "pass that criterion or tune again with hedge tune"
        )
    return {
        (entry.name, entry.risk_aversion): _rule(path, entry, config)
        for entry in file.entries
    }


def _measured(held_out: Holdout | None) -> dict[str, float | None]:
    """Fields of an entry, None where a number is not known."""
    if held_out is None:
        return {}
    names = {name: name.replace("error", "se") for name in asdict(held_out)}
    return {
        name if name.endswith("_se") else f"{name}_bp": value
        if math.isfinite(value)
        else None
        for name, value in zip(names.values(), asdict(held_out).values(), strict=True)
    }


def _rule(path: Path, entry: TunedEntry, config: EnvConfig) -> TunedRule:
    plain = RULES.get(entry.policy)
    rule_class = None if plain is None else rule_in(plain, config)
    if rule_class is None or not _are_parameters(rule_class, set(entry.params)):
        raise ConfigError(
            f"{path}: {entry.policy} with {', '.join(entry.params) or 'no parameters'} "
            "is no rule of this version; tune again with hedge tune"
        )
    values = {
        name: int(value) if rule_class.parameters[name].scale == "integer" else value
        for name, value in entry.params.items()
    }
    try:
        policy = rule_class(**{**entry.kept, **values})
    except (TypeError, ValueError) as error:
        raise ConfigError(one_line(f"{path}: {error}")) from None
    error_bp = math.nan if entry.value_se is None else entry.value_se
    return TunedRule(
        policy=policy,
        params=policy.params,
        value=entry.value_bp,
        n_evaluations=entry.evaluations,
        at_limits=entry.at_limits,
        error=error_bp,
        kept=entry.kept,
    )


def _are_parameters(rule_class: type[AbstractRule], given: set[str]) -> bool:
    """Whether a rule has just these; older files know no lean, and no centre before."""
    wanted = set(rule_class.parameters)
    without_lean = wanted - set(CentredRule.funding_parameters)
    without_centre = without_lean - set(CentredRule.centre_parameters)
    return given in (wanted, without_lean, without_centre)


def _relevant(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: x for key, x in document.items() if key not in NOT_TUNED_FOR}


def _differences(old: Any, new: Any, prefix: str = "") -> list[str]:
    """Dotted keys at which two documents differ."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return [] if old == new else [prefix]
    keys = []
    for key in sorted(old.keys() | new.keys()):
        inner = f"{prefix}.{key}" if prefix else key
        keys += _differences(old.get(key), new.get(key), inner)
    return keys
