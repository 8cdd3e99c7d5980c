"""`hedge calibrate`: fit a market to history and write it as a preset file."""

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.config.documents import merge
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.config.settings import parse_settings
from hedge_env.pricing.ssvi import LARGEST_CORRELATION
from hedge_env.training.calibrate.command_line import command_line
from hedge_env.training.calibrate.data.chains import fit_chains
from hedge_env.training.calibrate.data.history import History
from hedge_env.training.calibrate.fit.effort import NONE, TABLE, Effort
from hedge_env.training.calibrate.fit.final_values import final_values, table_histories
from hedge_env.training.calibrate.fit.fitting import (
    Fitted,
    aims,
    fit_market,
    parts_of,
    work,
)
from hedge_env.training.calibrate.fit.forecasts import forecasts_of
from hedge_env.training.calibrate.fit.parameters import STATISTICS
from hedge_env.training.calibrate.named_history import read_history
from hedge_env.training.calibrate.preset_file import preset_yaml, rounded
from hedge_env.training.calibrate.statistics.statistic import WEIGHT
from hedge_env.training.calibrate.table import (
    LEGEND,
    Row,
    as_documents,
    as_markdown,
    as_text,
    compare,
    judgement,
)
from hedge_env.training.cli.commands import CalibrateOptions
from hedge_env.training.output.console import (
    folded,
    log,
    progress_bar,
    result_width,
    write_json,
    write_text,
)


def run(options: CalibrateOptions) -> None:
    """Read, fit, compare, write.

    Args:
        options: Files, dates and where to write.
    """
    history, effort, fitted = _fit(options)
    values = final_values(fitted, history, effort)
    aimed = aims(history, parts_of(history, options.parts))
    rows = compare(STATISTICS, history.values, values, aimed)
    if options.out is not None:
        _write(options.out, options, history, fitted)
    if options.report is not None:
        number = table_histories(history, effort)
        weighted = WEIGHT in values
        _write_report(options, history, fitted, rows, number, weighted=weighted)
    if options.json:
        write_json(_document(options, history, fitted, rows))
        return
    sentences = (folded(text) for text in (LEGEND, judgement(rows)))
    write_text("\n\n".join([as_text(rows, result_width()), *sentences]))
    if options.out is not None:
        write_text(f"\nwritten: {options.out}")


def fit_to_file(options: CalibrateOptions) -> None:
    """Read, fit and write, without a table.

    Args:
        options: Files, dates and where to write.
    """
    history, _, fitted = _fit(options)
    assert options.out is not None  # `_check` sees to it
    _write(options.out, options, history, fitted)


def _fit(options: CalibrateOptions) -> tuple[History, Effort, Fitted]:
    """Read and fit."""
    _check(options)
    base = load_config(options.base, settings=options.settings)
    history = read_history(options, base)
    smile = _smile(options, base)
    parts = parts_of(history, options.parts)
    history.remarks += _unused(options, base, parts)
    forecasts = _forecasts(history, base) if options.forecasts else {}
    for remark in history.remarks:
        log(remark)
    effort = Effort(
        options.histories,
        options.steps,
        seed=options.seed,
        table=options.table_histories or TABLE,
        years=options.years,
        starts=options.starts,
        weighted=options.weights,
    )
    total = work(base, history, effort, parts)
    with progress_bar("fit", total, enabled=options.progress) as advance:
        effort = replace(effort, advance=advance)
        fitted = fit_market(base, history, effort, parts, smile)
    fitted.market = rounded(fitted.market | forecasts)
    fitted.change({})
    return history, effort, fitted


