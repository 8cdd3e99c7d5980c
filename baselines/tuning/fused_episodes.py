"""Whole episodes of many sets of a rule's parameters, by one compiled function.

A band that holdings do not move (`band`) can be computed for all decisions of a few
paths at once; the episodes are then played against it in one call, by the one step of
`desk/step`. The paths stay in the processor's cache for every set of parameters. The
numbers are those of `evaluate.evaluate_on_tape`, several times faster.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.account_rows import N_RECORD
from hedge_env.base.field import N_FIELDS
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.capabilities import FUSED_EPISODES, unknown_keys
from hedge_env.baselines.rule.band_rule import Band, BandRule, banded_target
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import Totals
from hedge_env.desk.step import StepParams, settle_tile, step_params
from hedge_env.evaluation.evaluate import EpisodeTable, concatenate, episode_table
from hedge_env.feeds.old_view import KNOWN_NOW
from hedge_env.feeds.tape import MarketTape
from hedge_env.venues.cost_components import CONSTANT, rates_of

# Market rows that the step reads in every market.
_ALWAYS: Final = (
    field.SPOT,
    field.BOOK_VALUE,
    field.HALF_SPREAD,
    field.IMPACT_LINEAR,
    field.IMPACT_SQRT,
    field.GAS_COST,
    field.FUNDING_ACCRUED,
    field.STEP,
)
_FAILING: Final = (field.ORDER_FAILS,)  # and where orders can fail
_INSTRUMENTS: Final = frozenset({"spot", "perp"})
_TILE = 12_000  # decisions x paths at a time: a row of them is a tenth of a cache
_REMEMBERING_TILE = 1024  # paths, where a rule is asked decision by decision


def can_roll_out(rule_class: type[AbstractRule], config: EnvConfig) -> bool:
    """Whether `roll_out` knows the rule and everything the config charges for.

    Args:
        rule_class: A rule.
        config: The hedging problem.
    """
    config = at_home(config)
    return (
        issubclass(rule_class, BandRule)
        and set(rule_class.inputs) <= {"holdings", "risk_aversion", *_shown(config)}
        and config.n_instruments == 1
        and config.execution.instrument in _INSTRUMENTS
        and config.market.basis is None  # the ledger would read the hedge's price
        and not unknown_keys(config, FUSED_EPISODES)
    )


def at_home(config: EnvConfig) -> EnvConfig:
    """The problem of who trades on the first chain alone, as a band for one does.

    It is the same, unless the treasury there cannot do all that a book can ask for.

    Args:
        config: The hedging problem, on one chain or on two.
    """
    rollup = config.execution.rollup
    if rollup is None:
        return config
    low, high = config.holdings_bounds
    least, most = rollup.home.least, rollup.home.most
    if (least is not None and least > low) or (most is not None and most < high):
        return config
    execution = config.execution.model_copy(update={"rollup": None})
    return config.model_copy(update={"execution": execution})


@dataclass(frozen=True)
class TapeTile:
    """What the episodes of a few paths depend on, close together in memory.

    Attributes:
        path_ids: Shape (n,).
        market: What the ledger reads, shape (decisions + 1, rows, n).
        seen: What the rule reads, by name, shape (decisions x n,).
    """

    path_ids: IntArray
    market: FloatArray
    seen: Mapping[str, FloatArray]


def cut_tiles(
    rule_class: type[AbstractRule],
    tape: MarketTape,
    config: EnvConfig,
    risk_aversion: float,
) -> list[TapeTile]:
    """Rearrange a tape for `roll_out`.

    Args:
        rule_class: A rule for which `can_roll_out` holds.
        tape: From `record_tape` with the same config.
        config: The hedging problem.
        risk_aversion: lambda [1/notional].

    Returns:
        Tiles of all paths in their order; copies of the rows that are read.
    """
    size = _REMEMBERING_TILE
    if not issubclass(rule_class, RememberingRule):
        size = max(_TILE // config.episode.decisions, 1)
    tiles, kept = [], ledger_rows(config)
    for low in range(0, tape.n_paths, size):
        rows = tape.rows[:, :, low : low + size]
        market = np.ascontiguousarray(rows[:, kept])
        seen = _observe(rule_class.inputs, rows, config, risk_aversion)
        tiles.append(TapeTile(tape.path_ids[low : low + size], market, seen))
    return tiles


def roll_out(
    rules: Sequence[BandRule],
    tiles: Sequence[TapeTile],
    config: EnvConfig,
    risk_aversion: float,
) -> list[EpisodeTable]:
    """Run every rule through the episodes of a recorded market.

    Args:
        rules: Of one class, with any parameters; left as they are.
        tiles: From `cut_tiles` for that class.
        config: As given to `cut_tiles`.
        risk_aversion: As given to `cut_tiles`.

    Returns:
        One table per rule.
    """
    constants = step_params(at_home(config), looks=False)
    rows = ledger_rows(config)
    played: list[list[EpisodeTable]] = []
    for tile in tiles:
        n = tile.path_ids.size
        aversion = np.full(n, float(risk_aversion))
        tables = []
        for rule in rules:
            edges, snap = _edges(rule, tile.seen, tile.market.shape[0] - 1, n)
            totals = Totals(n)
            _play(tile.market, rows, edges, snap, totals.rows, constants)
            tables.append(episode_table(rule, tile.path_ids, aversion, totals))
        played.append(tables)
    return [concatenate(tables) for tables in zip(*played, strict=True)]


def ledger_rows(config: EnvConfig) -> IntArray:
    """Market rows that the step reads: what trades cost, and what stops an order."""
    rates = [rate.row for rate in rates_of(config.execution) if rate.row != CONSTANT]
    stopping = [row.number for row in field.present(config, field.STOPPING_ROWS)]
    failing = () if config.execution.failure is None else _FAILING
    rows = dict.fromkeys((*_ALWAYS, *rates, *stopping, *failing))
    return np.array(list(rows), dtype=np.int64)


def _shown(config: EnvConfig) -> dict[str, int]:
    """Rows of the market that a policy may see."""
    return {
        row.name: row.number
        for row in field.visible(config)
        if row in field.CERTAIN_ROWS
    }


def _observe(
    inputs: Sequence[str], rows: FloatArray, config: EnvConfig, risk_aversion: float
) -> dict[str, FloatArray]:
    """What a rule reads, shape (decisions x paths,), decisions outermost."""
    decisions, _, n = rows.shape
    now, shown = np.arange(decisions - 1), _shown(config)
    old = np.maximum(now - config.seen_age, 0)  # as in `feeds/old_view`
    seen = {}
    for name in set(inputs) & set(shown):
        when = now if shown[name] in KNOWN_NOW else old
        seen[name] = np.ascontiguousarray(rows[when, shown[name]]).ravel()
    seen["risk_aversion"] = np.full((decisions - 1) * n, float(risk_aversion))
    return seen


def _edges(
    rule: BandRule, seen: Mapping[str, FloatArray], decisions: int, n: int
) -> tuple[FloatArray, float]:
    """Band of every decision, shape (4, decisions, n), and its snap."""
    edges = np.empty((4, decisions, n))
    if not isinstance(rule, RememberingRule):
        band = rule.band(seen)
        _write(band, edges.reshape(4, -1))
        return edges, band.snap
    rule = copy.copy(rule)
    rule.reset(n)
    for step in range(decisions):
        now = {name: x[step * n : (step + 1) * n] for name, x in seen.items()}
        band = rule.band(now)
        _write(band, edges[:, step])
    return edges, band.snap


def _write(band: Band, edges: FloatArray) -> None:
    for edge, values in zip(edges, band[:4], strict=True):
        edge[:] = values


@kernel
def _play(
    market: FloatArray,
    rows: IntArray,
    edges: FloatArray,
    snap: float,
    totals: FloatArray,
    p: StepParams,
) -> None:
    """Play whole episodes against a band.

    Args:
        market: Shape (decisions + 1, rows, n).
        rows: Which rows of the batch those are.
        edges: Band of every decision, shape (4, decisions, n).
        snap: See `Band`.
        totals: Shape (N_TOTALS, n), added to.
        p: Constants of the step.
    """
    n = market.shape[2]
    before, after = np.zeros((N_FIELDS, n)), np.zeros((N_FIELDS, n))
    record, target = np.empty((N_RECORD, n)), np.empty((1, n))
    for k in range(rows.shape[0]):
        before[rows[k]] = market[0, k]
    for step in range(edges.shape[1]):
        for k in range(rows.shape[0]):
            after[rows[k]] = market[step + 1, k]
        held = before[field.HOLDINGS]
        low, high = edges[0, step], edges[1, step]
        inner_low, inner_high = edges[2, step], edges[3, step]
        for i in range(n):
            target[0, i] = banded_target(
                held[i], low[i], high[i], inner_low[i], inner_high[i], snap
            )
        settle_tile(
            Tile(before, 0, n),
            Tile(after, 0, n),
            target,
            Tile(record, 0, n),
            Tile(totals, 0, n),
            p,
        )
        before, after = after, before
