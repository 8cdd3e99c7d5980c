"""A process is a file of its own, a section of the config and a line in the list.

A copy of the package is given one more process, a drift of spot that reverts to zero,
by nothing but these, and its market is run without compilation.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hedge_env
from hedge_env.config.loading import load_config

PACKAGE = Path(hedge_env.__file__).parent

TREND = '''
"""Drift of spot: an Ornstein-Uhlenbeck factor around zero."""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import scalar_kernel
from hedge_env.config import MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import (
    NO_FACTOR, OuParams, ou_params, ou_step
)
from hedge_env.numerics.random_blocks import Shock, normal

STATES: Final[dict[str, str]] = {"trend": "drift of spot on top of the usual [1/year]"}
SHOCKS: Final[tuple[Shock, ...]] = (normal("z_trend", 99, 0, "trend"),)


class TrendParams(NamedTuple):
    """Constants of the drift for one step length."""

    factor: OuParams  # [1/year]


OFF: Final = TrendParams(NO_FACTOR)


def compile(market: MarketConfig, length: StepLength) -> TrendParams:
    """See `market.process`."""
    if market.trend is None:
        return OFF
    return TrendParams(ou_params(market.trend.half_life_days, market.trend.sd,
                                 length.days))


@scalar_kernel
def start(own: Rows, shocks: Rows, p: TrendParams) -> None:
    """Draw the drift from its stationary law."""
    row(own, 0)[0] = p.factor.sd * row(shocks, 0)[0]


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: TrendParams) -> None:
    """Move spot by the drift, then the drift."""
    trend, z = row(own, 0), row(shocks, 0)
    if p.factor.sd == 0.0 or step.recorded:
        return
    for i in range(trend.shape[0]):
        step.log_return[i] += trend[i] * step.dt
        step.log_spot[i] += trend[i] * step.dt
        trend[i] = ou_step(trend[i], z[i], p.factor)
'''

FIELDS = """    crowd: CrowdConfig | None = None
    trend: MeanReverting | None = None  # of the drift [1/year]
"""

RUN = """
import json, sys
import numpy as np
from hedge_env.config.loading import load_config
from hedge_env.base import field
from hedge_env.feeds.simulated import SimulatedMarket
from hedge_env.market.engine.market_state import STATES
settings = ["episode.decisions=2", *sys.argv[1:]]
market = SimulatedMarket(load_config("ethereum-l1", settings=settings), 40, seed=3,
                         stream="test")
rows = np.zeros((field.N_MARKET_FIELDS, 40))
market.start(np.arange(40), np.ones(40, dtype=bool), rows)
trend = STATES.index("trend") if "trend" in STATES else 0
found = {"trend": market.state_dict()["state"][trend].tolist()}
for step in range(2):
    market.advance(rows)
names = "spot", "gas_price", "implied_volatility", "funding_accrued"
found |= {n: rows[getattr(field, n.upper())].tolist() for n in names}
json.dump(found, sys.stdout)
"""


def changed(path: Path, *pairs: tuple[str, str]) -> None:
    """Replace each text, which stands there once, by another."""
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def with_trend(folder: Path) -> Path:
    """A copy of the package, below `folder`, that has the process."""
    package = folder / "hedge_env"
    leave = shutil.ignore_patterns("__pycache__", "training", "baselines")
    shutil.copytree(PACKAGE, package, ignore=leave)
    market = package / "market"
    (market / "spot" / "trend.py").write_text(TREND, encoding="utf-8")
    changed(
        package / "config" / "sections" / "market.py",
        ("    crowd: CrowdConfig | None = None\n", FIELDS),
    )
    regime = "from hedge_env.market.spot.regime import RegimeParams\n"
    trend = "from hedge_env.market.spot.trend import TrendParams\n"
    changed(
        market / "engine" / "processes.py",
        (regime, regime + trend),
        ("    gas: GasParams\n", "    trend: TrendParams\n    gas: GasParams\n"),
    )
    return folder


def rows_of(folder: Path, *settings: str) -> dict[str, list[float]]:
    """What a market of the package below `folder` shows after two decisions."""
    result = subprocess.run(
        [sys.executable, "-c", RUN, *settings],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, list[float]] = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_one_file_one_section_and_one_line_make_a_process(tmp_path: Path) -> None:
    folder = with_trend(tmp_path)
    off = rows_of(folder)
    before = rows_of(PACKAGE.parent)
    assert off | {"trend": before["trend"]} == before  # switched off, no bit changes
    on = rows_of(folder, "market.trend={half_life_days: 1e5, sd: 2.0}")
    # The drift hardly moves in two decisions, by 0.01 or so.
    episode = load_config("ethereum-l1", settings=["episode.decisions=2"]).episode
    years = 2 * episode.years_per_decision
    for drift, moved, usual in zip(on["trend"], on["spot"], off["spot"], strict=True):
        assert drift != 0.0
        growth = math.log(moved / usual) / years
        assert growth == pytest.approx(drift, abs=0.05)  # of a deviation of 2
    assert on["gas_price"] != off["gas_price"]  # gas answers to what spot did
