"""`hedge inspect`: say what a file of history is taken for."""

from typing import Any

from hedge_env.training.calibrate.data.inspection import inspect_file
from hedge_env.training.cli.commands import InspectOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import write_json

_MOMENTS = {
    "open": "the start of its bar",
    "close": "the end of its bar",
    "instant": "its own time",
}


def run(options: InspectOptions) -> None:
    """Read a file and print what was found.

    Args:
        options: The file.
    """
    document = inspect_file(options.file).document
    if options.json:
        write_json(document)
        return
    for name, text in _lines(document):
        print(f"{name:10}  {text}")


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [
        ("file", found["file"]),
        ("layout", found["layout"]),
        ("kind", found["kind"].replace("_", " ")),
        ("rows", str(found["rows"])),
    ]
    if found["kind"] == "chain":
        used = f"{found['options']} options of {found['expiries']} expiries are used"
        return [*lines, ("unit", found["unit"]), ("chain", used)]
    column = f", column {found['column']}" if found["column"] else ""
    lines += [
        ("first", f"{found['first']}  {found['first_value']:.10g}"),
        ("last", f"{found['last']}  {found['last_value']:.10g}"),
        ("spacing", _duration(found["spacing_seconds"])),
        ("moment", f"a value is known at {_MOMENTS[found['moment']]}{column}"),
        ("unit", found["unit"]),
        ("missing", f"{found['missing']} times"),
    ]
    for gap in found["gaps"]:
        lines.append(("gap", f"{gap['from']} to {gap['to']}: {gap['missing']} missing"))
    lines += [("repaired", text) for text in found["repaired"]]
    for name in ("replay", "calibrate"):
        lines.append((name, "takes it" if found[name] is None else found[name]))
    return lines


def _duration(seconds: float) -> str:
    for unit, name in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.6g} {name}"
    return f"{seconds:.6g} s"


if __name__ == "__main__":
    main_for("inspect")
