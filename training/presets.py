"""`hedge presets`: list the market presets, or print one with every key."""

import yaml

from hedge_env.config.loading import NEEDS_FILES, PRESETS, load_config
from hedge_env.training.cli.commands import PresetsOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import folded, write_json, write_text


def run(options: PresetsOptions) -> None:
    """Print the names of the presets, or one resolved preset as YAML or JSON.

    Args:
        options: Which preset to print, with which overrides.
    """
    if options.preset is None and not options.settings:
        _print_names(as_json=options.json)
        return
    config = load_config(options.preset, settings=options.settings)
    document = config.model_dump(mode="json")
    if options.json:
        write_json(document)
    else:
        write_text(
            yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip()
        )


def _print_names(*, as_json: bool) -> None:
    """Print every preset with its one-line description."""
    names = sorted((*PRESETS, *NEEDS_FILES))
    descriptions = {name: load_config(name).description for name in names}
    if as_json:
        write_json({"presets": descriptions})
        return
    width = max(len(name) for name in descriptions)
    for name, description in descriptions.items():
        line = f"{name:{width}}  {' '.join(description.split())}".rstrip()
        write_text(folded(line, indent=width + 2))


if __name__ == "__main__":
    main_for("presets")
