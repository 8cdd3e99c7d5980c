"""Rows and shocks are declared by the processes and numbered by the engine."""

from __future__ import annotations

import ast
from itertools import chain
from pathlib import Path

import pytest

import hedge_env
from hedge_env.config.sections import episode
from hedge_env.market.engine import market_state, noise
from hedge_env.market.engine.processes import PROCESSES
from hedge_env.numerics.random_blocks import INITIAL_COUNTER, PLACES, RESERVED

PACKAGE = Path(hedge_env.__file__).parent


def test_every_state_has_one_owner_and_the_number_of_its_place() -> None:
    declared = list(
        chain.from_iterable(process.STATES for process in PROCESSES.values())
    )
    assert len(set(declared)) == len(declared)
    assert set(declared) == set(market_state.STATES)
    for number, name in enumerate(market_state.STATES):
        assert getattr(market_state, name.upper()) == number
        assert market_state.MEANINGS[name]


def test_checkpoints_of_before_hold_the_first_rows_in_the_same_order() -> None:
    assert market_state.STATES[:4] == ("log_spot", "volatility", "fast", "slow")
    assert market_state.STATES.index("start_hour") == 14
    assert market_state.STATES.index("depth") == 27


def test_a_name_that_nobody_declares_is_refused() -> None:
    with pytest.raises(AttributeError, match="no process declares a state 'gas_slwo'"):
        _ = market_state.GAS_SLWO
    with pytest.raises(AttributeError, match="no process declares a shock 'z_gas'"):
        _ = noise.Z_GAS


def test_every_process_file_of_the_market_is_in_the_list() -> None:
    files = {Path(process.__file__ or "") for process in PROCESSES.values()}  # type: ignore[attr-defined]
    for path in (PACKAGE / "market").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            node.target.id
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        if {"STATES", "SHOCKS"} <= names and path.parent.name != "engine":
            assert path in files, f"{path.name} declares rows and is not in PROCESSES"


def test_no_random_number_is_read_by_two() -> None:
    taken = [(s.block, s.place, s.name) for s in noise.SHOCKS]
    for owner, (block, places) in RESERVED.items():
        taken += [(block, place, owner) for place in places]
    owners: dict[tuple[int, int], str] = {}
    for block, place, owner in taken:
        assert 0 <= place < PLACES
        assert (block, place) not in owners, f"{owner}, {owners[block, place]}"
        owners[block, place] = owner


def test_two_normals_and_two_uniforms_never_share_a_pair() -> None:
    # Box and Muller turn a pair of uniforms into a pair of normals.
    pairs = {(s.block, s.place // 2): s.is_normal for s in noise.SHOCKS}
    for shock in noise.SHOCKS:
        assert pairs[shock.block, shock.place // 2] == shock.is_normal
    for block, places in RESERVED.values():
        for place in places:
            assert not pairs.get((block, place // 2), False)
    kinds = {(s.block, s.is_normal) for s in noise.SHOCKS}
    assert len(kinds) == len(noise.BLOCKS)  # a block of the market is of one kind


def test_shocks_have_scratch_rows_of_their_own() -> None:
    rows = [getattr(noise, shock.name.upper()) for shock in noise.SHOCKS]
    results = [noise.JUMP, noise.LOG_RETURN, noise.HOURS, noise.PROBABILITY]
    results += [noise.CROWD_VOLATILITY, noise.CROWD_JUMP]
    assert len({*rows, *results}) == len(rows) + len(results)
    assert max(rows) < min(results)
    assert max(results) == noise.N_SCRATCH - 1


def test_nobody_numbers_a_block_outside_the_table() -> None:
    for path in (p for p in PACKAGE.rglob("*.py") if "baselines" not in p.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("fill_uniforms", "fill_normals"):
                block = node.args[3]
                assert not isinstance(block, ast.Constant), f"{path}:{node.lineno}"


def test_no_market_step_reaches_the_counter_of_the_start() -> None:
    assert episode._MOST_MARKET_STEPS == INITIAL_COUNTER


def test_a_block_is_drawn_where_a_part_reads_it() -> None:
    plain = noise.draw_params(lambda part: False)
    assert plain.step[:, 0].tolist() == [0]
    assert plain.start[:, 0].tolist() == [0, 3]
    everything = noise.draw_params(lambda part: True)
    assert tuple(everything.step[:, 0]) == noise.BLOCKS
    gas = noise.draw_params(lambda part: part == "gas")
    assert gas.step[:, 0].tolist() == [0, 1, 3]
    assert gas.step[:, 2].tolist() == [1, 1, 0]
