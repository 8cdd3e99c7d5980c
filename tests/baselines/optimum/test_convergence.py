from __future__ import annotations

import pytest

from hedge_env.baselines.optimum.convergence import Convergence, Solved, convergence
from hedge_env.config.loading import load_config


def test_the_limit_of_errors_of_second_order_is_exact() -> None:
    def value(n_holdings: int, n_spots: int) -> float:
        return 5.0 + 30.0 / (n_holdings - 1) ** 2 + 70.0 / (n_spots - 1) ** 2

    found = Convergence(
        10.0,
        tuple(Solved(n, 401, value(n, 401)) for n in (101, 201, 401)),
        tuple(Solved(201, n, value(201, n)) for n in (401, 601, 801)),
    )
    assert found.value == value(401, 401)
    assert found.limit == pytest.approx(5.0, rel=1e-13)


def test_a_small_problem_converges_to_its_optimum() -> None:
    config = load_config(
        "reference-gas", settings=["episode.decisions=12", "market.gas.fast_states=3"]
    )
    calls: list[int] = []
    found = convergence(
        config, 10.0, holdings=(51, 101, 201), advance=lambda: calls.append(1)
    )
    assert len(calls) == 5
    assert abs(found.error) < 0.002 * found.value
    finest = convergence(config, 10.0, holdings=(201, 401, 801), finer_spots=(1.0, 2.0))
    assert found.limit == pytest.approx(finest.limit, rel=5e-4)
    assert found.by_spots[-1].n_spots == 2 * found.by_spots[0].n_spots - 1