def _write(
    path: Path, options: CalibrateOptions, history: History, fitted: Fitted
) -> None:
    """Write the preset, and see that it can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, _preset(options, history, fitted))
    load_config(path)


def _check(options: CalibrateOptions) -> None:
    if options.years is not None and options.table_histories is not None:
        raise ConfigError(
            "--years and --table-histories both say how much is behind the table: give "
            "one of them"
        )
    if (out := options.out) is None and options.parts != (NONE,):
        raise ConfigError(
            "--out: name the preset file to write, or compare the base as it is with "
            f"--parts {NONE}"
        )
    if out is not None and out.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"--out {out}: name a file that ends in .yaml")
    base = _base_file(options)
    if base is not None and out is not None and base.resolve() == out.resolve():
        raise ConfigError(f"--out {out} is the --base: name another file to write")


def _forecasts(history: History, base: EnvConfig) -> dict[str, Any]:
    """The section of the market; how good they are is added to the remarks."""
    found, remarks = forecasts_of(history, gas=base.market.gas is not None)
    history.remarks += remarks
    return {"forecasts": found}


def _base_file(options: CalibrateOptions) -> Path | None:
    """The file that the base is; None if it is a preset."""
    return None if options.base in PRESETS else Path(options.base)


def _parent(options: CalibrateOptions) -> str:
    """The base as the file to be written finds it: from its own folder."""
    base = _base_file(options)
    if base is None or options.out is None:
        return options.base
    return Path(os.path.relpath(base, options.out.parent)).as_posix()


def _unused(
    options: CalibrateOptions, base: EnvConfig, parts: Collection[str]
) -> list[str]:
    """A line for every file of something that the market does not have."""
    files = {"gas": options.gas, "funding": options.funding}
    return [
        f"--{part}: {options.base} has no {part} to compare the file with; name a "
        f"--base that has it, or fit it with --parts {part}"
        for part, file in files.items()
        if file and part not in parts and getattr(base.market, part) is None
    ]


def _smile(options: CalibrateOptions, base: EnvConfig) -> dict[str, float]:
    """Skew and curvature of the chains, if there are any, as keys of the market."""
    if not options.chain:
        return {}
    smile = fit_chains(options.chain)
    if options.implied_vol is None and base.market.surface.model != "ssvi":
        raise ConfigError(
            "--chain needs a base with an SSVI surface, or --implied-vol as well"
        )
    log(
        f"chains: {smile.options} options of {smile.expiries} expiries, slope "
        f"{smile.slope:+.3f}, curvature {smile.curvature:.3f}"
    )
    # The skew is tanh of a factor whose mean this is; see market/surface.py.
    mean = LARGEST_CORRELATION * float(
        np.arctanh(smile.correlation / LARGEST_CORRELATION)
    )
    return {"surface.skew.mean": mean, "surface.curvature.mean": smile.wing}


def _preset(options: CalibrateOptions, history: History, fitted: Fitted) -> str:
    today = datetime.now(UTC).date().isoformat()
    files = "; ".join(f"{name}, {span}" for name, span in history.spans.items())
    errors = {
        f"market.{key}": error
        for estimate in fitted.estimates.values()
        for key, error in estimate.errors.items()
    }
    remarks = [
        f"A market fitted to history on {today}: {files}.",
        f"Command: {command_line(options)}",
        "Behind each fitted number stands its standard error, from the spread of "
        "simulated histories of the same length.",
    ]
    if options.chain:
        names = ", ".join(path.name for path in options.chain)
        remarks.insert(1, f"Skew and curvature from the option chains {names}.")
    name = options.base if (file := _base_file(options)) is None else file.stem
    description = f"{name} fitted to {options.spot.name}"
    base = load_config(options.base).model_dump(mode="json")
    settings = parse_settings(options.settings, base)
    changes = merge(settings, {"market": fitted.market})
    return preset_yaml(_parent(options), description, changes, errors, remarks)


def _document(
    options: CalibrateOptions, history: History, fitted: Fitted, rows: list[Row]
) -> dict[str, Any]:
    estimates = {
        key: {"value": value, "error": estimate.errors[key]}
        for estimate in fitted.estimates.values()
        for key, value in estimate.values.items()
    }
    return {
        "preset": None if options.out is None else str(options.out),
        "base": options.base,
        "files": history.spans,
        "remarks": history.remarks,
        "parameters": estimates,
        "statistics": as_documents(rows),
    }


def _write_report(
    options: CalibrateOptions,
    history: History,
    fitted: Fitted,
    rows: list[Row],
    histories: int,
    *,
    weighted: bool,
) -> None:
    from hedge_env.training.calibrate.figures import draw_comparison

    assert options.report is not None
    options.report.mkdir(parents=True, exist_ok=True)
    spans = "\n".join(f"- {name}: {span}" for name, span in history.spans.items())
    remarks = "\n".join(f"- {remark}" for remark in history.remarks)
    name = fitted.config.name if options.out is None else options.out.stem
    length = "the length of its data" if options.years is None else "the length of spot"
    weights = ", weighted so that the time under stress is the expected one"
    text = (
        f"# Data and model: {name}\n\n"
        f"`{command_line(options)}`\n\n{spans}\n\n{as_markdown(rows)}\n\n"
        f"{LEGEND}\n\n{judgement(rows)}\n\n"
        f"The model's figure is the mean over {histories} simulated histories of "
        f"{length}{weights if weighted else ''}; sd is their standard "
        "deviation, in logarithms where the difference is in percent.\n\n"
        f"## Remarks on the files\n\n{remarks}\n"
    )
    write_atomically(options.report / "calibration.md", text)
    draw_comparison(options.report / "calibration.png", history, fitted.config)
