"""What `reset` and `step` report beside observations and rewards.

Infos follow Gymnasium: a dictionary of arrays over environments, each with a mask
`_name` of the environments it holds for. All arrays are new at every call.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.config import BASIS_POINT
from hedge_env.desk.accounts import StepRecord, objective
from hedge_env.desk.batch import HedgeBatch

Infos: TypeAlias = dict[str, Any]


def start_infos(batch: HedgeBatch, started: BoolArray) -> Infos:
    """Infos of the environments whose episode has just started."""
    infos: Infos = {}
    _add(infos, "path_id", np.where(started, batch.path_ids, 0), started)
    holdings = np.where(started, batch.rows[field.HOLDINGS], 0.0)
    _add(infos, "holdings", holdings, started)
    _add_options(infos, batch, started)
    return infos


def step_infos(batch: HedgeBatch, record: StepRecord, stepped: BoolArray) -> Infos:
    """Infos of the environments that took a decision.

    Holdings are those after the decision (0 after the liquidation at expiry); cost
    and tracking increment are fractions of notional.
    """
    if not stepped.any():
        return {}
    if stepped.all():
        path_ids, holdings = batch.path_ids.copy(), batch.rows[field.HOLDINGS].copy()
        cost, increment = record.cost, record.tracking_increment
    else:
        path_ids = np.where(stepped, batch.path_ids, 0)
        holdings = np.where(stepped, batch.rows[field.HOLDINGS], 0.0)
        cost = np.where(stepped, record.cost, 0.0)
        increment = np.where(stepped, record.tracking_increment, 0.0)
    infos: Infos = {}
    _add(infos, "path_id", path_ids, stepped)
    _add(infos, "holdings", holdings, stepped)
    _add(infos, "cost", cost, stepped)
    _add(infos, "tracking_increment", increment, stepped)
    _add_options(infos, batch, stepped)
    return infos


def _add_options(infos: Infos, batch: HedgeBatch, chosen: BoolArray) -> None:
    """Add the units held of the option listed now, or on a rollup, if there is one."""
    if batch.config.execution.option is not None:
        units = np.where(chosen, batch.rows[field.OPTION_HOLDINGS], 0.0)
        _add(infos, "option_holdings", units, chosen)
    if batch.config.execution.rollup is not None:
        units = np.where(chosen, batch.rows[field.ROLLUP_HOLDINGS], 0.0)
        _add(infos, "rollup_holdings", units, chosen)


def episode_infos(batch: HedgeBatch, ended: BoolArray) -> Infos:
    """Metrics of the episodes that have just ended, under the key `hedge`.

    In basis points of notional where the name ends in `_bp`: the objective and its
    parts (`cost_bp`, by component `cost_<component>_bp`), the sum of the tracking
    increments, the root of the sum of their squares, and the net loss.
    """
    totals = batch.totals
    aversion = batch.rows[field.RISK_AVERSION]
    columns: dict[str, FloatArray] = {
        "objective_bp": objective(totals, aversion) / BASIS_POINT,
        "cost_bp": totals.cost / BASIS_POINT,
        "tracking_bp": totals.tracking / BASIS_POINT,
        "tracking_rms_bp": np.sqrt(totals.squared_increments) / BASIS_POINT,
        "net_loss_bp": totals.net_loss / BASIS_POINT,
        "trades": totals.trades,
        "turnover": totals.turnover,
        "risk_aversion": aversion,
    }
    for name, row in zip(COST_COMPONENTS, totals.cost_components, strict=True):
        columns[f"cost_{name}_bp"] = row / BASIS_POINT
    metrics: Infos = {}
    for name, column in columns.items():
        _add(metrics, name, np.where(ended, column, 0.0), ended)
    infos: Infos = {}
    _add(infos, "hedge", metrics, ended)
    return infos


def merged(first: Infos, second: Infos) -> Infos:
    """Join infos of two disjoint sets of environments."""
    joined = dict(first)
    for name, value in second.items():
        if name not in joined:
            joined[name] = value
        elif isinstance(value, dict):
            joined[name] = merged(joined[name], value)
        else:
            joined[name] = (
                joined[name] | value if name[0] == "_" else joined[name] + value
            )
    return joined


def single(infos: Infos) -> Infos:
    """Infos of a batch of one as Python numbers, without masks."""
    return {
        name: single(value) if isinstance(value, dict) else value[0].item()
        for name, value in infos.items()
        if not name.startswith("_")
    }


def _add(infos: Infos, name: str, value: Any, mask: BoolArray) -> None:
    infos[name] = value
    infos[f"_{name}"] = mask.copy()
