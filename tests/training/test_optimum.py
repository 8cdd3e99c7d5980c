"""`hedge optimum`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.liquidation import best_orders, liquidation_of
from hedge_env.config.loading import load_config
from hedge_env.training import optimum
from hedge_env.training.cli.main import main

SMALL = ("--set", "episode.decisions=6", "book.legs.0.maturity_days=1")


def test_the_document_says_how_exact_the_optimum_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["optimum", "--json", "--risk-aversion", "10", *SMALL])
    assert code == 0
    document = json.loads(capsys.readouterr().out)
    (found,) = document["optima"]
    config = load_config("reference", settings=SMALL[1:])
    value = 1e4 * solve(config, 10.0).value
    assert found["objective_bp"] == pytest.approx(value, rel=1e-12)
    assert found["limit_bp"] == pytest.approx(value - found["error_bp"], rel=1e-12)
    assert len(found["grids"]) == 5


def test_figures_are_written_and_a_table_is_printed(
    capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "figures"
    gas = ("--preset", "reference-gas", "market.gas.fast_states=3")
    arguments = ["optimum", *gas[:2], "--risk-aversion", "2,10", "--out", str(out)]
    assert main([*arguments, *SMALL, gas[2]]) == 0
    table = capsys.readouterr().out
    assert "| lambda | J [bp] | error [bp] | limit [bp] |" in table
    assert table.count("\n| 10 | ") == 6
    for name in ("convergence", "region"):
        start = (out / f"{name}-reference-gas.png").read_bytes()[:4]
        assert start == b"\x89PNG"


def test_a_market_without_optimum_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["optimum", "--preset", "ethereum-l1"]) == 1
    error = capsys.readouterr().err
    assert "not constant" in error
    assert error.count("\n") == 1


def test_the_edges_drawn_are_those_of_the_policy() -> None:
    plots = pytest.importorskip("hedge_env.training.report.optimum_figures")
    config = load_config("reference", settings=SMALL[1:])
    optimum = solve(config, 10.0, n_holdings=101)
    middle = optimum.log_moneyness.size // 2
    low, high = plots.region_edges(optimum, middle, 0)
    assert low.shape == (6,)
    assert (low < high).all()
    # Half of a call at the money is hedged.
    assert ((low < 0.52) & (high > 0.5)).all()
    far, _ = plots.region_edges(optimum, 0, 0)
    np.testing.assert_array_equal(far, 0.0)


def test_without_plots_nothing_is_solved(
    capsys: pytest.CaptureFixture[str], monkeypatch, tmp_path
) -> None:
    for module in [m for m in sys.modules if "optimum_figures" in m]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    monkeypatch.setattr(optimum, "convergence", None)  # it must not come to that
    assert main(["optimum", "--out", str(tmp_path / "out"), *SMALL]) == 1
    assert "matplotlib" in capsys.readouterr().err


def test_the_way_out_of_a_perpetual_is_solved_without_grids(
    capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    arguments = ["optimum", "--preset", "perp-liquidation", "--risk-aversion", "10"]
    assert main([*arguments, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["optima"]
    p = liquidation_of(load_config("perp-liquidation"), 10.0)
    orders = best_orders(p, 96)
    assert found["objective_bp"] == pytest.approx(1e4 * orders.value[0, 0], rel=1e-12)
    assert found["first_order"] == orders.gains[0, 0]
    # Twice as many orders halve what their number still takes.
    more = [1e4 * best_orders(p, 96 * n).value[0, 0] for n in (64, 128)]
    assert found["limit_bp"] == pytest.approx(more[0], rel=1e-12)
    assert abs(more[1] - more[0]) < 0.01
    assert main(arguments) == 0
    assert f"| 10 | {found['objective_bp']:.4f} |" in capsys.readouterr().out
    assert main([*arguments, "--out", str(tmp_path / "figures")]) == 1
    assert "nothing to draw" in capsys.readouterr().err
