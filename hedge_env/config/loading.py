"""Presets, config files and overrides, merged into one validated `EnvConfig`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.config import EnvConfig
from hedge_env.config.documents import Document, merge, parse_yaml, read_document
from hedge_env.config.settings import parse_settings
from hedge_env.config.validation import Layer, suggestion, validate

_EXTENDS = "extends"  # key of a file: the preset or file it builds on
_YAML_SUFFIXES = (".yaml", ".yml")
_LONGEST_CHAIN = 16  # files that extend each other
_FOLDER: Final = resources.files("hedge_env.config") / "presets"
NEEDS_FILES: Final = ("replay",)  # presets that run on a user's history only


def preset_names() -> tuple[str, ...]:
    """Names of the presets that come with the package and run as they are, sorted."""
    return tuple(sorted(set(_preset_files()) - set(NEEDS_FILES)))


def _preset_files() -> dict[str, Traversable]:
    """The file of every preset; they lie in groups, one folder each."""
    groups = [entry for entry in _FOLDER.iterdir() if entry.is_dir()]
    files = (file for folder in (_FOLDER, *groups) for file in folder.iterdir())
    return {file.name[:-5]: file for file in files if file.name.endswith(".yaml")}


PRESETS: Final = preset_names()


def preset_text(name: str) -> str:
    """YAML text of a preset, comments included.

    Raises:
        ConfigError: If there is no such preset.
    """
    if name not in (*PRESETS, *NEEDS_FILES):
        close = suggestion(name, (*PRESETS, *NEEDS_FILES))
        text = f"no preset is called {name!r}; {close} (a file's name ends in .yaml)"
        raise ConfigError(one_line(text))
    return _preset_files()[name].read_text(encoding="utf-8")


def load_config(
    preset: EnvConfig | str | Path | None = None,
    overrides: Mapping[str, Any] | str | Path | None = None,
    settings: Sequence[str] = (),
    *,
    source: str = "config",
) -> EnvConfig:
    """Describe a hedging problem by a preset and what differs from it.

    Args:
        preset: Name of a preset, or a YAML file, which may build on another by the
            key `extends`; or a config to change. Without one the models' defaults
            are the start.
        overrides: Mapping, or YAML file, merged over the preset.
        settings: Strings `key=value` with a dotted key and a YAML value, merged
            last, in their order: `execution.fee_bp=3`, `market.jumps=null`.
        source: What errors call a mapping of overrides.

    Returns:
        The validated config.

    Raises:
        ConfigError: In one line, naming the source and the key.
    """
    try:
        document, layers = _document(preset, overrides, settings, source)
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply to be a config") from None
    return validate(EnvConfig, document, layers)


def _document(
    preset: EnvConfig | str | Path | None,
    overrides: Mapping[str, Any] | str | Path | None,
    settings: Sequence[str],
    source: str,
) -> tuple[Document, list[Layer]]:
    """Everything merged, and the layers it is merged from; see `load_config`."""
    layers: list[Layer] = [("defaults", _defaults())]
    if isinstance(preset, EnvConfig):
        layers = [(preset.name, preset.model_dump(mode="json"))]
    elif preset is not None:
        layers += _file_layers(preset)
    if isinstance(overrides, str | Path):
        layers += _file_layers(overrides)
    elif overrides is not None:
        layers += _mapping_layers(overrides, source)
    document = _merged(layers)
    if settings:
        layers.append(("--set", parse_settings(settings, document)))
        document = _merged(layers)
    return document, layers


def _defaults() -> Document:
    return EnvConfig().model_dump(mode="json")


def _merged(layers: Sequence[Layer]) -> Document:
    document: Document = {}
    for _, values in layers:
        document = merge(document, values)
    return document


def _mapping_layers(overrides: Mapping[str, Any], source: str) -> list[Layer]:
    """Layers of a mapping in memory, which may extend a preset."""
    if not isinstance(overrides, Mapping):
        kind = type(overrides).__name__
        raise ConfigError(f"{source} must be a mapping or a file, not a {kind}")
    values = dict(overrides)
    if _EXTENDS not in values:
        return [(source, values)]
    parent = _checked_parent(values.pop(_EXTENDS), source)
    return [*_file_layers(parent), (source, values)]


def _file_layers(preset: str | Path) -> list[Layer]:
    """Layers of a preset or file and of all it extends, weakest first."""
    layers: list[Layer] = []
    following: str | Path | None = preset
    folder = Path()
    while following is not None:
        if len(layers) == _LONGEST_CHAIN:
            raise ConfigError(f"{preset}: extends runs in a circle or never ends")
        source, values, folder = _read(following, folder)
        values.setdefault("name", Path(source).stem)
        values.setdefault("description", "")
        given = _EXTENDS in values
        parent = values.pop(_EXTENDS, None)
        following = _checked_parent(parent, source) if given else None
        layers.insert(0, (source, values))
    return layers


def _checked_parent(parent: Any, source: str) -> str:
    if not isinstance(parent, str):
        raise ConfigError(
            f"{source}: extends must name a preset or a YAML file; leave it out to "
            "start from the defaults"
        )
    return parent


def _read(preset: str | Path, folder: Path) -> tuple[str, Document, Path]:
    """Source, content and folder of a preset or a file."""
    if not isinstance(preset, str | Path):
        kind = type(preset).__name__
        raise ConfigError(f"preset must be a name or a YAML file, not a {kind}")
    if isinstance(preset, Path) or _is_file_name(preset):
        path = folder / preset
        return str(path), read_document(path), path.parent
    return preset, parse_yaml(preset_text(preset), preset), folder


def _is_file_name(preset: str) -> bool:
    return preset.endswith(_YAML_SUFFIXES) or "/" in preset or "\\" in preset
