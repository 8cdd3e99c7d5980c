"""A run that cannot be continued is left as it was."""

import shutil

import pytest

from hedge_env.training.train.run_folder import RunFolderError, locked
from hedge_env.training.train.sb3.checkpoint import CheckpointError
from hedge_env.training.train.train import train
from tests.training.train.runs import experiment


def contents(folder):
    """All files of a run."""
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    return {path.name: path.read_bytes() for path in files if path != folder.lock}


@pytest.mark.parametrize(
    "name", ["model.zip", "arrays.npz", "state.json", "manifest.json"]
)
@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
def test_a_damaged_checkpoint_is_refused_and_nothing_is_changed(name, damage, tmp_path):
    folder = train(experiment(), tmp_path / "run").folder
    path = folder.checkpoint / name
    data = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data if damage == "flipped" else data[:-7])
    before = contents(folder)
    with pytest.raises(CheckpointError, match="start a new run"):
        train(experiment(total_timesteps=640), tmp_path / "run", resume=True)
    assert contents(folder) == before
    assert folder.is_finished()


def test_a_checkpoint_of_another_network_changes_nothing_either(tmp_path):
    folder = train(experiment(), tmp_path / "run").folder
    other = train(experiment(net_arch=(5,)), tmp_path / "other").folder
    shutil.rmtree(folder.checkpoint)
    shutil.copytree(other.checkpoint, folder.checkpoint)
    before = contents(folder)
    with pytest.raises(CheckpointError, match="does not fit"):
        train(experiment(total_timesteps=640), tmp_path / "run", resume=True)
    assert contents(folder) == before


def test_two_processes_never_write_to_one_run(tmp_path):
    folder = train(experiment(), tmp_path / "run").folder
    before = contents(folder)
    busy = pytest.raises(RunFolderError, match="another `hedge train`")
    with locked(folder, resume=True), busy:
        train(experiment(total_timesteps=640), tmp_path / "run", resume=True)
    assert contents(folder) == before
