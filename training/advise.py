"""`hedge advise`: the trade to make now in a desk's present state."""

import json
import sys
from pathlib import Path

from hedge_env.advice import Adviser, DeskState, read_state
from hedge_env.advice.present_rows import require_describable
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.config import EnvConfig
from hedge_env.config.documents import parse_yaml, read_document
from hedge_env.config.loading import load_config
from hedge_env.training.cli.commands import AdviseOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import write_json, write_text
from hedge_env.training.results.contenders import ALL, MAIN, OPTIMA, find_contenders
from hedge_env.training.results.rule_spec import require_no_rest
from hedge_env.training.results.tuned_file import read_tuned, rules_of

__all__ = ["load_adviser"]

_INPUT = "standard input"


def run(options: AdviseOptions) -> None:
    """Read a state, or a stream of them, and print the advice.

    Args:
        options: Which policy, in which market, in which state.
    """
    adviser = load_adviser(
        options.policy, options.preset, options.settings, options.tuned
    )
    if options.watch:
        _watch(adviser, changes=options.changes)
        return
    if options.state is None:
        raise ConfigError(
            "--state is missing: give a YAML file, or - for standard input"
        )
    advice = adviser.advise(_state(options.state), changes=options.changes)
    if options.json:
        write_json(advice.to_document())
    else:
        write_text("\n".join(advice.lines()))


def load_adviser(
    name: str,
    preset: str | Path | None = None,
    settings: tuple[str, ...] = (),
    tuned: Path | None = None,
) -> Adviser:
    """An adviser by the words of the command line.

    Args:
        name: A rule, with parameters or not, a policy file, a run folder or a formula.
        preset: The market; None: that of training, or the reference market.
        settings: Overrides `key=value` of the market.
        tuned: File of `hedge tune` with the parameters of the rule.

    Raises:
        ConfigError: If something asked for does not exist or cannot advise.
        PolicyFileError: If the file is not a policy.
    """
    _require_one(name)
    asked = None if preset is None else load_config(preset, settings=settings)
    if asked is not None:
        require_describable(asked)  # before what a rule has no parameter for there
    rules, agents = find_contenders([name], option="--policy")
    if agents:
        if tuned is not None:
            raise ConfigError(f"--tuned: {name} is no rule; leave out --tuned")
        agent = agents[0]
        own = agent.risk_aversion
        config = agent.policy.config
        if asked is not None or settings:
            config = asked or load_config(config, settings=settings)
        risk_aversion = own if isinstance(own, float) else None
        return Adviser(agent.policy, config, risk_aversion=risk_aversion)
    rule = rules[0]
    formula = rule.made if isinstance(rule.made, DistilledBand) else None
    market = None if formula is None else formula.fitted_in
    config = asked or load_config(market or "reference", settings=settings)
    if tuned is None:
        require_no_rest(rules)
        return Adviser(rule.build(), config)
    if rule.given is not None:
        raise ConfigError(
            f"--tuned: {name} has its parameters already; leave out one of the two"
        )
    return _tuned_adviser(rule.name, config, tuned)


def _require_one(name: str) -> None:
    """Refuse what stands for several policies, or for none before a book is known."""
    if name in (ALL, MAIN):
        raise ConfigError(
            f"--policy {name} is several rules; name one rule or one policy file"
        )
    if name in OPTIMA:
        raise ConfigError(
            f"--policy {name} is solved for the book of its market, which a state does "
            "not have; name a rule, such as gas-band, or a policy file"
        )


def _tuned_adviser(name: str, config: EnvConfig, path: Path) -> Adviser:
    """A rule with the parameters of a file, at the risk aversion of the market."""
    file = read_tuned(path)
    known = rules_of(path, file, config, file.criterion)
    at = [aversion for rule, aversion in known if rule == name]
    own = config.risk_aversion
    if own not in at:
        there = ", ".join(f"{aversion:g}" for aversion in sorted(at)) or "none"
        raise ConfigError(
            f"--tuned {path} has no parameters of {name} at the market's risk aversion "
            f"(it has {there}); choose one with --set risk_aversion=X"
        )
    assert isinstance(own, float)
    return Adviser(known[name, own].policy, config, risk_aversion=own)


def _state(path: str) -> DeskState:
    if path != "-":
        return read_state(read_document(Path(path)), path)
    document = parse_yaml(sys.stdin.read(), _INPUT)
    if not isinstance(document, dict):
        raise ConfigError(f"{_INPUT} must hold a mapping of keys to values")
    return read_state(document, _INPUT)


def _watch(adviser: Adviser, *, changes: bool) -> None:
    """Answer one line of JSON to each; a bad state is answered by its error."""
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        source = f"{_INPUT}: line {number}"
        try:
            document = json.loads(line)
            if not isinstance(document, dict):
                raise ConfigError(f"{source} must be a JSON object")
            state = read_state(document, source)
            answer = adviser.advise(state, changes=changes).to_document()
        except (ValueError, RecursionError) as error:
            answer = {"error": str(error)}
        write_text(json.dumps(answer, allow_nan=False))
        sys.stdout.flush()


if __name__ == "__main__":
    main_for("advise")
