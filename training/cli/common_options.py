"""Options that several commands of `hedge` share."""

from dataclasses import dataclass

from hedge_env.training.cli.option_types import Flag, Settings, flatten

__all__ = ["CommonOptions", "SettingOptions"]


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """Options that every command has."""

    debug: Flag = False
    """Show the traceback of an error (so does HEDGE_DEBUG=1)."""


@dataclass(frozen=True, kw_only=True)
class SettingOptions(CommonOptions):
    """Options of commands that take overrides of config keys."""

    overrides: Settings = ()
    """Override a key of the config, for example execution.fee_bp=3; of a key that is
    given twice the last holds."""

    @property
    def settings(self) -> tuple[str, ...]:
        """All overrides in the order given, each `key=value`."""
        return flatten(self.overrides)
