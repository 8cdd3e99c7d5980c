"""Whether a policy is measured in the world it was trained for.

A trained policy carries the problem it was trained on. In another market, with another
book, or at a risk aversion it never saw, its numbers are those of a stranger: that is
said wherever they are shown. Where it reads what the market does not have, it is not
run at all.
"""

from collections.abc import Mapping
from typing import Any

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.desk.observables import observable_index
from hedge_env.policies.policy_file import LearnedPolicy

__all__ = [
    "differences",
    "require_readable",
    "strangeness",
    "strangeness_of_formula",
    "trained_on",
]

# Parts of a problem that a policy's behaviour is fitted to.
_WORLD = ("episode", "market", "execution", "book", "holdings", "observation")
_OWN_AFFAIR = "observation.features"  # every policy file has its own list
_TOLERANCE = 1e-9  # relative, of the reach of a feature
_SHOWN = 3  # keys named in a sentence
_LONGEST = 64  # characters of a name


def trained_on(policy: LearnedPolicy, config: EnvConfig) -> dict[str, Any]:
    """Where a policy was trained, and at which keys this problem differs from that.

    Args:
        policy: The policy.
        config: The problem it is measured in.
    """
    own = policy.config
    setting = own.risk_aversion
    return {
        "preset": _plain(own.name),
        "risk_aversion": setting.model_dump()
        if isinstance(setting, RiskAversionRange)
        else setting,
        "differs": [*differences(own, config), *_replay_key(policy, config)],
    }


def differences(own: EnvConfig, config: EnvConfig) -> list[str]:
    """Dotted keys of market, book and the like at which two problems differ."""
    old, new = own.model_dump(mode="json"), config.model_dump(mode="json")
    keys: list[str] = []
    for section in _WORLD:
        keys += _differences(old[section], new[section], section)
    return [key for key in keys if key != _OWN_AFFAIR]


def strangeness(
    policy: LearnedPolicy, config: EnvConfig, risk_aversion: float
) -> tuple[str, ...]:
    """What is foreign to a policy where it is measured, in a sentence each; or none.

    Args:
        policy: The policy.
        config: The problem it is measured in.
        risk_aversion: Lambda it is measured at [1/notional].
    """
    sentences = _another_world("trained", policy.config, config)
    if _replay_key(policy, config):
        here = _days(_recorded_series(config))
        sentences.append(f"trained on {_days(_learned_on(policy))}, measured on {here}")
    if not policy.metadata.is_trained_for(risk_aversion):
        low, high = policy.metadata.risk_aversions
        text = "" if low == high else f"{low:g} to "
        sentences.append(
            f"trained for risk aversion {text}{high:g}, measured at {risk_aversion:g}"
        )
    return tuple(sentences)


def strangeness_of_formula(
    own: EnvConfig, config: EnvConfig, risk_aversion: float
) -> tuple[str, ...]:
    """What is foreign to a distilled formula where it is measured; see `strangeness`.

    Args:
        own: The problem it was fitted in.
        config: The problem it is measured in.
        risk_aversion: Lambda it is measured at [1/notional].
    """
    sentences = _another_world("distilled", own, config)
    levels = own.risk_aversions
    low, high = min(levels) * (1 - _TOLERANCE), max(levels) * (1 + _TOLERANCE)
    if not low <= risk_aversion <= high:
        text = "" if min(levels) == max(levels) else f"{min(levels):g} to "
        sentences.append(
            f"distilled for risk aversion {text}{max(levels):g}, measured at "
            f"{risk_aversion:g}"
        )
    return tuple(sentences)


def _another_world(verb: str, own: EnvConfig, config: EnvConfig) -> list[str]:
    """Say at which keys two problems differ, in a sentence; none if they do not."""
    keys = differences(own, config)
    if not keys:
        return []
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    words = [word for word, parts in _WORDS.items() if _touches(keys, parts)]
    what = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return [
        f"{verb} for another {what}, in {_plain(own.name)}: differs in "
        f"{', '.join(keys[:_SHOWN])}{more}{_bounds(own, config)}"
    ]


def _replay_key(policy: LearnedPolicy, config: EnvConfig) -> list[str]:
    """The key of recorded days, if those of training and those here differ in kind."""
    return [] if _learned_on(policy) == _recorded_series(config) else ["replay"]


def _learned_on(policy: LearnedPolicy) -> frozenset[str]:
    """Series that were recorded where a policy was trained; its file names no files."""
    return frozenset(policy.metadata.recorded)


def _recorded_series(config: EnvConfig) -> frozenset[str]:
    """Series that files give in a problem; none where it is simulated."""
    return frozenset(config.without_files()[1])


def _days(series: frozenset[str]) -> str:
    """What days with those recorded series are called."""
    if not series:
        return "simulated days"
    names = ", ".join(sorted(name.replace("_", " ") for name in series))
    return f"recorded days ({names})"


def _bounds(own: EnvConfig, config: EnvConfig) -> str:
    """Say that a policy cannot hold what the book asks for."""
    (low, high), (least, most) = own.holdings_bounds, config.holdings_bounds
    if low <= least and most <= high:
        return ""
    return (
        f"; it holds {low:g} to {high:g}, and the book's hedge goes from {least:g} to "
        f"{most:g}"
    )


_WORDS: Mapping[str, tuple[str, ...]] = {
    "market": ("market", "execution", "observation"),
    "book": ("book", "holdings"),
    "episode": ("episode",),
}


def _touches(keys: list[str], sections: tuple[str, ...]) -> bool:
    return any(key.split(".")[0] in sections for key in keys)


def require_readable(name: str, policy: LearnedPolicy, config: EnvConfig) -> None:
    """Refuse a policy whose features or actions cannot mean here what they meant.

    Args:
        name: Of the policy.
        policy: The policy.
        config: The problem it is to be measured in.

    Raises:
        ConfigError: In one line, with what the market lacks.
    """
    shown = observable_index(config)
    missing = [
        record.name
        for record in policy.metadata.features
        if record.observable not in shown
    ]
    own = policy.config
    shares, offered = own.execution.n_shares, config.execution.n_shares
    if own.n_columns - shares > config.n_columns - offered:
        missing.append(
            "a second column of a target: a listed option, two chains, or a range of "
            "liquidity to move"
        )
    elif shares > 0 and (own.n_columns, shares) != (config.n_columns, offered):
        missing.append(
            f"{shares} venues that it splits an order over: execution.split = policy"
        )
    if missing:
        raise ConfigError(
            f"{name} was trained in {_plain(own.name)} on what {config.name} does not "
            f"have: {', '.join(missing)}; measure it in a market that has it, or train "
            "another"
        )
    largest = max(abs(bound) for bound in config.holdings_bounds)
    for record in policy.metadata.features:
        if record.observable not in ("delta", "holdings") or record.scale <= 0.0:
            continue
        reach = record.offset + record.high / record.scale
        if largest > reach * (1.0 + _TOLERANCE):
            raise ConfigError(
                f"{name} sees {record.name} up to {reach:g}, and the book of "
                f"{config.name} needs up to {largest:g}: train another for it, or "
                "scale the book with book.contracts"
            )


def _plain(name: str) -> str:
    """A name out of a file, fit to be printed."""
    return "".join(c if c.isprintable() else "?" for c in name)[:_LONGEST]


def _differences(old: Any, new: Any, key: str) -> list[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            found
            for name in sorted(old.keys() | new.keys())
            for found in _differences(old.get(name), new.get(name), f"{key}.{name}")
        ]
    same_length = isinstance(old, list) and isinstance(new, list)
    if same_length and len(old) == len(new):
        return [
            found
            for number, pair in enumerate(zip(old, new, strict=True))
            for found in _differences(*pair, f"{key}.{number}")
        ]
    return [] if old == new else [key]
